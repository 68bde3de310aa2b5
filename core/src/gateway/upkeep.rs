//! What the gateway does by itself while it is open: it notices what other processes changed, writes down which keys
//! were used, makes partitions ahead and removes the traces of deleted tenants. Ends with the gateway.

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{auth::Auth, clock, error::Result, registry::Registry, store::Store};

/// How often the store is asked what changed.
const CHANGES: Duration = Duration::from_secs(2);
/// How often the slower work is done.
const CHORES: Duration = Duration::from_secs(600);
/// Traces that are removed in one transaction, and months that are moved out of the default partition at a time.
const ERASED_AT_ONCE: u32 = 500;
const MONTHS_AT_ONCE: u32 = 3;

/// What upkeep works on.
pub(super) struct Upkeep {
    pub(super) registry: Arc<Registry>,
    pub(super) auth: Arc<Auth>,
    pub(super) store: Store,
}

impl Upkeep {
    pub(super) async fn run(self) {
        let (mut changes, mut chores) = (interval(CHANGES), interval(CHORES));
        changes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        chores.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = changes.tick() => self.notice_changes().await,
                _ = chores.tick() => {
                    if let Err(error) = self.do_chores().await {
                        tracing::warn!(%error, "upkeep of the store failed; it is tried again later");
                    }
                }
            }
        }
    }

    async fn notice_changes(&self) {
        let away = self.registry.freshness().is_away();
        match self.registry.poll().await {
            Ok(changes) => {
                for hash in &changes.keys {
                    self.auth.forget(hash).await;
                }
                if away {
                    tracing::info!("the store is back");
                }
            }
            Err(error) if !away => tracing::warn!(%error, "the store is away: cached tenants and keys are served"),
            Err(_) => return,
        }
        if let Err(error) = self.store.touch_last_used(self.auth.take_used()).await {
            tracing::debug!(%error, "the last use of API keys was not written");
        }
    }

    async fn do_chores(&self) -> Result<()> {
        self.store.ensure_partitions(clock::now()).await?;
        self.store.empty_default_partition(MONTHS_AT_ONCE).await?;
        erase_deleted(&self.store).await
    }
}

/// Removes the traces of all deleted tenants, some at a time. Their content is unreadable already.
pub(super) async fn erase_deleted(store: &Store) -> Result<()> {
    for tenant in store.tenants_to_erase().await? {
        while store.erase_traces(&tenant, ERASED_AT_ONCE).await? >= u64::from(ERASED_AT_ONCE) {
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}
