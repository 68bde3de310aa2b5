//! The books: whatever was accepted is accounted for, and what somebody takes away is found to be missing.

use std::{fs, path::PathBuf, time::Duration};

use libgateway::{
    DropReason, Durability, Gateway, InstanceReport, InstanceState, Retention, TenantUpdate, VerifyReport,
};
use libgateway_tests::{TENANT, TestGateway, backend_tests, files, hello};
use serde_json::json;
use upstream::Script;

use crate::{
    poison::poison,
    support::{Direct, PATIENCE, eventually},
};

async fn calls(test: &TestGateway, count: usize) {
    for _ in 0..count {
        test.chat(hello()).await.expect("an answer");
    }
}

/// What the books say, each instance adding up.
async fn books(gateway: &Gateway) -> VerifyReport {
    let report = gateway.verify().await.expect("a report");
    for one in &report.instances {
        let dropped: u64 = one.dropped.values().sum();
        let kept = one.persisted + one.spooled + one.expired + one.erased + one.dead_lettered;
        assert_eq!(one.accepted, kept + dropped + one.pending + one.missing, "{one:?}");
    }
    report
}

/// The one instance there is.
async fn only(gateway: &Gateway) -> InstanceReport {
    let report = books(gateway).await;
    let [one] = &report.instances[..] else { panic!("one instance was expected: {report:?}") };
    assert_eq!(report.holds, one.missing + one.doubled == 0);
    one.clone()
}

fn numbers(one: &InstanceReport) -> Vec<(u64, u64)> {
    one.missing_numbers.iter().map(|range| (range.first, range.last)).collect()
}

/// Leaves so many traces in the spool: closes the gateway while the store is locked.
async fn leave_in_the_spool(test: &TestGateway, count: usize) -> Vec<PathBuf> {
    let lock = Direct::lock(test.store()).await;
    calls(test, count).await;
    test.gateway.close(Duration::from_millis(200)).await.expect_err("not all traces are in the store");
    lock.release().await;
    let segments = files(&test.store().spool_dir()).into_iter();
    segments.filter(|file| file.extension().is_some_and(|extension| extension == "seg")).collect()
}

backend_tests! {
    async fn every_request_is_accounted_for_in_this_gateway_and_in_those_before(backend: Backend) {
        let test = TestGateway::open(backend).await;
        assert!(books(&test.gateway).await.instances.is_empty(), "nothing was accepted");
        calls(&test, 5).await;
        test.chat(json!({"model": 1})).await.expect_err("a refusal has a trace, too");
        test.flush().await;
        let one = only(&test.gateway).await;
        assert_eq!(one.instance, test.gateway.stats().instance);
        assert_eq!((one.accepted, one.persisted, one.pending, one.missing), (6, 6, 0, 0));
        assert_eq!((one.state, one.has_spool), (InstanceState::Open, true));

        let test = test.reopen().await;
        calls(&test, 2).await;
        test.flush().await;
        let report = books(&test.gateway).await;
        assert!(report.holds);
        let all: Vec<_> = report.instances.iter().map(|one| (one.state, one.accepted, one.persisted)).collect();
        assert_eq!(all, [(InstanceState::Closed, 6, 6), (InstanceState::Open, 2, 2)]);
        assert_eq!((report.unnumbered, report.unread_segments), (0, 0));
    }

    async fn traces_that_somebody_removes_or_doubles_are_found(backend: Backend) {
        let test = TestGateway::open(backend).await;
        calls(&test, 6).await;
        test.flush().await;
        assert_eq!(only(&test.gateway).await.missing, 0);
        let mut direct = Direct::to(test.store()).await;
        let delete = "DELETE FROM gw_traces WHERE number IN (2, 3)";
        direct.execute(delete, delete).await;
        let one = only(&test.gateway).await;
        assert_eq!((one.missing, numbers(&one)), (2, vec![(2, 3)]));
        let change = "UPDATE gw_traces SET number = 5 WHERE number = 6";
        direct.execute(change, change).await;
        let one = only(&test.gateway).await;
        assert_eq!((one.missing, one.doubled), (3, 1), "{one:?}");
        // It stays so when the gateway is gone.
        let test = test.reopen().await;
        assert_eq!(only(&test.gateway).await.missing, 3);
        let forget = "UPDATE gw_traces SET instance = NULL, number = NULL";
        direct.execute(forget, forget).await;
        assert_eq!(books(&test.gateway).await.unnumbered, 4);
    }

    async fn a_request_that_runs_is_in_the_spool(backend: Backend) {
        let test = TestGateway::open(backend).await;
        calls(&test, 2).await;
        test.flush().await;
        test.upstream.push(Script::chat("late").delay_ms(600_000));
        let (acme, before) = (test.acme.clone(), test.upstream.requests().len());
        let call = tokio::spawn(async move { acme.chat(hello()).await });
        test.upstream.wait_for_requests(before as u64 + 1, PATIENCE).await.unwrap();
        let one = only(&test.gateway).await;
        assert_eq!((one.accepted, one.persisted, one.spooled, one.missing), (3, 2, 1, 0));
        call.abort();
        drop(call.await);
        test.flush().await;
        assert_eq!(only(&test.gateway).await.persisted, 3);
    }

    async fn what_retention_and_erasure_remove_is_not_missing(backend: Backend) {
        let test = TestGateway::open(backend).await;
        calls(&test, 9).await;
        test.flush().await;
        let retention = Some(Retention { days: None, traces: Some(4) });
        let update = TenantUpdate { retention, ..TenantUpdate::default() };
        test.gateway.update_tenant(test.acme.id(), update).await.unwrap();
        eventually("the surplus is gone", async || test.traces().await.len() == 4).await;
        let one = only(&test.gateway).await;
        assert_eq!((one.accepted, one.persisted, one.expired, one.missing), (9, 4, 5, 0));

        let delete = "DELETE FROM gw_traces WHERE number = 8";
        Direct::to(test.store()).await.execute(delete, delete).await;
        let one = only(&test.gateway).await;
        assert_eq!((one.expired, one.missing, one.missing_numbers.len()), (5, 1, 0), "one more is absent than went");

        test.gateway.erase_tenant(test.acme.id()).await.unwrap();
        let one = only(&test.gateway).await;
        assert_eq!((one.persisted, one.expired, one.erased, one.missing), (0, 5, 3, 1));
    }

    async fn dead_letters_and_traces_of_a_tenant_that_is_gone_are_explained(backend: Backend) {
        let test = TestGateway::open(backend).await;
        poison(&test).await;
        calls(&test, 3).await;
        test.chat(json!({"model": "poison", "messages": []})).await.unwrap();
        test.flush().await;
        let one = only(&test.gateway).await;
        assert_eq!((one.persisted, one.dead_lettered, one.missing), (3, 1, 0));
        test.upstream.push(Script::chat("late").delay_ms(600_000));
        let (acme, before) = (test.acme.clone(), test.upstream.requests().len());
        let call = tokio::spawn(async move { acme.chat(hello()).await });
        test.upstream.wait_for_requests(before as u64 + 1, PATIENCE).await.unwrap();
        test.gateway.delete_tenant(&TENANT.parse().unwrap()).await.unwrap();
        call.abort();
        drop(call.await);
        test.flush().await;
        let one = only(&test.gateway).await;
        assert_eq!(one.dropped.get(&DropReason::TenantGone), Some(&1));
        let test = test.reopen().await;
        let report = books(&test.gateway).await;
        assert!(report.holds, "{report:?}");
    }

    async fn what_a_full_queue_drops_is_written_down(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| {
            config.durability = Some(Durability::Memory);
            config.recorder.queue_rows = 20;
        })
        .await;
        calls(&test, 1).await;
        test.flush().await;
        let lock = Direct::lock(test.store()).await;
        calls(&test, 50).await;
        let dropped = test.gateway.stats().dropped[&DropReason::QueueFull];
        assert!(dropped >= 30, "{:?}", test.gateway.stats());
        lock.release().await;
        test.flush().await;
        let one = only(&test.gateway).await;
        assert_eq!((one.accepted, one.persisted, one.missing, one.has_spool), (51, 51 - dropped, 0, false));
        assert_eq!(one.dropped.get(&DropReason::QueueFull), Some(&dropped));
        let test = test.reopen().await;
        let one = only(&test.gateway).await;
        assert_eq!((one.state, one.dropped[&DropReason::QueueFull]), (InstanceState::Closed, dropped));
    }

    async fn what_waits_in_the_spool_comes_into_the_store(backend: Backend) {
        let test = TestGateway::open(backend).await;
        leave_in_the_spool(&test, 20).await;
        let next = test.second().await;
        assert!(books(&next).await.holds, "whether it is recovered already or not");
        eventually("it is recovered", async || next.stats().recovery.persisted == 20).await;
        eventually("the books are closed", async || only(&next).await.state == InstanceState::Closed).await;
        assert_eq!(only(&next).await.persisted, 20);
    }

    async fn a_segment_that_somebody_removes_from_the_spool_is_missed(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for segment in leave_in_the_spool(&test, 20).await {
            fs::remove_file(segment).unwrap();
        }
        let next = test.second().await;
        eventually("its account is found", async || !books(&next).await.instances.is_empty()).await;
        let one = only(&next).await;
        assert_eq!((one.accepted, one.persisted, one.missing, numbers(&one)), (20, 0, 20, vec![(1, 20)]));
    }

    async fn what_cannot_be_read_back_is_counted_as_damaged(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let segments = leave_in_the_spool(&test, 20).await;
        let [segment] = &segments[..] else { panic!("one segment: {segments:?}") };
        let mut bytes = fs::read(segment).unwrap();
        // Every frame's own bytes survive but for one in each stretch of the file.
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(segment, bytes).unwrap();
        let next = test.second().await;
        eventually("the books are closed", async || {
            books(&next).await.instances.first().is_some_and(|one| one.spooled == 0 && one.state == InstanceState::Closed)
        })
        .await;
        let one = only(&next).await;
        let abandoned = next.stats().recovery.abandoned;
        let damaged = one.dropped.get(&DropReason::Damaged).copied().unwrap_or_default();
        assert_eq!((one.accepted, one.persisted + damaged, one.missing), (20, 20, 0), "{one:?}");
        assert!(abandoned + damaged == 1, "one frame was lost: of an outcome or an intent: {one:?}");
    }
}
