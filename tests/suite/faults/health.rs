//! Health turns with what happens, and back again. What it says of a store that is away stands beside the faults that make
//! it so.

use std::time::Duration;

use crate::outage::RECOVERY;
use libgateway::{Durability, Gateway, Health, HealthStatus, Retention, TenantUpdate};
use libgateway_tests::{
    TestGateway, backend_tests,
    checks::{assert_adds_up, eventually_within},
    direct::Direct,
    hello,
};

/// Waits for a verdict whose reasons contain these words.
async fn turns(gateway: &Gateway, status: HealthStatus, words: &str) {
    let turned = async || {
        let Health { status: said, reasons, .. } = gateway.health();
        said == status && reasons.concat().contains(words)
    };
    eventually_within(RECOVERY, &format!("{status:?} for {words:?}, not {:?}", gateway.health()), turned).await;
}

async fn limit_traces(test: &TestGateway, traces: u64) {
    let retention = Some(Retention { days: None, traces: Some(traces) });
    test.gateway.update_tenant(test.acme.id(), TenantUpdate { retention, ..TenantUpdate::default() }).await.unwrap();
}

backend_tests! {
    async fn traces_that_are_lost_make_it_fail(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| {
            config.durability = Some(Durability::Memory);
            config.recorder.queue_rows = 5;
        })
        .await;
        test.chat(hello()).await.unwrap();
        test.flush().await;
        assert_eq!(test.gateway.health().reasons, [""; 0]);
        let lock = Direct::lock(test.store()).await;
        for _ in 0..8 {
            test.chat(hello()).await.unwrap();
        }
        turns(&test.gateway, HealthStatus::Failing, "3 traces were lost within the last minute").await;
        assert_adds_up(&test.gateway.stats());
        lock.release().await;
        test.flush().await;
        let Health { status, reasons, .. } = test.gateway.health();
        assert_eq!((status, reasons.len()), (HealthStatus::Failing, 1), "the loss is told for a while: {reasons:?}");
    }

    async fn a_chore_that_fails_is_told_until_it_is_done(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for _ in 0..4 {
            test.chat(hello()).await.unwrap();
        }
        test.flush().await;
        let mut direct = Direct::to(test.store()).await;
        let sqlite = "CREATE TRIGGER keep BEFORE DELETE ON gw_traces BEGIN SELECT RAISE(ABORT, 'they stay'); END";
        let postgres = "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'they stay'; END $$; \
            CREATE TRIGGER keep BEFORE DELETE ON gw_traces FOR EACH ROW EXECUTE FUNCTION keep()";
        direct.execute(sqlite, postgres).await;
        limit_traces(&test, 2).await;
        turns(&test.gateway, HealthStatus::Degraded, "traces whose time has passed are not removed").await;
        assert!(test.gateway.health().reasons.concat().contains("they stay"));
        direct.execute("DROP TRIGGER keep", "DROP TRIGGER keep ON gw_traces").await;
        limit_traces(&test, 1).await;
        turns(&test.gateway, HealthStatus::Ok, "").await;
        assert_eq!(test.traces().await.len(), 1);
    }

    async fn a_closed_gateway_fails(backend: Backend) {
        let test = TestGateway::open(backend).await;
        assert_eq!(test.gateway.health().status, HealthStatus::Ok);
        test.gateway.close(Duration::from_secs(20)).await.unwrap();
        let Health { status, reasons, .. } = test.gateway.health();
        assert_eq!((status, reasons.concat().contains("closed")), (HealthStatus::Failing, true));
    }
}
