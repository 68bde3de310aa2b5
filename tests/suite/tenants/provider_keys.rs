//! Which key goes to which address.

use libgateway::{Config, ErrorCode, Gateway, NewTenant, ProviderConfig};
use libgateway_tests::{
    API_KEY, TENANT, TestGateway, backend_tests, config, hello,
    upstream::{Recorded, Script, Upstream},
};
use serde_json::json;

use crate::support::{code, mock, provider, refusal, text};

/// The key of the gateway's own configuration.
const OPERATOR_KEY: &str = "sk-operator";

fn authorization(request: &Recorded) -> Option<&str> {
    request.header("authorization")
}

/// A gateway whose own configuration has a provider, and a tenant that has none.
async fn with_default(config: Config) -> Gateway {
    let gateway = Gateway::open(config).await.expect("a gateway");
    gateway
        .create_tenant(NewTenant { id: Some(TENANT.parse().unwrap()), ..NewTenant::default() })
        .await
        .expect("a tenant");
    gateway
}

backend_tests! {
    async fn a_change_without_a_key_keeps_the_stored_one(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut change = TestGateway::provider(&test.upstream);
        change.api_key = None;
        change.settings.organization = Some("org-1".into());
        let info = test.acme.set_provider(change.clone()).await.unwrap();
        assert!(info.has_api_key);
        test.chat(hello()).await.unwrap();
        let test = test.reopen().await;
        test.chat(hello()).await.unwrap();
        for request in test.upstream.requests() {
            assert_eq!(authorization(&request), Some(&*format!("Bearer {API_KEY}")));
            assert_eq!(request.header("openai-organization"), Some("org-1"));
        }
        change.api_key = Some("sk-new".into());
        test.acme.set_provider(change).await.unwrap();
        test.chat(hello()).await.unwrap();
        assert_eq!(authorization(&test.upstream.requests()[2]), Some("Bearer sk-new"));
    }

    async fn a_key_that_an_upstream_repeats_is_blotted_out(backend: Backend) {
        let test = TestGateway::open(backend).await;
        // The second one is a part of what is put in its place.
        for (key, said) in [("sk-0123456789", "no sk-0123456789, no sk-0123456789!"), ("secret", "no secret")] {
            test.acme.set_provider(ProviderConfig { api_key: Some(key.into()), ..TestGateway::provider(&test.upstream) }).await.unwrap();
            test.upstream.push(Script::error(403, said));
            let error = test.chat(hello()).await.unwrap_err();
            assert_eq!((error.code(), error.to_string()), (ErrorCode::UpstreamRejected, said.replace(key, "[secret]")));
            let body = String::from_utf8(error.body().unwrap().to_vec()).unwrap();
            assert!(body.contains(&said.replace(key, "[secret]")), "{body}");
        }
    }

    async fn a_deleted_provider_takes_its_key_with_it(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.acme.delete_provider(&"openai".parse().unwrap()).await.unwrap();
        let mut again = TestGateway::provider(&test.upstream);
        again.api_key = None;
        assert_eq!(refusal(test.acme.set_provider(again).await), (ErrorCode::InvalidProviderConfig, Some("api_key".into())));
    }

    async fn a_custom_provider_without_a_key_sends_none(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let custom = provider(json!({"kind": "custom", "base_url": test.upstream.url(), "default": true}));
        assert!(!test.acme.set_provider(custom).await.unwrap().has_api_key);
        test.chat(hello()).await.unwrap();
        let [request] = &test.upstream.requests()[..] else { panic!("one request") };
        assert_eq!((authorization(request), request.header("api-key")), (None, None));
    }

    async fn a_tenant_without_providers_uses_the_gateways_default(backend: Backend) {
        let (store, upstream) = (backend.fresh(), Upstream::start().unwrap());
        let mut config = config(&store);
        let url = format!("{}/v1", upstream.url());
        config.providers = vec![mock("not the default"), provider(json!({"kind": "openai", "api_key": OPERATOR_KEY, "base_url": url, "default": true}))];
        let gateway = with_default(config).await;
        let acme = gateway.tenant(TENANT).unwrap();

        let reply = acme.chat(hello()).await.unwrap();
        assert_eq!(reply.provider.as_str(), "openai");
        assert_eq!(authorization(&upstream.requests()[0]), Some(&*format!("Bearer {OPERATOR_KEY}")));
        let handle = acme.get_provider_for_tenant(None).await.unwrap();
        assert_eq!((handle.info().kind.as_str(), handle.info().created_at), ("openai", None));
        assert_eq!(acme.list_providers().await.unwrap(), []);

        // One of its own, and the gateway's are out of reach, by name too.
        acme.set_provider(provider(json!({"kind": "mock", "name": "own", "reply": "own"}))).await.unwrap();
        assert_eq!(text(&acme.chat(hello()).await.unwrap()), "own");
        assert_eq!(code(acme.get_provider_for_tenant(Some(&"openai".parse().unwrap())).await), ErrorCode::ProviderNotFound);
        acme.delete_provider(&"own".parse().unwrap()).await.unwrap();
        acme.chat(hello()).await.unwrap();
        assert_eq!(upstream.requests().len(), 2);
    }

    async fn no_provider_at_all_is_an_error(backend: Backend) {
        let store = backend.fresh();
        let gateway = with_default(config(&store)).await;
        let error = gateway.tenant(TENANT).unwrap().chat(hello()).await.unwrap_err();
        assert_eq!((error.code(), error.status()), (ErrorCode::ProviderNotFound, 404));
    }

    async fn the_operators_key_never_goes_to_a_tenants_address(backend: Backend) {
        let (store, upstream) = (backend.fresh(), Upstream::start().unwrap());
        let mut config = config(&store);
        config.providers = vec![
            provider(json!({"kind": "openai", "api_key": OPERATOR_KEY})),
            provider(json!({"kind": "ollama", "api_key": OPERATOR_KEY})),
        ];
        let gateway = with_default(config).await;
        let acme = gateway.tenant(TENANT).unwrap();
        for url in [format!("{}/v1", upstream.url()), "https://api.openai.com.example/v1".into(), "http://api.openai.com/v1".into(), "https://api.openai.com/v1/../v2".into()] {
            let own = provider(json!({"kind": "openai", "base_url": url}));
            assert_eq!(refusal(acme.set_provider(own).await), (ErrorCode::InvalidProviderConfig, Some("api_key".into())), "{url}");
        }
        // Where a key is optional the address is called without one.
        acme.set_provider(provider(json!({"kind": "ollama", "base_url": upstream.url()}))).await.unwrap();
        acme.chat(hello()).await.unwrap();
        // At the built-in address the operator's key will do; moving away from there takes a key of one's own.
        let info = acme.set_provider(provider(json!({"kind": "openai"}))).await.unwrap();
        assert!(!info.has_api_key);
        let moved = provider(json!({"kind": "openai", "base_url": upstream.url()}));
        assert_eq!(refusal(acme.set_provider(moved).await), (ErrorCode::InvalidProviderConfig, Some("api_key".into())));
        assert!(upstream.requests().iter().all(|request| !format!("{:?}", request.headers).contains(OPERATOR_KEY)));
        assert_eq!(upstream.requests().len(), 1);
    }

    async fn a_tenant_that_names_no_address_is_sent_to_the_built_in_one(backend: Backend) {
        // A proxy that lets nobody through sees where they wanted to go.
        let (store, proxy) = (backend.fresh(), Upstream::start().unwrap());
        proxy.fallback(Script::text(403, "no way"));
        let mut config = config(&store);
        config.providers = vec![provider(json!({"kind": "openai", "api_key": OPERATOR_KEY}))];
        config.network.proxy = Some(proxy.url().into());
        config.retry.max_attempts = 1;
        let gateway = with_default(config).await;
        let acme = gateway.tenant(TENANT).unwrap();
        acme.set_provider(provider(json!({"kind": "openai"}))).await.unwrap();
        acme.chat(hello()).await.unwrap_err();
        let [request] = &proxy.requests()[..] else { panic!("one request") };
        assert_eq!((request.method.as_str(), request.path.as_str()), ("CONNECT", "api.openai.com:443"));
        assert_eq!(authorization(request), None);
    }
}
