//! What an upstream asks for is a floor of the pause before a retry, in every header it may use, and the total
//! deadline is above it.

use std::time::{Duration, Instant, SystemTime};

use libgateway::{CallOptions, ErrorCode};
use libgateway_tests::{TestGateway, backend_tests, hello};
use upstream::Script;

/// The pause between the first two requests of a call that is refused once with this header.
async fn pause(test: &TestGateway, name: &str, value: &str) -> Duration {
    test.upstream.reset();
    test.upstream.push(Script::error(429, "slow down").header(name, value));
    test.chat(hello()).await.expect("the second answer");
    let requests = test.upstream.requests();
    let [first, second] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    second.arrived - first.arrived
}

backend_tests! {
    async fn the_upstreams_wait_is_a_floor_in_every_header(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for (name, value, floor_ms) in [("retry-after-ms", "80", 80), ("x-ms-retry-after-ms", "80", 80), ("retry-after", "0.08", 80), ("retry-after", "1", 1_000)] {
            let pause = pause(&test, name, value).await;
            assert!(pause >= Duration::from_millis(floor_ms), "{name}: {value} gave {pause:?}");
        }
        // A date has whole seconds: of three, two and a bit are left at least.
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
        let pause = pause(&test, "retry-after", &date).await;
        assert!(pause >= Duration::from_millis(1_500) && pause < Duration::from_secs(10), "{date} gave {pause:?}");
    }

    async fn the_finer_header_comes_first(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.upstream.push(Script::error(503, "busy").header("retry-after", "20").header("retry-after-ms", "30"));
        let begun = Instant::now();
        test.chat(hello()).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    async fn what_is_no_wait_is_ignored(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for value in ["soon", "-5", "NaN", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert!(pause(&test, "retry-after", value).await < Duration::from_secs(5), "{value}");
        }
    }

    async fn a_wait_beyond_the_deadline_is_the_callers(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for (name, value, wait) in [("retry-after", "90", Duration::from_secs(90)), ("retry-after-ms", "60000", Duration::from_secs(60))] {
            test.upstream.reset();
            test.upstream.fallback(Script::error(429, "slow down").header(name, value));
            let begun = Instant::now();
            let error = test.chat(hello()).await.unwrap_err();
            assert!(begun.elapsed() < Duration::from_secs(10), "it does not wait in vain: {:?}", begun.elapsed());
            assert_eq!((error.code(), error.status(), error.retry_after()), (ErrorCode::UpstreamRateLimited, 429, Some(wait)));
            assert_eq!((test.upstream.requests().len(), error.retries_spent()), (1, false));
        }
    }

    async fn one_deadline_spans_all_attempts(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| config.retry.max_attempts = 10).await;
        // The first call of a gateway also sets its client up.
        test.chat(hello()).await.unwrap();
        test.upstream.reset();
        test.upstream.fallback(Script::error(503, "busy").delay_ms(150).header("retry-after-ms", "150"));
        let begun = Instant::now();
        let options = CallOptions { timeout_ms: Some(2_000), ..CallOptions::default() };
        let error = test.chat_with(hello(), options).await.unwrap_err();
        let requests = test.upstream.requests().len();
        assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
        assert!((2..=7).contains(&requests), "{requests} requests");
        assert!([ErrorCode::UpstreamFailed, ErrorCode::TotalTimeout].contains(&error.code()), "{error:?}");
        assert_eq!(test.traces().await[0].attempt_count as usize, requests);
    }
}
