//! What the store said, kept: bounded, one load for many first uses, and never a value that a change has overtaken.

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use moka::{Expiry, future};

use crate::error::{Error, Result};

/// Clones share the entries.
#[derive(Clone)]
pub(crate) struct Cache<K, V> {
    entries: future::Cache<K, V>,
    epochs: Arc<Epochs>,
}

/// Counts, per group of keys, how often one was forgotten: a load during which the count moved may have read what was
/// there before.
struct Epochs {
    counts: [AtomicU64; 64],
    hasher: RandomState,
}

impl Epochs {
    fn of(&self, key: &impl Hash) -> &AtomicU64 {
        let [first, rest @ ..] = &self.counts;
        let group = usize::try_from(self.hasher.hash_one(key) % 64).unwrap_or_default();
        group.checked_sub(1).and_then(|place| rest.get(place)).unwrap_or(first)
    }
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A load that a change has overtaken is repeated so many times; then its value is given, and not kept.
    const LOADS: usize = 3;

    pub(crate) fn new(entries: u64, expiry: impl Expiry<K, V> + Send + Sync + 'static) -> Self {
        let entries =
            future::Cache::builder().max_capacity(entries).expire_after(expiry).support_invalidation_closures();
        let epochs = Epochs { counts: std::array::from_fn(|_| AtomicU64::new(0)), hasher: RandomState::new() };
        Self { entries: entries.build(), epochs: Arc::new(epochs) }
    }

    /// The value, if it is kept.
    pub(crate) async fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key).await
    }

    /// The value, from the cache or by `load`. Many callers at once share one load, so this must run on a task that
    /// nobody drops.
    pub(crate) async fn get_or_load<F>(&self, key: &K, load: impl Fn() -> F) -> Result<V>
    where
        F: Future<Output = Result<V>>,
    {
        let epoch = self.epochs.of(key);
        let mut loads = 0;
        loop {
            let before = epoch.load(Ordering::SeqCst);
            let loaded = self.entries.try_get_with_by_ref(key, load()).await;
            let value = loaded.map_err(|error: Arc<Error>| Arc::unwrap_or_clone(error))?;
            loads += 1;
            if epoch.load(Ordering::SeqCst) == before {
                return Ok(value);
            }
            self.entries.invalidate(key).await;
            if loads == Self::LOADS {
                return Ok(value);
            }
        }
    }

    /// Forgets a value, and what a load that is under way will bring.
    pub(crate) async fn forget(&self, key: &K) {
        self.epochs.of(key).fetch_add(1, Ordering::SeqCst);
        self.entries.invalidate(key).await;
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&self) {
        for count in &self.epochs.counts {
            count.fetch_add(1, Ordering::SeqCst);
        }
        self.entries.invalidate_all();
    }

    /// Forgets the values of which `condition` is true.
    pub(crate) fn forget_if(&self, condition: impl Fn(&K, &V) -> bool + Send + Sync + 'static) {
        for count in &self.epochs.counts {
            count.fetch_add(1, Ordering::SeqCst);
        }
        // An error means that such conditions were not enabled: they are, in `new`.
        drop(self.entries.invalidate_entries_if(condition));
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
    use crate::error::ErrorCode;

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
    async fn a_load_that_failed_is_not_remembered() {
        let cache = Cache::<u8, u8>::new(10, NeverExpires);
        let away = || async { Err(Error::new(ErrorCode::StoreUnavailable, "away")) };
        assert_eq!(cache.get_or_load(&1, away).await.unwrap_err().code(), ErrorCode::StoreUnavailable);
        assert_eq!(cache.get_or_load(&1, || async { Ok(2) }).await.unwrap(), 2);
    }
}
