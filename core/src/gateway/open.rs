//! Opens a gateway: store, keys, thread, poller.

use std::sync::Arc;

use super::{Core, shutdown::Tasks, upkeep::Upkeep};
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
    transport::Transport,
};

pub(super) async fn open(settings: Settings) -> Result<Core> {
    let background = Arc::new(Background::start()?);
    let master_keys = Arc::clone(&settings.master_keys);
    let options = StoreOptions { url: settings.store.clone(), migrate: settings.migrate, pool_size: None, now: clock::now() };
    let keys = Arc::clone(&master_keys);
    let (store, generation) = background
        .run(async move {
            let store = Store::open(&options).await?;
            recognise_keys(&store, &keys).await?;
            let generation = store.generation().await?;
            Ok((store, generation))
        })
        .await?;
    let registry = Registry::new(&settings, store.clone(), Arc::clone(&master_keys), Arc::clone(&background))?;
    registry.freshness().begin(generation);
    let registry = Arc::new(registry);
    let auth = Arc::new(Auth::new(settings.limits.cache_entries));
    let encoder = Encoder::new(Arc::new(Prices::builtin()))?;
    let (recorder, writer) = Recorder::start(settings.recorder, encoder, store.clone(), &background);
    let upkeep = Upkeep { registry: Arc::clone(&registry), auth: Arc::clone(&auth), store: store.clone() };
    let upkeep = background.spawn(upkeep.run());
    let transport = Arc::new(Transport::new(&settings.network)?);
    let warmed = Arc::clone(&transport);
    background.spawn(async move { warmed.warm() });
    let pipeline = Pipeline::new(&settings, Arc::clone(&registry), recorder, transport);
    Ok(Core { pipeline, registry, auth, store, master_keys, background, tasks: Tasks::new(writer, upkeep) })
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
