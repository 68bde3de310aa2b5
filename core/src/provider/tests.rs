//! What each kind sends, as snapshots: address, headers and body of every endpoint it offers. A change of what goes
//! upstream is seen here first.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use bytes::Bytes;

use super::{Blueprint, Endpoint, Envelope, OperatorKeys, Provider, Question, build, compatible::VENDORS};
use crate::{
    config::{BreakerConfig, PrivateAddresses, Retry, Timeouts},
    network::AddressPolicy,
    types::provider::{ProviderConfig, ProviderInfo},
};

const STREAMED: &str = r#"{"model":"gpt-4o", "stream" : true,"messages":[]}"#;
const WHOLE: &str = r#"{ "model": "gpt-4o", "input": "x", "seed": 12345678901234567890 }"#;

fn provider(config: &str) -> std::sync::Arc<Provider> {
    let config: ProviderConfig = serde_json::from_str(config).unwrap();
    let info = ProviderInfo {
        name: config.effective_name().unwrap(),
        kind: config.kind.clone(),
        default: true,
        has_api_key: config.api_key.is_some(),
        settings: config.settings.clone(),
        created_at: None,
        updated_at: None,
    };
    build(Blueprint {
        info: info.into(),
        secret: config.api_key,
        timeouts: Timeouts::default(),
        retry: Retry::default(),
        breaker: BreakerConfig::default(),
        policy: AddressPolicy(PrivateAddresses::Allow),
        operator_keys: &OperatorKeys::default(),
    })
    .unwrap()
}

/// Every request the provider would send.
fn requests(config: &str) -> String {
    let provider = provider(config);
    let mut out = String::new();
    for (endpoint, body) in [
        (Endpoint::Chat, WHOLE),
        (Endpoint::Chat, STREAMED),
        (Endpoint::Responses, WHOLE),
        (Endpoint::Embeddings, WHOLE),
        (Endpoint::Models, ""),
    ] {
        if let Err(error) = provider.check_offers(endpoint) {
            writeln!(out, "{}: {error}\n", endpoint.name()).unwrap();
            continue;
        }
        let envelope =
            if body.is_empty() { Envelope::empty() } else { Envelope::read(body.as_bytes(), false).unwrap() };
        let question = Question::new(endpoint, &envelope);
        let body = provider.body(question, &Bytes::from(body));
        let request = provider.request(question, body).unwrap();
        writeln!(out, "{}: {} {}", endpoint.name(), request.method, request.uri).unwrap();
        for (name, value) in &request.headers {
            writeln!(out, "  {name}: {value:?}").unwrap();
        }
        writeln!(out, "  {}\n", String::from_utf8_lossy(&request.body)).unwrap();
    }
    out
}

#[test]
fn openai_sends() {
    insta::assert_snapshot!(requests(
        r#"{"kind":"openai","api_key":"sk-1","organization":"org-1","project":"proj-1","aliases":{"gpt-4o":"gpt-4o-2024-08-06"}}"#
    ));
}

#[test]
fn azure_classic_sends() {
    insta::assert_snapshot!(requests(
        r#"{"kind":"azure","api_key":"k","base_url":"https://r.openai.azure.com","deployments":{"gpt-4o":"our 4o/eu"},"api_version":"2025-04-01-preview"}"#
    ));
}

#[test]
fn azure_classic_of_the_default_version_sends() {
    insta::assert_snapshot!(requests(
        r#"{"kind":"azure","api_key":"k","base_url":"https://r.openai.azure.com/","deployment":"d"}"#
    ));
}

#[test]
fn azure_v1_sends() {
    insta::assert_snapshot!(requests(
        r#"{"kind":"azure","api_key":"k","base_url":"https://r.services.ai.azure.com/openai/v1/","deployment":"d"}"#
    ));
}

#[test]
fn a_custom_endpoint_without_a_key_sends() {
    insta::assert_snapshot!(requests(
        r#"{"kind":"custom","base_url":"http://127.0.0.1:9/llm","capabilities":{"stream_options":true}}"#
    ));
}

#[test]
fn each_vendor_is_asked_at() {
    let mut out = String::new();
    for vendor in VENDORS {
        let provider = provider(&format!(r#"{{"kind":"{}","api_key":"k"}}"#, vendor.kind));
        let envelope = Envelope::read(STREAMED.as_bytes(), false).unwrap();
        let question = Question::new(Endpoint::Chat, &envelope);
        let body = provider.body(question, &Bytes::from(STREAMED));
        let request = provider.request(question, body).unwrap();
        writeln!(out, "{}: {} {}", vendor.kind, request.uri, String::from_utf8_lossy(&request.body)).unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_configuration_that_lacks_something_names_the_field() {
    let refused = |config: &str| {
        let config: ProviderConfig = serde_json::from_str(config).unwrap();
        let info = ProviderInfo {
            name: config.effective_name().unwrap(),
            kind: config.kind.clone(),
            default: true,
            has_api_key: false,
            settings: config.settings.clone(),
            created_at: None,
            updated_at: None,
        };
        let policy = AddressPolicy(PrivateAddresses::Deny);
        let (timeouts, retry) = (Timeouts::default(), Retry::default());
        let blueprint = Blueprint {
            info: info.into(),
            secret: config.api_key,
            timeouts,
            retry,
            breaker: BreakerConfig::default(),
            policy,
            operator_keys: &OperatorKeys::default(),
        };
        build(blueprint).unwrap_err().param().map(str::to_owned)
    };
    for (config, param) in [
        (r#"{"kind":"nonsense"}"#, "kind"),
        (r#"{"kind":"openai"}"#, "api_key"),
        (r#"{"kind":"groq"}"#, "api_key"),
        (r#"{"kind":"custom"}"#, "base_url"),
        (r#"{"kind":"custom","base_url":"http://127.0.0.1"}"#, "base_url"),
        (r#"{"kind":"azure","api_key":"k","deployment":"d"}"#, "base_url"),
        (r#"{"kind":"azure","base_url":"https://r.openai.azure.com","deployment":"d"}"#, "api_key"),
        (r#"{"kind":"azure","base_url":"https://r.openai.azure.com","api_key":"k"}"#, "deployment"),
        (r#"{"kind":"azure","base_url":"https://r.openai.azure.com","api_key":"k","deployment":".."}"#, "deployment"),
        (
            r#"{"kind":"azure","base_url":"https://r.openai.azure.com","api_key":"k","deployment":"d","api_version":"2"}"#,
            "api_version",
        ),
        (r#"{"kind":"openai","api_key":"a\nb"}"#, "api_key"),
        (r#"{"kind":"openai","api_key":"k","timeouts":{"idle_ms":0}}"#, "timeouts.idle_ms"),
        (r#"{"kind":"openai","api_key":"k","retry":{"max_attempts":0}}"#, "retry.max_attempts"),
        (r#"{"kind":"openai","api_key":"k","breaker":{"pause_ms":0}}"#, "breaker.pause_ms"),
        (r#"{"kind":"openai","api_key":"k","breaker":{"pause_ms":61000}}"#, "breaker.max_pause_ms"),
        (r#"{"kind":"openai","api_key":"k","fallbacks":["a","b","c","d","e","f","g","h","i"]}"#, "fallbacks"),
        (r#"{"kind":"openai","api_key":"k","fallbacks":["a",{"provider":"openai","model":"m"}]}"#, "fallbacks"),
        (r#"{"kind":"openai","api_key":"k","fallbacks":[{"provider":"a","model":""}]}"#, "fallbacks"),
    ] {
        assert_eq!(refused(config).as_deref(), Some(param), "{config}");
    }
}

#[test]
fn another_model_than_the_callers_passes_through_aliases_and_deployments() {
    let envelope = Envelope::read(STREAMED.as_bytes(), false).unwrap();
    let asked = |config: &str, model| {
        let provider = provider(config);
        let question = Question { model, ..Question::new(Endpoint::Chat, &envelope) };
        let request = provider.request(question, provider.body(question, &Bytes::from(STREAMED))).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        format!("{} {}", request.uri.path(), body.get("model").unwrap())
    };
    let openai = r#"{"kind":"openai","api_key":"k","aliases":{"small":"gpt-4o-mini","gpt-4o":"other"}}"#;
    let azure = |version| {
        format!(
            r#"{{"kind":"azure","api_key":"k","base_url":"https://r","deployments":{{"small":"d"}},"deployment":"e","api_version":"{version}"}}"#
        )
    };
    assert_eq!(asked(openai, "small"), "/v1/chat/completions \"gpt-4o-mini\"");
    assert_eq!(asked(openai, "o3"), "/v1/chat/completions \"o3\"");
    assert_eq!(asked(&azure("2024-10-21"), "small"), "/openai/deployments/d/chat/completions \"small\"");
    assert_eq!(asked(&azure("2024-10-21"), "gpt-4o"), "/openai/deployments/e/chat/completions \"gpt-4o\"");
    assert_eq!(asked(&azure("v1"), "small"), "/openai/v1/chat/completions \"d\"");
}

#[test]
fn a_key_that_an_upstream_repeats_is_blotted_out() {
    let provider = provider(r#"{"kind":"openai","api_key":"sk-very-secret"}"#);
    let body = Bytes::from_static(b"bad key sk-very-secret, really sk-very-secret!");
    assert_eq!(provider.redact(body), "bad key [secret], really [secret]!");
}
