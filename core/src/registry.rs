//! Turns a tenant into what its calls need: its key, its settings and its providers. Reads the store through a
//! bounded cache; never talks to an upstream.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;

use crate::{
    cache::{Cache, NeverExpires},
    config::{Retry, Settings, Timeouts},
    crypto::{DataKey, MasterKeys},
    error::{Error, ErrorCode, Result},
    network::AddressPolicy,
    provider::{Blueprint, Match, OperatorKeys, Provider, Routes, build, check},
    store::{Changes, ProviderRecord, Store, TenantRecord},
    tasks::Background,
    types::{
        ids::{ProviderName, TenantId},
        provider::{ProviderConfig, ProviderInfo, Secret},
        tenant::{Tenant, TenantStatus},
    },
};

/// The tenants in use, and how to load the others.
pub(crate) struct Registry {
    loader: Arc<Loader>,
    background: Arc<Background>,
    tenants: Cache<TenantId, Arc<ActiveTenant>>,
    freshness: Arc<Freshness>,
    /// Providers of tenants that have none.
    defaults: Providers,
}

/// One tenant, as its calls need it.
#[derive(Debug)]
pub(crate) struct ActiveTenant {
    pub(crate) tenant: Tenant,
    pub(crate) data_key: Arc<DataKey>,
    providers: Providers,
}

/// What loading a tenant takes.
struct Loader {
    store: Store,
    master_keys: Arc<MasterKeys>,
    build: BuildContext,
}

/// What building a provider takes, beyond the provider's own configuration.
pub(crate) struct BuildContext {
    timeouts: Timeouts,
    retry: Retry,
    policy: AddressPolicy,
    operator_keys: OperatorKeys,
}

/// Providers by name; each is built when it is first asked for.
#[derive(Debug, Default)]
struct Providers {
    /// Boxed: a node of the map has room for eleven, and most tenants have one.
    by_name: BTreeMap<ProviderName, Box<Slot>>,
    default: Option<ProviderName>,
}

#[derive(Debug)]
struct Slot {
    info: ProviderInfo,
    secret: Option<Secret>,
    built: OnceLock<Arc<Provider>>,
}

impl Registry {
    pub(crate) fn new(settings: &Settings, store: Store, background: Arc<Background>) -> Result<Self> {
        let build = BuildContext::new(settings);
        let defaults = Providers::of_config(&settings.providers, &build)?;
        let loader = Arc::new(Loader { store, master_keys: Arc::clone(&settings.master_keys), build });
        let tenants = Cache::new(settings.limits.cache_entries, NeverExpires);
        Ok(Self { loader, background, tenants, freshness: Arc::new(Freshness::new(settings.stale_limit)), defaults })
    }

    /// The tenant, from the cache or from the store; many first uses make one query.
    pub(crate) async fn tenant(&self, id: &TenantId) -> Result<Arc<ActiveTenant>> {
        if self.freshness.is_stale() {
            // The cache can no longer be trusted: the store answers, or nobody does.
            self.tenants.forget(id).await;
        } else if let Some(tenant) = self.tenants.get(id).await {
            return Ok(tenant);
        }
        let (loader, tenants, id) = (Arc::clone(&self.loader), self.tenants.clone(), id.clone());
        // Boxed, since misses are rare and the future is large.
        let load = Box::pin(async move { tenants.get_or_load(&id, || loader.load(&id)).await });
        self.background.run_to_end(load).await
    }

    /// The tenant, if it may call.
    pub(crate) async fn active(&self, id: &TenantId) -> Result<Arc<ActiveTenant>> {
        let tenant = self.tenant(id).await?;
        match tenant.tenant.status {
            TenantStatus::Active => Ok(tenant),
            TenantStatus::Disabled => Err(Error::new(ErrorCode::TenantDisabled, format!("tenant {id} is disabled"))),
        }
    }

    /// The provider of that name, or the tenant's default one. A tenant without providers has the gateway's.
    pub(crate) fn provider(&self, tenant: &ActiveTenant, name: Option<&ProviderName>) -> Result<Arc<Provider>> {
        let providers = self.providers(tenant);
        let name = name.or(providers.default.as_ref()).ok_or_else(|| {
            let message = format!("tenant {} has no default provider; add one with set_provider", tenant.tenant.id);
            Error::new(ErrorCode::ProviderNotFound, message)
        })?;
        providers.get(name, &self.loader.build)
    }

    /// The provider that serves a model: the best match among the tenant's providers, else its default one.
    pub(crate) fn provider_for_model(&self, tenant: &ActiveTenant, model: &str) -> Result<Arc<Provider>> {
        let best = self.providers(tenant).best(model);
        self.provider(tenant, best)
    }

    /// All of the tenant's providers.
    pub(crate) fn all_providers(&self, tenant: &ActiveTenant) -> Result<Vec<Arc<Provider>>> {
        let providers = self.providers(tenant);
        providers.by_name.keys().map(|name| providers.get(name, &self.loader.build)).collect()
    }

    fn providers<'a>(&'a self, tenant: &'a ActiveTenant) -> &'a Providers {
        if tenant.providers.by_name.is_empty() { &self.defaults } else { &tenant.providers }
    }

    /// Refuses a configuration that could not be built; returns what is to be stored.
    pub(crate) fn check(&self, config: ProviderConfig, stored_secret: Option<Secret>) -> Result<(ProviderInfo, Option<Secret>)> {
        let info = info_of(&config)?;
        let secret = config.api_key.clone().or(stored_secret);
        let context = &self.loader.build;
        check(context.blueprint(info.clone(), secret)).map_err(|error| error.with_provider(info.name.as_str()))?;
        Ok((info, config.api_key))
    }

    /// The data key of a tenant's record.
    pub(crate) fn data_key(&self, record: &TenantRecord) -> Result<DataKey> {
        self.loader.data_key(record)
    }

    /// Forgets the built provider of that name, or the default one, so that the next call reads the store. Says
    /// whether there was one.
    pub(crate) async fn evict(&self, id: &TenantId, name: Option<&ProviderName>) -> bool {
        let cached = self.tenants.get(id).await;
        let built = cached.is_some_and(|tenant| {
            let name = name.or(tenant.providers.default.as_ref());
            name.and_then(|name| tenant.providers.by_name.get(name)).is_some_and(|slot| slot.built.get().is_some())
        });
        self.forget(id).await;
        built
    }

    /// Forgets a tenant, so that the next call reads the store.
    pub(crate) async fn forget(&self, id: &TenantId) {
        self.tenants.forget(id).await;
    }

    /// Asks the store what changed since the last time and forgets it. Called by the poller alone.
    pub(crate) async fn poll(&self) -> Result<Changes> {
        let asked = Instant::now();
        let changes = self.loader.store.changes_since(self.freshness.generation.load(Ordering::SeqCst)).await;
        match changes {
            Ok(changes) => {
                if changes.everything {
                    self.tenants.forget_all();
                }
                for tenant in &changes.tenants {
                    self.forget(tenant).await;
                }
                self.freshness.generation.store(changes.generation, Ordering::SeqCst);
                self.freshness.confirm(asked);
                Ok(changes)
            }
            Err(error) => {
                self.freshness.away.store(true, Ordering::SeqCst);
                Err(error)
            }
        }
    }

    /// How long the cache may be trusted.
    pub(crate) fn freshness(&self) -> &Arc<Freshness> {
        &self.freshness
    }
}

impl Loader {
    async fn load(&self, id: &TenantId) -> Result<Arc<ActiveTenant>> {
        let record = self.store.load_tenant(id).await?.ok_or_else(|| Error::tenant_not_found(id))?;
        let data_key = self.data_key(&record)?;
        let providers = Providers::of_records(&record, &data_key)?;
        Ok(Arc::new(ActiveTenant { tenant: record.tenant, data_key: Arc::new(data_key), providers }))
    }

    fn data_key(&self, record: &TenantRecord) -> Result<DataKey> {
        self.master_keys.unwrap(&record.tenant.id, &record.wrapped_key)
    }
}

impl BuildContext {
    fn new(settings: &Settings) -> Self {
        let own_address = |provider: &&ProviderConfig| provider.settings.base_url.is_none();
        let keys = settings.providers.iter().filter(own_address).filter_map(|provider| Some((provider.kind.clone(), provider.api_key.clone()?)));
        Self {
            timeouts: settings.timeouts,
            retry: settings.retry,
            policy: AddressPolicy(settings.network.private),
            operator_keys: OperatorKeys(keys.collect()),
        }
    }

    fn blueprint(&self, info: ProviderInfo, secret: Option<Secret>) -> Blueprint<'_> {
        Blueprint { info, secret, timeouts: self.timeouts, retry: self.retry, policy: self.policy, operator_keys: &self.operator_keys }
    }
}

impl Providers {
    fn of_records(record: &TenantRecord, data_key: &DataKey) -> Result<Self> {
        let mut providers = Self::default();
        for ProviderRecord { info, secret } in &record.providers {
            let tenant = &record.tenant.id;
            let secret = secret.as_ref().map(|sealed| data_key.open_secret(tenant, &info.name, sealed)).transpose()?;
            providers.add(info.clone(), secret);
        }
        Ok(providers)
    }

    fn of_config(configs: &[ProviderConfig], context: &BuildContext) -> Result<Self> {
        let mut providers = Self::default();
        for config in configs {
            let mut info = info_of(config)?;
            info.default = config.default.unwrap_or(providers.default.is_none());
            check(context.blueprint(info.clone(), config.api_key.clone())).map_err(|error| {
                let param = format!("providers.{}.{}", info.name, error.param().unwrap_or("kind"));
                Error::config(param, error.to_string())
            })?;
            providers.add(info, config.api_key.clone());
        }
        Ok(providers)
    }

    fn add(&mut self, info: ProviderInfo, secret: Option<Secret>) {
        let name = info.name.clone();
        if info.default {
            self.default = Some(name.clone());
        }
        self.by_name.insert(name, Box::new(Slot { info, secret, built: OnceLock::new() }));
    }

    fn get(&self, name: &ProviderName, context: &BuildContext) -> Result<Arc<Provider>> {
        let not_found = || Error::new(ErrorCode::ProviderNotFound, format!("there is no provider {name}; add it with set_provider")).with_provider(name.as_str());
        let slot = self.by_name.get(name).ok_or_else(not_found)?;
        if let Some(built) = slot.built.get() {
            return Ok(Arc::clone(built));
        }
        let provider = build(context.blueprint(slot.info.clone(), slot.secret.clone())).map_err(|error| error.with_provider(name.as_str()))?;
        Ok(Arc::clone(slot.built.get_or_init(|| provider)))
    }

    /// The name of the provider whose settings fit a model best; the first by name among equals.
    fn best(&self, model: &str) -> Option<&ProviderName> {
        let mut best: Option<(Match, &ProviderName)> = None;
        for (name, slot) in &self.by_name {
            if let Some(fit) = Routes(&slot.info.settings).fit(model)
                && best.is_none_or(|(found, _)| fit > found)
            {
                best = Some((fit, name));
            }
        }
        best.map(|(_, name)| name)
    }
}

/// The description of a configuration that is not stored yet.
fn info_of(config: &ProviderConfig) -> Result<ProviderInfo> {
    let unknown = || Error::new(ErrorCode::UnknownProviderKind, format!("provider kind {:?} is unknown", config.kind)).with_param("kind");
    let name = config.effective_name().ok_or_else(unknown)?;
    Ok(ProviderInfo {
        name,
        kind: config.kind.clone(),
        default: config.default.unwrap_or(false),
        has_api_key: config.api_key.is_some(),
        settings: config.settings.clone(),
        created_at: None,
        updated_at: None,
    })
}

/// Since when nobody has confirmed that the cache is what the store says.
#[derive(Debug)]
pub(crate) struct Freshness {
    limit: Duration,
    confirmed: Mutex<Instant>,
    generation: AtomicI64,
    away: AtomicBool,
}

impl Freshness {
    fn new(limit: Duration) -> Self {
        Self { limit, confirmed: Mutex::new(Instant::now()), generation: AtomicI64::new(0), away: AtomicBool::new(false) }
    }

    /// The cache is empty, and the store is at this generation.
    pub(crate) fn begin(&self, generation: i64) {
        self.generation.store(generation, Ordering::SeqCst);
    }

    fn confirm(&self, asked: Instant) {
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
