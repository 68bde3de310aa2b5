//! Removes traces whose time has passed. A task of its own: a long removal delays no other chore, and pauses after each
//! piece so that it delays no writer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    health::{Chore, Watch},
    upkeep::{AGAIN, in_time},
};
use crate::{
    clock,
    error::Result,
    recorder::Recorder,
    store::{Limited, Store},
    types::{ids::TenantId, retention::Retention},
};

/// How often it is looked for what is too old or too many.
const PERIOD: Duration = Duration::from_secs(600);
/// How long one statement may take.
pub(super) const STATEMENT: Duration = Duration::from_secs(60);
/// Tenants that are looked at together.
const TENANTS_AT_ONCE: u32 = 500;
/// Free pages of a SQLite file that are given back in one transaction, and how many in a hundred stay for new traces.
const PAGES_AT_ONCE: u32 = 32;
const SPARE: i64 = 10;

/// How many rows go in one transaction: as many as take no longer than a writer can wait.
#[derive(Debug)]
pub(super) struct Pace {
    rows: u32,
}

impl Pace {
    const ROWS: (u32, u32) = (10, 500);
    const QUICK: Duration = Duration::from_millis(4);
    const SLOW: Duration = Duration::from_millis(10);
    const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

    pub(super) fn new() -> Self {
        Self { rows: 50 }
    }

    pub(super) fn rows(&self) -> u32 {
        self.rows
    }

    /// Learns from a piece that began then, and leaves the store to others for as long as it took.
    pub(super) async fn rest(&mut self, store: &Store, begun: Instant) -> Result<()> {
        let took = begun.elapsed();
        if took < Self::QUICK {
            self.rows = (self.rows + self.rows / 4).min(Self::ROWS.1);
        } else if took > Self::SLOW {
            self.rows = (self.rows / 2).max(Self::ROWS.0);
        }
        in_time(STATEMENT, store.relieve_writers()).await?;
        sleep(took.clamp(Self::PAUSE.0, Self::PAUSE.1)).await;
        Ok(())
    }
}

/// What removes traces.
pub(super) struct Retain {
    pub(super) store: Store,
    /// What the configuration says.
    pub(super) retention: Retention,
    /// A tenant's rules have changed.
    pub(super) changed: Arc<Notify>,
    pub(super) watch: Arc<Watch>,
    /// Whose spool is to hold nothing that was removed.
    pub(super) recorder: Recorder,
}

impl Retain {
    pub(super) async fn run(self) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.changed.notified() => {}
            }
            let passed = self.pass().await;
            if let Ok(removed @ 1..) = passed {
                tracing::info!(removed, "traces were removed: their time had passed, or there were too many");
            }
            if !self.watch.note(Chore::Retain, passed.map(drop)) {
                ticks.reset_after(AGAIN);
            }
        }
    }

    /// Removes all that has to go; how many traces these were, without those in partitions that went as a whole. One
    /// tenant that cannot be trimmed does not keep the others from it; the last error of any is returned.
    async fn pass(&self) -> Result<u64> {
        let (now, mut removed, mut after) = (clock::now(), 0, None::<TenantId>);
        let (mut dropped, mut failed) = (false, Ok(()));
        loop {
            let page = (after.as_ref(), TENANTS_AT_ONCE);
            let limited = in_time(STATEMENT, self.store.limited_tenants(self.retention, now, page)).await?;
            let Some(last) = limited.last() else { break };
            if !std::mem::replace(&mut dropped, true) {
                in_time(STATEMENT, self.store.drop_partitions(self.retention, now)).await?;
            }
            after = Some(last.tenant.clone());
            for tenant in &limited {
                match self.trim(tenant).await {
                    Ok(rows) => removed += rows,
                    Err(error) => failed = Err(error),
                }
            }
        }
        // Whoever removed it, what is gone from the store is not to come back from the spool.
        if after.is_some() {
            self.recorder.renew_spool();
        }
        if removed > 0 {
            shrink(&self.store, SPARE).await?;
        }
        failed.map(|()| removed)
    }

    async fn trim(&self, limited: &Limited) -> Result<u64> {
        let Some(cutoff) = in_time(STATEMENT, self.store.cutoff(limited, clock::now())).await? else { return Ok(0) };
        let (mut pace, mut removed) = (Pace::new(), 0);
        loop {
            let begun = Instant::now();
            let piece = in_time(STATEMENT, self.store.trim(limited, cutoff, pace.rows())).await?;
            removed += piece.traces;
            if !piece.more {
                return Ok(removed);
            }
            pace.rest(&self.store, begun).await?;
        }
    }
}

/// Gives what is free in a SQLite file back to the disk, but for so many pages in a hundred.
pub(super) async fn shrink(store: &Store, spare: i64) -> Result<()> {
    let mut pace = Pace::new();
    loop {
        let begun = Instant::now();
        if !in_time(STATEMENT, store.shrink(spare, PAGES_AT_ONCE)).await? {
            return Ok(());
        }
        pace.rest(store, begun).await?;
    }
}
