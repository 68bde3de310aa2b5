//! Locks and connections that others hold.

use std::time::{Duration, Instant};

use super::{
    corpus::{records, tenant},
    support::{Kind, administer, in_every_shared_place, in_place, now},
};
use crate::store::{Store, db::Backend, is_transient, query::sql};

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_for_another_one_and_readers_do_not() {
    in_every_shared_place(async |place| {
        let (holder, store) = (place.open().await, place.open().await);
        store.insert_traces(&records(&tenant("acme"), now(), 5)).await.unwrap();
        let mut tx = holder.db.begin().await.unwrap();
        tx.execute(sql("UPDATE gw_state SET value = value + 1")).await.unwrap();
        let begun = Instant::now();
        assert_eq!(store.changes_since(0).await.unwrap().generation, 0);
        assert!(begun.elapsed() < Duration::from_secs(5), "readers go on");
        let mut waiting = tokio::spawn({
            let store = store.clone();
            async move { store.create_tenant(&super::control::tenant_record("acme")).await }
        });
        match holder.db.backend() {
            // It has to outlast what SQLite itself waits, which nobody can see from outside.
            Backend::Sqlite => {
                let ended = tokio::time::timeout(Duration::from_secs(6), &mut waiting).await;
                assert!(ended.is_err(), "a writer did not wait: {ended:?}");
            }
            Backend::Postgres => until_somebody_waits_for_a_lock(&holder).await,
        }
        assert!(!waiting.is_finished());
        tx.commit().await.unwrap();
        waiting.await.unwrap().unwrap();
        assert_eq!(store.changes_since(0).await.unwrap().generation, 2);
    })
    .await;
}

async fn until_somebody_waits_for_a_lock(store: &Store) {
    let waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let begun = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    while store.db.fetch_optional(sql(waiting)).await.unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits for a lock");
        ticks.tick().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_gateways_of_one_process_write_one_file() {
    in_place(Kind::File, async |place| {
        let mut tasks = Vec::new();
        for number in 0..8 {
            let store = place.open().await;
            tasks.push(tokio::spawn(async move {
                for batch in records(&tenant(&format!("t{number}")), now(), 400).chunks(20) {
                    store.insert_traces(batch).await.unwrap();
                }
                store.close().await;
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_and_a_killed_connection_are_transient() {
    in_place(Kind::Postgres, async |place| {
        let store = place.open().await;
        for id in ["a", "b"] {
            store.create_tenant(&super::control::tenant_record(id)).await.unwrap();
        }
        let lock = |id: &'static str| sql("UPDATE gw_tenants SET name = 'x' WHERE id = $1").bind(id);
        let (mut left, mut right) = (store.db.begin().await.unwrap(), store.db.begin().await.unwrap());
        left.execute(lock("a")).await.unwrap();
        right.execute(lock("b")).await.unwrap();
        let (one, other) = tokio::join!(left.execute(lock("b")), async {
            let result = right.execute(lock("a")).await;
            drop(right);
            result
        });
        let errors: Vec<_> = [one.err(), other.err()].into_iter().flatten().collect();
        assert!(errors.len() == 1 && is_transient(&errors[0]), "{errors:?}");
        drop(left);

        let mut tx = store.db.begin().await.unwrap();
        administer("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'libgateway' AND datname LIKE 'gw_test_%' AND state = 'idle in transaction'".to_owned()).await;
        let error = tx.execute(lock("a")).await.unwrap_err();
        assert!(is_transient(&error), "{error}");
        drop(tx);
        store.generation().await.unwrap();
    })
    .await;
}
