//! How long the cache of tenants and keys may be trusted.

use std::{
    sync::atomic::{AtomicBool, AtomicI64, Ordering},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::error::{Error, ErrorCode};

/// Since when nobody has confirmed that the cache is what the store says.
#[derive(Debug)]
pub(crate) struct Freshness {
    limit: Duration,
    confirmed: Mutex<Instant>,
    pub(super) generation: AtomicI64,
    pub(super) away: AtomicBool,
}

impl Freshness {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            confirmed: Mutex::new(Instant::now()),
            generation: AtomicI64::new(0),
            away: AtomicBool::new(false),
        }
    }

    /// The cache is empty, and the store is at this generation.
    pub(crate) fn begin(&self, generation: i64) {
        self.generation.store(generation, Ordering::SeqCst);
    }

    pub(super) fn confirm(&self, asked: Instant) {
        *self.confirmed.lock() = asked;
        self.away.store(false, Ordering::SeqCst);
    }

    /// The store did not answer in time.
    pub(crate) fn no_answer(&self) -> Error {
        self.away.store(true, Ordering::SeqCst);
        Error::new(ErrorCode::StoreUnavailable, "the store does not answer")
    }

    /// Whether cached entries may no longer be served: nobody has confirmed them for too long.
    pub(crate) fn is_stale(&self) -> bool {
        self.confirmed.lock().elapsed() > self.limit
    }

    /// Whether the last poll failed.
    pub(crate) fn is_away(&self) -> bool {
        self.away.load(Ordering::SeqCst)
    }
}
