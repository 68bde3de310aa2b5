//! Every operation by its name, its arguments as JSON.

use libgateway::{ErrorCode, OPERATIONS, bindings::Answer};
use serde_json::json;

use super::support::{Host, read_all, whole};

#[test]
fn every_operation_of_the_table_can_be_called_by_its_name() {
    let host = Host::open();
    // The last one ends the gateway.
    let mut operations: Vec<_> = OPERATIONS.iter().collect();
    operations.sort_by_key(|operation| operation.name == "close");
    for operation in operations {
        let called = host.handle.call(operation.name, &"{}".into());
        if let Err(error) = called.and_then(|call| host.handle.wait(call, None)) {
            let expected = matches!(
                error.code(),
                ErrorCode::MissingField | ErrorCode::InvalidRequest | ErrorCode::UnsupportedOperation
            );
            assert!(expected, "{}: {error:?}", operation.name);
        }
    }
    assert_eq!(host.handle.call("drop_tables", &"{}".into()).unwrap_err().code(), ErrorCode::UnknownOperation);
}

#[test]
fn a_model_is_called_with_the_bytes_that_stand_in_the_arguments() {
    let host = Host::open();
    let request = r#"{ "model":"gpt-4o",  "seed": 12345678901234567890123, "messages": [] }"#;
    let arguments = format!(r#"{{"tenant_id": "acme", "request": {request}, "options": {{"user_id": "u-1"}}}}"#);
    let call = host.handle.call("chat", &arguments.clone().into()).unwrap();
    whole(host.handle.wait(call, None).unwrap());
    assert_eq!(host.upstream.requests()[0].text(), request);
    assert_eq!(host.only_trace()["user_id"], "u-1");

    let call = host.handle.call("chat_stream", &arguments.into()).unwrap();
    let (events, error) = read_all(&host.open_stream(call));
    assert!(events.len() > 1 && error.is_none());

    let models = host.handle.call("list_models", &r#"{"tenant_id": "acme"}"#.into()).unwrap();
    assert!(matches!(host.handle.wait(models, None).unwrap(), Answer::Whole(..)));
}

#[test]
fn what_is_wrong_with_arguments_names_them() {
    let host = Host::open();
    for (operation, arguments, code, param) in [
        ("list_traces", json!({}), ErrorCode::MissingField, Some("tenant_id")),
        ("list_traces", json!({"tenant_id": "acme", "limit": 0}), ErrorCode::InvalidField, Some("limit")),
        ("list_traces", json!({"tenant_id": "acme", "limit": "ten"}), ErrorCode::InvalidField, Some("limit")),
        ("list_traces", json!({"tenant_id": "acme", "limti": 1}), ErrorCode::InvalidField, Some("limti")),
        ("list_traces", json!({"tenant_id": "a b"}), ErrorCode::InvalidField, Some("tenant_id")),
        ("get_trace", json!({"tenant_id": "acme", "trace_id": "x"}), ErrorCode::InvalidField, Some("trace_id")),
        ("get_tenant", json!({"tenant_id": "acme", "limit": 1}), ErrorCode::InvalidField, Some("limit")),
        (
            "create_tenant",
            json!({"id": "x", "provider": {"name": "p"}}),
            ErrorCode::MissingField,
            Some("provider.kind"),
        ),
        ("set_provider", json!({"tenant_id": "acme"}), ErrorCode::MissingField, Some("kind")),
        ("analytics", json!({"tenant_id": "acme", "window_hours": -1}), ErrorCode::InvalidField, Some("window_hours")),
        ("flush", json!({"timeout_ms": "soon"}), ErrorCode::InvalidField, Some("timeout_ms")),
        ("stats", json!({"all": true}), ErrorCode::InvalidField, Some("all")),
    ] {
        let error = host.try_perform(operation, &arguments).unwrap_err();
        assert_eq!((error.code(), error.param()), (code, param), "{operation} {arguments}: {error}");
    }
    for arguments in ["", "[]", "{", "null"] {
        let error = host.handle.call("list_tenants", &arguments.to_owned().into()).map(drop);
        assert_eq!(error.is_ok(), arguments.is_empty(), "{arguments}");
    }
}

#[test]
fn tenants_providers_and_keys_are_managed_by_name() {
    let host = Host::open();
    host.create_tenant("globex");
    let tenants = host.perform("list_tenants", &json!({}));
    assert_eq!(tenants["tenants"].as_array().unwrap().len(), 2);
    let updated = host.perform("update_tenant", &json!({"tenant_id": "globex", "name": "Globex", "capture": "none"}));
    assert_eq!((&updated["name"], &updated["capture"]), (&json!("Globex"), &json!("none")));
    host.perform("set_provider", &json!({"tenant_id": "globex", "name": "second", "kind": "mock", "reply": "Hi"}));
    let providers = host.perform("list_providers", &json!({"tenant_id": "globex"}));
    assert_eq!(providers["providers"].as_array().unwrap().len(), 2);
    assert_eq!(host.perform("evict_provider", &json!({"tenant_id": "globex"})), json!({"evicted": false}));
    host.perform("delete_provider", &json!({"tenant_id": "globex", "name": "second"}));
    let key = host.perform("create_api_key", &json!({"tenant_id": "globex", "name": "ci"}));
    host.perform("revoke_api_key", &json!({"tenant_id": "globex", "key_id": key["id"]}));
    let keys = host.perform("list_api_keys", &json!({"tenant_id": "globex"}));
    assert_eq!(keys["api_keys"][0]["status"], "revoked");
    host.perform("delete_tenant", &json!({"tenant_id": "globex"}));
    let error = host.try_perform("get_tenant", &json!({"tenant_id": "globex"})).unwrap_err();
    assert_eq!(error.code(), ErrorCode::TenantNotFound);
}
