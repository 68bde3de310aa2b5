//! The store goes away and comes back: requests go on, traces wait, and each is written once.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use libgateway::{ErrorCode, HealthStatus, TraceId};
use libgateway_tests::{
    Backend, TestGateway, backend_tests, checks::assert_traced, hello, link::Link, postgres::server, run,
};
use sqlx::{Connection as _, Executor as _, PgConnection};
use upstream::Upstream;

use crate::support::{Direct, PATIENCE, assert_adds_up, eventually};

const CALLS: usize = 40;

/// Makes calls, and gives the ids of their traces.
async fn calls(test: &TestGateway, count: usize) -> BTreeSet<TraceId> {
    let mut ids = BTreeSet::new();
    for _ in 0..count {
        ids.insert(test.chat(hello()).await.expect("an answer while the store is away").trace_id);
    }
    ids
}

backend_tests! {
    async fn a_locked_store_delays_no_request_and_loses_no_trace(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut ids = calls(&test, 1).await;
        test.flush().await;
        assert_eq!(test.gateway.health().status, HealthStatus::Ok);

        let lock = Direct::lock(test.store()).await;
        let begun = Instant::now();
        ids.extend(calls(&test, CALLS).await);
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        let error = test.gateway.flush(Duration::from_millis(100)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreUnavailable);
        let stats = test.gateway.stats();
        assert_eq!((stats.pending + stats.spooled, stats.persisted), (CALLS as u64, 1), "a flush that fails keeps the traces");
        assert!(stats.pending_bytes > 0);
        assert_adds_up(&stats);
        eventually("health says so", async || test.gateway.health().status == HealthStatus::Degraded).await;
        assert!(!test.gateway.health().reasons.is_empty());
        lock.release().await;

        test.flush().await;
        let stats = test.gateway.stats();
        assert_eq!((stats.persisted, stats.pending, stats.dropped.len()), (CALLS as u64 + 1, 0, 0));
        assert_eq!(test.gateway.health().status, HealthStatus::Ok);
        assert_traced(&test.acme, &ids).await;
    }

    async fn an_outage_that_memory_could_not_hold_costs_no_trace(backend: Backend) {
        // Twelve batches: what memory keeps of an outage, the batch in hand and two or three behind it, is below half of it.
        const ROWS: usize = 120;
        let test = TestGateway::open_with(backend, |config| {
            config.recorder.queue_rows = ROWS;
            config.recorder.batch_rows = 10;
        })
        .await;
        let mut ids = calls(&test, 1).await;
        test.flush().await;
        let lock = Direct::lock(test.store()).await;
        for _ in 0..10 {
            ids.extend(calls(&test, ROWS / 2).await);
            eventually("there is room again", async || test.gateway.stats().pending <= ROWS as u64 / 2).await;
        }
        let stats = test.gateway.stats();
        assert_adds_up(&stats);
        assert!(stats.spooled > 4 * ROWS as u64 && stats.dropped.is_empty(), "{stats:?}");
        lock.release().await;
        test.flush().await;
        ids.extend(calls(&test, 5).await);
        test.flush().await;
        let stats = test.gateway.stats();
        assert_eq!((stats.persisted, stats.spooled, stats.pending), (ids.len() as u64, 0, 0), "{stats:?}");
        assert_traced(&test.acme, &ids).await;
        test.close().await;
        let left = libgateway_tests::files(&test.store().spool_dir());
        assert!(left.iter().all(|file| file.ends_with("claims")), "nothing is left in the spool: {left:?}");
    }

    async fn a_lock_that_comes_and_goes_loses_no_trace(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut ids = BTreeSet::new();
        for _ in 0..5 {
            let lock = Direct::lock(test.store()).await;
            ids.extend(calls(&test, 10).await);
            lock.release().await;
            ids.extend(calls(&test, 10).await);
        }
        test.flush().await;
        assert_traced(&test.acme, &ids).await;
    }
}

libgateway_tests::pooled_tests! {
    a_locked_store_delays_no_request_and_loses_no_trace,
    an_outage_that_memory_could_not_hold_costs_no_trace,
}

#[test]
fn killed_connections_cost_no_trace() {
    run(|| async {
        let test = TestGateway::open(Backend::Postgres).await;
        let mut killer = PgConnection::connect(server().url()).await.unwrap();
        let name = test.store().url().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
        let kill = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        let mut ids = BTreeSet::new();
        for _ in 0..30 {
            ids.extend(calls(&test, 5).await);
            killer.execute(sqlx::AssertSqlSafe(kill.clone())).await.unwrap();
        }
        test.flush().await;
        assert_traced(&test.acme, &ids).await;
        assert_adds_up(&test.gateway.stats());
    });
}

/// The server gives up the recorder's transaction in favour of another one: each holds what the other waits for.
#[test]
fn a_deadlock_costs_no_trace() {
    run(|| async {
        let test = TestGateway::open(Backend::Postgres).await;
        let mut ids = calls(&test, 1).await;
        test.flush().await;
        let (mut other, mut observer) = (Direct::to(test.store()).await, Direct::to(test.store()).await);
        observer
            .execute(
                "",
                "CREATE FUNCTION lock_both() RETURNS trigger LANGUAGE plpgsql AS $$ \
                 BEGIN PERFORM pg_advisory_xact_lock(1); PERFORM pg_advisory_xact_lock(2); RETURN NEW; END $$; \
                 CREATE TRIGGER lock_both BEFORE INSERT ON gw_traces FOR EACH ROW EXECUTE FUNCTION lock_both()",
            )
            .await;
        // The one who looks for deadlocks first is the victim: this one never does.
        other.execute("", "SET deadlock_timeout = '600s'; BEGIN; SELECT pg_advisory_xact_lock(2)").await;
        ids.extend(calls(&test, 3).await);
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        eventually("the recorder waits", async || observer.number("", waiting).await > 0).await;
        other.execute("", "SELECT pg_advisory_xact_lock(1); COMMIT").await;
        test.flush().await;
        assert!(test.gateway.stats().store_retries > 0, "{:?}", test.gateway.stats());
        assert_traced(&test.acme, &ids).await;
        assert!(test.gateway.verify().await.unwrap().holds);
    });
}

/// A gateway whose server can be unplugged.
async fn linked() -> (TestGateway, Link) {
    let link = Link::to(server().url());
    let test = TestGateway::open_with(Backend::Postgres, |config| config.store = link.through(&config.store)).await;
    (test, link)
}

#[test]
fn a_server_that_is_down_for_a_while_costs_no_trace() {
    run(|| async {
        let (test, mut link) = linked().await;
        let mut ids = calls(&test, 3).await;
        test.flush().await;
        link.cut().await;
        ids.extend(calls(&test, CALLS).await);
        let error = test.gateway.flush(Duration::from_millis(100)).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreUnavailable);
        eventually("health says so", async || test.gateway.health().status == HealthStatus::Degraded).await;
        let health = test.gateway.health();
        assert!(!health.reasons.is_empty() && !health.reasons.concat().contains("127.0.0.1"), "{health:?}");
        let stats = test.gateway.stats();
        assert_eq!(stats.pending + stats.spooled, CALLS as u64);
        link.restore();
        test.flush().await;
        assert_traced(&test.acme, &ids).await;
        eventually("health recovers", async || test.gateway.health().status == HealthStatus::Ok).await;
    });
}

#[test]
fn a_query_while_the_server_is_down_says_that_the_store_is_unavailable() {
    run(|| async {
        let (test, mut link) = linked().await;
        let id = *calls(&test, 1).await.first().unwrap();
        test.flush().await;
        link.cut().await;
        let error = test.acme.get_trace(id).await.unwrap_err();
        assert_eq!(error.code(), ErrorCode::StoreUnavailable);
        let upstream = Upstream::start().unwrap();
        let error = test.acme.set_provider(TestGateway::provider(&upstream)).await.unwrap_err();
        assert_eq!((error.code(), error.status()), (ErrorCode::StoreUnavailable, 503));
        link.restore();
        let deadline = Instant::now() + PATIENCE;
        while test.acme.get_trace(id).await.is_err() {
            assert!(Instant::now() < deadline, "it comes back");
        }
    });
}
