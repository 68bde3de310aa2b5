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
    }

    /// Traces are lost.
    pub(super) fn dropped(&self, reason: DropReason, rows: usize, bytes: usize) {
        let mut stats = self.0.lock();
        stats.settle(rows, bytes);
        *stats.dropped.entry(reason).or_default() += wide(rows);
    }

    /// The store is away; whether it was there before.
    pub(super) fn store_away(&self, error: &Error) -> bool {
        let mut stats = self.0.lock();
        stats.store_retries += 1;
        stats.store_error.replace(error.to_string()).is_none()
    }

    pub(super) fn stats(&self) -> Stats {
        self.0.lock().clone()
    }

    pub(super) fn report(&self) -> FlushReport {
        let stats = self.0.lock();
        FlushReport {
            persisted: stats.persisted,
            pending: stats.pending,
            dead_lettered: stats.dead_lettered,
            dropped: stats.dropped.values().sum(),
            error: stats.store_error.clone().filter(|_| stats.pending > 0),
        }
    }
}

impl Stats {
    fn settle(&mut self, rows: usize, bytes: usize) {
        self.pending = self.pending.saturating_sub(wide(rows));
        self.pending_bytes = self.pending_bytes.saturating_sub(wide(bytes));
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
