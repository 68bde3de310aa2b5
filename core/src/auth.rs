//! Turns an API key into a caller. Reads the store through a bounded cache; never says why a key is refused.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::Expiry;
use parking_lot::Mutex;

use crate::{
    cache::{Cache, Terms},
    clock,
    crypto::{ApiKeySecret, KeyHash},
    error::{Error, ErrorCode, Result},
    store::Store,
    tasks::Background,
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
    keys: Cache<KeyHash, Lookup>,
    store: Store,
    background: Arc<Background>,
    /// When keys were last used: written to the store from time to time.
    used: Mutex<HashMap<String, Timestamp>>,
}

/// What the store said of a key.
type Lookup = Option<Arc<KnownKey>>;

#[derive(Debug)]
struct KnownKey {
    key: ApiKey,
    /// The last minute of which a use was noted.
    noted_minute: AtomicI64,
}

/// A key that is not known is asked for again soon; a known one lives until it is forgotten.
struct ForgetUnknownKeys;

impl ForgetUnknownKeys {
    const AFTER: Duration = Duration::from_secs(2);
}

impl Expiry<KeyHash, Lookup> for ForgetUnknownKeys {
    fn expire_after_create(&self, _hash: &KeyHash, key: &Lookup, _now: Instant) -> Option<Duration> {
        key.is_none().then_some(Self::AFTER)
    }
}

impl Auth {
    pub(crate) fn new(terms: Terms, store: Store, background: Arc<Background>) -> Self {
        Self { keys: Cache::new(terms, ForgetUnknownKeys), store, background, used: Mutex::default() }
    }

    /// The caller of a key.
    pub(crate) async fn authenticate(&self, secret: Option<&str>) -> Result<Caller> {
        let missing = "no API key came with the request; send it as `Authorization: Bearer gwk_…`";
        let secret = secret.ok_or_else(|| Error::new(ErrorCode::MissingApiKey, missing))?;
        let invalid = || Error::new(ErrorCode::InvalidApiKey, "the API key is unknown, revoked or expired");
        let hash = ApiKeySecret::parse(secret).ok_or_else(invalid)?.hash();
        let known = self.look_up(hash).await?.ok_or_else(invalid)?;
        let now = clock::now();
        let key = &known.key;
        if key.status != ApiKeyStatus::Active || key.expires_at.is_some_and(|end| end <= now) {
            return Err(invalid());
        }
        self.note_use(&known, now);
        Ok(Caller { tenant_id: key.tenant_id.clone(), api_key_id: key.id.clone(), scopes: key.scopes.clone() })
    }

    async fn look_up(&self, hash: KeyHash) -> Result<Lookup> {
        if let Some(known) = self.keys.get(&hash).await {
            return Ok(known);
        }
        let (keys, store) = (self.keys.clone(), self.store.clone());
        let load = Box::pin(async move {
            let load = || async {
                let known = |key| Arc::new(KnownKey { key, noted_minute: AtomicI64::new(0) });
                Ok(store.find_api_key(&hash).await?.map(known))
            };
            keys.get_or_load(&hash, load).await
        });
        self.background.run_to_end(load).await
    }

    /// Forgets a key, so that the next use reads the store.
    pub(crate) async fn forget(&self, hash: &KeyHash) {
        self.keys.forget(hash).await;
    }

    /// Forgets every key.
    pub(crate) fn forget_all(&self) {
        self.keys.forget_all();
    }

    /// Notes the use of a key, once a minute.
    fn note_use(&self, known: &KnownKey, now: Timestamp) {
        const MINUTE_MS: i64 = 60_000;
        let minute = now.as_millis().div_euclid(MINUTE_MS);
        if known.noted_minute.swap(minute, Ordering::Relaxed) != minute {
            self.used.lock().insert(known.key.id.clone(), Timestamp::from_millis(minute * MINUTE_MS));
        }
    }

    /// Takes back uses that could not be written.
    pub(crate) fn return_used(&self, uses: Vec<(String, Timestamp)>) {
        let mut used = self.used.lock();
        for (id, at) in uses {
            let last = used.entry(id).or_insert(at);
            *last = at.max(*last);
        }
    }

    /// The uses noted since the last time.
    pub(crate) fn take_used(&self) -> Vec<(String, Timestamp)> {
        self.used.lock().drain().collect()
    }
}
