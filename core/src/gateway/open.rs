//! Opens a gateway: store, keys, thread, upkeep. What fails on the way leaves nothing behind.

use std::{fmt, sync::Arc};

use tokio::sync::Notify;

use super::{
    Core, fold,
    health::Watch,
    retain::Retain,
    shutdown::{Running, Tasks},
    upkeep::Upkeep,
};
use crate::{
    auth::Auth,
    cache::Terms,
    clock,
    config::Settings,
    crypto::MasterKeys,
    error::{Error, ErrorCode, Result},
    pipeline::Pipeline,
    pricing::{PriceBook, check_overrides},
    recorder::{Encoder, Parts, Patience, Recorder, Redaction, Redactor},
    registry::Registry,
    spool::Spool,
    store::{Store, StoreOptions},
    tasks::Background,
    transport::Transport,
};

/// What of the host's own code a gateway calls; nothing by default.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Hooks {
    /// Decides what of a body is stored; everything when omitted.
    pub redactor: Option<Arc<dyn Redactor>>,
}

impl Hooks {
    /// These hooks with that redactor.
    #[must_use]
    pub fn with_redactor(self, redactor: impl Redactor + 'static) -> Self {
        Self { redactor: Some(Arc::new(redactor)) }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").field("redactor", &self.redactor.is_some()).finish()
    }
}

pub(super) async fn open(settings: Settings, hooks: Hooks) -> Result<Core> {
    // What the configuration alone can decide is decided before anything is started.
    let transport = Arc::new(Transport::new(&settings.network)?);
    let prices = Arc::new(PriceBook::new(&settings.prices));
    check_overrides(&settings.prices, (&prices, clock::now()), Error::config)?;
    let encoder = Encoder::new(Arc::clone(&prices), Redaction(hooks.redactor))?;
    let background = Arc::new(Background::start("libgateway")?);
    let options =
        StoreOptions { url: settings.store.clone(), migrate: settings.migrate, pool_size: None, now: clock::now() };
    let keys = Arc::clone(&settings.master_keys);
    let opened = background.run(async move {
        let store = Store::open(&options).await?;
        match recognise(&store, &keys).await {
            Ok(recognised) => Ok((store, recognised)),
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    });
    let (store, Recognised { generation, identity }) = opened.await?;
    let made = Registry::new(&settings, store.clone(), Arc::clone(&background)).and_then(|registry| {
        let limit = settings.recorder.spool_bytes;
        // A folder for each store: whoever shares the directory recovers what is his.
        let directory = settings.spool_dir.as_ref().map(|directory| directory.join(format!("{identity:016x}")));
        let spool = directory.map(|directory| Spool::open(&directory, limit)).transpose()?;
        Ok((Arc::new(registry), spool))
    });
    let (registry, spool) = match made {
        Ok(made) => made,
        Err(error) => {
            let close = async move {
                store.close().await;
                Ok(())
            };
            background.run_to_end(close).await?;
            return Err(error);
        }
    };
    registry.freshness().begin(generation);

    let terms = Terms { entries: settings.limits.cache_entries, freshness: Arc::clone(registry.freshness()) };
    let auth = Arc::new(Auth::new(terms, store.clone(), Arc::clone(&background)));
    let (deleted, retention_changed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let watch = Arc::new(Watch::default());
    let upkeep = Upkeep {
        registry: Arc::clone(&registry),
        auth: Arc::clone(&auth),
        store: store.clone(),
        deleted: Arc::clone(&deleted),
        watch: Arc::clone(&watch),
    };
    let parts = Parts {
        config: settings.recorder,
        durability: settings.durability,
        spool,
        encoder,
        store: store.clone(),
        patience: Patience::default(),
    };
    let (recorder, recording) = Recorder::start(parts, &background);
    let mut upkeep = upkeep.start(&background);
    let retain = Retain {
        store: store.clone(),
        retention: settings.retention,
        changed: Arc::clone(&retention_changed),
        watch: Arc::clone(&watch),
        recorder: recorder.clone(),
    };
    upkeep.extend([
        recording.recovery,
        recording.books,
        background.spawn(retain.run()),
        background.spawn(fold::run(store.clone())),
    ]);
    transport.warm(&background);
    Ok(Core {
        pipeline: Pipeline::new(&settings, Arc::clone(&registry), recorder, transport),
        registry,
        auth,
        store,
        prices,
        master_keys: settings.master_keys,
        background,
        deleted,
        retention_changed,
        watch,
        tasks: Tasks::new(Running { writer: recording.writing, upkeep }),
    })
}

/// What a store says of itself.
struct Recognised {
    generation: i64,
    identity: i64,
}

/// Checks the keyring against the keys the store was made with, lets the store remember a new one, and says which
/// store it is and at which generation.
async fn recognise(store: &Store, keys: &MasterKeys) -> Result<Recognised> {
    let remembered = store.master_keys().await?;
    for (version, check_value) in &remembered {
        if !keys.versions().any(|known| known == *version) {
            let message = format!(
                "the store was made with master key version {version}, which is not configured; add it to master_keys"
            );
            return Err(Error::new(ErrorCode::WrongMasterKey, message).with_param(format!("master_keys.{version}")));
        }
        keys.verify_check_value(*version, check_value)?;
    }
    // A version before the newest one that is remembered is retired, or never wrapped anything here.
    let newest = remembered.last().map_or(0, |(version, _)| *version);
    for version in keys.versions() {
        if remembered.is_empty() || version > newest {
            let check_value = store.remember_master_key(version, &keys.check_value(version)?).await?;
            keys.verify_check_value(version, &check_value)?;
        }
    }
    Ok(Recognised { generation: store.generation().await?, identity: store.identity().await? })
}
