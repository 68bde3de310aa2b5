//! Retries, as the upstream counts them: what is asked again, what is not, and what the caller is told.

use std::net::TcpListener;

use libgateway::{ErrorCode, StatusClass};
use libgateway_tests::{TestGateway, backend_tests, hello};
use upstream::{BeforeHeaders, Script};

/// One call against an upstream that always answers so: how often it is asked, and how it ends.
async fn asked(test: &TestGateway, script: Script) -> (usize, ErrorCode, bool) {
    test.upstream.reset();
    test.upstream.fallback(script);
    let error = test.chat(hello()).await.expect_err("no answer");
    (test.upstream.requests().len(), error.code(), error.retries_spent())
}

backend_tests! {
    async fn what_may_pass_is_asked_again_until_the_attempts_are_spent(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for (status, code) in [
            (408, ErrorCode::UpstreamFailed),
            (409, ErrorCode::UpstreamFailed),
            (429, ErrorCode::UpstreamRateLimited),
            (500, ErrorCode::UpstreamFailed),
            (502, ErrorCode::UpstreamFailed),
            (503, ErrorCode::UpstreamFailed),
            (504, ErrorCode::UpstreamFailed),
            (529, ErrorCode::UpstreamFailed),
        ] {
            assert_eq!(asked(&test, Script::error(status, "later")).await, (3, code, true), "{status}");
        }
        for instead in [BeforeHeaders::Reset, BeforeHeaders::Close] {
            assert_eq!(asked(&test, Script::no_answer(instead)).await, (3, ErrorCode::UpstreamDisconnected, true), "{instead:?}");
        }
        let traces = test.traces().await;
        assert_eq!(traces.len(), 10, "one trace per call, however often the upstream was asked");
        assert!(traces.iter().all(|trace| trace.attempt_count == 3 && trace.status_class == StatusClass::UpstreamError));
    }

    async fn what_will_not_pass_is_asked_once(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for (status, code) in [
            (400, ErrorCode::UpstreamRejected),
            (401, ErrorCode::UpstreamAuthFailed),
            (403, ErrorCode::UpstreamRejected),
            (404, ErrorCode::UpstreamRejected),
            (413, ErrorCode::UpstreamRejected),
            (422, ErrorCode::UpstreamRejected),
        ] {
            assert_eq!(asked(&test, Script::error(status, "no")).await, (1, code, false), "{status}");
        }
        assert!(test.traces().await.iter().all(|trace| trace.attempt_count == 1));
    }

    async fn a_first_byte_that_does_not_come_is_not_asked_for_again(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| config.timeouts.first_byte_ms = 1_000).await;
        assert_eq!(asked(&test, Script::no_answer(BeforeHeaders::Hang)).await, (1, ErrorCode::FirstByteTimeout, false));
        assert_eq!(test.only_trace().await.trace.status_class, StatusClass::Timeout);
    }

    async fn a_port_that_refuses_is_tried_again(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut provider = TestGateway::provider(&test.upstream);
        provider.settings.base_url = Some(format!("http://127.0.0.1:{port}/v1"));
        test.acme.set_provider(provider).await.unwrap();
        let error = test.chat(hello()).await.unwrap_err();
        assert_eq!((error.code(), error.status(), error.retries_spent()), (ErrorCode::UpstreamUnreachable, 502, true));
        let detail = test.only_trace().await;
        assert_eq!((detail.trace.attempt_count, detail.trace.status_code, detail.attempts.len()), (3, None, 3));
        assert!(detail.trace.latency_ms > 0.0 && !error.to_string().contains(&port.to_string()));
    }

    async fn one_attempt_means_no_retry(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| config.retry.max_attempts = 1).await;
        for script in [Script::error(503, "busy"), Script::no_answer(BeforeHeaders::Reset)] {
            assert_eq!(asked(&test, script).await.0, 1);
        }
    }

    async fn a_retry_that_is_answered_is_an_answer(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.upstream.push(Script::no_answer(BeforeHeaders::Reset));
        test.upstream.push(Script::error(500, "broken"));
        test.upstream.push(Script::chat("fine"));
        assert_eq!(test.chat(hello()).await.unwrap().text().as_deref(), Some("fine"));
        let requests = test.upstream.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests.iter().all(|request| request.body == requests[0].body), "the same bytes each time");
    }

    async fn a_stream_is_asked_again_before_its_head_only(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.upstream.push(Script::error(503, "busy"));
        test.upstream.push(Script::no_answer(BeforeHeaders::Reset));
        test.upstream.push(Script::stream(["a", "b"]));
        let mut stream = test.chat_stream(hello()).await.unwrap();
        while let Some(chunk) = stream.next_chunk().await {
            chunk.unwrap();
        }
        assert_eq!(test.upstream.requests().len(), 3);

        for bytes in [0, 100] {
            test.upstream.reset();
            test.upstream.fallback(Script::stream(["a", "b", "c"]).delay_at(0, 0).reset_after(bytes));
            let mut stream = test.chat_stream(hello()).await.unwrap();
            let mut last = None;
            while let Some(chunk) = stream.next_chunk().await {
                last = chunk.err();
            }
            let error = last.expect("it breaks");
            assert_eq!((error.code(), error.retries_spent(), test.upstream.requests().len()), (ErrorCode::UpstreamDisconnected, false, 1), "{bytes}");
        }
    }

    async fn an_answer_that_breaks_off_is_asked_for_again(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.upstream.push(Script::chat("this answer never comes to its end").reset_after(40));
        test.upstream.push(Script::chat("fine"));
        assert_eq!(test.chat(hello()).await.unwrap().text().as_deref(), Some("fine"), "nothing of it has reached the caller");
        assert_eq!(test.upstream.requests().len(), 2);
    }

    async fn a_dropped_call_is_not_asked_again(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| (config.retry.base_ms, config.retry.max_ms) = (300, 300)).await;
        test.upstream.fallback(Script::error(503, "busy"));
        let acme = test.acme.clone();
        let call = tokio::spawn(async move { acme.chat(hello()).await });
        test.upstream.wait_for_end(0, crate::support::PATIENCE).await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        let trace = test.only_trace().await.trace;
        assert_eq!((trace.status_class, trace.attempt_count), (StatusClass::Cancelled, 1));
        assert_eq!(test.upstream.requests().len(), 1);
    }
}
