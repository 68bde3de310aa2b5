//! The database goes away and comes back: who was known goes on working, for a while.

use std::time::{Duration, Instant};

use libgateway::{ErrorCode, HealthStatus, NewApiKey, TraceQuery};
use libgateway_tests::{Backend, TestGateway, hello, postgres::PrivateServer, run};

use crate::support::{NOTICED, code, eventually, mock_tenant};

/// Longer than a query waits for a server that is gone.
const STALE_LIMIT: Duration = Duration::from_secs(12);

#[test]
fn known_tenants_and_keys_outlive_the_store_until_the_stale_limit() {
    run(|| async {
        let mut server = PrivateServer::start();
        let test = TestGateway::open_with(Backend::Sqlite, |config| {
            config.store = server.url().to_owned();
            config.stale_limit_ms = STALE_LIMIT.as_millis().try_into().unwrap();
        })
        .await;
        let (gateway, acme) = (&test.gateway, &test.acme);
        let unknown = mock_tenant(gateway, "unknown", "hi").await;
        let keys = [known_key(&test).await, known_key(&test).await, known_key(&test).await];
        let [first, known, unused] = keys.each_ref().map(|secret| Some(secret.as_str()));
        // Two looks at the changes later, the gateway has seen its own, and forgets nothing more.
        for (at, secret) in [(0, first), (1, known)] {
            gateway.authenticate(secret).await.unwrap();
            let written = || async { acme.list_api_keys().await.unwrap()[at].last_used_at.is_some() };
            eventually("the last use of a key", NOTICED, written).await;
        }
        let mut calls = 0;
        test.chat(hello()).await.unwrap();
        gateway.authenticate(known).await.unwrap();

        server.stop();
        let stopped = Instant::now();
        // Who is not in memory is not refused: nobody knows.
        let miss = tokio::spawn({
            let (gateway, unused) = (gateway.clone(), unused.map(str::to_owned));
            async move { (unknown.chat(hello()).await.unwrap_err(), gateway.authenticate(unused.as_deref()).await.unwrap_err()) }
        });
        while !miss.is_finished() && stopped.elapsed() < STALE_LIMIT / 2 {
            test.chat(hello()).await.expect("a tenant in memory");
            gateway.authenticate(known).await.expect("a key in memory");
            calls += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let (tenant, key) = miss.await.unwrap();
        for error in [tenant, key] {
            assert_eq!((error.code(), error.status(), error.code().is_temporary()), (ErrorCode::StoreUnavailable, 503, true));
        }
        let degraded = || async { gateway.health().status == HealthStatus::Degraded };
        eventually("the gateway says so", STALE_LIMIT, degraded).await;
        assert!(!gateway.health().reasons.is_empty());

        let away = |error: libgateway::Error| error.code() == ErrorCode::StoreUnavailable;
        let refused = || async { test.chat(hello()).await.is_err_and(away) };
        eventually("nobody is trusted any more", STALE_LIMIT * 2, refused).await;
        assert!(stopped.elapsed() > STALE_LIMIT / 2);
        assert_eq!(code(gateway.authenticate(known).await), ErrorCode::StoreUnavailable);

        server.resume();
        eventually("the tenant is back", STALE_LIMIT, || async { test.chat(hello()).await.is_ok() }).await;
        gateway.authenticate(unused).await.expect("a key from before");
        eventually("the gateway is well", NOTICED, || async { gateway.health().status == HealthStatus::Ok }).await;
        test.flush().await;
        let stats = gateway.stats();
        assert_eq!((stats.accepted, stats.pending), (stats.persisted, 0));
        assert!(stats.persisted > calls);
        let traces = acme.list_traces(TraceQuery { limit: Some(200), ..TraceQuery::default() }).await.unwrap().traces;
        assert_eq!(u64::try_from(traces.len()).unwrap(), stats.persisted, "calls during the outage are traced, too");
    });
}

async fn known_key(test: &TestGateway) -> String {
    test.acme.create_api_key(NewApiKey::default()).await.unwrap().secret.expose().to_owned()
}
