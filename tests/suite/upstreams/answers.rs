//! Every operation is answered, and its trace and the analytics say what the answer said.

use libgateway::{AnalyticsQuery, CallOptions, PicoUsd, StatusClass, TraceDetail, TraceId, UsageSource};
use libgateway_tests::backend_tests;
use serde_json::{Value, json};

use crate::support::{HELLO, Setup, events, say, stored, text, tool_calls};

/// 11 tokens of input and 7 of output, at `gpt-4o`'s prices.
const HELLO_COST: PicoUsd = PicoUsd(11 * 2_500_000 + 7 * 10_000_000);

/// The trace of a call that went well.
async fn trace(setup: &Setup, id: TraceId, endpoint: &str) -> TraceDetail {
    setup.test.flush().await;
    let detail = setup.test.acme.get_trace(id).await.unwrap();
    let trace = &detail.trace;
    assert_eq!((trace.status_class, trace.status_code, trace.error_code), (StatusClass::Ok, Some(200), None));
    assert_eq!((&*trace.endpoint, trace.provider.as_deref(), trace.attempt_count), (endpoint, Some("openai"), 1));
    assert!(detail.flags.is_empty() && detail.attempts.is_empty(), "{detail:?}");
    assert!(trace.upstream_request_id.as_ref().is_some_and(|id| id.starts_with("req-")), "{trace:?}");
    detail
}

/// It says the usage and the cost of an answer to `Hello`.
fn assert_priced(detail: &TraceDetail) {
    let trace = &detail.trace;
    assert_eq!((trace.requested_model.as_deref(), trace.model.as_deref()), (Some("gpt-4o"), Some("gpt-4o")));
    assert_eq!((trace.input_tokens, trace.output_tokens, trace.total_tokens), (Some(11), Some(7), Some(18)));
    assert_eq!((detail.usage_source, trace.cost_usd), (UsageSource::Reported, Some(HELLO_COST)));
}

backend_tests! {
    async fn a_chat_is_answered_and_traced(backend: Backend) {
        let setup = Setup::new(backend, &[]).await;
        let reply = setup.test.chat(say("Hello")).await.unwrap();
        assert_eq!(reply.text().as_deref(), Some(HELLO));
        let detail = trace(&setup, reply.trace_id, "chat").await;
        assert_priced(&detail);
        assert!(!detail.trace.stream);
        assert_eq!(stored(detail.request.as_deref()), say("Hello"));
        assert_eq!(stored(detail.response.as_deref()), reply.json::<Value>().unwrap());
    }

    async fn a_streamed_chat_is_rebuilt_in_its_trace(backend: Backend) {
        let setup = Setup::new(backend, &[]).await;
        let stream = setup.test.chat_stream(say("Hello")).await.unwrap();
        let id = stream.trace_id();
        let (events, error) = events(stream).await;
        assert_eq!((text(&events).as_str(), error.map(|error| error.code())), (HELLO, None));
        assert!(events.len() > 5, "it came in {} pieces", events.len());
        assert!(events.iter().all(|event| event.get("usage").is_none_or(Value::is_null)), "the caller asked for no usage");
        let detail = trace(&setup, id, "chat").await;
        assert_priced(&detail);
        assert!(detail.trace.stream && detail.trace.ttft_ms.is_some());
        let response = stored(detail.response.as_deref());
        assert_eq!((&response["object"], &response["id"]), (&json!("chat.completion"), &events[0]["id"]));
        assert_eq!(response["choices"][0]["message"]["content"], HELLO);
        assert_eq!(response["choices"][0]["finish_reason"], "stop");
    }

    async fn a_streamed_tool_call_is_rebuilt_in_its_trace(backend: Backend) {
        let setup = Setup::new(backend, &[]).await;
        let stream = setup.test.chat_stream(say("How is the weather?")).await.unwrap();
        let id = stream.trace_id();
        let (events, error) = events(stream).await;
        let calls = tool_calls(&events);
        assert_eq!((calls.len(), error.map(|error| error.code())), (1, None));
        let detail = trace(&setup, id, "chat").await;
        assert_eq!((detail.trace.input_tokens, detail.trace.output_tokens), (Some(23), Some(9)));
        let call = &stored(detail.response.as_deref())["choices"][0]["message"]["tool_calls"][0];
        assert_eq!((&call["id"], &call["function"]["name"]), (&json!("call_1"), &json!("get_weather")));
        assert_eq!(call["function"]["arguments"], calls[0].1);
        assert_eq!(serde_json::from_str::<Value>(&calls[0].1).unwrap(), json!({"city": "Kraków", "days": 3}));
    }

    async fn responses_are_answered_and_traced_whole_and_streamed(backend: Backend) {
        let setup = Setup::new(backend, &[]).await;
        let body = json!({"model": "gpt-4o", "input": "Hello"});
        let reply = setup.test.acme.responses(body.clone()).await.unwrap();
        let whole: Value = reply.json().unwrap();
        assert_eq!(whole["output"][0]["content"][0]["text"], HELLO);
        let detail = trace(&setup, reply.trace_id, "responses").await;
        assert_priced(&detail);
        assert_eq!(stored(detail.response.as_deref()), whole);

        let stream = setup.test.acme.responses_stream(body).await.unwrap();
        let id = stream.trace_id();
        let (events, error) = events(stream).await;
        let said: String = events.iter().filter(|event| event["type"] == "response.output_text.delta").filter_map(|event| event["delta"].as_str()).collect();
        assert_eq!((said.as_str(), error.map(|error| error.code())), (HELLO, None));
        let detail = trace(&setup, id, "responses").await;
        assert_priced(&detail);
        assert!(detail.trace.stream);
        let last = events.last().unwrap();
        assert_eq!((&last["type"], &stored(detail.response.as_deref())), (&json!("response.completed"), &last["response"]));
    }

    async fn embeddings_and_the_list_of_models_are_answered_and_traced(backend: Backend) {
        let setup = Setup::new(backend, &[]).await;
        let body = json!({"model": "text-embedding-3-small", "input": "Hello"});
        let reply = setup.test.acme.embeddings(body).await.unwrap();
        assert_eq!(reply.json::<Value>().unwrap()["data"][0]["embedding"], json!([0.25, -0.5, 0.75]));
        let detail = trace(&setup, reply.trace_id, "embeddings").await;
        assert_eq!((detail.trace.model.as_deref(), detail.trace.input_tokens), (Some("text-embedding-3-small"), Some(0)));
        assert_eq!(stored(detail.response.as_deref()), reply.json::<Value>().unwrap());

        let reply = setup.test.acme.list_models(CallOptions::default()).await.unwrap();
        let models: Value = reply.json().unwrap();
        assert!(models["data"].as_array().unwrap().iter().any(|model| model["id"] == "gpt-4o"), "{models}");
        let detail = trace(&setup, reply.trace_id, "list_models").await;
        assert_eq!((detail.trace.model, detail.trace.total_tokens), (None, None));
        assert_eq!(stored(detail.response.as_deref()), models);
    }

    async fn analytics_add_up_what_the_upstream_reported(backend: Backend) {
        let setup = Setup::new(backend, &[]).await;
        for _ in 0..2 {
            setup.test.chat(say("Hello")).await.unwrap();
            let (_, error) = events(setup.test.chat_stream(say("Hello")).await.unwrap()).await;
            assert!(error.is_none());
        }
        let refused = setup.test.chat(say("Nobody expects this")).await.unwrap_err();
        setup.test.flush().await;
        let summary = setup.test.acme.analytics_summary(AnalyticsQuery::default()).await.unwrap().measures;
        assert_eq!((summary.total_requests, summary.errors, summary.unpriced_requests), (5, i64::from(refused.status() >= 500), 0));
        assert_eq!((summary.input_tokens, summary.output_tokens, summary.total_tokens), (44, 28, 72));
        assert_eq!(summary.cost_usd, PicoUsd(4 * HELLO_COST.0));
        assert!(summary.avg_latency_ms.is_some_and(|latency| latency > 0.0));
        let models = setup.test.acme.analytics_models(AnalyticsQuery::default()).await.unwrap().models;
        assert_eq!((models.len(), models[0].model.as_deref(), models[0].measures.total_tokens), (1, Some("gpt-4o"), 72));
    }

    async fn an_upstream_of_these_tests_reaches_no_network(backend: Backend) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let elsewhere = format!("http://{}", listener.local_addr().unwrap());
        let setup = Setup::new(backend, &["--proxy-only", "--provider-openai", &elsewhere]).await;
        let error = setup.test.chat(say("Pass this on")).await.unwrap_err();
        assert!(error.upstream_status().is_some_and(|status| status >= 500), "{error:?} {}", setup.aimock.said());
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "nobody came");
    }
}
