//! Fallbacks beyond what the fixtures show: the one deadline, callers that go away, and configurations that change.

use std::time::{Duration, Instant};

use libgateway::{CallOptions, Capture, ErrorCode, StatusClass};
use libgateway_tests::{DEADLINE, backend_tests, hello};
use serde_json::json;
use upstream::{BeforeHeaders, Script};

use crate::support::{asked_first, first, pair};

fn hanging(path: &str) -> Script {
    Script::no_answer(BeforeHeaders::Hang).on_path(path)
}

backend_tests! {
    async fn all_targets_have_one_deadline(backend: Backend) {
        let test = pair(backend, &json!({"timeouts": {"first_byte_ms": 500, "total_ms": 2000}})).await;
        test.upstream.fallback(Script::no_answer(BeforeHeaders::Hang));
        let began = Instant::now();
        let error = test.chat(hello()).await.unwrap_err();
        let took = began.elapsed();
        assert_eq!((error.code(), error.provider()), (ErrorCode::TotalTimeout, Some("second")));
        assert!((Duration::from_millis(2_000)..Duration::from_secs(8)).contains(&took), "{took:?}");
        let detail = test.only_trace().await;
        assert_eq!((detail.trace.status_class, detail.trace.provider.as_deref(), detail.trace.attempt_count), (StatusClass::Timeout, Some("second"), 2));
        let seen: Vec<_> = detail.attempts.iter().map(|one| (one.provider.as_str(), one.error_code)).collect();
        assert_eq!(seen, [("openai", Some(ErrorCode::FirstByteTimeout)), ("second", Some(ErrorCode::TotalTimeout))]);
        // Its own timeout would have been ten seconds: what was left of the deadline came before.
        assert!(detail.attempts[1].duration_ms < 2_000.0, "{}", detail.attempts[1].duration_ms);
    }

    async fn nobody_is_asked_after_the_deadline(backend: Backend) {
        let test = pair(backend, &json!({})).await;
        test.upstream.fallback(Script::no_answer(BeforeHeaders::Hang));
        let hurry = CallOptions { timeout_ms: Some(200), ..CallOptions::default() };
        let error = test.chat_with(hello(), hurry).await.unwrap_err();
        assert_eq!((error.code(), error.provider(), test.upstream.requests().len()), (ErrorCode::TotalTimeout, Some("openai"), 1));
    }

    async fn a_stream_keeps_the_deadline_of_the_first(backend: Backend) {
        let test = pair(backend, &json!({"timeouts": {"total_ms": 1500}})).await;
        test.upstream.push(Script::error(500, "no").on_path("/first/"));
        test.upstream.push(Script::stream(["a", "b"]).on_path("/second/").hang_after(300));
        let mut stream = test.chat_stream(hello()).await.unwrap();
        assert_eq!(stream.provider().as_str(), "second");
        let mut last = None;
        while let Some(chunk) = stream.next_chunk().await {
            last = chunk.err();
        }
        let error = last.expect("it hangs");
        assert_eq!((error.code(), error.provider()), (ErrorCode::TotalTimeout, Some("second")));
        assert_eq!(test.only_trace().await.trace.provider.as_deref(), Some("second"));
    }

    async fn a_caller_that_goes_away_cancels_the_fallback(backend: Backend) {
        let test = pair(backend, &json!({})).await;
        test.upstream.push(Script::error(500, "no").on_path("/first/"));
        test.upstream.push(hanging("/second/"));
        let acme = test.acme.clone();
        let call = tokio::spawn(async move { acme.chat(hello()).await });
        test.upstream.wait_for_requests(2, DEADLINE).await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        test.upstream.wait_for_close(1, DEADLINE).await.expect("the upstream sees it");
        let detail = test.only_trace().await;
        assert_eq!((detail.trace.status_class, detail.trace.provider.as_deref(), detail.trace.attempt_count), (StatusClass::Cancelled, Some("second"), 2));
        assert_eq!(detail.attempts.len(), 1, "the one that has ended");
    }

    async fn a_handle_of_a_provider_asks_nobody_else(backend: Backend) {
        let test = pair(backend, &json!({})).await;
        test.upstream.fallback(Script::error(500, "no"));
        let handle = test.acme.get_provider_for_tenant(None).await.unwrap();
        assert_eq!(handle.chat(hello()).await.unwrap_err().provider(), Some("openai"));
        assert_eq!(handle.chat_stream(hello()).await.unwrap_err().provider(), Some("openai"));
        assert_eq!((asked_first(&test), test.upstream.requests().len()), (2, 2));
    }

    async fn a_fallback_may_come_and_go(backend: Backend) {
        let test = pair(backend, &json!({})).await;
        test.upstream.fallback(Script::error(500, "no").on_path("/first/"));
        assert_eq!(test.chat(hello()).await.unwrap().provider.as_str(), "second");
        test.acme.delete_provider(&"second".parse().unwrap()).await.unwrap();
        let error = test.chat(hello()).await.unwrap_err();
        assert_eq!((error.code(), error.provider()), (ErrorCode::UpstreamFailed, Some("openai")));
        let newest = test.traces().await[0].id;
        let attempts = test.acme.get_trace(newest).await.unwrap().attempts;
        assert_eq!(attempts.last().unwrap().error_code, Some(ErrorCode::ProviderNotFound));
        test.acme.set_provider(first(&test, &json!({"fallbacks": []}))).await.unwrap();
        test.chat(hello()).await.unwrap_err();
        let newest = test.traces().await[0].id;
        assert_eq!(test.acme.get_trace(newest).await.unwrap().attempts.len(), 1);
    }

    async fn without_content_the_row_still_says_who_answered(backend: Backend) {
        let test = pair(backend, &json!({})).await;
        test.upstream.fallback(Script::error(500, "no").on_path("/first/"));
        let options = CallOptions { capture: Some(Capture::None), ..CallOptions::default() };
        test.chat_with(hello(), options).await.unwrap();
        let detail = test.only_trace().await;
        assert_eq!((detail.trace.provider.as_deref(), detail.trace.attempt_count, detail.attempts.len()), (Some("second"), 2, 0));
    }

    async fn a_description_has_the_fallbacks(backend: Backend) {
        let test = pair(backend, &json!({"fallbacks": ["second", {"provider": "third", "model": "m"}]})).await;
        let shown = json!(test.acme.get_provider_for_tenant(None).await.unwrap().info());
        assert_eq!(shown["fallbacks"], json!([{"provider": "second"}, {"provider": "third", "model": "m"}]));
        assert_eq!(json!(test.acme.list_providers().await.unwrap()[0])["fallbacks"], shown["fallbacks"]);
    }
}
