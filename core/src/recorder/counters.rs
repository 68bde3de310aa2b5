//! What became of the traces, counted. `accepted = persisted + pending + spooled + dead_lettered + dropped` at every
//! moment at which the lock is free.

use parking_lot::Mutex;

use super::delivery::Fate;
use crate::{
    error::Error,
    types::{
        stats::{DropReason, FlushReport, Stats},
        trace::{StatusClass, TraceFlag},
    },
};

/// The counters of one recorder.
#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<Stats>);

impl Counters {
    /// A request ended, and its trace waits.
    pub(super) fn accepted(&self, bytes: usize) {
        let mut stats = self.0.lock();
        stats.accepted += 1;
        stats.pending += 1;
        stats.pending_bytes += wide(bytes);
    }

    /// A trace has been digested: its class is known, and so are its flags.
    pub(super) fn classified(&self, class: StatusClass, flags: i64) {
        let mut stats = self.0.lock();
        *stats.by_class.entry(class).or_default() += 1;
        stats.unknown_usage += u64::from(flags & TraceFlag::UsageUnknown.bit() != 0);
    }

    /// Traces that waited in memory came to their end.
    pub(super) fn settled(&self, fate: Fate, rows: usize, bytes: usize) {
        let mut stats = self.0.lock();
        stats.settle(rows, bytes);
        stats.count(fate, rows);
    }

    /// A trace that was on disk only came to its end.
    pub(super) fn settled_spooled(&self, fate: Fate) {
        let mut stats = self.0.lock();
        stats.spooled = stats.spooled.saturating_sub(1);
        stats.count(fate, 1);
    }

    /// Traces are on disk only.
    pub(super) fn left_behind(&self, rows: usize, bytes: usize) {
        let mut stats = self.0.lock();
        stats.settle(rows, bytes);
        stats.spooled += wide(rows);
    }

    /// Traces that were on disk only cannot be read back.
    pub(super) fn lost(&self, rows: usize) {
        let mut stats = self.0.lock();
        stats.spooled = stats.spooled.saturating_sub(wide(rows));
        *stats.dropped.entry(DropReason::Damaged).or_default() += wide(rows);
    }

    /// The spool was looked through.
    pub(super) fn looked_through(&self) {
        self.0.lock().recovery.passes += 1;
    }

    /// Traces of gateways that are gone are in the store.
    pub(super) fn recovered(&self, rows: u64) {
        let mut stats = self.0.lock();
        stats.recovery.persisted += rows;
        stats.store_error = None;
    }

    /// So many of the recovered ones are of requests that had not ended.
    pub(super) fn recovered_abandoned(&self, rows: u64) {
        self.0.lock().recovery.abandoned += rows;
    }

    /// Traces of gateways that are gone were refused by the store, and kept as dead letters.
    pub(super) fn recovery_dead_lettered(&self, rows: usize) {
        self.0.lock().recovery.dead_lettered += wide(rows);
    }

    /// Traces of gateways that are gone could not be kept.
    pub(super) fn recovery_dropped(&self, rows: usize) {
        self.0.lock().recovery.dropped += wide(rows);
    }

    /// Places in the spool of a gateway that is gone could not be read.
    pub(super) fn found_damaged(&self, places: u64) {
        self.0.lock().recovery.damaged += places;
    }

    /// Traces are lost. Says whether it is the first time for this reason, or a power of two: worth a word in the log.
    pub(super) fn dropped(&self, reason: DropReason, rows: usize, bytes: usize) -> bool {
        let mut stats = self.0.lock();
        stats.settle(rows, bytes);
        let dropped = stats.dropped.entry(reason).or_default();
        *dropped += wide(rows);
        dropped.is_power_of_two()
    }

    /// The store is away; whether it was there before.
    pub(super) fn store_away(&self, error: &Error) -> bool {
        self.0.lock().store_error.replace(error.to_string()).is_none()
    }

    /// A batch is tried again.
    pub(super) fn tried_again(&self) {
        self.0.lock().store_retries += 1;
    }

    pub(super) fn stats(&self) -> Stats {
        self.0.lock().clone()
    }
}

impl Stats {
    /// What happened between two readings.
    pub(super) fn since(&self, before: &Self) -> FlushReport {
        // That a tenant's traces go with it is no loss.
        let is_lost = |(reason, _): &(&DropReason, &u64)| **reason != DropReason::TenantGone;
        let dropped = |stats: &Self| stats.dropped.iter().filter(is_lost).map(|(_, rows)| rows).sum::<u64>();
        FlushReport {
            persisted: self.persisted.saturating_sub(before.persisted),
            pending: self.pending,
            spooled: self.spooled,
            dead_lettered: self.dead_lettered.saturating_sub(before.dead_lettered),
            dropped: dropped(self).saturating_sub(dropped(before)),
            error: self.store_error.clone(),
        }
    }

    fn count(&mut self, fate: Fate, rows: usize) {
        *match fate {
            Fate::Persisted => &mut self.persisted,
            Fate::DeadLettered => &mut self.dead_lettered,
            Fate::Rejected => self.dropped.entry(DropReason::Rejected).or_default(),
            Fate::Disowned => self.dropped.entry(DropReason::TenantGone).or_default(),
            Fate::GivenUp => self.dropped.entry(DropReason::Closed).or_default(),
        } += wide(rows);
        if matches!(fate, Fate::Persisted | Fate::DeadLettered) {
            self.store_error = None;
        }
    }

    fn settle(&mut self, rows: usize, bytes: usize) {
        self.pending = self.pending.saturating_sub(wide(rows));
        self.pending_bytes = self.pending_bytes.saturating_sub(wide(bytes));
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
