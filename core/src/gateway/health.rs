//! Says whether the gateway is well: what the recorder counts, what the cache may serve, and how the chores went, in
//! words. It looks when it is asked, and does nothing itself.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::{
    error::{Error, Result},
    types::stats::{DropReason, Health, HealthStatus, Stats},
};

/// What the gateway does by itself, beside the writing of traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Chore {
    Uses,
    Tidy,
    Erase,
    Retain,
}

impl Chore {
    /// What is wrong when it fails.
    fn complaint(self) -> &'static str {
        match self {
            Self::Uses => "the last uses of API keys are not written",
            Self::Tidy => "the store's partitions are not looked after",
            Self::Erase => "traces of deleted tenants are not removed",
            Self::Retain => "traces whose time has passed are not removed",
        }
    }
}

/// What is remembered between two looks.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Why the store could not be asked what changed.
    away: Option<String>,
    /// The chores that failed the last time, and why.
    failed: BTreeMap<Chore, String>,
    lost: Growth,
    refused: Growth,
}

/// A count that grows, and by how much it has grown of late.
#[derive(Debug, Default)]
struct Growth {
    seen: u64,
    of_late: u64,
    at: Option<Instant>,
}

/// What a look is at.
pub(super) struct Signs {
    pub(super) stats: Stats,
    pub(super) is_closed: bool,
    /// The store could not be asked for so long that tenants and keys are not served any more.
    pub(super) is_stale: bool,
}

impl Growth {
    /// How long a growth is of late, from when it is first seen: whoever asks now and then does not miss it.
    const OF_LATE: Duration = Duration::from_secs(60);

    fn look(&mut self, count: u64, now: Instant) -> u64 {
        if self.at.is_some_and(|at| now.saturating_duration_since(at) >= Self::OF_LATE) {
            (self.of_late, self.at) = (0, None);
        }
        if count > self.seen {
            (self.of_late, self.at) = (self.of_late + count - self.seen, Some(now));
            self.seen = count;
        }
        self.of_late
    }
}

impl Watch {
    /// Remembers how a chore went, and says it; whether it went well.
    pub(super) fn note(&self, chore: Chore, outcome: Result<()>) -> bool {
        match outcome {
            Ok(()) => {
                self.0.lock().failed.remove(&chore);
                true
            }
            Err(error) => {
                let complaint = chore.complaint();
                tracing::warn!(%error, "{complaint}; it is tried again");
                self.0.lock().failed.insert(chore, format!("{complaint}: {error}"));
                false
            }
        }
    }

    /// Remembers whether the store could be asked what changed; whether that is news.
    pub(super) fn note_asked(&self, outcome: Result<(), &Error>) -> bool {
        let away = outcome.err().map(ToString::to_string);
        let mut seen = self.0.lock();
        let is_news = away.is_some() != seen.away.is_some();
        seen.away = away;
        is_news
    }

    /// The verdict, the worst first.
    pub(super) fn judge(&self, signs: Signs, now: Instant) -> Health {
        if signs.is_closed {
            return Health { status: HealthStatus::Failing, reasons: vec!["the gateway is closed".to_owned()] };
        }
        let Signs { stats, is_stale, .. } = signs;
        let mut seen = self.0.lock();
        let (lost, refused) = (seen.lost.look(lost(&stats), now), seen.refused.look(stats.dead_lettered, now));
        let mut reasons = Vec::new();
        if seen.away.is_some() && is_stale {
            reasons.push("the store has been away for stale_limit_ms: tenants and keys are not served".to_owned());
        }
        if lost > 0 {
            reasons.push(format!("{lost} traces were lost within the last minute: stats says why"));
        }
        let is_failing = !reasons.is_empty();

        reasons.extend(stats.store_error.as_ref().or(seen.away.as_ref()).cloned());
        if stats.spooled > 0 {
            reasons.push(format!("{} traces wait in the spool for the store", stats.spooled));
        }
        reasons.extend(stats.spool_error.as_ref().map(|error| format!("traces are in memory only: {error}")));
        if stats.spool_foreign > 0 {
            reasons.push(format!(
                "{} files in the spool are of a newer version of this library: open a gateway of that version",
                stats.spool_foreign
            ));
        }
        if refused > 0 {
            reasons.push(format!(
                "the store refused {refused} traces within the last minute: list_dead_letters shows them"
            ));
        }
        reasons.extend(seen.failed.values().cloned());
        let status = match (is_failing, reasons.is_empty()) {
            (true, _) => HealthStatus::Failing,
            (false, false) => HealthStatus::Degraded,
            (false, true) => HealthStatus::Ok,
        };
        Health { status, reasons }
    }
}

/// Traces that are gone: that a tenant's go with it is no loss.
fn lost(stats: &Stats) -> u64 {
    stats.dropped.iter().filter(|(reason, _)| **reason != DropReason::TenantGone).map(|(_, rows)| rows).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::error::ErrorCode;

    fn signs(change: impl FnOnce(&mut Signs)) -> Signs {
        let mut signs = Signs { stats: Stats::default(), is_closed: false, is_stale: false };
        change(&mut signs);
        signs
    }

    fn lose(signs: &mut Signs, reason: DropReason, count: u64) {
        signs.stats.dropped.insert(reason, count);
    }

    fn judge(watch: &Watch, now: Instant, change: impl FnOnce(&mut Signs)) -> (HealthStatus, String) {
        let Health { status, reasons } = watch.judge(signs(change), now);
        (status, reasons.join("; "))
    }

    #[test]
    fn each_sign_has_its_verdict_and_its_reason() {
        type Case = (fn(&mut Signs), HealthStatus, &'static str);
        let cases: [Case; 7] = [
            (|_| {}, HealthStatus::Ok, ""),
            (|signs| signs.is_closed = true, HealthStatus::Failing, "closed"),
            (|signs| signs.stats.store_error = Some("it is busy".into()), HealthStatus::Degraded, "it is busy"),
            (|signs| signs.stats.spooled = 3, HealthStatus::Degraded, "3 traces wait in the spool"),
            (
                |signs| signs.stats.spool_error = Some("no space".into()),
                HealthStatus::Degraded,
                "in memory only: no space",
            ),
            (|signs| signs.stats.dead_lettered = 2, HealthStatus::Degraded, "refused 2 traces"),
            (|signs| lose(signs, DropReason::QueueFull, 4), HealthStatus::Failing, "4 traces were lost"),
        ];
        for (change, status, reason) in cases {
            let (judged, reasons) = judge(&Watch::default(), Instant::now(), change);
            assert_eq!(judged, status, "{reasons}");
            assert!(reasons.contains(reason) && (status == HealthStatus::Ok) == reasons.is_empty(), "{reasons}");
        }
    }

    #[test]
    fn a_store_that_cannot_be_asked_is_told_until_it_can_and_fails_once_nobody_is_trusted() {
        let (watch, now) = (Watch::default(), Instant::now());
        let stale = |signs: &mut Signs| signs.is_stale = true;
        assert_eq!(judge(&watch, now, stale).0, HealthStatus::Ok, "nobody was refused yet");
        let error = Error::new(ErrorCode::StoreUnavailable, "it is gone");
        assert!(watch.note_asked(Err(&error)) && !watch.note_asked(Err(&error)));
        let (status, reasons) = judge(&watch, now, |_| {});
        assert!(status == HealthStatus::Degraded && reasons.contains("it is gone"), "{reasons}");
        let (status, reasons) = judge(&watch, now, stale);
        assert!(status == HealthStatus::Failing && reasons.contains("stale_limit_ms"), "{reasons}");
        assert!(watch.note_asked(Ok(())) && !watch.note_asked(Ok(())));
        assert_eq!(judge(&watch, now, |_| {}).0, HealthStatus::Ok);
    }

    #[test]
    fn what_goes_with_its_tenant_is_not_lost() {
        let gone = judge(&Watch::default(), Instant::now(), |signs| lose(signs, DropReason::TenantGone, 9));
        assert_eq!(gone.0, HealthStatus::Ok);
    }

    #[test]
    fn a_loss_is_told_for_a_minute_from_when_it_is_first_seen() {
        let (watch, begun) = (Watch::default(), Instant::now());
        let at = |seconds, lost| {
            judge(&watch, begun + Duration::from_secs(seconds), |signs| lose(signs, DropReason::Damaged, lost))
        };
        assert_eq!(at(0, 0).0, HealthStatus::Ok);
        assert!(at(1_000, 2).1.contains("2 traces"));
        assert!(at(1_030, 5).1.contains("5 traces"));
        assert_eq!(at(1_089, 5).0, HealthStatus::Failing);
        assert_eq!(at(1_090, 5).0, HealthStatus::Ok);
        assert!(at(1_100, 6).1.contains("1 traces"));
    }

    #[test]
    fn a_chore_that_fails_is_told_until_it_is_done() {
        let (watch, now) = (Watch::default(), Instant::now());
        let fail = || Err(Error::new(ErrorCode::StoreFailed, "no space"));
        assert!(!watch.note(Chore::Retain, fail()) && !watch.note(Chore::Erase, fail()));
        let (status, reasons) = judge(&watch, now, |_| {});
        assert_eq!(status, HealthStatus::Degraded);
        assert!(reasons.contains("time has passed are not removed: no space") && reasons.contains("deleted tenants"));
        assert!(watch.note(Chore::Retain, Ok(())));
        assert!(!judge(&watch, now, |_| {}).1.contains("time has passed"));
        assert!(watch.note(Chore::Erase, Ok(())));
        assert_eq!(judge(&watch, now, |_| {}).0, HealthStatus::Ok);
    }
}
