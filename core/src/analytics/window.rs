//! Which time a question is about, and how it is cut into buckets. Pure.

use crate::{
    error::{Error, Result},
    types::{analytics::AnalyticsQuery, time::Timestamp},
};

const MINUTE_MS: i64 = 60_000;
/// Windows begin and end on edges of five minutes.
const EDGE_MS: i64 = 5 * MINUTE_MS;
const BUCKET_MINUTES: [u32; 10] = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440];
const MAX_HOURS: u32 = 8_784;
const MAX_BUCKETS: i64 = 3_000;

/// A window in whole buckets' edges of five minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    bucket_ms: i64,
}

impl Window {
    /// Checks the question and widens its window.
    pub(super) fn of(query: &AnalyticsQuery, now: Timestamp) -> Result<Self> {
        let minutes = query.bucket_minutes.unwrap_or(60);
        if !BUCKET_MINUTES.contains(&minutes) {
            return Err(Error::invalid(
                "bucket_minutes",
                format!("bucket_minutes is {minutes} minutes; it must be one of {BUCKET_MINUTES:?}"),
            ));
        }
        if query.time_zone.as_deref().is_some_and(|zone| zone != "UTC") {
            return Err(Error::invalid("time_zone", "time_zone must be UTC"));
        }
        let until = query.until.unwrap_or(now);
        let since = match (query.since, query.window_hours) {
            (Some(_), Some(_)) => {
                return Err(Error::invalid(
                    "window_hours",
                    "window_hours and since exclude each other; give one of them",
                ));
            }
            (Some(since), None) => since,
            (None, hours) => {
                let hours = hours.unwrap_or(24);
                if !(1..=MAX_HOURS).contains(&hours) {
                    return Err(Error::invalid(
                        "window_hours",
                        format!("window_hours is {hours} hours; it must be 1 to {MAX_HOURS}"),
                    ));
                }
                until.plus_millis(-i64::from(hours) * 60 * MINUTE_MS)
            }
        };
        if since >= until {
            return Err(Error::invalid("since", "since must be before until"));
        }
        if until.as_millis() - since.as_millis() > i64::from(MAX_HOURS) * 60 * MINUTE_MS {
            return Err(Error::invalid("since", format!("the window is longer than {MAX_HOURS} hours")));
        }
        let from = floor(since.as_millis(), EDGE_MS);
        let to = floor(until.as_millis() + EDGE_MS - 1, EDGE_MS);
        Ok(Self {
            from: Timestamp::from_millis(from),
            to: Timestamp::from_millis(to),
            bucket_ms: i64::from(minutes) * MINUTE_MS,
        })
    }

    /// How many buckets the window touches. Buckets are aligned to UTC, so the first and the last one may reach
    /// beyond the window; what lies beyond is not counted.
    pub(super) fn buckets(&self) -> Result<usize> {
        let first = floor(self.from.as_millis(), self.bucket_ms);
        let count = (self.to.as_millis() - first + self.bucket_ms - 1) / self.bucket_ms;
        match usize::try_from(count) {
            Ok(count_) if count <= MAX_BUCKETS => Ok(count_),
            _ => Err(Error::invalid(
                "bucket_minutes",
                format!(
                    "the window has {count} buckets; at most {MAX_BUCKETS} are answered, so choose a larger bucket"
                ),
            )),
        }
    }

    /// The bucket an instant of the window falls into.
    pub(super) fn bucket_of(&self, at: Timestamp) -> usize {
        let first = floor(self.from.as_millis(), self.bucket_ms);
        usize::try_from((at.as_millis() - first) / self.bucket_ms).unwrap_or(usize::MAX)
    }

    /// Where a bucket begins.
    pub(super) fn start_of(&self, bucket: usize) -> Timestamp {
        let first = floor(self.from.as_millis(), self.bucket_ms);
        let offset = i64::try_from(bucket).unwrap_or(i64::MAX).saturating_mul(self.bucket_ms);
        Timestamp::from_millis(first.saturating_add(offset))
    }
}

fn floor(millis: i64, step: i64) -> i64 {
    millis - millis.rem_euclid(step)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_is_widened_to_edges_of_five_minutes() {
        let window = Window::of(
            &AnalyticsQuery { window_hours: Some(1), ..AnalyticsQuery::default() },
            at("2026-03-01T12:03:20Z"),
        )
        .unwrap();
        assert_eq!((window.from, window.to), (at("2026-03-01T11:00:00Z"), at("2026-03-01T12:05:00Z")));
        assert_eq!(window.buckets().unwrap(), 2);
        assert_eq!(window.start_of(1), at("2026-03-01T12:00:00Z"));
        assert_eq!(window.bucket_of(at("2026-03-01T12:04:59.999Z")), 1);
    }

    #[test]
    fn an_edge_itself_is_not_widened() {
        let query = AnalyticsQuery {
            since: Some(at("2026-03-01T10:00:00Z")),
            until: Some(at("2026-03-01T12:00:00Z")),
            ..AnalyticsQuery::default()
        };
        let window = Window::of(&query, at("2026-03-02T00:00:00Z")).unwrap();
        assert_eq!(
            (window.from, window.to, window.buckets().unwrap()),
            (at("2026-03-01T10:00:00Z"), at("2026-03-01T12:00:00Z"), 2)
        );
    }

    #[test]
    fn what_cannot_be_answered_names_the_parameter() {
        let now = at("2026-03-01T00:00:00Z");
        let query = AnalyticsQuery::default;
        for (query, param) in [
            (AnalyticsQuery { bucket_minutes: Some(7), ..query() }, "bucket_minutes"),
            (AnalyticsQuery { window_hours: Some(0), ..query() }, "window_hours"),
            (AnalyticsQuery { window_hours: Some(9_000), ..query() }, "window_hours"),
            (AnalyticsQuery { window_hours: Some(1), since: Some(now), ..query() }, "window_hours"),
            (AnalyticsQuery { since: Some(now), until: Some(now), ..query() }, "since"),
            (AnalyticsQuery { since: Some(at("2020-01-01T00:00:00Z")), ..query() }, "since"),
            (AnalyticsQuery { time_zone: Some("Europe/Berlin".to_owned()), ..query() }, "time_zone"),
        ] {
            assert_eq!(Window::of(&query, now).unwrap_err().param(), Some(param), "{query:?}");
        }
        let fine = AnalyticsQuery { window_hours: Some(8_784), bucket_minutes: Some(5), ..query() };
        assert_eq!(Window::of(&fine, now).unwrap().buckets().unwrap_err().param(), Some("bucket_minutes"));
    }
}
