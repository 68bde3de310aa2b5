#![allow(clippy::unwrap_used, reason = "tests")]
use std::sync::atomic::AtomicUsize;

use tokio::sync::Notify;

use super::*;

const LIMIT: Duration = Duration::from_secs(3600);

fn fresh<V: Clone + Send + Sync + 'static>() -> Cache<u8, V> {
    Cache::new(Terms { entries: 10, freshness: Arc::new(Freshness::new(LIMIT)) }, NeverExpires)
}

#[tokio::test]
async fn a_thousand_first_uses_load_once() {
    let (cache, loads) = (fresh::<u8>(), Arc::new(AtomicUsize::new(0)));
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
    let (cache, loads) = (fresh::<usize>(), AtomicUsize::new(0));
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
    let (cache, loads) = (fresh::<usize>(), AtomicUsize::new(0));
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
    let cache = fresh::<u8>();
    let away = || async { Err(Error::new(ErrorCode::StoreUnavailable, "away")) };
    assert_eq!(cache.get_or_load(&1, away).await.unwrap_err().code(), ErrorCode::StoreUnavailable);
    assert_eq!(cache.get_or_load(&1, || async { Ok(2) }).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_has_confirmed_for_too_long_is_loaded_once_for_all() {
    const KEYS: u8 = 4;
    let (cache, loads) = (fresh::<usize>(), Arc::new(AtomicUsize::new(0)));
    for key in 0..KEYS {
        cache.get_or_load(&key, || async { Ok(0) }).await.unwrap();
    }
    cache.freshness.age(LIMIT * 2);
    let away = || async { Err(Error::new(ErrorCode::StoreUnavailable, "away")) };
    let mut uses = tokio::task::JoinSet::new();
    for use_ in 0..100 {
        let cache = cache.clone();
        uses.spawn(async move { (cache.get(&(use_ % KEYS)).await, cache.get_or_load(&(use_ % KEYS), away).await) });
    }
    for (kept, loaded) in uses.join_all().await {
        assert_eq!((kept, loaded.unwrap_err().code()), (None, ErrorCode::StoreUnavailable), "the store is away");
    }

    let mut uses = tokio::task::JoinSet::new();
    for use_ in 0..1000_u16 {
        let (cache, loads) = (cache.clone(), Arc::clone(&loads));
        let load = move || {
            let loads = Arc::clone(&loads);
            async move {
                tokio::task::yield_now().await;
                Ok(loads.fetch_add(1, Ordering::SeqCst) + 1)
            }
        };
        uses.spawn(async move {
            let key = u8::try_from(use_ % u16::from(KEYS)).unwrap();
            match cache.get(&key).await {
                Some(kept) => kept,
                None => cache.get_or_load(&key, load).await.unwrap(),
            }
        });
    }
    assert!(uses.join_all().await.into_iter().all(|value| value > 0), "nobody gets an old value");
    assert_eq!(loads.load(Ordering::SeqCst), usize::from(KEYS));
}

#[tokio::test]
async fn a_load_that_began_when_the_cache_was_fresh_is_no_way_around_the_limit() {
    let (cache, loads) = (fresh::<usize>(), AtomicUsize::new(0));
    let load = || async {
        if loads.fetch_add(1, Ordering::SeqCst) == 0 {
            cache.freshness.age(LIMIT * 2);
            assert_eq!(cache.get(&1).await, None);
        }
        Ok(loads.load(Ordering::SeqCst))
    };
    assert_eq!(cache.get_or_load(&1, load).await.unwrap(), 2);
}

#[tokio::test]
async fn a_confirmation_keeps_what_is_there() {
    let cache = fresh::<u8>();
    cache.get_or_load(&1, || async { Ok(7) }).await.unwrap();
    cache.freshness.age(LIMIT * 2);
    cache.freshness.confirm(Instant::now(), 1);
    assert_eq!(cache.get(&1).await, Some(7));
}
