//! Nothing waits for ever: connecting, the first byte, a pause in the middle and the whole call each have their limit,
//! their error code and a trace of the class `timeout`; the upstream's connection is closed.

use std::time::Duration;

use libgateway::{CallOptions, Config, Error, ErrorCode, ProviderConfig, Request, StatusClass, Timeouts};
use libgateway_tests::{TestGateway, hello};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use upstream::{BeforeHeaders, Script};

use super::support::{PATIENCE, SQLITE, content_event, read_all, traced_content, usage_wanted};

/// The limit under test.
const SHORT_MS: u64 = 300;
/// Limits that no test reaches.
const LONG_MS: u64 = 60_000;

fn timeouts(adjust: impl FnOnce(&mut Timeouts)) -> impl FnOnce(&mut Config) {
    let mut timeouts = Timeouts { connect_ms: LONG_MS, first_byte_ms: LONG_MS, idle_ms: LONG_MS, total_ms: LONG_MS };
    adjust(&mut timeouts);
    move |config| config.timeouts = timeouts
}

/// The one trace says what the caller was told.
async fn assert_traced(test: &TestGateway, error: &Error, code: ErrorCode, status_code: Option<u16>) {
    assert_eq!((error.code(), error.status(), error.code().is_temporary()), (code, 504, true), "{error:?}");
    assert_eq!(error.provider(), Some("openai"));
    let trace = test.only_trace().await.trace;
    assert_eq!(
        (trace.status_class, trace.error_code, trace.status_code),
        (StatusClass::Timeout, Some(code), status_code)
    );
    assert!(trace.latency_ms >= SHORT_MS as f64, "it waited for {} ms only", trace.latency_ms);
    assert_eq!(test.gateway.stats().in_flight, 0);
}

sqlite_tests! {
    async fn a_connection_that_does_not_come_about_is_given_up() {
        let test = TestGateway::open_with(SQLITE, |config| {
            timeouts(|timeouts| timeouts.connect_ms = SHORT_MS)(config);
            config.retry.max_attempts = 1;
        })
        .await;
        // A listener that accepts nobody: once its queue is full, the kernel answers no more.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queued = Vec::new();
        while let Ok(connection) = timeout(Duration::from_millis(500), TcpStream::connect(address)).await {
            queued.push(connection.unwrap());
            assert!(queued.len() < 100, "the queue of the listener does not fill");
        }
        let mut provider: ProviderConfig = TestGateway::provider(&test.upstream);
        provider.settings.base_url = Some(format!("http://{address}/v1"));
        test.acme.set_provider(provider).await.unwrap();
        let error = test.chat(hello()).await.expect_err("nobody accepts");
        assert_traced(&test, &error, ErrorCode::ConnectTimeout, None).await;
    }

    async fn an_answer_that_does_not_begin_is_given_up() {
        let test = TestGateway::open_with(SQLITE, timeouts(|timeouts| timeouts.first_byte_ms = SHORT_MS)).await;
        test.upstream.push(Script::no_answer(BeforeHeaders::Hang));
        let error = test.chat_stream(hello()).await.expect_err("no head comes");
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        assert_traced(&test, &error, ErrorCode::FirstByteTimeout, None).await;
        assert_eq!(test.upstream.requests().len(), 1, "the upstream may still be at work: it is not asked twice");
    }

    async fn a_stream_that_pauses_for_too_long_is_given_up_with_what_had_come() {
        let test = TestGateway::open_with(SQLITE, timeouts(|timeouts| timeouts.idle_ms = SHORT_MS)).await;
        let first = content_event("Hel");
        let sent = first.len();
        test.upstream.push(Script::sse([first.clone(), content_event("lo")]).hang_after(sent.try_into().unwrap()));
        let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
        let (bytes, error) = read_all(&mut stream).await;
        assert_eq!(std::str::from_utf8(&bytes), Ok(&*first));
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        assert_traced(&test, &error.expect("an error"), ErrorCode::IdleTimeout, Some(200)).await;
        assert_eq!(traced_content(test.only_trace().await.response.as_deref()), "Hel");
    }

    async fn a_whole_answer_that_pauses_for_too_long_is_given_up() {
        let test = TestGateway::open_with(SQLITE, timeouts(|timeouts| timeouts.idle_ms = SHORT_MS)).await;
        test.upstream.push(Script::chat("Hello").every(20).hang_after(40));
        let error = test.chat(hello()).await.expect_err("the rest does not come");
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        assert_traced(&test, &error, ErrorCode::IdleTimeout, Some(200)).await;
    }

    async fn a_stream_that_trickles_for_too_long_is_given_up_though_it_never_pauses() {
        let test = TestGateway::open_with(SQLITE, timeouts(|timeouts| timeouts.total_ms = 2 * SHORT_MS)).await;
        test.upstream.push(Script::sse((0..100_000).map(|_| content_event("x"))).gap_ms(10));
        let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
        let (bytes, error) = read_all(&mut stream).await;
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        assert_traced(&test, &error.expect("an error"), ErrorCode::TotalTimeout, Some(200)).await;
        let traced = traced_content(test.only_trace().await.response.as_deref());
        assert!(
            !traced.is_empty() && traced.len() * content_event("x").len() >= bytes.len(),
            "{} of {}",
            traced.len(),
            bytes.len()
        );
    }

    async fn a_whole_answer_that_trickles_for_too_long_is_given_up() {
        let test = TestGateway::open_with(SQLITE, timeouts(|timeouts| timeouts.total_ms = 2 * SHORT_MS)).await;
        test.upstream.push(Script::chat("x".repeat(100_000)).every(1).gap_ms(10));
        let error = test.chat(hello()).await.expect_err("the end does not come");
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        assert_traced(&test, &error, ErrorCode::TotalTimeout, Some(200)).await;
    }

    async fn a_call_may_shorten_the_total_and_cannot_lengthen_it() {
        for (configured, asked) in [(LONG_MS, SHORT_MS), (SHORT_MS, LONG_MS)] {
            let test = TestGateway::open_with(SQLITE, timeouts(|timeouts| timeouts.total_ms = configured)).await;
            test.upstream.push(Script::sse([content_event("Hello")]).hang_after(20));
            let options = CallOptions { timeout_ms: Some(asked), ..CallOptions::default() };
            let request = Request::from(usage_wanted()).with_options(options);
            let mut stream = test.chat_stream(request).await.unwrap();
            let (_, error) = read_all(&mut stream).await;
            test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
            assert_traced(&test, &error.expect("an error"), ErrorCode::TotalTimeout, Some(200)).await;
        }
    }

    async fn the_body_of_an_error_that_does_not_end_is_given_up_too() {
        let test = TestGateway::open_with(SQLITE, |config| {
            timeouts(|timeouts| timeouts.idle_ms = SHORT_MS)(config);
            config.retry.max_attempts = 1;
        })
        .await;
        test.upstream.push(Script::error(500, "x".repeat(1_000)).every(100).hang_after(100));
        let error = test.chat(hello()).await.expect_err("an error");
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        // The status is what the caller needs; what of the body is missing changes nothing.
        assert_eq!((error.code(), error.status()), (ErrorCode::UpstreamFailed, 500));
        assert_eq!(test.only_trace().await.trace.status_class, StatusClass::UpstreamError);
    }

    async fn a_stream_that_is_not_read_is_not_idle() {
        let test = TestGateway::open_with(SQLITE, timeouts(|timeouts| timeouts.idle_ms = SHORT_MS)).await;
        let events: Vec<_> = ["a", "b", "c"].map(content_event).into();
        let last = events.len() as u64 - 1;
        test.upstream.push(Script::sse(events).delay_at(last, 2 * SHORT_MS).done());
        let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
        // The pause of the upstream is longer than allowed, but nobody waited for it.
        test.upstream.wait_for_end(0, PATIENCE).await.unwrap();
        let (bytes, error) = read_all(&mut stream).await;
        assert!(error.is_none() && bytes.ends_with(b"[DONE]\n\n"), "{error:?}");
    }
}
