//! Turns a tenant into what its calls need: its key, its settings and its providers. Reads the store through a
//! bounded cache; never talks to an upstream.

mod providers;

use std::sync::{Arc, OnceLock};

use self::providers::{BuildContext, Providers, info_of};
use crate::{
    cache::{Cache, Freshness, NeverExpires, Terms},
    config::Settings,
    crypto::{DataKey, MasterKeys},
    error::{Error, ErrorCode, Result},
    pricing::Overrides,
    provider::{Provider, check},
    store::{Changes, Store, TenantRecord},
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
    /// Its own prices; `None` where it has none.
    pub(crate) prices: Option<Arc<Overrides>>,
    providers: Providers,
    /// The gateway's own, where it has none and once it needs them.
    lent: OnceLock<Providers>,
}

/// What loading a tenant takes.
struct Loader {
    store: Store,
    master_keys: Arc<MasterKeys>,
    build: BuildContext,
}

impl Registry {
    pub(crate) fn new(settings: &Settings, store: Store, background: Arc<Background>) -> Result<Self> {
        let build = BuildContext::new(settings);
        let defaults = Providers::of_config(&settings.providers, &build)?;
        let loader = Arc::new(Loader { store, master_keys: Arc::clone(&settings.master_keys), build });
        let freshness = Arc::new(Freshness::new(settings.stale_limit));
        let terms = Terms { entries: settings.limits.cache_entries, freshness: Arc::clone(&freshness) };
        Ok(Self { loader, background, tenants: Cache::new(terms, NeverExpires), freshness, defaults })
    }

    /// The tenant, from the cache or from the store; many first uses make one query.
    pub(crate) async fn tenant(&self, id: &TenantId) -> Result<Arc<ActiveTenant>> {
        if let Some(tenant) = self.tenants.get(id).await {
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

    /// All of the tenant's providers, by name; one that cannot be built is no obstacle to the others.
    pub(crate) fn all_providers(&self, tenant: &ActiveTenant) -> Vec<Result<Arc<Provider>>> {
        let providers = self.providers(tenant);
        providers.names().map(|name| providers.get(name, &self.loader.build)).collect()
    }

    fn providers<'a>(&'a self, tenant: &'a ActiveTenant) -> &'a Providers {
        if tenant.providers.is_empty() {
            tenant.lent.get_or_init(|| self.defaults.lent(&self.loader.build))
        } else {
            &tenant.providers
        }
    }

    /// Refuses a configuration that could not be built; returns what is to be stored.
    pub(crate) fn check(
        &self,
        config: ProviderConfig,
        stored_secret: Option<Secret>,
    ) -> Result<(ProviderInfo, Option<Secret>)> {
        let info = info_of(&config)?;
        let secret = config.api_key.clone().or(stored_secret);
        let context = &self.loader.build;
        check(context.blueprint(Arc::new(info.clone()), secret))
            .map_err(|error| error.with_provider(info.name.as_str()))?;
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
            name.is_some_and(|name| tenant.providers.is_built(name))
        });
        self.forget(id).await;
        built
    }

    /// Forgets a tenant, so that the next call reads the store.
    pub(crate) async fn forget(&self, id: &TenantId) {
        self.tenants.forget(id).await;
    }

    /// Asks the store what changed since the last time and forgets it. Called by the poller alone, which confirms the
    /// rest once everybody has forgotten.
    pub(crate) async fn poll(&self) -> Result<Changes> {
        let changes = self.loader.store.changes_since(self.freshness.generation()).await?;
        if changes.everything {
            self.tenants.forget_all();
        }
        for tenant in &changes.tenants {
            self.forget(tenant).await;
        }
        Ok(changes)
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
        let prices = Some(&record.tenant.prices).filter(|prices| !prices.is_empty());
        Ok(Arc::new(ActiveTenant {
            prices: prices.map(|prices| Arc::new(Overrides::new(prices))),
            tenant: record.tenant,
            data_key: Arc::new(data_key),
            providers,
            lent: OnceLock::new(),
        }))
    }

    fn data_key(&self, record: &TenantRecord) -> Result<DataKey> {
        self.master_keys.unwrap(&record.tenant.id, &record.wrapped_key)
    }
}
