//! Which time a question is about, and how it is cut into buckets. Pure.

use jiff::tz::TimeZone;

use super::calendar;
use crate::{
    error::{Error, Result},
    rollup::Step,
    types::{analytics::AnalyticsQuery, time::Timestamp},
};

const MINUTE_MS: i64 = 60_000;
const BUCKET_MINUTES: [u32; 10] = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440];
const MAX_HOURS: u32 = 8_784;
const MAX_BUCKETS: usize = 3_000;

/// A window that begins and ends on edges of rollups.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    minutes: u32,
    zone: TimeZone,
}

/// The buckets of a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Buckets {
    /// Where each begins. The first one, and where the last one ends, may lie beyond the window.
    starts: Vec<i64>,
    /// What of them is in the window: one edge more than buckets.
    pub(super) edges: Vec<i64>,
}

impl Window {
    /// Checks the question and widens its window to edges of that length.
    pub(super) fn of(query: &AnalyticsQuery, edge: Step, now: Timestamp) -> Result<Self> {
        let minutes = query.bucket_minutes.unwrap_or(60);
        if !BUCKET_MINUTES.contains(&minutes) {
            return Err(Error::invalid(
                "bucket_minutes",
                format!("bucket_minutes is {minutes} minutes; it must be one of {BUCKET_MINUTES:?}"),
            ));
        }
        let zone = query.time_zone.as_deref().map_or(Ok(TimeZone::UTC), calendar::zone)?;
        let until = query.until.unwrap_or(now);
        let since = since(query, until)?;
        if since >= until {
            return Err(Error::invalid("since", "since must be before until"));
        }
        if until.as_millis() - since.as_millis() > i64::from(MAX_HOURS) * 60 * MINUTE_MS {
            return Err(Error::invalid("since", format!("the window is longer than {MAX_HOURS} hours")));
        }
        Ok(Self {
            from: Timestamp::from_millis(edge.floor(since.as_millis())),
            to: Timestamp::from_millis(edge.ceil(until.as_millis())),
            minutes,
            zone,
        })
    }

    /// The window of the same length that ends where this one begins.
    pub(super) fn before(&self) -> Self {
        let length = self.to.as_millis() - self.from.as_millis();
        Self { from: self.from.plus_millis(-length), to: self.from, ..self.clone() }
    }

    /// The window as one stretch.
    pub(super) fn whole(&self) -> [i64; 2] {
        [self.from.as_millis(), self.to.as_millis()]
    }

    /// The buckets that the window touches.
    pub(super) fn buckets(&self) -> Result<Buckets> {
        let [from, to] = self.whole();
        let too_many = || {
            Error::invalid(
                "bucket_minutes",
                format!(
                    "the window has more than {MAX_BUCKETS} buckets of {} minutes, which are answered at most; choose a larger bucket",
                    self.minutes
                ),
            )
        };
        // No need to walk a year in steps of five minutes to find out.
        if (to - from) / (i64::from(self.minutes) * MINUTE_MS) > i64::try_from(2 * MAX_BUCKETS).unwrap_or(i64::MAX) {
            return Err(too_many());
        }
        let starts = calendar::starts(&self.zone, self.minutes, (from, to))?;
        if starts.len() > MAX_BUCKETS {
            return Err(too_many());
        }
        let edges = std::iter::once(from).chain(starts.iter().copied().skip(1)).chain([to]).collect();
        Ok(Buckets { starts, edges })
    }
}

fn since(query: &AnalyticsQuery, until: Timestamp) -> Result<Timestamp> {
    match (query.since, query.window_hours) {
        (Some(_), Some(_)) => {
            Err(Error::invalid("window_hours", "window_hours and since exclude each other; give one of them"))
        }
        (Some(since), None) => Ok(since),
        (None, hours) => {
            let hours = hours.unwrap_or(24);
            if !(1..=MAX_HOURS).contains(&hours) {
                let message = format!("window_hours is {hours} hours; it must be 1 to {MAX_HOURS}");
                return Err(Error::invalid("window_hours", message));
            }
            Ok(until.plus_millis(-i64::from(hours) * 60 * MINUTE_MS))
        }
    }
}

impl Buckets {
    pub(super) fn starts(&self) -> impl Iterator<Item = Timestamp> {
        self.starts.iter().map(|start| Timestamp::from_millis(*start))
    }

    /// The bucket an instant of the window falls into.
    pub(super) fn of(&self, at_ms: i64) -> usize {
        self.edges.partition_point(|edge| *edge <= at_ms).saturating_sub(1)
    }

    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn window(query: &AnalyticsQuery, now: Timestamp) -> Result<Window> {
        Window::of(query, Step::FiveMinutes, now)
    }

    #[test]
    fn a_window_is_widened_to_edges_of_five_minutes() {
        let query = AnalyticsQuery { window_hours: Some(1), ..AnalyticsQuery::default() };
        let window = window(&query, at("2026-03-01T12:03:20Z")).unwrap();
        assert_eq!((window.from, window.to), (at("2026-03-01T11:00:00Z"), at("2026-03-01T12:05:00Z")));
        let buckets = window.buckets().unwrap();
        assert_eq!(buckets.starts().collect::<Vec<_>>(), [window.from, at("2026-03-01T12:00:00Z")]);
        assert_eq!(buckets.of(at("2026-03-01T12:04:59.999Z").as_millis()), 1);
        let before = window.before();
        assert_eq!((before.from, before.to), (at("2026-03-01T09:55:00Z"), window.from));
        let hours = Window::of(&query, Step::Hour, at("2026-03-01T12:03:20Z")).unwrap();
        assert_eq!((hours.from, hours.to), (at("2026-03-01T11:00:00Z"), at("2026-03-01T13:00:00Z")));
    }

    #[test]
    fn an_edge_itself_is_not_widened() {
        let query = AnalyticsQuery {
            since: Some(at("2026-03-01T10:00:00Z")),
            until: Some(at("2026-03-01T12:00:00Z")),
            ..AnalyticsQuery::default()
        };
        let window = window(&query, at("2026-03-02T00:00:00Z")).unwrap();
        assert_eq!(
            (window.from, window.to, window.buckets().unwrap().len()),
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
            (AnalyticsQuery { time_zone: Some("Mars/Olympus".to_owned()), ..query() }, "time_zone"),
            (AnalyticsQuery { time_zone: Some(String::new()), ..query() }, "time_zone"),
        ] {
            assert_eq!(window(&query, now).unwrap_err().param(), Some(param), "{query:?}");
        }
        for minutes in [5, 10, 15] {
            let year = AnalyticsQuery { window_hours: Some(8_784), bucket_minutes: Some(minutes), ..query() };
            assert_eq!(window(&year, now).unwrap().buckets().unwrap_err().param(), Some("bucket_minutes"));
        }
        let far = AnalyticsQuery {
            since: Some(at("0001-01-01T00:00:00Z")),
            until: Some(at("0001-01-02T00:00:00Z")),
            ..query()
        };
        assert_eq!(window(&far, now).unwrap().buckets().unwrap().len(), 24);
    }
}
