//! One trace with all that is known of it: attempts, content, payloads and caps, and nobody else's.

use std::time::Duration;

use libgateway::{ErrorCode, NewTenant, TraceDetail, TraceFlag, TraceId};
use libgateway_tests::{TestGateway, backend_tests, hello};
use serde_json::{Value, json};
use upstream::{BeforeHeaders, Script};

use crate::support::Direct;

/// What a capped body keeps.
const CAP: usize = 1 << 20;

fn request(detail: &TraceDetail) -> Value {
    serde_json::from_str(detail.request.as_ref().expect("a request").get()).expect("JSON")
}

fn response(detail: &TraceDetail) -> Value {
    serde_json::from_str(detail.response.as_ref().expect("a response").get()).expect("JSON")
}

fn asking(content: &str) -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": content}]})
}

backend_tests! {
    async fn every_attempt_is_recorded_with_its_reason_status_and_duration(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| config.retry.max_attempts = 4).await;
        test.upstream.push(Script::error(503, "busy").delay_ms(30));
        test.upstream.push(Script::no_answer(BeforeHeaders::Reset));
        test.upstream.push(Script::error(429, "slow down").header("retry-after-ms", "40"));
        test.upstream.push(Script::chat("at last"));
        test.chat(hello()).await.unwrap();
        let detail = test.only_trace().await;
        assert_eq!(detail.trace.attempt_count, 4);
        let attempts: Vec<_> = detail.attempts.iter().map(|attempt| (attempt.status_code, attempt.error_code)).collect();
        assert_eq!(attempts, [
            (Some(503), Some(ErrorCode::UpstreamFailed)),
            (None, Some(ErrorCode::UpstreamDisconnected)),
            (Some(429), Some(ErrorCode::UpstreamRateLimited)),
            (Some(200), None),
        ]);
        let [first, second, _, last] = detail.attempts.as_slice() else { panic!("{:?}", detail.attempts) };
        assert!(first.duration_ms >= 30.0 && first.delay_ms == 0.0, "{first:?}");
        assert!(second.delay_ms > 0.0 && last.delay_ms >= 40.0, "{:?}", detail.attempts);
        assert!(detail.attempts.iter().all(|attempt| attempt.provider == "openai"));
        let spent: f64 = detail.attempts.iter().map(|attempt| attempt.duration_ms + attempt.delay_ms).sum();
        assert!(detail.trace.latency_ms >= spent - 1.0, "{} ms in all, {spent} ms in attempts", detail.trace.latency_ms);
        assert_eq!((detail.trace.status_code, detail.trace.error_code), (Some(200), None), "the row is about the last one");
    }

    async fn a_failure_for_good_keeps_its_attempts_and_the_upstreams_words(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.upstream.fallback(Script::json(502, json!({"error": {"message": "no capacity"}})));
        test.chat(hello()).await.unwrap_err();
        let detail = test.only_trace().await;
        assert_eq!((detail.attempts.len(), detail.trace.attempt_count), (3, 3));
        assert_eq!(response(&detail)["error"]["message"], "no capacity");
        assert_eq!(request(&detail), hello());
    }

    async fn no_tenant_reads_the_trace_of_another(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let id = test.chat(hello()).await.unwrap().trace_id;
        test.flush().await;
        test.gateway.create_tenant(NewTenant { id: Some("other".parse().unwrap()), ..NewTenant::default() }).await.unwrap();
        let other = test.gateway.tenant("other").unwrap();
        let error = other.get_trace(id).await.unwrap_err();
        assert_eq!((error.code(), error.status()), (ErrorCode::TraceNotFound, 404));
        let nobody = TraceId::new(id.created_at());
        let unknown = test.acme.get_trace(nobody).await.unwrap_err();
        assert_eq!(error.to_string().replace(&id.to_string(), "").replace("other", ""), unknown.to_string().replace(&nobody.to_string(), "").replace("acme", ""), "one cannot be told from the other");
        assert!(test.acme.get_trace(id).await.is_ok());
    }

    async fn a_large_payload_leaves_its_digest_in_a_small_row(backend: Backend) {
        let test = TestGateway::open(backend).await;
        // 10 MB in base64; a whole number of groups.
        let image = "iVBORw0KGgoA".repeat(833_334);
        let part = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{image}")}});
        test.chat(json!({"model": "gpt-4o", "messages": [{"role": "user", "content": [part]}]})).await.unwrap();
        let detail = test.only_trace().await;
        let kept = &request(&detail)["messages"][0]["content"][0]["image_url"]["url"];
        assert_eq!((&kept["mime"], &kept["length"]), (&json!("image/png"), &json!(image.len() / 4 * 3)));
        assert_eq!(kept["sha256"].as_str().map(str::len), Some(64));
        assert_eq!(detail.flags, []);
        let size = Direct::to(test.store()).await.number("SELECT SUM(LENGTH(request)) FROM gw_trace_bodies", "SELECT SUM(LENGTH(request))::bigint FROM gw_traces").await;
        assert!(size < 8_192, "the stored request has {size} bytes");
        assert!(test.upstream.requests()[0].body.len() > image.len(), "the upstream got all of it");
    }

    async fn bodies_beyond_the_cap_are_cut_and_flagged(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let words = "lorem ipsum ".repeat(200_000);
        test.upstream.push(Script::chat("short"));
        let asked = test.chat(asking(&words)).await.unwrap().trace_id;
        test.upstream.push(Script::chat(words.as_str()));
        let answered = test.chat(hello()).await.unwrap();
        assert!(answered.body.len() > 2 * CAP, "the caller gets all of it");
        test.flush().await;

        let detail = test.acme.get_trace(asked).await.unwrap();
        assert_eq!(detail.flags, [TraceFlag::RequestCapped]);
        assert!(request(&detail).as_str().is_some_and(|text| text.len() == CAP && text.contains("lorem")), "text that is no JSON is shown as a string");
        assert_eq!(response(&detail)["choices"][0]["message"]["content"], "short");
        let detail = test.acme.get_trace(answered.trace_id).await.unwrap();
        assert_eq!(detail.flags, [TraceFlag::ResponseCapped]);
        assert!(response(&detail).as_str().is_some_and(|text| text.len() == CAP));
        assert!(detail.usage.total_tokens().is_some(), "usage is read from all of it");
    }

    async fn a_stream_beyond_the_cap_is_cut_and_flagged(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.upstream.push(Script::stream(vec!["0123456789 ".repeat(1_000); 200]));
        let mut stream = test.chat_stream(hello()).await.unwrap();
        let mut bytes = 0;
        while let Some(chunk) = stream.next_chunk().await {
            bytes += chunk.unwrap().len();
        }
        assert!(bytes > 2 * CAP);
        let detail = test.only_trace().await;
        assert_eq!(detail.flags, [TraceFlag::ResponseCapped]);
        assert!(detail.response.as_ref().is_some_and(|response| response.get().len() <= CAP + 1_024), "what is kept is bounded");
        assert!(detail.usage.output_tokens().is_some() && detail.chunk_count.is_some_and(|count| count > 200));
    }

    async fn times_hang_together(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.upstream.push(Script::stream(["a", "b"]).delay_ms(60).gap_ms(40));
        let mut stream = test.chat_stream(hello()).await.unwrap();
        while let Some(chunk) = stream.next_chunk().await {
            chunk.unwrap();
        }
        let trace = test.only_trace().await.trace;
        let (ttfb, ttft) = (trace.ttfb_ms.unwrap(), trace.ttft_ms.unwrap());
        assert!(60.0 <= ttfb && ttfb <= ttft && ttft <= trace.latency_ms, "{trace:?}");
        assert!(trace.latency_ms >= 100.0 && trace.overhead_us >= 0 && (trace.overhead_us as f64) < trace.latency_ms * 1e3, "{trace:?}");
        let wall = Duration::from_millis((trace.ended_at.as_millis() - trace.created_at.as_millis()).try_into().unwrap());
        assert!(wall.as_secs_f64() * 1e3 >= trace.latency_ms - 1.0, "{trace:?}");
        assert_eq!(trace.id.created_at(), trace.created_at);
    }
}
