//! What a trace says of time: when it began and ended, when the first byte and the first token came, and how much of it
//! was the gateway's own.

use libgateway::{ProviderConfig, ProviderName, Trace};
use libgateway_tests::{TestGateway, backend_tests, hello};
use serde_json::json;
use upstream::{BeforeHeaders, Script, Upstream};

use super::support::{PATIENCE, SQLITE, content_event, event, finish_event, next, read_all, usage_wanted};

/// How long an upstream or a caller takes in these tests, and the most that the gateway's own work may take of it.
const PAUSE_MS: u64 = 600;
const OVERHEAD_US: i64 = 300_000;

/// What holds for every trace.
fn assert_in_order(trace: &Trace) {
    let ttfb = trace.ttfb_ms.unwrap_or_default();
    let ttft = trace.ttft_ms.unwrap_or(trace.latency_ms);
    assert!(0.0 <= ttfb && ttfb <= ttft && ttft <= trace.latency_ms, "{trace:#?}");
    assert!(trace.overhead_us > 0 && (trace.overhead_us as f64) <= trace.latency_ms * 1_000.0, "{trace:#?}");
    let (from, to) = (trace.created_at.as_millis(), trace.ended_at.as_millis());
    assert!(from <= to && (to - from) as f64 <= trace.latency_ms + 1.0, "{trace:#?}");
    assert_eq!(from, trace.id.created_at().as_millis());
}

backend_tests! {
    async fn the_times_of_a_stream_are_in_order_and_measured_apart(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let role = event(
            &json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}]}),
        );
        let events = [role, content_event("Hel"), content_event("lo"), finish_event()];
        test.upstream.push(Script::sse(events).delay_ms(PAUSE_MS).delay_at(1, PAUSE_MS).delay_at(3, PAUSE_MS).done());
        let (_, error) = read_all(&mut test.chat_stream(usage_wanted()).await.unwrap()).await;
        assert!(error.is_none());
        let trace = test.only_trace().await.trace;
        assert_in_order(&trace);
        let pause = PAUSE_MS as f64;
        let (ttfb, ttft) = (trace.ttfb_ms.unwrap(), trace.ttft_ms.unwrap());
        assert!(ttfb >= pause && ttft >= ttfb + pause / 2.0 && trace.latency_ms >= ttft + pause / 2.0, "{trace:#?}");
        assert!(trace.overhead_us < OVERHEAD_US, "{} µs", trace.overhead_us);
    }
}

sqlite_tests! {
    async fn the_times_of_a_whole_answer_are_in_order() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.push(Script::chat("Hello").delay_ms(PAUSE_MS));
        test.chat(hello()).await.unwrap();
        let trace = test.only_trace().await.trace;
        assert_in_order(&trace);
        assert!(trace.ttfb_ms.unwrap() >= PAUSE_MS as f64 && trace.ttft_ms.is_none(), "{trace:#?}");
        assert!(trace.overhead_us < OVERHEAD_US, "{} µs", trace.overhead_us);
    }

    async fn a_stream_without_content_has_no_first_token() {
        let test = TestGateway::open(SQLITE).await;
        let role = event(
            &json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}]}),
        );
        let usage =
            event(&json!({"choices": [], "usage": {"prompt_tokens": 8, "completion_tokens": 0, "total_tokens": 8}}));
        for events in [vec![], vec![": a comment\n\n".to_owned()], vec![role, finish_event(), usage]] {
            test.upstream.push(Script::sse(events).done());
            read_all(&mut test.chat_stream(usage_wanted()).await.unwrap()).await;
        }
        for trace in test.traces().await {
            assert_in_order(&trace);
            assert!(trace.ttft_ms.is_none() && trace.ttfb_ms.is_some(), "{trace:#?}");
        }
    }

    async fn the_first_token_may_be_a_tool_call_a_refusal_or_reasoning() {
        let test = TestGateway::open(SQLITE).await;
        let call =
            json!([{"index": 0, "id": "call_a", "type": "function", "function": {"name": "f", "arguments": ""}}]);
        for delta in [json!({"tool_calls": call}), json!({"refusal": "No"}), json!({"reasoning_content": "Hm"})] {
            let event = event(&json!({"choices": [{"index": 0, "delta": delta, "finish_reason": null}]}));
            test.upstream.push(Script::sse([event, finish_event()]).done());
            read_all(&mut test.chat_stream(usage_wanted()).await.unwrap()).await;
        }
        let traces = test.traces().await;
        assert!(traces.len() == 3 && traces.iter().all(|trace| trace.ttft_ms.is_some()), "{traces:#?}");
    }

    async fn a_request_that_never_gets_a_byte_has_a_latency_and_no_first_byte() {
        let test = TestGateway::open_with(SQLITE, |config| config.retry.max_attempts = 1).await;
        test.upstream.push(Script::no_answer(BeforeHeaders::Reset).delay_ms(PAUSE_MS));
        test.chat(hello()).await.expect_err("no answer");
        let trace = test.only_trace().await.trace;
        assert_in_order(&trace);
        assert!(trace.ttfb_ms.is_none() && trace.latency_ms >= PAUSE_MS as f64, "{trace:#?}");
    }

    async fn a_slow_reader_is_no_overhead_of_the_gateway() {
        let test = TestGateway::open(SQLITE).await;
        let events = ["a", "b", "c", "d"].map(content_event);
        test.upstream.push(Script::sse(events).delay_at(3, PAUSE_MS).done());
        let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
        next(&mut stream).await;
        // The caller does something else until the upstream has said all.
        test.upstream.wait_for_end(0, PATIENCE).await.unwrap();
        read_all(&mut stream).await;
        let trace = test.only_trace().await.trace;
        assert_in_order(&trace);
        assert!(trace.latency_ms >= PAUSE_MS as f64 && trace.overhead_us < OVERHEAD_US, "{trace:#?}");
    }

    async fn the_pause_before_a_retry_is_no_overhead_of_the_gateway() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.push(Script::error(429, "slow down").header("retry-after-ms", PAUSE_MS.to_string()));
        test.chat(hello()).await.unwrap();
        let trace = test.only_trace().await.trace;
        assert_in_order(&trace);
        assert!(trace.latency_ms >= PAUSE_MS as f64 && trace.overhead_us < OVERHEAD_US, "{trace:#?}");
    }

    async fn waiting_for_several_providers_at_once_is_no_overhead_of_the_gateway() {
        let test = TestGateway::open(SQLITE).await;
        let other = Upstream::start().expect("a mock upstream");
        let name: ProviderName = "other".parse().unwrap();
        test.acme.set_provider(ProviderConfig { name: Some(name), ..TestGateway::provider(&other) }).await.unwrap();
        for upstream in [&test.upstream, &other] {
            upstream.push(Script::persona().delay_ms(PAUSE_MS));
        }
        test.acme.list_models(libgateway::CallOptions::default()).await.unwrap();
        let trace = test.only_trace().await.trace;
        assert!(trace.latency_ms >= PAUSE_MS as f64 && trace.overhead_us < OVERHEAD_US, "{trace:#?}");
    }
}
