//! API keys: a tenant's through its handle, the operator's through the gateway.

use std::sync::Arc;

use super::{Core, Gateway, TenantHandle};
use crate::{
    clock,
    crypto::ApiKeySecret,
    error::{Error, Result},
    types::{
        api_key::{ApiKey, ApiKeyStatus, CreatedApiKey, NewApiKey, Scope},
        ids::{TenantId, TraceId},
        tenant::check_label,
    },
};

impl TenantHandle {
    /// Creates a key of the tenant, with the scope `infer` unless others are named. Its secret is in the answer and
    /// nowhere else.
    pub async fn create_api_key(&self, new: NewApiKey) -> Result<CreatedApiKey> {
        if new.scopes.as_ref().is_some_and(|scopes| scopes.contains(&Scope::Admin)) {
            return Err(Error::invalid(
                "scopes",
                "a tenant's key cannot have the scope admin; make one with create_admin_key",
            ));
        }
        self.core.issue(Some(self.id.clone()), &[Scope::Infer], new).await
    }

    /// The keys of the tenant, oldest first.
    pub async fn list_api_keys(&self) -> Result<Vec<ApiKey>> {
        let id = self.id.clone();
        self.core.run(move |store| async move { store.list_api_keys(Some(&id)).await }).await
    }

    /// Revokes a key; `api_key_not_found` when the tenant has none of that id.
    pub async fn revoke_api_key(&self, key_id: &str) -> Result<()> {
        self.core.revoke(Some(self.id.clone()), key_id).await
    }
}

impl Gateway {
    /// Creates a key without a tenant, for the operator, with every scope unless some are named.
    pub async fn create_admin_key(&self, new: NewApiKey) -> Result<CreatedApiKey> {
        self.core.issue(None, &[Scope::Infer, Scope::Read, Scope::Admin], new).await
    }

    /// The operator's keys, oldest first.
    pub async fn list_admin_keys(&self) -> Result<Vec<ApiKey>> {
        self.core.run(|store| async move { store.list_api_keys(None).await }).await
    }

    /// Revokes a key of the operator; `api_key_not_found` when there is none of that id.
    pub async fn revoke_admin_key(&self, key_id: &str) -> Result<()> {
        self.core.revoke(None, key_id).await
    }
}

impl Core {
    async fn issue(
        self: &Arc<Self>,
        tenant_id: Option<TenantId>,
        default_scopes: &[Scope],
        new: NewApiKey,
    ) -> Result<CreatedApiKey> {
        check_label(new.name.as_deref())?;
        let mut scopes = new.scopes.unwrap_or_else(|| default_scopes.to_vec());
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() {
            return Err(Error::invalid("scopes", "scopes is empty; a key without a scope can do nothing"));
        }
        let secret = ApiKeySecret::generate()?;
        let now = clock::now();
        let key = ApiKey {
            id: TraceId::new(now).to_string(),
            tenant_id,
            name: new.name,
            hint: secret.hint().to_owned(),
            scopes,
            status: ApiKeyStatus::Active,
            expires_at: new.expires_at,
            created_at: now,
            last_used_at: None,
        };
        let hash = secret.hash();
        let key = self.run(move |store| async move { store.insert_api_key(&key, &hash).await.map(|()| key) }).await?;
        self.auth.forget(&secret.hash()).await;
        Ok(CreatedApiKey { key, secret: secret.into_secret() })
    }

    async fn revoke(&self, tenant: Option<TenantId>, key_id: &str) -> Result<()> {
        let id = key_id.to_owned();
        let hash = self.run(move |store| async move { store.revoke_api_key(tenant.as_ref(), &id).await }).await?;
        self.auth.forget(&hash).await;
        Ok(())
    }
}
