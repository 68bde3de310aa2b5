//! What the store said, kept: bounded, one load for many first uses, never a value that a change has overtaken, and
//! none that nobody has confirmed for too long.

mod freshness;
#[cfg(test)]
mod tests;

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future};
use parking_lot::Mutex;

pub(crate) use self::freshness::Freshness;
use crate::error::{Error, ErrorCode, Result};

/// Clones share the entries.
#[derive(Clone)]
pub(crate) struct Cache<K, V> {
    entries: future::Cache<K, Stamped<V>>,
    epochs: Arc<Epochs>,
    freshness: Arc<Freshness>,
    /// When everything was last forgotten because nobody had confirmed it: what is kept is younger than that.
    emptied: Arc<Mutex<Option<Instant>>>,
}

/// How much a cache may hold, and how long it is trusted.
pub(crate) struct Terms {
    pub(crate) entries: u64,
    pub(crate) freshness: Arc<Freshness>,
}

/// A value, and the epoch at which its load began: it counts as long as the epoch stands.
#[derive(Clone)]
struct Stamped<V> {
    epoch: u64,
    value: V,
}

/// Counts, per group of keys, how often one was forgotten. Groups are many, since forgetting one key costs the others
/// of its group a load.
struct Epochs {
    counts: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Epochs {
    const GROUPS: u64 = 1024;

    fn new() -> Self {
        Self { counts: (0..Self::GROUPS).map(|_| AtomicU64::new(0)).collect(), hasher: RandomState::new() }
    }

    fn count(&self, key: &impl Hash) -> Option<&AtomicU64> {
        let group = usize::try_from(self.hasher.hash_one(key) % Self::GROUPS).ok()?;
        self.counts.get(group)
    }

    fn of(&self, key: &impl Hash) -> u64 {
        self.count(key).map_or(0, |count| count.load(Ordering::SeqCst))
    }
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A load that a change has overtaken is repeated so many times; then one is made that nobody shares.
    const LOADS: usize = 3;
    /// How long the store may take to answer one load.
    const ANSWER: Duration = Duration::from_secs(10);

    pub(crate) fn new(terms: Terms, expiry: impl Expiry<K, V> + Send + Sync + 'static) -> Self {
        let Terms { entries, freshness } = terms;
        let entries = future::Cache::builder().max_capacity(entries).expire_after(OfValue(expiry)).build();
        Self { entries, epochs: Arc::new(Epochs::new()), freshness, emptied: Arc::default() }
    }

    /// The value, if it is kept and may be trusted.
    pub(crate) async fn get(&self, key: &K) -> Option<V> {
        let kept = self.entries.get(key).await?;
        self.counts(key, &kept).then_some(kept.value)
    }

    fn counts(&self, key: &K, kept: &Stamped<V>) -> bool {
        // In this order: what is forgotten here must not count.
        self.forget_stale();
        kept.epoch == self.epochs.of(key)
    }

    /// The value, from the cache or by `load`. Many callers at once share one load, so this must run on a task that
    /// nobody drops.
    pub(crate) async fn get_or_load<F>(&self, key: &K, load: impl Fn() -> F) -> Result<V>
    where
        F: Future<Output = Result<V>>,
    {
        for _ in 0..Self::LOADS {
            let stamped = async {
                let epoch = self.epochs.of(key);
                Ok(Stamped { epoch, value: in_time(Self::ANSWER, load()).await? })
            };
            let loaded = self.entries.try_get_with_by_ref(key, stamped).await;
            let kept = loaded.map_err(|error: Arc<Error>| Arc::unwrap_or_clone(error))?;
            if self.counts(key, &kept) {
                return Ok(kept.value);
            }
            // Somebody else may have loaded it by now.
            if let Some(value) = self.get(key).await {
                return Ok(value);
            }
            self.entries.invalidate(key).await;
        }
        in_time(Self::ANSWER, load()).await
    }

    /// Forgets a value, and what a load that is under way will bring.
    pub(crate) async fn forget(&self, key: &K) {
        if let Some(count) = self.epochs.count(key) {
            count.fetch_add(1, Ordering::SeqCst);
        }
        self.entries.invalidate(key).await;
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&self) {
        for count in &self.epochs.counts {
            count.fetch_add(1, Ordering::SeqCst);
        }
        self.entries.invalidate_all();
    }

    /// Forgets everything where nobody has confirmed it for too long: the first who notices does, for all. What is
    /// loaded after that may be trusted for as long again.
    fn forget_stale(&self) {
        if self.freshness.covers(None) {
            return;
        }
        let mut emptied = self.emptied.lock();
        if !self.freshness.covers(*emptied) {
            let now = Instant::now();
            self.forget_all();
            *emptied = Some(now);
        }
    }
}

async fn in_time<V>(time: Duration, load: impl Future<Output = Result<V>>) -> Result<V> {
    let answer = tokio::time::timeout(time, load).await;
    answer.unwrap_or_else(|_| Err(Error::new(ErrorCode::StoreUnavailable, "the store does not answer")))
}

/// Lets the value alone decide how long it lives.
struct OfValue<E>(E);

impl<K, V, E: Expiry<K, V>> Expiry<K, Stamped<V>> for OfValue<E> {
    fn expire_after_create(&self, key: &K, kept: &Stamped<V>, now: Instant) -> Option<Duration> {
        self.0.expire_after_create(key, &kept.value, now)
    }
}

/// Values that live until they are forgotten.
pub(crate) struct NeverExpires;

impl<K, V> Expiry<K, V> for NeverExpires {}

impl<K, V> std::fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}
