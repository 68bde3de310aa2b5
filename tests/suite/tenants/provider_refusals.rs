//! Providers that are refused when they are written: the field is named and nothing is stored. And the addresses that
//! are found out only when they are called.

use std::{fs, net::ToSocketAddrs as _};

use libgateway::{ErrorCode, Gateway, NewTenant, PrivateAddresses, StatusClass, TraceQuery};
use libgateway_tests::{TestGateway, backend_tests, config, hello, upstream::Upstream};
use serde_json::{Value, json};

use crate::support::{code, mock, provider, refusal};

/// A configuration, and how it is refused.
type Refused = (Value, ErrorCode, &'static str);

fn incomplete() -> Vec<Refused> {
    let azure = json!({"kind": "azure", "api_key": "k", "base_url": "https://r.openai.azure.com", "deployment": "d"});
    let without = |field: &str| {
        let mut config = azure.clone();
        config.as_object_mut().unwrap().remove(field);
        config
    };
    let with = |field: &str, value: Value| {
        let mut config = json!({"kind": "openai", "api_key": "k"});
        config[field] = value;
        config
    };
    let wrong = ErrorCode::InvalidProviderConfig;
    vec![
        (json!({"kind": "opnai", "api_key": "k"}), ErrorCode::UnknownProviderKind, "kind"),
        (json!({"kind": "", "api_key": "k"}), ErrorCode::UnknownProviderKind, "kind"),
        (json!({"kind": "no kind", "name": "p"}), ErrorCode::UnknownProviderKind, "kind"),
        (without("base_url"), wrong, "base_url"),
        (without("api_key"), wrong, "api_key"),
        (without("deployment"), wrong, "deployment"),
        (
            json!({"kind": "azure", "api_key": "k", "base_url": "https://r", "deployment": "d", "api_version": "soon"}),
            wrong,
            "api_version",
        ),
        (json!({"kind": "openai"}), wrong, "api_key"),
        (json!({"kind": "groq"}), wrong, "api_key"),
        (json!({"kind": "custom", "api_key": "k"}), wrong, "base_url"),
        (with("api_key", json!("two\nlines")), wrong, "api_key"),
        (with("organization", json!("two\nlines")), wrong, "organization"),
        (with("project", json!("two\nlines")), wrong, "project"),
        (with("timeouts", json!({"idle_ms": 0})), wrong, "timeouts.idle_ms"),
        (with("retry", json!({"max_attempts": 0})), wrong, "retry.max_attempts"),
        (with("breaker", json!({"pause_ms": 0})), wrong, "breaker.pause_ms"),
        (with("breaker", json!({"max_pause_ms": 1})), wrong, "breaker.max_pause_ms"),
        (with("fallbacks", json!(["openai"])), wrong, "fallbacks"),
        (with("fallbacks", json!(["a", "b", "c", "d", "e", "f", "g", "h", "i"])), wrong, "fallbacks"),
        (with("fallbacks", json!([{"provider": "a", "model": "m\0"}])), wrong, "fallbacks"),
        (with("base_url", json!("https://user:pass@host/v1")), wrong, "base_url"),
        (with("base_url", json!("https://user@host/v1")), wrong, "base_url"),
        (with("base_url", json!("ftp://host/v1")), wrong, "base_url"),
        (with("base_url", json!("file:///etc/passwd")), wrong, "base_url"),
        (with("base_url", json!("host/v1")), wrong, "base_url"),
        (with("base_url", json!("https://host/v1?key=1")), wrong, "base_url"),
        (with("base_url", json!("")), wrong, "base_url"),
    ]
}

fn forbidden() -> Vec<Refused> {
    let hosts = [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "[::1]",
        "[fe80::1]",
        "0.0.0.0",
    ];
    let names = ["localhost", "LocalHost:8080", "localhost.", "a.localhost"];
    let urls = hosts.iter().chain(&names).map(|host| format!("http://{host}/v1"));
    let mut refused = Vec::new();
    for url in urls {
        for kind in ["openai", "custom", "azure", "groq"] {
            let config = json!({"kind": kind, "api_key": "k", "base_url": url, "deployment": "d"});
            refused.push((config, ErrorCode::ForbiddenAddress, "base_url"));
        }
    }
    refused
}

backend_tests! {
    async fn what_is_incomplete_or_contradictory_is_not_stored(backend: Backend) {
        let store = backend.fresh();
        let gateway = Gateway::open(config_without_private(&store)).await.unwrap();
        gateway.create_tenant(NewTenant { id: Some("acme".parse().unwrap()), ..NewTenant::default() }).await.unwrap();
        let acme = gateway.tenant("acme").unwrap();
        for (refused, expected, param) in incomplete().into_iter().chain(forbidden()) {
            let expected = (expected, Some(param.to_owned()));
            assert_eq!(refusal(acme.set_provider(provider(refused.clone())).await), expected, "{refused}");
            let tenant = NewTenant { id: Some("new".parse().unwrap()), provider: Some(provider(refused.clone())), ..NewTenant::default() };
            assert_eq!(refusal(gateway.create_tenant(tenant).await), expected, "{refused}");
        }
        assert_eq!(acme.list_providers().await.unwrap(), []);
        assert_eq!(code(gateway.get_tenant(&"new".parse().unwrap()).await), ErrorCode::TenantNotFound);
    }

    async fn a_refused_change_leaves_the_provider_as_it_was(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let before = test.acme.list_providers().await.unwrap();
        assert_eq!(code(test.acme.set_provider(provider(json!({"kind": "openai", "base_url": "ftp://host"}))).await), ErrorCode::InvalidProviderConfig);
        assert_eq!(test.acme.list_providers().await.unwrap(), before);
        test.chat(hello()).await.expect("the provider from before");
    }

    async fn a_name_that_points_to_a_private_address_is_refused_when_it_is_called(backend: Backend) {
        let upstream = Upstream::start().unwrap();
        let url = format!("http://{}:{}/v1", loopback_name(), upstream.address().port());
        for (private, reached) in [(PrivateAddresses::Deny, 0), (PrivateAddresses::Allow, 1)] {
            let store = backend.fresh();
            let mut config = config(&store);
            config.network.private = private;
            let gateway = Gateway::open(config).await.unwrap();
            let named = provider(json!({"kind": "custom", "base_url": url}));
            gateway.create_tenant(NewTenant { id: Some("acme".parse().unwrap()), provider: Some(named), ..NewTenant::default() }).await.expect("a name says nothing yet");
            let acme = gateway.tenant("acme").unwrap();
            let answer = acme.chat(hello()).await;
            assert_eq!(upstream.requests().len(), reached);
            if private == PrivateAddresses::Deny {
                let error = answer.unwrap_err();
                assert_eq!((error.code(), error.param()), (ErrorCode::ForbiddenAddress, Some("base_url")));
                assert!(error.to_string().contains("network.private") && !error.to_string().contains("127."), "{error}");
                gateway.flush(libgateway_tests::DEADLINE).await.unwrap();
                let traces = acme.list_traces(TraceQuery::default()).await.unwrap().traces;
                assert_eq!((traces[0].status_class, traces[0].error_code, traces[0].attempt_count), (StatusClass::ClientError, Some(ErrorCode::ForbiddenAddress), 1));
            }
        }
    }

    async fn a_provider_stored_under_another_policy_is_refused_when_it_is_called(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.chat(hello()).await.unwrap();
        let strict = test.second_with(|config| config.network.private = PrivateAddresses::Deny).await;
        assert_eq!(code(strict.tenant("acme").unwrap().chat(hello()).await), ErrorCode::ForbiddenAddress);
        assert_eq!(test.upstream.requests().len(), 1);
    }

    async fn a_provider_can_be_deleted_once(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let name = "mock".parse().unwrap();
        test.acme.set_provider(mock("hi")).await.unwrap();
        test.acme.delete_provider(&name).await.unwrap();
        assert_eq!(code(test.acme.delete_provider(&name).await), ErrorCode::ProviderNotFound);
        assert_eq!(test.acme.list_providers().await.unwrap().len(), 1);
    }
}

/// The tests' configuration, but private addresses are denied, as they are by default.
fn config_without_private(store: &libgateway_tests::FreshStore) -> libgateway::Config {
    let mut config = config(store);
    config.network.private = PrivateAddresses::Deny;
    config
}

/// A name that is no `localhost` and points to this machine.
fn loopback_name() -> String {
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let lines = hosts.lines().filter_map(|line| line.split('#').next());
    let names = lines.flat_map(|line| line.split_whitespace().skip(1)).filter(|name| *name != "localhost");
    let loops = |name: &&str| {
        (*name, 1)
            .to_socket_addrs()
            .is_ok_and(|mut found| found.any(|address| address.ip() == std::net::Ipv4Addr::LOCALHOST))
    };
    names.into_iter().find(loops).expect("no name in /etc/hosts points to 127.0.0.1 but localhost").to_owned()
}
