//! How long the cache of tenants and keys may be trusted, and how far the store's changes have been followed.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Since when nobody has confirmed that the cache is what the store says.
#[derive(Debug)]
pub(crate) struct Freshness {
    limit: Duration,
    confirmed: Mutex<Instant>,
    generation: AtomicI64,
}

impl Freshness {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, confirmed: Mutex::new(Instant::now()), generation: AtomicI64::new(0) }
    }

    /// The cache is empty, and the store is at this generation.
    pub(crate) fn begin(&self, generation: i64) {
        self.generation.store(generation, Ordering::SeqCst);
    }

    /// What the store was asked at that time has been forgotten where it changed: all else is what the store says.
    pub(crate) fn confirm(&self, asked: Instant, generation: i64) {
        self.generation.store(generation, Ordering::SeqCst);
        *self.confirmed.lock() = asked;
    }

    /// The generation up to which changes have been followed.
    pub(crate) fn generation(&self) -> i64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Whether what was loaded since then, or confirmed, may still be served.
    pub(super) fn covers(&self, since: Option<Instant>) -> bool {
        let confirmed = *self.confirmed.lock();
        since.map_or(confirmed, |since| since.max(confirmed)).elapsed() <= self.limit
    }

    /// Whether nothing that was loaded before is served any more, since nobody could confirm it.
    pub(crate) fn is_over(&self) -> bool {
        !self.covers(None)
    }

    /// Lets so much time pass without a confirmation.
    #[cfg(test)]
    pub(super) fn age(&self, by: Duration) {
        let mut confirmed = self.confirmed.lock();
        *confirmed = confirmed.checked_sub(by).unwrap_or(*confirmed);
    }
}
