//! What the store said, kept: bounded, one load for many first uses, and never a value that a change has overtaken.

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Expiry, future};

use crate::error::{Error, ErrorCode, Result};

/// Clones share the entries.
#[derive(Clone)]
pub(crate) struct Cache<K, V> {
    entries: future::Cache<K, Stamped<V>>,
    epochs: Arc<Epochs>,
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

    pub(crate) fn new(entries: u64, expiry: impl Expiry<K, V> + Send + Sync + 'static) -> Self {
        let entries = future::Cache::builder().max_capacity(entries).expire_after(OfValue(expiry)).build();
        Self { entries, epochs: Arc::new(Epochs::new()) }
    }

    /// The value, if it is kept.
    pub(crate) async fn get(&self, key: &K) -> Option<V> {
        let kept = self.entries.get(key).await?;
        (kept.epoch == self.epochs.of(key)).then_some(kept.value)
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
            if kept.epoch == self.epochs.of(key) {
                return Ok(kept.value);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_thousand_first_uses_load_once() {
        let (cache, loads) = (Cache::<u8, u8>::new(10, NeverExpires), Arc::new(AtomicUsize::new(0)));
        let mut uses = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let (cache, loads) = (cache.clone(), Arc::clone(&loads));
            uses.spawn(async move {
                let load = || async {
                    loads.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok(7)
                };
                cache.get_or_load(&1, load).await.unwrap()
            });
        }
        assert_eq!(uses.join_all().await, vec![7; 1000]);
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_value_that_was_forgotten_while_it_was_loaded_is_loaded_again() {
        let (cache, loads) = (Cache::<u8, usize>::new(10, NeverExpires), AtomicUsize::new(0));
        let (loading, changed) = (Notify::new(), Notify::new());
        let load = || async {
            let load = loads.fetch_add(1, Ordering::SeqCst);
            if load == 0 {
                loading.notify_one();
                changed.notified().await;
            }
            Ok(load)
        };
        let change = async {
            loading.notified().await;
            cache.forget(&1).await;
            changed.notify_one();
        };
        let (value, ()) = tokio::join!(cache.get_or_load(&1, load), change);
        assert_eq!((value.unwrap(), cache.get(&1).await), (1, Some(1)));
    }

    #[tokio::test]
    async fn who_joins_a_load_that_a_change_has_overtaken_does_not_get_its_value() {
        let (cache, loads) = (Cache::<u8, usize>::new(10, NeverExpires), AtomicUsize::new(0));
        let (loading, joined) = (Notify::new(), Notify::new());
        let load = || async {
            let load = loads.fetch_add(1, Ordering::SeqCst);
            if load == 0 {
                loading.notify_one();
                joined.notified().await;
            }
            Ok(load)
        };
        let late = async {
            loading.notified().await;
            cache.forget(&1).await;
            let (value, ()) = tokio::join!(cache.get_or_load(&1, load), async { joined.notify_one() });
            value.unwrap()
        };
        let (first, late) = tokio::join!(cache.get_or_load(&1, load), late);
        assert!(first.unwrap() > 0 && late > 0, "the value of load 0 is from before the change");
        assert_ne!(cache.get(&1).await, Some(0));
    }

    #[tokio::test]
    async fn a_store_that_never_answers_is_not_waited_for_for_ever() {
        let error = in_time(Duration::from_millis(1), std::future::pending::<Result<u8>>()).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreUnavailable);
    }

    #[tokio::test]
    async fn a_load_that_failed_is_not_remembered() {
        let cache = Cache::<u8, u8>::new(10, NeverExpires);
        let away = || async { Err(Error::new(ErrorCode::StoreUnavailable, "away")) };
        assert_eq!(cache.get_or_load(&1, away).await.unwrap_err().code(), ErrorCode::StoreUnavailable);
        assert_eq!(cache.get_or_load(&1, || async { Ok(2) }).await.unwrap(), 2);
    }
}
