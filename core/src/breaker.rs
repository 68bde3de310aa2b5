//! A circuit breaker: it counts the failures of one target and says when the target is to be left alone. It asks
//! nobody and decides nothing else; the time is passed in.
//!
//! ```text
//! closed ── so many failures in a row ──▶ open ── the pause is over ──▶ half open: one request probes
//!    ▲                                     ▲                               │
//!    │                                     └── it fails: twice the pause ──┤
//!    └──────────────────────────── it succeeds ────────────────────────────┘
//! ```

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::config::BreakerConfig;

/// The breaker of one target. As long as all goes well, it costs the look at one number.
#[derive(Debug)]
pub(crate) struct Breaker {
    config: BreakerConfig,
    /// Failures in a row; written under the lock only.
    failures: AtomicU32,
    trip: Mutex<Option<Trip>>,
}

/// A breaker that is open.
#[derive(Debug)]
struct Trip {
    until: Instant,
    pause: Duration,
    probed: bool,
}

/// Whether the target is to be asked.
pub(crate) enum Admission<'a> {
    /// Yes, like any other.
    Closed,
    /// Yes: by this request, which finds out for all others.
    Probe(Probe<'a>),
    /// No, if there is somebody else.
    Open,
}

/// The one request that is let through. Dropped without a result, it leaves the next one to find out.
pub(crate) struct Probe<'a> {
    breaker: &'a Breaker,
    /// The end of the pause it comes after.
    after: Instant,
}

impl Breaker {
    pub(crate) const fn new(config: BreakerConfig) -> Self {
        Self { config, failures: AtomicU32::new(0), trip: Mutex::new(None) }
    }

    /// Another one with the same settings, closed.
    pub(crate) const fn closed(&self) -> Self {
        Self::new(self.config)
    }

    pub(crate) fn admit(&self, now: Instant) -> Admission<'_> {
        if self.config.failures == 0 || self.failures.load(Ordering::Relaxed) < self.config.failures {
            return Admission::Closed;
        }
        match &mut *self.trip.lock() {
            None => Admission::Closed,
            Some(trip) if trip.probed || now < trip.until => Admission::Open,
            Some(trip) => {
                trip.probed = true;
                Admission::Probe(Probe { breaker: self, after: trip.until })
            }
        }
    }

    /// The target has answered: the breaker closes.
    pub(crate) fn succeeded(&self) {
        if self.failures.load(Ordering::Relaxed) > 0 {
            let mut trip = self.trip.lock();
            self.failures.store(0, Ordering::Relaxed);
            *trip = None;
        }
    }

    /// The target has failed by its own fault, when this request asked it.
    pub(crate) fn failed(&self, admission: &Admission<'_>, now: Instant) {
        if self.config.failures == 0 {
            return;
        }
        let mut trip = self.trip.lock();
        let failures = self.failures.load(Ordering::Relaxed).saturating_add(1);
        self.failures.store(failures, Ordering::Relaxed);
        let again = match (&*trip, admission) {
            (None, _) if failures < self.config.failures => return,
            (None, _) => Duration::from_millis(self.config.pause_ms),
            (Some(trip), Admission::Probe(probe)) if probe.after == trip.until => trip.pause.saturating_mul(2),
            // Asked all the same, since there was nobody else, and after the pause: it has been found out.
            (Some(trip), Admission::Open) if now >= trip.until && !trip.probed => trip.pause.saturating_mul(2),
            // It was asked before the breaker opened, or opened again: that is no news.
            (Some(_), _) => return,
        };
        let pause = again.min(Duration::from_millis(self.config.max_pause_ms));
        *trip = Some(Trip { until: now + pause, pause, probed: false });
    }
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        if let Some(trip) = &mut *self.breaker.trip.lock()
            && trip.until == self.after
        {
            trip.probed = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: BreakerConfig = BreakerConfig { failures: 3, pause_ms: 100, max_pause_ms: 300 };

    fn after(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    /// What a breaker says, without taking the probe.
    fn state(breaker: &Breaker, now: Instant) -> &'static str {
        match breaker.admit(now) {
            Admission::Closed => "closed",
            Admission::Probe(_) => "half open",
            Admission::Open => "open",
        }
    }

    fn opened(start: Instant) -> Breaker {
        let breaker = Breaker::new(CONFIG);
        for _ in 0..CONFIG.failures {
            assert_eq!(state(&breaker, start), "closed");
            breaker.failed(&Admission::Closed, start);
        }
        assert_eq!(state(&breaker, start), "open");
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let (breaker, start) = (Breaker::new(CONFIG), Instant::now());
        for _ in 0..5 {
            breaker.failed(&Admission::Closed, start);
            breaker.failed(&Admission::Closed, start);
            breaker.succeeded();
        }
        assert_eq!(state(&breaker, start), "closed");
        opened(start);
    }

    #[test]
    fn after_the_pause_one_request_probes_and_its_success_closes() {
        let start = Instant::now();
        let breaker = opened(start);
        assert_eq!(state(&breaker, after(start, 99)), "open");
        let probe = breaker.admit(after(start, 100));
        assert!(matches!(probe, Admission::Probe(_)));
        assert_eq!(state(&breaker, after(start, 100)), "open", "one probes, the others wait for what comes of it");
        breaker.succeeded();
        drop(probe);
        assert_eq!(state(&breaker, after(start, 100)), "closed");
    }

    #[test]
    fn a_probe_that_fails_doubles_the_pause_up_to_the_longest() {
        let start = Instant::now();
        let breaker = opened(start);
        let mut now = after(start, 100);
        for pause in [200, 300, 300] {
            let probe = breaker.admit(now);
            breaker.failed(&probe, now);
            drop(probe);
            assert_eq!(state(&breaker, after(now, pause - 1)), "open");
            now = after(now, pause);
            assert_eq!(state(&breaker, now), "half open", "{pause}");
        }
        breaker.succeeded();
        assert_eq!(state(&breaker, now), "closed");
    }

    #[test]
    fn a_probe_without_a_result_leaves_it_to_the_next() {
        let start = Instant::now();
        let breaker = opened(start);
        drop(breaker.admit(after(start, 100)));
        assert_eq!(state(&breaker, after(start, 100)), "half open");
    }

    #[test]
    fn what_was_asked_before_it_opened_does_not_prolong_the_pause() {
        let start = Instant::now();
        let breaker = opened(start);
        breaker.failed(&Admission::Closed, after(start, 150));
        assert_eq!(state(&breaker, after(start, 150)), "half open");
        let probe = breaker.admit(after(start, 150));
        breaker.failed(&Admission::Open, after(start, 160));
        assert_eq!(state(&breaker, after(start, 160)), "open", "the probe decides");
        drop(probe);
        breaker.failed(&Admission::Open, after(start, 170));
        assert_eq!(state(&breaker, after(start, 369)), "open", "nobody else was there, and it failed again");
    }

    #[test]
    fn zero_switches_it_off() {
        let (breaker, start) = (Breaker::new(BreakerConfig { failures: 0, ..CONFIG }), Instant::now());
        for _ in 0..100 {
            breaker.failed(&Admission::Closed, start);
        }
        assert_eq!(state(&breaker, start), "closed");
    }
}
