//! The database goes away and comes back: who was known goes on working, for a while.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use libgateway::{
    Caller, Durability, ErrorCode, Gateway, HealthStatus, NewApiKey, Reply, Result, TenantHandle, TraceFilter,
};
use libgateway_tests::{
    Backend, DEADLINE, TENANT, TestGateway, checks::all_traces, hello, postgres::PrivateServer, run,
};

use crate::support::{code, eventually, mock_tenant};

/// Longer than a query waits for a server that is gone.
const STALE_LIMIT: Duration = Duration::from_secs(12);
/// The store was last heard so long before it stopped, at most.
const POLL: Duration = Duration::from_secs(3);

#[test]
fn known_tenants_and_keys_outlive_the_store_until_the_stale_limit() {
    run(|| async {
        let mut server = PrivateServer::start();
        let test = TestGateway::open_with(Backend::Sqlite, |config| {
            config.store = server.url().to_owned();
            config.durability = Some(Durability::Memory);
            config.stale_limit_ms = STALE_LIMIT.as_millis().try_into().unwrap();
        })
        .await;
        mock_tenant(&test.gateway, "unknown", "hi").await;
        let [known, unused] = [key(&test).await, key(&test).await];
        let (known, unused) = (Some(known.as_str()), Some(unused.as_str()));
        // It writes nothing, so that no change makes it forget anything.
        let gateway = &test.second().await;
        let (acme, unknown) = (&gateway.tenant(TENANT).unwrap(), gateway.tenant("unknown").unwrap());
        acme.chat(hello()).await.unwrap();
        gateway.authenticate(known).await.unwrap();

        server.stop();
        let stopped = Instant::now();
        // Who is not in memory is not refused: nobody knows.
        let misses = async { (unknown.chat(hello()).await, gateway.authenticate(unused).await) };
        let hits = async {
            // What is asked is whether the time passes without a refusal; a hundred calls say so as well as thousands.
            let mut pace = tokio::time::interval(Duration::from_millis(100));
            while stopped.elapsed() < STALE_LIMIT / 2 {
                acme.chat(hello()).await.expect("a tenant in memory");
                gateway.authenticate(known).await.expect("a key in memory");
                pace.tick().await;
            }
        };
        let ((tenant, key), ()) = tokio::join!(misses, hits);
        for error in [tenant.unwrap_err(), key.unwrap_err()] {
            assert_eq!(
                (error.code(), error.status(), error.code().is_temporary()),
                (ErrorCode::StoreUnavailable, 503, true)
            );
        }
        let degraded = || async { gateway.health().status == HealthStatus::Degraded };
        eventually("the gateway says that it is degraded", STALE_LIMIT, degraded).await;
        assert!(!gateway.health().reasons.is_empty());

        let refused =
            || async { acme.chat(hello()).await.is_err_and(|error| error.code() == ErrorCode::StoreUnavailable) };
        eventually("nobody is trusted any more", STALE_LIMIT * 2, refused).await;
        assert!(stopped.elapsed() > STALE_LIMIT - POLL, "refused after {} ms", stopped.elapsed().as_millis());
        assert_eq!(gateway.health().status, HealthStatus::Failing);
        assert_eq!(code(gateway.authenticate(known).await), ErrorCode::StoreUnavailable);
        for (call, key) in storm(acme, gateway, known).await {
            assert_eq!((code(call), code(key)), (ErrorCode::StoreUnavailable, ErrorCode::StoreUnavailable));
        }

        server.resume();
        eventually("the tenant is back", STALE_LIMIT, || async { acme.chat(hello()).await.is_ok() }).await;
        gateway.authenticate(unused).await.expect("a key from before");
        for (call, key) in storm(acme, gateway, known).await {
            call.expect("a tenant from before");
            key.expect("a key from before");
        }
        gateway.flush(DEADLINE).await.expect("the traces of the outage are written");
        // The uses of keys are written now and then.
        eventually(&format!("well, not {:?}", gateway.health()), STALE_LIMIT, || async {
            gateway.health().status == HealthStatus::Ok
        })
        .await;
        let (stats, called) = (gateway.stats(), test.upstream.requests().len());
        assert_eq!((stats.accepted, stats.pending), (stats.persisted, 0));
        let traces = all_traces(acme, &TraceFilter::default()).await;
        assert_eq!(
            (traces.len(), called),
            (usize::try_from(stats.persisted).unwrap(), traces.len()),
            "one trace for each call"
        );
    });
}

/// Many calls and uses of a key at once.
async fn storm(tenant: &TenantHandle, gateway: &Gateway, key: Option<&str>) -> Vec<(Result<Reply>, Result<Caller>)> {
    let use_ = |_| async move { tokio::join!(tenant.chat(hello()), gateway.authenticate(key)) };
    join_all((0..50).map(use_)).await
}

/// A key of the tenant.
async fn key(test: &TestGateway) -> String {
    test.acme.create_api_key(NewApiKey::default()).await.unwrap().secret.expose().to_owned()
}
