//! Opens a gateway: store, keys, thread, poller.

use std::{sync::Arc, time::Duration};

use super::{Core, shutdown::Tasks};
use crate::{
    auth::Auth,
    clock,
    config::Settings,
    crypto::MasterKeys,
    error::Result,
    pipeline::Pipeline,
    pricing::Prices,
    recorder::{Encoder, Recorder},
    registry::Registry,
    store::{Store, StoreOptions},
    tasks::Background,
};

/// How often the store is asked what other processes changed.
const POLL: Duration = Duration::from_secs(2);
/// How often partitions are made ahead.
const PARTITIONS: Duration = Duration::from_secs(3600);

pub(super) async fn open(settings: Settings) -> Result<Core> {
    let background = Arc::new(Background::start()?);
    let master_keys = Arc::clone(&settings.master_keys);
    let options = StoreOptions { url: settings.store.clone(), migrate: settings.migrate, pool_size: None, now: clock::now() };
    let keys = Arc::clone(&master_keys);
    let store = background
        .run(async move {
            let store = Store::open(&options).await?;
            recognise_keys(&store, &keys).await?;
            Ok(store)
        })
        .await?;
    let registry = Arc::new(Registry::new(&settings, store.clone(), Arc::clone(&master_keys), Arc::clone(&background))?);
    let auth = Arc::new(Auth::new(settings.limits.cache_entries));
    let encoder = Encoder::new(Arc::new(Prices::builtin()))?;
    let (recorder, writer) = Recorder::start(settings.recorder, encoder, store.clone(), &background);
    let poller = background.spawn(poll(Arc::clone(&registry), Arc::clone(&auth), store.clone()));
    let pipeline = Pipeline::new(&settings, Arc::clone(&registry), recorder)?;
    Ok(Core { pipeline, registry, auth, store, master_keys, background, tasks: Tasks::new(writer, poller) })
}

/// Checks every configured key against what the store remembers of it, and lets the store remember the current one.
async fn recognise_keys(store: &Store, keys: &MasterKeys) -> Result<()> {
    for version in keys.versions() {
        let check_value = keys.check_value(version)?;
        let remembered = store.remember_master_key(version, &check_value).await?;
        keys.verify_check_value(version, &remembered)?;
    }
    Ok(())
}

/// Forgets what other processes changed, writes down which keys were used, makes partitions ahead. Ends with the
/// gateway.
async fn poll(registry: Arc<Registry>, auth: Arc<Auth>, store: Store) {
    let mut ticks = tokio::time::interval(POLL);
    let mut partitions = tokio::time::interval(PARTITIONS);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                let away = registry.freshness().is_away();
                match registry.poll().await {
                    Ok(changes) => {
                        for hash in &changes.keys {
                            auth.forget(hash).await;
                        }
                        if away {
                            tracing::info!("the store is back");
                        }
                    }
                    Err(error) if !away => tracing::warn!(%error, "the store is away: cached tenants and keys are served"),
                    Err(_) => {}
                }
                let used = auth.take_used();
                if let Err(error) = store.touch_last_used(used).await {
                    tracing::debug!(%error, "the last use of API keys was not written");
                }
            }
            _ = partitions.tick() => {
                if let Err(error) = store.ensure_partitions(clock::now()).await {
                    tracing::warn!(%error, "partitions were not made ahead; the default partition takes the rows");
                }
            }
        }
    }
}
