//! PostgreSQL goes away in every way it has, and comes back.

use std::time::{Duration, Instant};

use libgateway::ErrorCode;
use libgateway_tests::{
    Backend, TestGateway, checks::eventually_within, link::Link, postgres::PrivateServer, postgres::server, run_within,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

use crate::outage::{Outage, RECOVERY};

/// Starting a server of one's own takes seconds on a busy machine, and so does what it recovers from.
const TIME: Duration = Duration::from_secs(180);

/// A gateway on a server of its own.
async fn on(server: &PrivateServer) -> Outage {
    Outage::before(TestGateway::open_with(Backend::Postgres, |config| config.store = server.url().to_owned()).await)
        .await
}

/// A gateway whose way to the shared server goes through a link.
async fn linked() -> (Outage, Link) {
    let link = Link::to(server().url());
    let test = TestGateway::open_with(Backend::Postgres, |config| config.store = link.through(&config.store)).await;
    (Outage::before(test).await, link)
}

#[test]
fn a_server_that_is_stopped_or_crashes_costs_no_trace() {
    run_within(TIME, || async {
        // What a crash loses by its configuration is no loss of ours.
        let mut server = PrivateServer::start_with(&["-c", "synchronous_commit=local"]);
        let mut outage = on(&server).await;
        for end in [PrivateServer::stop, PrivateServer::crash] {
            end(&mut server);
            outage.call(20).await;
            outage.is_told("store").await;
            server.resume();
            outage.is_over().await;
        }
    });
}

#[test]
fn a_server_that_comes_back_in_recovery_is_written_to_once_it_is_promoted() {
    run_within(TIME, || async {
        let mut server = PrivateServer::start();
        let mut outage = on(&server).await;
        let stored = outage.test.traces().await[0].id;
        server.stop();
        server.resume_as_standby();
        outage.call(20).await;
        outage.is_told("read-only").await;
        outage.nothing_is_written();
        // What is there can be read meanwhile, and a change is refused as one that may be tried again.
        outage.test.acme.get_trace(stored).await.expect("a standby can be read");
        let change = outage.test.acme.set_provider(TestGateway::provider(&outage.test.upstream)).await;
        assert_eq!(change.unwrap_err().code(), ErrorCode::StoreUnavailable);
        let mut direct = PgConnection::connect(server.url()).await.unwrap();
        direct.execute("SELECT pg_promote()").await.unwrap();
        outage.is_over().await;
    });
}

#[test]
fn a_server_that_is_still_starting_costs_no_trace() {
    run_within(TIME, || async {
        let (mut outage, mut link) = linked().await;
        link.refuse("57P03", "the database system is starting up").await;
        outage.call(20).await;
        outage.is_told("store").await;
        outage.nothing_is_written();
        link.cut().await;
        link.restore();
        outage.is_over().await;
    });
}

#[test]
fn a_server_without_a_free_connection_costs_no_trace() {
    run_within(TIME, || async {
        let server = PrivateServer::start_with(&["-c", "max_connections=20"]);
        let mut outage = on(&server).await;
        let mut taken = vec![PgConnection::connect(server.url()).await.unwrap()];
        // The gateway tries to get back what it is thrown out of.
        loop {
            let ours =
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'libgateway'";
            let thrown_out = taken[0].fetch_one(ours).await.unwrap().get::<i64, _>(0);
            while let Ok(connection) = PgConnection::connect(server.url()).await {
                taken.push(connection);
            }
            if thrown_out == 0 && taken.len() == 20 {
                break;
            }
        }
        outage.call(20).await;
        outage.is_told("no connection to the store").await;
        outage.nothing_is_written();
        drop(taken);
        outage.is_over().await;
    });
}

#[test]
fn a_slow_server_delays_no_call_and_gets_every_trace() {
    run_within(TIME, || async {
        let (mut outage, link) = linked().await;
        link.slow(Duration::from_millis(400));
        outage.call(20).await;
        // A transaction takes seconds now: the calls were faster than the first of them.
        outage.nothing_is_written();
        outage.is_told("the store does not answer").await;
        outage.test.gateway.flush(RECOVERY).await.expect("slow is not away");
        link.slow(Duration::ZERO);
        outage.is_over().await;
    });
}

#[test]
fn once_a_server_is_known_to_be_away_queries_are_refused_soon() {
    run_within(TIME, || async {
        let (mut outage, mut link) = linked().await;
        let id = outage.test.traces().await[0].id;
        link.cut().await;
        outage.call(5).await;
        outage.is_told("no connection to the store").await;
        // Each alone would wait five seconds.
        let begun = Instant::now();
        for _ in 0..20 {
            let error = outage.test.acme.get_trace(id).await.unwrap_err();
            assert_eq!((error.code(), error.status()), (ErrorCode::StoreUnavailable, 503));
        }
        assert!(begun.elapsed() < Duration::from_secs(50), "20 queries took {:?}", begun.elapsed());
        link.restore();
        let back = async || outage.test.acme.get_trace(id).await.is_ok();
        eventually_within(RECOVERY, "it can be read again", back).await;
        outage.is_over().await;
    });
}

#[test]
fn a_table_that_somebody_locks_for_long_delays_no_call() {
    run_within(TIME, || async {
        let test = TestGateway::open(Backend::Postgres).await;
        let mut direct = PgConnection::connect(&test.store().direct_url()).await.unwrap();
        let mut outage = Outage::before(test).await;
        direct.execute("BEGIN").await.unwrap();
        direct.execute(AssertSqlSafe("LOCK TABLE gw_traces IN EXCLUSIVE MODE".to_owned())).await.unwrap();
        outage.call(20).await;
        outage.is_told("the store does not answer").await;
        outage.nothing_is_written();
        // Readers are not locked out, and control writes go elsewhere.
        assert_eq!(outage.test.acme.list_traces(Default::default()).await.unwrap().traces.len(), 3);
        outage.test.acme.set_provider(TestGateway::provider(&outage.test.upstream)).await.unwrap();
        direct.execute("ROLLBACK").await.unwrap();
        outage.is_over().await;
    });
}
