//! What became of the traces, counted. `accepted = persisted + pending + dead_lettered + dropped` at every moment at
//! which the lock is free.

use parking_lot::Mutex;

use crate::{
    error::Error,
    types::{
        stats::{DropReason, FlushReport, Stats},
        trace::StatusClass,
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

    /// A trace has been digested: its class is known.
    pub(super) fn classified(&self, class: StatusClass) {
        *self.0.lock().by_class.entry(class).or_default() += 1;
    }

    /// Traces are in the store.
    pub(super) fn persisted(&self, rows: usize, bytes: usize) {
        let mut stats = self.0.lock();
        stats.settle(rows, bytes);
        stats.persisted += wide(rows);
        stats.store_error = None;
    }

    /// The store refused traces, and keeps them as dead letters.
    pub(super) fn dead_lettered(&self, rows: usize, bytes: usize) {
        let mut stats = self.0.lock();
        stats.settle(rows, bytes);
        stats.dead_lettered += wide(rows);
        stats.store_error = None;
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
        let dropped = |stats: &Self| stats.dropped.values().sum::<u64>();
        FlushReport {
            persisted: self.persisted.saturating_sub(before.persisted),
            pending: self.pending,
            dead_lettered: self.dead_lettered.saturating_sub(before.dead_lettered),
            dropped: dropped(self).saturating_sub(dropped(before)),
            error: self.store_error.clone(),
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
