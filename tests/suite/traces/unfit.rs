//! Names and labels that do not fit a column, an index or a database's text: the trace is there all the same.

use std::collections::BTreeMap;

use libgateway::{CallOptions, Request, StatusClass, Trace};
use libgateway_tests::{TestGateway, backend_tests, hello};
use serde_json::{Value, json};
use upstream::Script;

use crate::support::{assert_adds_up, noise};

fn answer(model: &str) -> Value {
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"});
    json!({"id": "c", "object": "chat.completion", "created": 1, "model": model, "choices": [choice]})
}

/// Makes one call and gives its trace, which is stored and no dead letter.
async fn traced(test: &TestGateway, request: impl Into<Request>) -> Trace {
    let before = test.gateway.stats().accepted;
    // What becomes of the call is seen in its trace.
    drop(test.chat(request).await);
    let traces = test.traces().await;
    let stats = test.gateway.stats();
    assert_eq!(
        (stats.accepted, stats.persisted, stats.dead_lettered),
        (before + 1, before + 1, 0),
        "{:?}",
        test.gateway.list_dead_letters(1).await
    );
    assert_adds_up(&stats);
    traces.into_iter().next().expect("a trace")
}

fn with(options: CallOptions) -> Request {
    Request::from(hello()).with_options(options)
}

backend_tests! {
    async fn a_nul_in_the_name_of_a_model_loses_nothing(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let asked = traced(&test, json!({"model": "gpt\u{0}4", "messages": []})).await;
        assert_eq!(asked.status_class, StatusClass::ClientError);
        test.upstream.push(Script::json(200, answer("gpt\u{0}served")));
        let served = traced(&test, hello()).await;
        assert_eq!(served.model.as_deref(), Some("gpt\u{fffd}served"));
        assert_eq!(served.status_class, StatusClass::Ok);
    }

    async fn a_model_name_of_any_length_loses_nothing(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for length in [257, 3_000, 100_000] {
            let asked = traced(&test, json!({"model": noise(length), "messages": []})).await;
            assert_eq!(asked.status_class, StatusClass::ClientError);
            test.upstream.push(Script::json(200, answer(&noise(length))));
            let served = traced(&test, hello()).await;
            assert_eq!(served.model, Some(noise(256)), "{length}");
            assert_eq!(served.status_class, StatusClass::Ok);
        }
    }

    async fn nul_bytes_in_labels_lose_nothing(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let nul = || Some("a\u{0}b".to_owned());
        for options in [
            CallOptions { user_id: nul(), ..CallOptions::default() },
            CallOptions { session_id: nul(), ..CallOptions::default() },
            CallOptions { request_id: nul(), ..CallOptions::default() },
            CallOptions { metadata: BTreeMap::from([("key".to_owned(), "a\u{0}b".to_owned())]), ..CallOptions::default() },
            CallOptions { metadata: BTreeMap::from([("k\u{0}y".to_owned(), "value".to_owned())]), ..CallOptions::default() },
        ] {
            traced(&test, with(options)).await;
        }
    }

    async fn labels_that_are_too_long_lose_nothing(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let long = || Some(noise(20_000));
        let many = (0..1_000).map(|number| (format!("key{number}"), noise(600)));
        for options in [
            CallOptions { user_id: long(), ..CallOptions::default() },
            CallOptions { session_id: long(), ..CallOptions::default() },
            CallOptions { request_id: long(), ..CallOptions::default() },
            CallOptions { metadata: many.collect(), ..CallOptions::default() },
        ] {
            let trace = traced(&test, with(options)).await;
            assert_eq!(trace.status_class, StatusClass::ClientError, "the call is refused");
            let labels = [&trace.user_id, &trace.session_id, &trace.request_id];
            assert!(labels.into_iter().flatten().all(|label| label.chars().count() <= 256), "what is stored is bounded");
            assert!(serde_json::to_string(&trace.metadata).unwrap().len() < 20_000, "what is stored is bounded");
        }
    }

    async fn upstream_names_of_any_kind_lose_nothing(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for model in ["", "\u{1F980}".repeat(5_000).as_str(), "'; DROP TABLE gw_traces; --", "a\"b\\c\n"] {
            test.upstream.push(Script::json(200, answer(model)).header("x-request-id", noise(5_000)));
            assert_eq!(traced(&test, hello()).await.status_class, StatusClass::Ok);
        }
    }
}
