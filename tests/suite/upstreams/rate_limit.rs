//! An upstream that limits the rate: it is asked again, as often as configured and not before it said.

use std::time::{Duration, Instant};

use libgateway::{ErrorCode, StatusClass};
use libgateway_tests::backend_tests;

use crate::support::{CHAT, Setup, say};

/// What aimock asks for in `Retry-After`.
const WAIT: Duration = Duration::from_secs(1);
const WAIT_MS: f64 = 1_000.0;

backend_tests! {
    async fn a_rate_limit_is_retried_as_configured_and_then_told(backend: Backend) {
        let setup = Setup::with(backend, &["--chaos-ratelimit", "1"], |config| config.retry.max_attempts = 2).await;
        let began = Instant::now();
        let error = setup.test.chat(say("Hello")).await.unwrap_err();
        assert!(began.elapsed() >= WAIT, "it was asked again after {:?}", began.elapsed());
        assert_eq!((error.code(), error.status(), error.retries_spent()), (ErrorCode::UpstreamRateLimited, 429, true));
        assert_eq!((error.retry_after(), error.code().is_temporary()), (Some(WAIT), true));
        assert_eq!(error.headers()["x-ratelimit-remaining-requests"], "0");
        let detail = setup.traced(&error, 1).await;
        assert_eq!((detail.trace.status_class, detail.trace.status_code), (StatusClass::UpstreamError, Some(429)));
        assert_eq!((detail.trace.attempt_count, setup.aimock.asked(CHAT).await), (2, 2));
        let attempts: Vec<_> = detail.attempts.iter().map(|attempt| (attempt.status_code, attempt.error_code, attempt.delay_ms >= WAIT_MS)).collect();
        assert_eq!(attempts, [(Some(429), Some(ErrorCode::UpstreamRateLimited), false), (Some(429), Some(ErrorCode::UpstreamRateLimited), true)]);
    }

    async fn one_attempt_means_that_a_rate_limit_is_told_at_once(backend: Backend) {
        let setup = Setup::with(backend, &["--chaos-ratelimit", "1"], |config| config.retry.max_attempts = 1).await;
        let error = setup.test.chat_stream(say("Hello")).await.unwrap_err();
        assert_eq!((error.code(), error.retry_after(), error.retries_spent()), (ErrorCode::UpstreamRateLimited, Some(WAIT), false));
        let detail = setup.traced(&error, 1).await;
        assert_eq!((detail.trace.attempt_count, setup.aimock.asked(CHAT).await), (1, 1));
    }

    async fn a_rate_limit_that_passes_ends_in_an_answer(backend: Backend) {
        let setup = Setup::new(backend, &[]).await;
        let reply = setup.test.chat(say("Are you busy?")).await.unwrap();
        assert_eq!(reply.text().as_deref(), Some("Not any more."));
        let detail = setup.test.only_trace().await;
        assert_eq!((detail.trace.status_class, detail.trace.status_code, detail.trace.error_code), (StatusClass::Ok, Some(200), None));
        let attempts: Vec<_> = detail.attempts.iter().map(|attempt| (attempt.status_code, attempt.error_code)).collect();
        assert_eq!(attempts, [(Some(429), Some(ErrorCode::UpstreamRateLimited)), (Some(200), None)]);
        assert_eq!((detail.trace.attempt_count, setup.aimock.asked(CHAT).await), (2, 2));
    }
}
