//! Processes that share a store: what one changes the others notice within seconds, and they may all begin at once.

use libgateway::{ErrorCode, NewApiKey, TenantStatus, TenantUpdate};
use libgateway_tests::{TestGateway, backend_tests};
use serde_json::{Value, json};

use crate::support::{
    NOTICED, chat, code, eventually, host, mock, mock_tenant,
    process::{Part, Process},
    text,
};

/// A call by the other process.
fn call(tenant: &str) -> Value {
    json!({"do": "call", "tenant": tenant})
}

/// Asks until the answer is this one.
async fn until(process: &mut Process, question: Value, expected: Value) {
    let process = tokio::sync::Mutex::new(process);
    let said = || async {
        process
            .lock()
            .await
            .ask(question.clone())
            .await
            .as_object()
            .unwrap()
            .iter()
            .all(|(key, value)| expected.get(key).is_none_or(|expected| expected == value))
    };
    eventually(&format!("{expected} in the other process"), NOTICED, said).await;
}

backend_tests! {
    async fn another_process_notices_a_revoked_key(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut other = host::on(test.store()).await;
        let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
        let authenticate = json!({"do": "authenticate", "secret": key.secret.expose()});
        assert_eq!(other.ask(authenticate.clone()).await, json!({"ok": key.key.id}));
        test.acme.revoke_api_key(&key.key.id).await.unwrap();
        until(&mut other, authenticate, json!({"error": "invalid_api_key", "ok": null})).await;
        other.end().await;
    }

    async fn another_process_notices_a_disabled_tenant(backend: Backend) {
        let test = TestGateway::open(backend).await;
        mock_tenant(&test.gateway, "t", "hi").await;
        let mut other = host::on(test.store()).await;
        assert_eq!(other.ask(call("t")).await, json!({"ok": "hi"}));
        let update = |status| TenantUpdate { status: Some(status), ..TenantUpdate::default() };
        let id = "t".parse().unwrap();
        test.gateway.update_tenant(&id, update(TenantStatus::Disabled)).await.unwrap();
        until(&mut other, call("t"), json!({"error": "tenant_disabled", "ok": null})).await;
        test.gateway.update_tenant(&id, update(TenantStatus::Active)).await.unwrap();
        until(&mut other, call("t"), json!({"ok": "hi", "error": null})).await;
        test.gateway.delete_tenant(&id).await.unwrap();
        until(&mut other, call("t"), json!({"error": "tenant_not_found", "ok": null})).await;
        other.end().await;
    }

    async fn another_process_notices_a_changed_provider(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let tenant = mock_tenant(&test.gateway, "t", "before").await;
        let mut other = host::on(test.store()).await;
        assert_eq!(other.ask(call("t")).await, json!({"ok": "before"}));
        tenant.set_provider(mock("after")).await.unwrap();
        until(&mut other, call("t"), json!({"ok": "after"})).await;
        other.end().await;
    }

    async fn what_another_process_changes_is_noticed_here(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let tenant = &mock_tenant(&test.gateway, "t", "before").await;
        let mut other = host::on(test.store()).await;
        let key = other.ask(json!({"do": "create_key", "tenant": "t"})).await;
        let secret = key["ok"]["secret"].as_str();
        assert_eq!(test.gateway.authenticate(secret).await.unwrap().tenant_id.as_ref(), Some(tenant.id()));
        assert_eq!(text(&tenant.chat(chat("gpt-4o")).await.unwrap()), "before");

        other.ask(json!({"do": "set_reply", "tenant": "t", "reply": "after"})).await;
        other.ask(json!({"do": "revoke_key", "tenant": "t", "id": key["ok"]["id"]})).await;
        eventually("the provider", NOTICED, || async { text(&tenant.chat(chat("gpt-4o")).await.unwrap()) == "after" }).await;
        eventually("the key", NOTICED, || async { test.gateway.authenticate(secret).await.is_err() }).await;
        assert_eq!(code(test.gateway.authenticate(secret).await), ErrorCode::InvalidApiKey);
        other.ask(json!({"do": "disable", "tenant": "t"})).await;
        let disabled = || async { tenant.chat(chat("gpt-4o")).await.is_err_and(|error| error.code() == ErrorCode::TenantDisabled) };
        eventually("the tenant", NOTICED, disabled).await;
        other.end().await;
    }

    async fn eight_processes_open_one_fresh_database_at_once(backend: Backend) {
        let store = backend.fresh();
        let mut processes: Vec<_> = (0..8).map(|_| Process::start(Part::Host, &[])).collect();
        for process in &mut processes {
            // All are up before the first one opens.
            assert_eq!(process.ask(json!({"do": "read_env"})).await["ok"]["master_key"], json!(false));
        }
        for process in &mut processes {
            process.tell(&host::open(&store)).await;
        }
        for process in &mut processes {
            assert_eq!(process.answer().await, json!({"ok": "open"}));
        }
        for (number, process) in processes.iter_mut().enumerate() {
            process.tell(&json!({"do": "create_tenant", "tenant": format!("t{number}"), "reply": format!("reply {number}")})).await;
        }
        for (number, process) in processes.iter_mut().enumerate() {
            assert_eq!(process.answer().await, json!({"ok": format!("t{number}")}));
            process.tell(&call(&format!("t{number}"))).await;
        }
        for (number, process) in processes.iter_mut().enumerate() {
            assert_eq!(process.answer().await, json!({"ok": format!("reply {number}")}));
        }
        for (number, process) in processes.iter_mut().enumerate() {
            let neighbour = (number + 1) % 8;
            assert_eq!(process.ask(call(&format!("t{neighbour}"))).await, json!({"ok": format!("reply {neighbour}")}));
        }
        for process in processes {
            process.end().await;
        }
        // Every call left its trace, whichever process made it.
        let gateway = libgateway::Gateway::open(libgateway_tests::config(&store)).await.unwrap();
        for number in 0..8 {
            let tenant = gateway.tenant(format!("t{number}")).unwrap();
            assert_eq!(tenant.list_traces(libgateway::TraceQuery::default()).await.unwrap().traces.len(), 2, "t{number}");
        }
    }
}

libgateway_tests::pooled_tests! {
    another_process_notices_a_revoked_key,
    another_process_notices_a_changed_provider,
    what_another_process_changes_is_noticed_here,
    eight_processes_open_one_fresh_database_at_once,
}
