//! Erasing a tenant: when it returns, nothing of the tenant is left but a tombstone, and its neighbours have everything.

use std::time::Duration;

use libgateway::{
    CallOptions, DropReason, ErasureReport, ErrorCode, NewApiKey, NewTenant, ProviderConfig, Request, TenantHandle,
    TenantId, TraceQuery,
};
use libgateway_tests::{
    DEADLINE, TENANT, TestGateway, backend_tests, hello,
    upstream::{BeforeHeaders, Script},
};

use crate::support::{
    NOTICED, code, contains, eventually, mock_tenant,
    raw::{Raw, everything, hex},
    text,
};

const USER: &str = "user-of-the-doomed-4711";
const PROVIDER: &str = "provider-of-the-doomed";
const KEY: &str = "key of the doomed";

/// A tenant with two providers, a key, five traces and a dead letter.
async fn doomed(test: &TestGateway) -> TenantHandle {
    let doomed = mock_tenant(&test.gateway, "doomed", "an answer to the doomed").await;
    let second =
        ProviderConfig { name: Some(PROVIDER.parse().unwrap()), kind: "mock".into(), ..ProviderConfig::default() };
    doomed.set_provider(second).await.unwrap();
    doomed.create_api_key(NewApiKey { name: Some(KEY.into()), ..NewApiKey::default() }).await.unwrap();
    for _ in 0..4 {
        call(&doomed).await;
    }
    test.flush().await;
    let mut raw = Raw::open(test.store()).await;
    let record = raw.literal(USER.as_bytes());
    let letter = format!(
        "INSERT INTO gw_dead_letters (tenant_id, created_ms, id, failed_ms, reason, record) VALUES ('doomed', 1, 'x', 1, 'r', {record})"
    );
    raw.execute(&letter).await;
    // Not in the store yet.
    call(&doomed).await;
    doomed
}

async fn call(tenant: &TenantHandle) {
    let options = CallOptions { user_id: Some(USER.into()), ..CallOptions::default() };
    tenant.chat(Request::from(hello()).with_options(options)).await.expect("an answer");
}

/// The rows that name the tenant, but for its tombstone.
async fn rows(test: &TestGateway) -> i64 {
    let mut raw = Raw::open(test.store()).await;
    let mut rows = 0;
    for table in ["gw_traces", "gw_dead_letters", "gw_providers", "gw_api_keys"] {
        rows += raw.number(&format!("SELECT count(*) FROM {table} WHERE tenant_id = 'doomed'")).await;
    }
    rows
}

backend_tests! {
    async fn nothing_of_an_erased_tenant_is_left_and_its_neighbours_have_everything(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let kept = test.chat(hello()).await.unwrap().trace_id;
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
        let doomed = doomed(&test).await;
        let traces = [USER, PROVIDER, KEY];
        let before = everything(test.store());
        for trace in traces {
            assert!(contains(&before, trace.as_bytes()), "{trace} is searched for in the right place");
        }

        let report = test.gateway.erase_tenant(doomed.id()).await.unwrap();
        let ErasureReport { traces: erased, dead_letters, providers, api_keys, in_flight, waiting, .. } = report;
        assert_eq!((erased, dead_letters, providers, api_keys, in_flight, waiting), (5, 1, 2, 1, 0, 0));
        assert_eq!(rows(&test).await, 0);
        let mut raw = Raw::open(test.store()).await;
        let tombstone = "SELECT count(*) FROM gw_tenants WHERE id = 'doomed' AND wrapped_key IS NULL AND name IS NULL";
        assert_eq!(raw.number(tombstone).await, 1);
        let after = everything(test.store());
        for trace in traces {
            assert!(!contains(&after, trace.as_bytes()) && !contains(&after, hex(trace.as_bytes()).as_bytes()), "{trace} is left");
        }
        if backend == libgateway_tests::Backend::Sqlite {
            assert_eq!(raw.number("SELECT count(*) FROM gw_trace_bodies WHERE seq NOT IN (SELECT seq FROM gw_traces)").await, 0);
            assert_eq!(raw.number("SELECT freelist_count FROM pragma_freelist_count").await, 0);
        }
        assert_eq!(code(doomed.chat(hello()).await), ErrorCode::TenantNotFound);
        assert_eq!(code(doomed.list_traces(TraceQuery::default()).await), ErrorCode::TenantNotFound);

        assert!(test.acme.get_trace(kept).await.unwrap().request.is_some());
        assert_eq!(test.gateway.authenticate(Some(key.secret.expose())).await.unwrap().api_key_id, key.key.id);
        test.chat(hello()).await.expect("its neighbour calls on");
        assert_eq!(test.traces().await.len(), 2);
        // The id is free, and its new owner sees nothing of the old one.
        let new = mock_tenant(&test.gateway, "doomed", "new").await;
        assert_eq!(text(&new.chat(hello()).await.unwrap()), "new");
        test.flush().await;
        assert_eq!(new.list_traces(TraceQuery::default()).await.unwrap().traces.len(), 1);
    }

    async fn a_deleted_tenant_can_be_erased_and_an_unknown_one_cannot(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let doomed = doomed(&test).await;
        test.flush().await;
        test.gateway.delete_tenant(doomed.id()).await.unwrap();
        let report = test.gateway.erase_tenant(doomed.id()).await.unwrap();
        // The traces may have been removed in the background by now.
        assert_eq!((report.providers, report.api_keys), (0, 1));
        assert_eq!(rows(&test).await, 0);
        let again = test.gateway.erase_tenant(doomed.id()).await.unwrap();
        assert_eq!((again.traces, again.dead_letters, again.api_keys), (0, 0, 0));
        assert_eq!(code(test.gateway.erase_tenant(&"nobody".parse().unwrap()).await), ErrorCode::TenantNotFound);
        assert_eq!(test.gateway.get_tenant(&TENANT.parse().unwrap()).await.unwrap().id.as_str(), TENANT);
    }

    async fn other_processes_notice_that_keys_are_gone(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let doomed = mock_tenant(&test.gateway, "doomed", "hi").await;
        let key = doomed.create_api_key(NewApiKey::default()).await.unwrap();
        let second = test.second().await;
        second.authenticate(Some(key.secret.expose())).await.expect("a good key");
        second.tenant("doomed").unwrap().chat(hello()).await.expect("a cached tenant");
        test.gateway.erase_tenant(doomed.id()).await.unwrap();
        eventually("the key is refused", NOTICED, || async { second.authenticate(Some(key.secret.expose())).await.is_err() }).await;
        eventually("the tenant is gone", NOTICED, || async { second.tenant("doomed").unwrap().chat(hello()).await.is_err() }).await;
        second.close(DEADLINE).await.unwrap();
        // What the other process wrote meanwhile goes, too.
        test.gateway.erase_tenant(doomed.id()).await.unwrap();
        assert_eq!(rows(&test).await, 0);
    }

    async fn the_next_tenant_of_an_id_has_nothing_of_the_first(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
        let secret = Some(key.secret.expose());
        // As another process has it: with its own memory, and a request that lasts.
        let other = test.second().await;
        other.authenticate(secret).await.unwrap();
        let late = other.tenant(TENANT).unwrap().chat_stream(hello()).await.unwrap();

        let id: TenantId = TENANT.parse().unwrap();
        test.gateway.erase_tenant(&id).await.unwrap();
        let provider = Some(TestGateway::provider(&test.upstream));
        let next = NewTenant { id: Some(id), provider, ..NewTenant::default() };
        test.gateway.create_tenant(next).await.unwrap();
        drop(late);
        let dropped = || async { other.stats().dropped.get(&DropReason::TenantGone) == Some(&1) };
        eventually("the late trace is dropped", DEADLINE, dropped).await;
        eventually("the key is refused", DEADLINE, || async { other.authenticate(secret).await.is_err() }).await;
        assert_eq!(test.acme.list_api_keys().await.unwrap(), []);
        assert_eq!(test.traces().await, []);
        // And it has what is its own, from everywhere.
        let again = || async { other.tenant(TENANT).unwrap().chat(hello()).await.is_ok() };
        eventually("the other one knows the new tenant", DEADLINE, again).await;
        other.flush(DEADLINE).await.unwrap();
        assert_eq!(test.traces().await.len(), 1);
    }

    async fn a_request_that_runs_on_leaves_nothing_in_the_end(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let doomed = mock_tenant(&test.gateway, "doomed", "hi").await;
        let provider = ProviderConfig { default: Some(true), ..TestGateway::provider(&test.upstream) };
        doomed.set_provider(provider).await.unwrap();
        test.upstream.push(Script::no_answer(BeforeHeaders::Hang));
        let hanging = tokio::spawn({
            let doomed = doomed.clone();
            async move { doomed.chat(hello()).await }
        });
        test.upstream.wait_for_requests(1, DEADLINE).await.unwrap();
        let report = test.gateway.erase_tenant(doomed.id()).await.unwrap();
        assert_eq!((report.in_flight, report.traces), (1, 0));
        hanging.abort();
        drop(hanging.await);
        test.flush().await;
        // The background may have been faster.
        assert!(test.gateway.erase_tenant(doomed.id()).await.unwrap().traces <= 1);
        assert_eq!(rows(&test).await, 0);
        test.gateway.close(Duration::from_secs(20)).await.unwrap();
    }
}

libgateway_tests::pooled_tests! {
    nothing_of_an_erased_tenant_is_left_and_its_neighbours_have_everything,
}
