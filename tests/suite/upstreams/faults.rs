//! Faults of an upstream: what the caller is told, what the one trace says, and how often the upstream was asked.

use libgateway::{Error, ErrorCode, StatusClass};
use libgateway_tests::backend_tests;

use crate::support::{CHAT, Setup, events, say, stored, text};

/// A call that was asked for three times, each time with this outcome, as the caller and the trace say alike.
async fn assert_asked_thrice(setup: &Setup, error: &Error, expected: (ErrorCode, Option<u16>, usize)) {
    let (code, status, calls) = expected;
    assert_eq!((error.code(), error.upstream_status(), error.retries_spent()), (code, status, true), "{error:?}");
    let detail = setup.traced(error, calls).await;
    assert_eq!((detail.trace.status_class, detail.trace.status_code), (StatusClass::UpstreamError, status));
    assert_eq!((detail.trace.attempt_count, detail.attempts.len()), (3, 3));
    assert!(detail.attempts.iter().all(|attempt| (attempt.status_code, attempt.error_code) == (status, Some(code))));
    assert_eq!(setup.aimock.asked(CHAT).await, 3 * calls);
}

backend_tests! {
    async fn dropped_requests_are_retried_and_end_in_a_server_error(backend: Backend) {
        let setup = Setup::new(backend, &["--chaos-drop", "1"]).await;
        let error = setup.test.chat(say("Hello")).await.unwrap_err();
        assert_asked_thrice(&setup, &error, (ErrorCode::UpstreamFailed, Some(500), 1)).await;
        assert!(error.body().is_some_and(|body| body.starts_with(b"{\"error\"")), "the upstream's own words");
        let error = setup.test.chat_stream(say("Hello")).await.unwrap_err();
        assert_asked_thrice(&setup, &error, (ErrorCode::UpstreamFailed, Some(500), 2)).await;
    }

    async fn a_destroyed_connection_is_retried_and_ends_in_a_disconnect(backend: Backend) {
        let setup = Setup::new(backend, &["--chaos-disconnect", "1"]).await;
        let error = setup.test.chat(say("Hello")).await.unwrap_err();
        assert_asked_thrice(&setup, &error, (ErrorCode::UpstreamDisconnected, None, 1)).await;
        let error = setup.test.chat_stream(say("Hello")).await.unwrap_err();
        assert_asked_thrice(&setup, &error, (ErrorCode::UpstreamDisconnected, None, 2)).await;
    }

    async fn malformed_json_reaches_the_caller_as_it_is_and_is_an_upstream_error(backend: Backend) {
        let setup = Setup::new(backend, &["--chaos-malformed", "1"]).await;
        let reply = setup.test.chat(say("Hello")).await.unwrap();
        let error = reply.json::<serde_json::Value>().unwrap_err();
        assert_eq!((error.code(), error.provider()), (ErrorCode::UpstreamInvalidResponse, Some("openai")));
        let detail = setup.test.only_trace().await;
        assert_eq!((detail.trace.status_class, detail.trace.status_code), (StatusClass::UpstreamError, Some(200)));
        assert_eq!((detail.trace.error_code, detail.trace.attempt_count), (Some(ErrorCode::UpstreamInvalidResponse), 1));
        assert_eq!(stored(detail.response.as_deref()).as_str().map(str::as_bytes), Some(&*reply.body), "text, since it is no JSON");
    }

    async fn malformed_json_in_place_of_a_stream_is_an_upstream_error(backend: Backend) {
        let setup = Setup::new(backend, &["--chaos-malformed", "1"]).await;
        let (read, error) = events(setup.test.chat_stream(say("Hello")).await.unwrap()).await;
        let error = error.expect("it is no stream");
        assert_eq!((read.len(), error.code()), (0, ErrorCode::UpstreamInvalidResponse));
        let detail = setup.traced(&error, 1).await;
        assert_eq!((detail.trace.status_class, detail.trace.status_code), (StatusClass::UpstreamError, Some(200)));
        assert_eq!((detail.trace.attempt_count, setup.aimock.asked(CHAT).await), (1, 1));
    }

    async fn a_stream_that_is_cut_keeps_what_came_and_is_not_asked_for_again(backend: Backend) {
        let setup = Setup::new(backend, &[]).await;
        let (read, error) = events(setup.test.chat_stream(say("Break off")).await.unwrap()).await;
        let error = error.expect("it breaks off");
        assert_eq!((error.code(), error.retries_spent()), (ErrorCode::UpstreamDisconnected, false));
        let said = text(&read);
        assert!(!said.is_empty() && "This sentence is cut before its end.".starts_with(&said), "{said}");
        let detail = setup.traced(&error, 1).await;
        assert_eq!((detail.trace.status_class, detail.trace.status_code), (StatusClass::UpstreamError, Some(200)));
        assert_eq!(stored(detail.response.as_deref())["choices"][0]["message"]["content"], said);
        assert_eq!((detail.trace.attempt_count, setup.aimock.asked(CHAT).await), (1, 1));
    }
}
