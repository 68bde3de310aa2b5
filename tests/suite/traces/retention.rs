//! Traces whose time has passed go by themselves: by the gateway's rule, by a tenant's, and not while neither asks for it.

use libgateway::{ErrorCode, Gateway, NewTenant, Retention, TenantUpdate};
use libgateway_tests::{Backend, TENANT, TestGateway, backend_tests, config, hello};

use crate::support::{Direct, eventually};

const OLD: &str =
    "UPDATE gw_traces SET created_ms = created_ms - 4000000000 WHERE tenant_id = 'acme' AND user_id = 'old'";

async fn call(test: &TestGateway, count: usize, user: &str) {
    for _ in 0..count {
        let options = libgateway::CallOptions { user_id: Some(user.to_owned()), ..Default::default() };
        test.chat_with(hello(), options).await.expect("an answer");
    }
    test.flush().await;
}

/// Three traces of today and three that are more than forty days old.
async fn with_old_traces(backend: Backend) -> TestGateway {
    let test = TestGateway::open(backend).await;
    call(&test, 3, "old").await;
    Direct::to(test.store()).await.execute(OLD, OLD).await;
    call(&test, 3, "new").await;
    test
}

async fn left(test: &TestGateway) -> usize {
    test.traces().await.len()
}

fn update(retention: Retention) -> TenantUpdate {
    TenantUpdate { retention: Some(retention), ..TenantUpdate::default() }
}

backend_tests! {
    async fn the_gateways_rule_holds_where_a_tenant_has_none(backend: Backend) {
        let test = with_old_traces(backend).await;
        let other = NewTenant { id: Some("other".parse().unwrap()), retention: Retention { days: Some(90), traces: None }, ..NewTenant::default() };
        test.gateway.create_tenant(other).await.unwrap();
        let other = "UPDATE gw_traces SET tenant_id = 'other' WHERE id = (SELECT id FROM gw_traces WHERE user_id = 'old' LIMIT 1)";
        Direct::to(test.store()).await.execute(other, other).await;

        let test = test.reopen_with(|config| config.retention.days = Some(30)).await;
        eventually("the old ones are gone", async || left(&test).await == 3).await;
        assert!(test.traces().await.iter().all(|trace| trace.user_id.as_deref() == Some("new")));
        let kept = test.gateway.tenant("other").unwrap().list_traces(Default::default()).await.unwrap();
        assert_eq!(kept.traces.len(), 1, "its own rule is longer");
    }

    async fn what_was_removed_does_not_wait_in_the_spool_to_come_back(backend: Backend) {
        let test = TestGateway::open(backend).await;
        call(&test, 9, "any").await;
        assert!(test.gateway.stats().spool_bytes > 0, "a segment that is not full stays");
        test.gateway.update_tenant(test.acme.id(), update(Retention { days: None, traces: Some(4) })).await.unwrap();
        eventually("only the newest are left", async || left(&test).await == 4).await;
        eventually("the spool has nothing of them", async || test.gateway.stats().spool_bytes == 0).await;
    }

    async fn a_tenants_rule_is_set_changed_and_cleared(backend: Backend) {
        let test = with_old_traces(backend).await;
        let id = test.acme.id();
        let long = Retention { days: Some(365), traces: Some(100) };
        assert_eq!(test.gateway.update_tenant(id, update(long)).await.unwrap().retention, long);
        let named = TenantUpdate { name: Some("Acme".into()), ..TenantUpdate::default() };
        assert_eq!(test.gateway.update_tenant(id, named).await.unwrap().retention, long, "what an update leaves out stays");
        assert_eq!(left(&test).await, 6);

        test.gateway.update_tenant(id, update(Retention { days: Some(30), traces: None })).await.unwrap();
        eventually("the old ones are gone", async || left(&test).await == 3).await;
        test.gateway.update_tenant(id, update(Retention { days: None, traces: Some(2) })).await.unwrap();
        eventually("the surplus is gone", async || left(&test).await == 2).await;

        let cleared = test.gateway.update_tenant(id, update(Retention::default())).await.unwrap();
        assert_eq!((cleared.retention, test.gateway.get_tenant(id).await.unwrap().retention), Default::default());
        let text: TenantUpdate = serde_json::from_str(r#"{"retention": {"traces": 1}}"#).unwrap();
        assert_eq!(test.gateway.update_tenant(id, text).await.unwrap().retention.traces, Some(1));
        eventually("all but one are gone", async || left(&test).await == 1).await;
    }

    async fn a_long_removal_holds_up_no_call_and_loses_no_trace(backend: Backend) {
        let test = TestGateway::open(backend).await;
        call(&test, 1, "old").await;
        let (sqlite, postgres) = copies(2_000);
        Direct::to(test.store()).await.execute(&sqlite, &postgres).await;
        Direct::to(test.store()).await.execute(OLD, OLD).await;
        test.gateway.update_tenant(test.acme.id(), update(Retention { days: Some(30), traces: None })).await.unwrap();
        call(&test, 20, "new").await;
        let stats = test.gateway.stats();
        assert_eq!((stats.persisted, stats.store_retries), (21, 0));
        eventually("only the new ones are left", async || {
            left(&test).await == 20
        }).await;
    }

    async fn a_rule_that_keeps_nothing_is_refused(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for (retention, param) in [
            (Retention { days: Some(0), traces: None }, "retention.days"),
            (Retention { days: Some(36_501), traces: None }, "retention.days"),
            (Retention { days: None, traces: Some(0) }, "retention.traces"),
        ] {
            let error = test.gateway.update_tenant(test.acme.id(), update(retention)).await.unwrap_err();
            assert_eq!((error.code(), error.param()), (ErrorCode::InvalidField, Some(param)));
            let new = NewTenant { retention, ..NewTenant::default() };
            assert_eq!(test.gateway.create_tenant(new).await.unwrap_err().param(), Some(param));
            let config = libgateway::Config { retention, ..config(test.store()) };
            let error = Gateway::open(config).await.unwrap_err();
            assert_eq!((error.code(), error.param()), (ErrorCode::InvalidConfig, Some(param)));
        }
        assert_eq!(test.gateway.get_tenant(&TENANT.parse().unwrap()).await.unwrap().retention, Retention::default());
    }
}

libgateway_tests::pooled_tests! {
    the_gateways_rule_holds_where_a_tenant_has_none,
    a_long_removal_holds_up_no_call_and_loses_no_trace,
}

/// Copies of the one trace there is, under ids of their own.
fn copies(count: usize) -> (String, String) {
    let columns = "tenant_id, created_ms, ended_ms, endpoint, stream, status_class, latency_us, overhead_us, usage_source, flags, attempt_count, user_id";
    let from = format!("SELECT {{id}}, {columns} FROM gw_traces, {{numbers}}");
    let insert = format!("INSERT INTO gw_traces (id, {columns}) {from}");
    let sqlite = insert.replace("{id}", "randomblob(16)").replace(
        "{numbers}",
        &format!("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n)"),
    );
    let postgres =
        insert.replace("{id}", "gen_random_uuid()").replace("{numbers}", &format!("generate_series(1, {count})"));
    (sqlite, postgres)
}
