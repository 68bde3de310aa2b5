//! What the gateway does by itself while it is open: it notices what other processes changed, and does the store's
//! chores. Two tasks, so that no chore delays the news. They end with the gateway.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    health::{Chore, Watch},
    retain::{Pace, shrink},
};
use crate::{
    auth::Auth,
    clock,
    error::{Error, ErrorCode, Result},
    registry::Registry,
    store::{Erased, Store},
    tasks::Background,
    types::ids::TenantId,
};

/// How often the store is asked what changed, and how long it may take to answer.
const CHANGES: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(10);
/// How often the uses of keys are written, and how often the slower chores are done.
const USES: Duration = Duration::from_secs(5);
const CHORES: Duration = Duration::from_secs(600);
/// How soon a chore that failed is done again.
pub(super) const AGAIN: Duration = Duration::from_secs(5);
/// How long one chore may take.
const CHORE: Duration = Duration::from_secs(300);
/// Months that are moved out of the default partition at a time.
const MONTHS_AT_ONCE: u32 = 3;

/// What upkeep works on.
#[derive(Clone)]
pub(super) struct Upkeep {
    pub(super) registry: Arc<Registry>,
    pub(super) auth: Arc<Auth>,
    pub(super) store: Store,
    /// A tenant was deleted: its traces are to be erased.
    pub(super) deleted: Arc<Notify>,
    pub(super) watch: Arc<Watch>,
}

/// Writes down which keys were used; what cannot be written is written later.
pub(super) async fn write_uses(auth: &Auth, store: &Store) -> Result<()> {
    let uses = auth.take_used();
    let written = in_time(CHORE, store.touch_last_used(uses.clone())).await;
    if written.is_err() {
        auth.return_used(uses);
    }
    written
}

/// Ends what hangs: it is done again later.
pub(super) async fn in_time<T>(time: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    let done = timeout(time, work).await;
    done.unwrap_or_else(|_| Err(Error::new(ErrorCode::StoreUnavailable, "the store does not answer")))
}

impl Upkeep {
    /// Starts both tasks.
    pub(super) fn start(self, background: &Background) -> Vec<JoinHandle<()>> {
        vec![background.spawn(self.clone().notice_changes()), background.spawn(self.do_chores())]
    }

    async fn notice_changes(self) {
        let mut ticks = interval(CHANGES);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let (freshness, asked) = (self.registry.freshness(), Instant::now());
            match in_time(ANSWER, self.registry.poll()).await {
                Ok(changes) => {
                    // The keys of a tenant that was deleted may be gone without a word.
                    if changes.everything || changes.deleted {
                        self.auth.forget_all();
                    }
                    for hash in &changes.keys {
                        self.auth.forget(hash).await;
                    }
                    freshness.confirm(asked, changes.generation);
                    if self.watch.note_asked(Ok(())) {
                        tracing::info!("the store is back");
                    }
                }
                Err(error) => {
                    if self.watch.note_asked(Err(&error)) {
                        tracing::warn!(%error, "the store is away: cached tenants and keys are served");
                    }
                }
            }
        }
    }

    async fn do_chores(self) {
        let (mut uses, mut chores) = (interval(USES), interval(CHORES));
        uses.set_missed_tick_behavior(MissedTickBehavior::Delay);
        chores.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                _ = uses.tick() => {
                    self.watch.note(Chore::Uses, write_uses(&self.auth, &self.store).await);
                    true
                }
                _ = chores.tick() => {
                    let tidied = self.watch.note(Chore::Tidy, in_time(CHORE, self.tidy()).await);
                    tidied & self.watch.note(Chore::Erase, in_time(CHORE, self.erase_deleted()).await)
                }
                () = self.deleted.notified() => {
                    self.watch.note(Chore::Erase, in_time(CHORE, self.erase_deleted()).await)
                }
            };
            if !done {
                chores.reset_after(AGAIN);
            }
        }
    }

    async fn tidy(&self) -> Result<()> {
        self.store.ensure_partitions(clock::now()).await?;
        self.store.empty_default_partition(MONTHS_AT_ONCE).await?;
        self.store.forget_settled_accounts().await
    }

    /// Removes the traces of all deleted tenants, some at a time. Their content is unreadable already.
    async fn erase_deleted(&self) -> Result<()> {
        let tenants = self.store.tenants_to_erase().await?;
        for tenant in &tenants {
            erase_traces(&self.store, tenant).await?;
        }
        if tenants.is_empty() { Ok(()) } else { shrink(&self.store, 0).await }
    }
}

/// Removes all traces and dead letters of a deleted tenant, some at a time.
pub(super) async fn erase_traces(store: &Store, tenant: &TenantId) -> Result<Erased> {
    let (mut pace, mut erased) = (Pace::new(), Erased::default());
    loop {
        let begun = Instant::now();
        let piece = in_time(CHORE, store.erase_traces(tenant, pace.rows())).await?;
        erased.traces += piece.traces;
        erased.dead_letters += piece.dead_letters;
        if !piece.more {
            return Ok(erased);
        }
        pace.rest(store, begun).await?;
    }
}
