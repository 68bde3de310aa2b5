//! The list of a tenant's models: its providers are asked at once, and one that fails hides nobody's models.

use std::time::{Duration, Instant};

use libgateway::{CallOptions, ErrorCode, ProviderConfig, Reply, StatusClass, TraceDetail};
use libgateway_tests::{
    DEADLINE, TENANT, TestGateway, backend_tests,
    upstream::{Recorded, Script, Upstream},
};
use serde_json::{Value, json};

use crate::support::{code, raw::Raw};

/// What an upstream lists.
fn listing(models: &[&str]) -> Script {
    let data: Vec<_> = models.iter().map(|id| json!({"id": id, "object": "model"})).collect();
    Script::json(200, json!({"object": "list", "data": data}))
}

/// Adds a provider of that name; its upstream.
async fn add(test: &TestGateway, name: &str) -> Upstream {
    let upstream = Upstream::start().unwrap();
    let name = Some(name.parse().unwrap());
    test.acme.set_provider(ProviderConfig { name, ..TestGateway::provider(&upstream) }).await.unwrap();
    upstream
}

/// Makes a provider one that cannot be built, behind the gateway's back.
async fn break_provider(test: &TestGateway, name: &str) {
    let statement = format!("UPDATE gw_providers SET kind = 'no such kind' WHERE name = '{name}'");
    assert_eq!(Raw::open(test.store()).await.execute(&statement).await, 1);
    test.acme.evict_provider(None).await.unwrap();
}

fn names(reply: &Reply) -> Vec<String> {
    let list: Value = reply.json().unwrap();
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

/// Who was asked and how that ended, in the order of the trace.
fn attempts(trace: &TraceDetail) -> Vec<(&str, Option<u16>)> {
    trace.attempts.iter().map(|attempt| (attempt.provider.as_str(), attempt.status_code)).collect()
}

/// When the answer began.
fn answered(asked: &Recorded) -> Instant {
    asked.arrived + Duration::from_micros(asked.first_byte_us.unwrap() - asked.arrived_us)
}

backend_tests! {
    async fn providers_are_asked_at_once_and_listed_in_their_order(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let other = add(&test, "other").await;
        // The first one by name answers last.
        test.upstream.push(listing(&["a", "both"]).delay_ms(1_500));
        other.push(listing(&["both", "b"]).delay_ms(1_000));
        let reply = test.acme.list_models(CallOptions::default()).await.unwrap();
        let first = test.upstream.wait_for_end(0, DEADLINE).await.unwrap();
        let second = other.wait_for_end(0, DEADLINE).await.unwrap();
        assert!(first.arrived < answered(&second) && second.arrived < answered(&first), "one was asked after the other");
        assert_eq!(names(&reply), ["a", "both", "b"]);
        let trace = test.only_trace().await;
        assert_eq!(attempts(&trace), [("openai", Some(200)), ("other", Some(200))]);
        assert_eq!((trace.trace.attempt_count, trace.trace.provider.as_deref()), (2, Some("other")));
        assert_eq!(reply.provider.as_str(), "other");
    }

    async fn a_provider_that_fails_leaves_no_mark_on_a_good_answer(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let failing = add(&test, "other").await;
        test.upstream.push(listing(&["a"]));
        failing.fallback(Script::error(500, "out of order"));
        let reply = test.acme.list_models(CallOptions::default()).await.unwrap();
        assert_eq!((names(&reply), reply.provider.as_str()), (vec!["a".to_owned()], "openai"));
        let trace = test.only_trace().await;
        let failed = ("other", Some(500));
        assert_eq!(attempts(&trace), [("openai", Some(200)), failed, failed, failed]);
        let row = trace.trace;
        assert_eq!((row.status_class, row.status_code, row.error_code), (StatusClass::Ok, Some(200), None));
        assert_eq!((row.provider.as_deref(), row.attempt_count), (Some("openai"), 4));
    }

    async fn names_of_the_configuration_have_no_status(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut provider = TestGateway::provider(&test.upstream);
        provider.settings.models = vec!["named".to_owned()];
        test.acme.set_provider(provider).await.unwrap();
        test.upstream.push(Script::error(403, "no"));
        assert_eq!(names(&test.acme.list_models(CallOptions::default()).await.unwrap()), ["named"]);
        let trace = test.only_trace().await;
        assert_eq!(attempts(&trace), [("openai", Some(403))]);
        let row = trace.trace;
        assert_eq!((row.status_class, row.status_code, row.error_code, row.ttfb_ms), (StatusClass::Ok, None, None, None));
    }

    async fn a_provider_that_cannot_be_built_hides_nobodys_models(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let _broken = add(&test, "broken").await;
        break_provider(&test, "broken").await;
        test.upstream.push(listing(&["a"]));
        assert_eq!(names(&test.acme.list_models(CallOptions::default()).await.unwrap()), ["a"]);
        let row = test.only_trace().await.trace;
        assert_eq!((row.status_class, row.status_code, row.attempt_count), (StatusClass::Ok, Some(200), 1));
        // Asked by name, it is the one that fails.
        let options = CallOptions { provider: Some("broken".parse().unwrap()), ..CallOptions::default() };
        assert_eq!(code(test.acme.list_models(options).await), ErrorCode::UnknownProviderKind);
        // The failure of one that was asked says more than that of one that could not be.
        test.upstream.push(Script::error(403, "no"));
        let error = test.acme.list_models(CallOptions::default()).await.unwrap_err();
        assert_eq!((error.code(), error.provider()), (ErrorCode::UpstreamRejected, Some("openai")));
        break_provider(&test, "openai").await;
        assert_eq!(code(test.acme.list_models(CallOptions::default()).await), ErrorCode::UnknownProviderKind);
    }

    async fn a_caller_who_goes_away_leaves_a_trace_of_all_that_were_asked(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let other = add(&test, "other").await;
        for upstream in [&test.upstream, &other] {
            upstream.push(Script::persona().delay_ms(60_000));
        }
        let acme = test.gateway.tenant(TENANT).unwrap();
        let call = tokio::spawn(async move { acme.list_models(CallOptions::default()).await });
        test.upstream.wait_for_requests(1, DEADLINE).await.unwrap();
        other.wait_for_requests(1, DEADLINE).await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        let row = test.only_trace().await.trace;
        assert_eq!((row.status_class, row.attempt_count), (StatusClass::Cancelled, 2));
    }
}
