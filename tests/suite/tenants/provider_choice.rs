//! Which of a tenant's providers serves a call, and with which settings.

use libgateway::{CallOptions, ErrorCode, TenantHandle};
use libgateway_tests::{
    DEADLINE, TestGateway, backend_tests, compare, hello,
    upstream::{BeforeHeaders, Script},
};
use serde_json::{Value, json};

use crate::support::{chat, code, mock_tenant, provider, text};

fn from(provider: &str) -> CallOptions {
    CallOptions { provider: Some(provider.parse().unwrap()), ..CallOptions::default() }
}

/// Adds a provider of kind `mock` that answers with its own name.
async fn add(tenant: &TenantHandle, name: &str, more: Value) {
    let mut config = json!({"kind": "mock", "name": name, "reply": name});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    tenant.set_provider(provider(config)).await.expect("a provider");
}

async fn defaults(tenant: &TenantHandle) -> Vec<String> {
    let providers = tenant.list_providers().await.unwrap();
    providers.iter().filter(|provider| provider.default).map(|provider| provider.name.to_string()).collect()
}

backend_tests! {
    async fn models_choose_among_a_tenants_providers(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let tenant = mock_tenant(&test.gateway, "t", "default").await;
        add(&tenant, "anthropic", json!({"models": ["claude-*"]})).await;
        add(&tenant, "haiku", json!({"models": ["claude-haiku-*"]})).await;
        add(&tenant, "exact", json!({"models": ["claude-haiku-4"]})).await;
        add(&tenant, "alias", json!({"aliases": {"fast": "gpt-4o-mini"}})).await;
        for (model, answered) in [
            ("gpt-4o", "default"), ("claude", "default"), ("claude-opus-4", "anthropic"), ("claude-haiku-3", "haiku"),
            ("claude-haiku-4", "exact"), ("fast", "alias"), ("FAST", "default"),
        ] {
            assert_eq!(text(&tenant.chat(chat(model)).await.unwrap()), answered, "{model}");
        }
        let reply: Value = tenant.chat(chat("fast")).await.unwrap().json().unwrap();
        assert_eq!(reply["model"], "gpt-4o-mini");
    }

    async fn the_provider_option_comes_before_the_model(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let tenant = mock_tenant(&test.gateway, "t", "default").await;
        add(&tenant, "anthropic", json!({"models": ["claude-*"]})).await;
        let request = libgateway::Request::from(chat("gpt-4o")).with_options(from("anthropic"));
        let reply = tenant.chat(request).await.unwrap();
        assert_eq!((text(&reply).as_str(), reply.provider.as_str()), ("anthropic", "anthropic"));
        let request = libgateway::Request::from(chat("claude-1")).with_options(from("mock"));
        assert_eq!(text(&tenant.chat(request).await.unwrap()), "default");
        let request = libgateway::Request::from(chat("gpt-4o")).with_options(from("nobody"));
        let error = tenant.chat(request).await.unwrap_err();
        assert_eq!((error.code(), error.status(), error.provider()), (ErrorCode::ProviderNotFound, 404, Some("nobody")));
        // Another tenant's provider is nobody, too.
        assert_eq!(code(tenant.get_provider_for_tenant(Some(&"openai".parse().unwrap())).await), ErrorCode::ProviderNotFound);
    }

    async fn one_provider_is_the_default_at_any_time(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let tenant = mock_tenant(&test.gateway, "t", "first").await;
        add(&tenant, "second", json!({})).await;
        assert_eq!(defaults(&tenant).await, ["mock"]);
        add(&tenant, "second", json!({"default": true})).await;
        assert_eq!(defaults(&tenant).await, ["second"]);
        assert_eq!(text(&tenant.chat(hello()).await.unwrap()), "second");
        // Unsaid, it stays.
        add(&tenant, "second", json!({"models": ["x"]})).await;
        assert_eq!(defaults(&tenant).await, ["second"]);
        tenant.delete_provider(&"second".parse().unwrap()).await.unwrap();
        assert_eq!(defaults(&tenant).await, ["mock"]);
        assert_eq!(text(&tenant.chat(hello()).await.unwrap()), "first");
        tenant.delete_provider(&"mock".parse().unwrap()).await.unwrap();
        assert_eq!(code(tenant.chat(hello()).await), ErrorCode::ProviderNotFound);
        add(&tenant, "third", json!({"default": false})).await;
        assert_eq!(defaults(&tenant).await, ["third"]);
    }

    async fn a_description_has_everything_but_the_secret(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let full = json!({
            "name": "p", "kind": "openai", "api_key": "sk-0123456789", "base_url": test.upstream.url(), "models": ["gpt-*"],
            "aliases": {"fast": "gpt-4o-mini"}, "organization": "o", "project": "q", "timeouts": {"idle_ms": 5}, "retry": {"max_attempts": 2},
        });
        let set = test.acme.set_provider(provider(full.clone())).await.unwrap();
        let listed = test.acme.list_providers().await.unwrap();
        let handle = test.acme.get_provider_for_tenant(Some(&set.name)).await.unwrap();
        assert!(listed.contains(&set));
        assert_eq!(handle.info(), &set);
        assert_eq!(handle.tenant_id(), test.acme.id());
        let (mut expected, shown) = (full, json!(set));
        expected.as_object_mut().unwrap().remove("api_key");
        expected["default"] = json!(false);
        expected["has_api_key"] = json!(true);
        assert_eq!(compare::subset("provider", &expected, &shown), Vec::<String>::new());
        assert!(!shown.to_string().contains("0123456789"));
    }

    async fn a_provider_overrides_timeouts_and_retries(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut change = TestGateway::provider(&test.upstream);
        change.settings = libgateway::ProviderSettings {
            timeouts: serde_json::from_value(json!({"first_byte_ms": 1_000})).unwrap(),
            retry: serde_json::from_value(json!({"max_attempts": 1})).unwrap(),
            ..change.settings
        };
        test.acme.set_provider(change.clone()).await.unwrap();
        test.upstream.push(Script::no_answer(BeforeHeaders::Hang));
        assert_eq!(code(test.chat(hello()).await), ErrorCode::FirstByteTimeout);
        assert_eq!(test.upstream.wait_for_requests(1, DEADLINE).await.unwrap().len(), 1);

        change.settings.retry = serde_json::from_value(json!({"max_attempts": 2})).unwrap();
        change.settings.timeouts = None;
        test.acme.set_provider(change.clone()).await.unwrap();
        test.upstream.fallback(Script::error(503, "busy"));
        assert_eq!(code(test.chat(hello()).await), ErrorCode::UpstreamFailed);
        assert_eq!(test.upstream.requests().len(), 3);

        // What is left out of a change is the gateway's again.
        change.settings.retry = None;
        test.acme.set_provider(change).await.unwrap();
        assert_eq!(code(test.chat(hello()).await), ErrorCode::UpstreamFailed);
        assert_eq!(test.upstream.requests().len(), 6);
    }
}
