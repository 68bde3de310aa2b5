//! What a closed gateway could not write waits in the spool for the next one.

use std::{collections::BTreeSet, time::Duration};

use libgateway::{Config, Durability, TraceFilter};
use libgateway_tests::{TENANT, TestGateway, backend_tests, hello};

use crate::support::{Direct, PATIENCE, all_traces, assert_adds_up, eventually};

backend_tests! {
    async fn what_is_not_written_when_the_time_to_close_is_over_waits_in_the_spool(backend: Backend) {
        const WAITING: usize = 300;
        let test = TestGateway::open(backend).await;
        let lock = Direct::lock(test.store()).await;
        let mut ids = BTreeSet::new();
        for _ in 0..WAITING / 100 {
            for reply in futures_util::future::join_all((0..100).map(|_| test.chat(hello()))).await {
                ids.insert(reply.unwrap().trace_id);
            }
        }
        let error = test.gateway.close(Duration::from_millis(300)).await.expect_err("not all traces are in the store");
        assert!(error.to_string().contains("300 of them are safe in the spool, and 0 are lost"), "{error}");
        let stats = test.gateway.stats();
        assert_adds_up(&stats);
        assert_eq!((stats.spooled, stats.pending, stats.dropped.len()), (WAITING as u64, 0, 0));
        lock.release().await;

        let next = test.second().await;
        let acme = next.tenant(TENANT).unwrap();
        eventually("they are in the store", async || all_traces(&acme, &TraceFilter::default()).await.len() == WAITING).await;
        assert_eq!(all_traces(&acme, &TraceFilter::default()).await.iter().map(|trace| trace.id).collect::<BTreeSet<_>>(), ids);
        assert_eq!((next.stats().recovery.persisted, next.stats().recovery.abandoned), (WAITING as u64, 0));
        next.close(PATIENCE).await.unwrap();
        let left = libgateway_tests::files(&test.store().spool_dir());
        assert!(left.iter().all(|file| file.ends_with("claims")), "nothing is left in the spool: {left:?}");
    }

    async fn what_the_spool_has_of_a_tenant_that_is_gone_is_dropped_and_counted(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let lock = Direct::lock(test.store()).await;
        for _ in 0..3 {
            test.chat(hello()).await.unwrap();
        }
        test.gateway.close(Duration::from_millis(100)).await.expect_err("the store is locked");
        lock.release().await;
        let without_spool = test.second_with(|config| config.durability = Some(Durability::Memory)).await;
        without_spool.delete_tenant(&TENANT.parse().unwrap()).await.unwrap();
        without_spool.close(PATIENCE).await.unwrap();
        let next = test.second().await;
        eventually("they are dropped", async || next.stats().recovery.dropped == 3).await;
        assert_eq!(next.stats().recovery.persisted, 0);
        let left = || libgateway_tests::files(&test.store().spool_dir());
        eventually("their segment is gone", async || !left().iter().any(|file| file.ends_with("00000000.seg"))).await;
    }

    async fn stores_that_share_a_spool_recover_each_its_own(backend: Backend) {
        let spool = tempfile::tempdir().unwrap();
        let share = |config: &mut Config| config.spool_dir = Some(spool.path().into());
        let (test, other) = (TestGateway::open_with(backend, share).await, TestGateway::open_with(backend, share).await);
        let lock = Direct::lock(test.store()).await;
        let id = test.chat(hello()).await.unwrap().trace_id;
        test.gateway.close(Duration::from_millis(100)).await.expect_err("the store is locked");
        lock.release().await;

        let other = other.reopen().await;
        other.chat(hello()).await.unwrap();
        other.flush().await;
        let next = test.second().await;
        let acme = next.tenant(TENANT).unwrap();
        eventually("it is recovered", async || acme.get_trace(id).await.is_ok()).await;
        assert_eq!((next.stats().recovery.persisted, other.gateway.stats().recovery.persisted), (1, 0));
        assert_eq!(other.traces().await.len(), 1);
    }
}
