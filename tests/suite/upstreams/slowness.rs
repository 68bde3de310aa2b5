//! A slow upstream: each limit ends the wait with its own error, and within the limits slowness is no fault.

use libgateway::{CallOptions, ErrorCode, Request, StatusClass};
use libgateway_tests::backend_tests;

use crate::support::{CHAT, HELLO, Setup, events, say, stored, text};

/// A delay that no test waits for, in milliseconds.
const NEVER: &str = "30000";
/// The limit under test.
const SHORT_MS: u64 = 1_000;

backend_tests! {
    async fn an_answer_that_does_not_begin_in_time_is_given_up(backend: Backend) {
        let setup = Setup::with(backend, &["--chaos-latency", NEVER], |config| config.timeouts.first_byte_ms = SHORT_MS).await;
        let error = setup.test.chat(say("Hello")).await.unwrap_err();
        assert_eq!((error.code(), error.status(), error.retries_spent()), (ErrorCode::FirstByteTimeout, 504, false));
        let detail = setup.traced(&error, 1).await;
        assert_eq!((detail.trace.status_class, detail.trace.status_code), (StatusClass::Timeout, None));
        assert_eq!(detail.trace.attempt_count, 1, "it may still be at work on the first");

        let options = CallOptions { timeout_ms: Some(SHORT_MS / 2), ..CallOptions::default() };
        let request = Request::from(say("Hello")).with_options(options);
        let error = setup.test.chat_stream(request).await.unwrap_err();
        assert_eq!((error.code(), error.status()), (ErrorCode::TotalTimeout, 504));
        let detail = setup.traced(&error, 2).await;
        assert_eq!((detail.trace.status_class, detail.trace.stream), (StatusClass::Timeout, true));
        assert!(detail.trace.latency_ms >= (SHORT_MS / 2) as f64);
    }

    async fn a_stream_that_stops_is_given_up_and_keeps_what_came(backend: Backend) {
        let setup = Setup::with(backend, &["--latency", "3000"], |config| config.timeouts.idle_ms = SHORT_MS).await;
        let (read, error) = events(setup.test.chat_stream(say("Hello")).await.unwrap()).await;
        let error = error.expect("it stops");
        assert_eq!(error.code(), ErrorCode::IdleTimeout);
        let detail = setup.traced(&error, 1).await;
        assert_eq!((detail.trace.status_class, detail.trace.status_code), (StatusClass::Timeout, Some(200)));
        assert!(HELLO.starts_with(&text(&read)));
        assert_eq!((detail.trace.attempt_count, setup.aimock.asked(CHAT).await), (1, 1));
    }

    async fn slowness_within_the_limits_is_no_fault(backend: Backend) {
        let setup = Setup::new(backend, &["--chaos-latency", "200", "--latency", "20"]).await;
        let (read, error) = events(setup.test.chat_stream(say("Hello")).await.unwrap()).await;
        assert_eq!((text(&read).as_str(), error.map(|error| error.code())), (HELLO, None));
        let detail = setup.test.only_trace().await;
        assert_eq!((detail.trace.status_class, detail.trace.attempt_count), (StatusClass::Ok, 1));
        assert!(detail.trace.ttfb_ms >= Some(200.0) && detail.trace.ttft_ms >= detail.trace.ttfb_ms, "{detail:?}");
        assert_eq!(stored(detail.response.as_deref())["choices"][0]["message"]["content"], HELLO);
    }
}
