//! The gateway against LiteLLM's proxy, which other people wrote and which makes up its answers itself. Only
//! `make test-upstreams` runs this: it installs the proxy, which takes minutes, and says where it is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests"
)]

mod proxy;

use libgateway::{AnalyticsQuery, CallOptions, ErrorCode, StatusClass, TraceDetail, UsageSource};
use libgateway_tests::{Backend, TestGateway, hello, run_within};
use serde_json::{Value, json, value::RawValue};

use crate::proxy::Proxy;

/// What `tests/litellm/config.yaml` has it say.
const SAYS: &str = "Hello through a proxy: ünïcode, 日本語 and 👋.";

/// A gateway whose tenant has the provider `litellm`, and no other.
async fn open(backend: Backend, proxy: &Proxy) -> TestGateway {
    let test = TestGateway::open(backend).await;
    let mut provider = TestGateway::provider(&test.upstream);
    (provider.kind, provider.settings.base_url) = ("litellm".to_owned(), Some(proxy.base_url()));
    provider.default = Some(true);
    test.acme.set_provider(provider).await.unwrap();
    test.acme.delete_provider(&"openai".parse().unwrap()).await.unwrap();
    test
}

async fn chat(test: &TestGateway) {
    let reply = test.chat(hello()).await.unwrap();
    assert_eq!(reply.text().as_deref(), Some(SAYS));
    let answer: Value = reply.json().unwrap();
    let detail = traced(test, 1).await;
    assert_eq!(stored(detail.response.as_deref()), answer);
    assert_usage(&detail, &answer["usage"]);
}

async fn stream(test: &TestGateway) {
    let mut body = hello();
    body["stream_options"] = json!({"include_usage": true});
    let mut stream = test.chat_stream(body).await.unwrap();
    let (mut said, mut usage) = (String::new(), Value::Null);
    while let Some(event) = stream.next_event().await {
        let event: Value = serde_json::from_slice(&event.unwrap()).unwrap();
        said.push_str(event["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
        usage = event["usage"].clone();
    }
    assert_eq!(said, SAYS);
    let detail = traced(test, 2).await;
    assert!(detail.trace.stream && detail.trace.ttft_ms.is_some());
    assert_eq!(stored(detail.response.as_deref())["choices"][0]["message"]["content"], SAYS);
    assert_usage(&detail, &usage);
}

/// A caller that did not ask for usage is shown none, and the trace has it.
async fn stream_without_usage(test: &TestGateway) {
    let mut stream = test.chat_stream(hello()).await.unwrap();
    let mut said = String::new();
    while let Some(event) = stream.next_event().await {
        let event: Value = serde_json::from_slice(&event.unwrap()).unwrap();
        assert!(event.get("usage").is_none_or(Value::is_null), "{event}");
        said.push_str(event["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
    assert_eq!(said, SAYS);
    assert_eq!(traced(test, 3).await.usage_source, UsageSource::Reported);
}

async fn models(test: &TestGateway) {
    let models: Value = test.acme.list_models(CallOptions::default()).await.unwrap().json().unwrap();
    assert_eq!(models["data"][0]["id"], "gpt-4o");
    assert_eq!(traced(test, 4).await.trace.endpoint, "list_models");
}

async fn refusal(test: &TestGateway) {
    let error = test.chat(json!({"model": "nobody", "messages": []})).await.unwrap_err();
    assert_eq!((error.code(), error.status(), error.provider()), (ErrorCode::UpstreamRejected, 400, Some("litellm")));
    let trace = &test.traces().await[0];
    assert_eq!((trace.status_class, trace.status_code), (StatusClass::ClientError, Some(400)));
}

/// The newest of so many traces, which went well.
async fn traced(test: &TestGateway, calls: usize) -> TraceDetail {
    let traces = test.traces().await;
    assert_eq!(traces.len(), calls, "one trace per call");
    let detail = test.acme.get_trace(traces[0].id).await.unwrap();
    let trace = &detail.trace;
    assert_eq!((trace.status_class, trace.status_code, trace.error_code), (StatusClass::Ok, Some(200), None));
    assert_eq!((trace.provider.as_deref(), trace.attempt_count), (Some("litellm"), 1));
    assert!(detail.flags.is_empty(), "{detail:?}");
    detail
}

/// The trace counts what the proxy reported.
fn assert_usage(detail: &TraceDetail, usage: &Value) {
    let trace = &detail.trace;
    assert_eq!((trace.model.as_deref(), detail.usage_source), (Some("gpt-4o"), UsageSource::Reported));
    for (counted, reported) in [
        (trace.input_tokens, "prompt_tokens"),
        (trace.output_tokens, "completion_tokens"),
        (trace.total_tokens, "total_tokens"),
    ] {
        assert!(
            counted.is_some_and(|count| count > 0 && Some(count) == usage[reported].as_i64()),
            "{reported}: {counted:?}, {usage}"
        );
    }
}

fn stored(body: Option<&RawValue>) -> Value {
    serde_json::from_str(body.expect("a stored body").get()).unwrap()
}

#[test]
fn chats_and_streams_through_litellm_are_answered_and_traced() {
    run_within(proxy::START * 2, || async {
        let proxy = Proxy::start().await;
        for backend in Backend::ALL {
            let test = open(backend, &proxy).await;
            chat(&test).await;
            stream(&test).await;
            stream_without_usage(&test).await;
            models(&test).await;
            refusal(&test).await;
            let summary = test.acme.analytics_summary(AnalyticsQuery::default()).await.unwrap().measures;
            assert_eq!((summary.total_requests, summary.errors), (5, 0), "{}", backend.name());
        }
    });
}
