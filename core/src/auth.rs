//! Turns an API key into a caller. Reads the store through a bounded cache; never says why a key is refused.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use moka::{Expiry, future::Cache};
use parking_lot::Mutex;

use crate::{
    clock,
    crypto::{ApiKeySecret, KeyHash},
    error::{Error, ErrorCode, Result},
    types::{
        api_key::{ApiKey, ApiKeyStatus, Scope},
        ids::TenantId,
        time::Timestamp,
    },
};

/// Who calls: what an API key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Caller {
    /// The tenant; `None` for an admin key.
    pub tenant_id: Option<TenantId>,
    /// The key's id.
    pub api_key_id: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// Refuses a caller without the scope.
    pub fn require(&self, scope: Scope) -> Result<()> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        Err(Error::new(ErrorCode::InsufficientScope, format!("the API key lacks the scope {scope:?}").to_lowercase()))
    }
}

/// The keys in use.
#[derive(Debug)]
pub(crate) struct Auth {
    keys: Cache<KeyHash, Option<Arc<ApiKey>>>,
    /// When keys were last used: written to the store from time to time.
    used: Mutex<HashMap<String, Timestamp>>,
}

/// A key that is not known is asked for again soon; a known one lives until it is evicted.
struct ForgetUnknownKeys;

impl ForgetUnknownKeys {
    const AFTER: Duration = Duration::from_secs(2);
}

impl Expiry<KeyHash, Option<Arc<ApiKey>>> for ForgetUnknownKeys {
    fn expire_after_create(&self, _hash: &KeyHash, key: &Option<Arc<ApiKey>>, _now: Instant) -> Option<Duration> {
        key.is_none().then_some(Self::AFTER)
    }
}

impl Auth {
    pub(crate) fn new(cache_entries: u64) -> Self {
        Self { keys: Cache::builder()
                .max_capacity(cache_entries)
                .expire_after(ForgetUnknownKeys)
                .support_invalidation_closures()
                .build(), used: Mutex::default() }
    }

    /// The caller of a key. `load` asks the store, once for many first uses.
    pub(crate) async fn authenticate<L>(&self, secret: Option<&str>, stale: bool, load: impl FnOnce(KeyHash) -> L) -> Result<Caller>
    where
        L: Future<Output = Result<Option<ApiKey>>>,
    {
        let missing = || Error::new(ErrorCode::MissingApiKey, "no API key came with the request; send it as `Authorization: Bearer gwk_…`");
        let invalid = || Error::new(ErrorCode::InvalidApiKey, "the API key is unknown, revoked or expired");
        let secret = ApiKeySecret::parse(secret.ok_or_else(missing)?).ok_or_else(invalid)?;
        let hash = secret.hash();
        if stale {
            self.keys.invalidate(&hash).await;
        }
        let wanted = hash.clone();
        let loaded = self.keys.try_get_with_by_ref(&hash, async move { load(wanted).await.map(|key| key.map(Arc::new)) }).await;
        let key = loaded.map_err(Arc::unwrap_or_clone)?.ok_or_else(invalid)?;
        let now = clock::now();
        if key.status != ApiKeyStatus::Active || key.expires_at.is_some_and(|end| end <= now) {
            return Err(invalid());
        }
        self.touch(&key, now);
        Ok(Caller { tenant_id: key.tenant_id.clone(), api_key_id: key.id.clone(), scopes: key.scopes.clone() })
    }

    /// Forgets a key, so that the next use reads the store.
    pub(crate) async fn forget(&self, hash: &KeyHash) {
        self.keys.invalidate(hash).await;
    }

    /// Forgets every key of a tenant.
    pub(crate) fn forget_tenant(&self, tenant: &TenantId) {
        let tenant = tenant.clone();
        let of_tenant = move |_: &KeyHash, key: &Option<Arc<ApiKey>>| key.as_ref().is_some_and(|key| key.tenant_id.as_ref() == Some(&tenant));
        // An error means that invalidation by predicate was not enabled; entries are forgotten by the poll then.
        let _ = self.keys.invalidate_entries_if(of_tenant);
    }

    /// Notes the use of a key, to the minute.
    fn touch(&self, key: &ApiKey, now: Timestamp) {
        const MINUTE_MS: i64 = 60_000;
        let minute = Timestamp::from_millis(now.as_millis() - now.as_millis().rem_euclid(MINUTE_MS));
        if key.last_used_at.is_some_and(|last| last >= minute) {
            return;
        }
        let mut used = self.used.lock();
        match used.get_mut(&key.id) {
            Some(last) => *last = minute,
            None => {
                used.insert(key.id.clone(), minute);
            }
        }
    }

    /// The uses noted since the last time.
    pub(crate) fn take_used(&self) -> Vec<(String, Timestamp)> {
        self.used.lock().drain().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn key(status: ApiKeyStatus, expires_at: Option<Timestamp>) -> ApiKey {
        ApiKey {
            id: "k".to_owned(),
            tenant_id: Some("acme".parse().unwrap()),
            name: None,
            hint: "gwk_abcd".to_owned(),
            scopes: vec![Scope::Infer],
            status,
            expires_at,
            created_at: Timestamp::from_millis(0),
            last_used_at: None,
        }
    }

    fn new_secret() -> String {
        ApiKeySecret::generate().unwrap().into_secret().expose().to_owned()
    }

    #[tokio::test]
    async fn a_thousand_first_uses_ask_the_store_once() {
        let (auth, asked, secret) = (Arc::new(Auth::new(10)), Arc::new(AtomicUsize::new(0)), new_secret());
        let mut uses = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let (auth, asked, secret) = (Arc::clone(&auth), Arc::clone(&asked), secret.clone());
            uses.spawn(async move {
                auth.authenticate(Some(&secret), false, |_| async move {
                    asked.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok(Some(key(ApiKeyStatus::Active, None)))
                })
                .await
            });
        }
        for result in uses.join_all().await {
            assert_eq!(result.unwrap().api_key_id, "k");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn refused_keys_give_one_error_and_unknown_ones_are_remembered_for_a_while() {
        let auth = Auth::new(10);
        assert_eq!(auth.authenticate(None, false, |_| async { Ok(None) }).await.unwrap_err().code(), ErrorCode::MissingApiKey);
        assert_eq!(auth.authenticate(Some("gwk_typo"), false, |_| async { panic!("no look-up") }).await.unwrap_err().code(), ErrorCode::InvalidApiKey);
        for answer in [None, Some(key(ApiKeyStatus::Revoked, None)), Some(key(ApiKeyStatus::Active, Some(Timestamp::from_millis(1))))] {
            let secret = new_secret();
            let error = auth.authenticate(Some(&secret), false, |_| async { Ok(answer) }).await.unwrap_err();
            assert_eq!(error.code(), ErrorCode::InvalidApiKey);
            let again = auth.authenticate(Some(&secret), false, |_| async { panic!("no look-up") }).await.unwrap_err();
            assert_eq!(again.code(), ErrorCode::InvalidApiKey);
        }
    }

    #[tokio::test]
    async fn a_store_that_is_away_is_not_remembered() {
        let (auth, secret) = (Auth::new(10), new_secret());
        let away = || Error::new(ErrorCode::StoreUnavailable, "away");
        assert_eq!(auth.authenticate(Some(&secret), false, |_| async { Err(away()) }).await.unwrap_err().code(), ErrorCode::StoreUnavailable);
        assert!(auth.authenticate(Some(&secret), false, |_| async { Ok(Some(key(ApiKeyStatus::Active, None))) }).await.is_ok());
    }
}
