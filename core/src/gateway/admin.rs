//! Tenants, providers and API keys. A change is seen at once in this process, and within seconds in every other one.

use super::{Gateway, TenantHandle};
use crate::{
    clock,
    crypto::DataKey,
    error::{Error, Result},
    store::{ProviderChange, ProviderRecord, Store, TenantRecord},
    types::{
        ids::{ProviderName, TenantId},
        page::page_limit,
        provider::{ProviderConfig, ProviderInfo, Secret},
        tenant::{NewTenant, Tenant, TenantPage, TenantQuery, TenantStatus, TenantUpdate, check},
    },
};

impl Gateway {
    /// Creates a tenant with a data key of its own, and its first provider if one is given.
    ///
    /// Fails with `already_exists`, and with `unknown_provider_kind` or `invalid_provider_config` before anything is
    /// stored.
    pub async fn create_tenant(&self, new: NewTenant) -> Result<Tenant> {
        let core = &self.core;
        check(new.name.as_deref(), new.concurrency, new.retention)?;
        core.check_prices(&new.prices)?;
        let id = new.id.unwrap_or_else(|| TenantId::random(clock::now()));
        let data_key = DataKey::generate()?;
        let mut providers = Vec::new();
        if let Some(config) = new.provider {
            let (mut info, secret) = core.registry.check(config, None)?;
            info.default = true;
            providers.push(ProviderRecord { secret: sealed(&id, &data_key, &info.name, secret)?, info });
        }
        let now = clock::now();
        let tenant = Tenant {
            id: id.clone(),
            name: new.name,
            status: TenantStatus::Active,
            capture: new.capture,
            concurrency: new.concurrency,
            retention: new.retention,
            prices: new.prices,
            created_at: now,
            updated_at: now,
        };
        let wrapped_key = core.master_keys.wrap(&id, &data_key)?;
        let record = TenantRecord { tenant, wrapped_key, providers };
        let tenant =
            core.run(move |store| async move { store.create_tenant(&record).await.map(|()| record.tenant) }).await?;
        core.registry.forget(&id).await;
        Ok(tenant)
    }

    /// The tenant as it is stored; `tenant_not_found` when there is none.
    pub async fn get_tenant(&self, id: &TenantId) -> Result<Tenant> {
        let wanted = id.clone();
        let tenant = self.core.run(move |store| async move { store.get_tenant(&wanted).await }).await?;
        tenant.ok_or_else(|| Error::tenant_not_found(id))
    }

    /// A page of tenants, by id.
    pub async fn list_tenants(&self, query: TenantQuery) -> Result<TenantPage> {
        let limit = page_limit(query.limit)?;
        let after = query.cursor.map(|cursor| cursor.parse::<TenantId>()).transpose();
        let after = after.map_err(|_| Error::invalid("cursor", "cursor is not a next_cursor of list_tenants"))?;
        self.core.run(move |store| async move { store.list_tenants(after.as_ref(), limit).await }).await
    }

    /// Changes a tenant; what the update leaves out stays.
    pub async fn update_tenant(&self, id: &TenantId, update: TenantUpdate) -> Result<Tenant> {
        check(update.name.as_deref(), update.concurrency, update.retention.unwrap_or_default())?;
        self.core.check_prices(update.prices.as_deref().unwrap_or_default())?;
        let (wanted, retention_changes) = (id.clone(), update.retention.is_some());
        let tenant = self
            .core
            .run(move |store| async move { store.update_tenant(&wanted, &update, clock::now()).await })
            .await?;
        self.core.registry.forget(id).await;
        if retention_changes {
            self.core.retention_changed.notify_one();
        }
        Ok(tenant)
    }

    /// Deletes a tenant, its providers and its keys. Its data key is destroyed: the content of its traces becomes
    /// unreadable at once, and their rows are removed in the background. A backup made before still holds the wrapped
    /// key. [`Gateway::erase_tenant`] waits until the rows are gone.
    pub async fn delete_tenant(&self, id: &TenantId) -> Result<()> {
        let wanted = id.clone();
        self.core.run(move |store| async move { store.delete_tenant(&wanted, clock::now()).await }).await?;
        self.core.registry.forget(id).await;
        self.core.auth.forget_all();
        self.core.deleted.notify_one();
        Ok(())
    }
}

impl TenantHandle {
    /// Adds a provider, or changes the one of that name. Without `api_key` a stored key stays.
    ///
    /// Fails with `unknown_provider_kind`, `invalid_provider_config` or `forbidden_address`; nothing is stored then.
    pub async fn set_provider(&self, config: ProviderConfig) -> Result<ProviderInfo> {
        let core = &self.core;
        let record = self.record().await?;
        let data_key = core.registry.data_key(&record)?;
        // A stored key that does not open is no obstacle to a new one.
        let replaced = config.api_key.is_some();
        let stored = match record
            .providers
            .iter()
            .find(|provider| Some(&provider.info.name) == config.effective_name().as_ref())
        {
            Some(ProviderRecord { info, secret: Some(secret) }) if !replaced => {
                Some(data_key.open_secret(&self.id, &info.name, secret)?)
            }
            _ => None,
        };
        let default = config.default;
        let (info, secret) = core.registry.check(config, stored)?;
        let secret = sealed(&self.id, &data_key, &info.name, secret)?;
        let tenant = self.id.clone();
        let change = move |store: Store| async move {
            let ProviderInfo { name, kind, settings, .. } = &info;
            let change = ProviderChange {
                tenant: &tenant,
                name,
                kind,
                settings,
                secret: secret.as_deref(),
                default,
                now: clock::now(),
            };
            store.set_provider(change).await
        };
        let info = core.run(change).await?;
        core.registry.forget(&self.id).await;
        Ok(info)
    }

    /// The tenant's own providers, by name.
    pub async fn list_providers(&self) -> Result<Vec<ProviderInfo>> {
        Ok(self.record().await?.providers.into_iter().map(|provider| provider.info).collect())
    }

    /// Deletes a provider; `provider_not_found` when there is none of that name.
    pub async fn delete_provider(&self, name: &ProviderName) -> Result<()> {
        let (id, name) = (self.id.clone(), name.clone());
        self.core.run(move |store| async move { store.delete_provider(&id, &name, clock::now()).await }).await?;
        self.core.registry.forget(&self.id).await;
        Ok(())
    }

    /// What the store has of the tenant now, past every cache.
    async fn record(&self) -> Result<TenantRecord> {
        let id = self.id.clone();
        let record = self.core.run(move |store| async move { store.load_tenant(&id).await }).await?;
        record.ok_or_else(|| Error::tenant_not_found(&self.id))
    }
}

/// A secret as it is stored.
fn sealed(
    tenant: &TenantId,
    data_key: &DataKey,
    name: &ProviderName,
    secret: Option<Secret>,
) -> Result<Option<Vec<u8>>> {
    secret.map(|secret| data_key.seal_secret(tenant, name, &secret)).transpose()
}
