//! A slow reader slows its upstream: what it does not read is not asked for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use libgateway::{ErrorCode, StatusClass};
use libgateway_tests::{TestGateway, hello};
use serde_json::Value;
use tokio::time::timeout;
use upstream::{Body, Repeat, Script};

use super::support::{PATIENCE, SQLITE, content_event, eventually, manual::Manual, next, read_all, usage_wanted};

/// What the upstream has to say.
const ALL: usize = 64 << 20;
/// What the kernel and the HTTP client may hold of it: the buffers of two sockets on loopback, and some room.
const IN_BETWEEN: usize = 24 << 20;

/// What one event may have.
const EVENT_LIMIT: u64 = 16 << 20;

/// Sends a long stream and counts what has left.
async fn assert_waits_for_its_reader(request: Value) {
    let test = TestGateway::open(SQLITE).await;
    let upstream = Manual::start();
    test.acme.set_provider(upstream.provider()).await.unwrap();
    let acme = test.acme.clone();
    let opened = tokio::spawn(async move { acme.chat_stream(request).await.expect("a stream") });
    let mut exchange = upstream.accept().await;
    exchange.begin().await;
    let mut stream = opened.await.unwrap();

    let event = content_event(&"x".repeat(16 << 10));
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let length = event.len();
    let sending = tokio::spawn(async move {
        while counted.load(Ordering::Relaxed) < ALL {
            exchange.send(&event).await;
            counted.fetch_add(event.len(), Ordering::Relaxed);
        }
        exchange.end().await;
    });
    let mut sending = std::pin::pin!(sending);
    // The upstream sends as long as it can; on a machine so slow that it has not come far, nothing is shown.
    assert!(timeout(Duration::from_secs(1), &mut sending).await.is_err(), "all was taken, and nothing was read");
    let before = sent.load(Ordering::Relaxed);
    assert!(before <= IN_BETWEEN, "{before} bytes were taken, and none was read");

    // What is read makes room for as much.
    let mut read = 0;
    while read < 8 << 20 {
        read += next(&mut stream).await.len();
    }
    assert!(sent.load(Ordering::Relaxed) <= read + IN_BETWEEN);
    let (rest, error) = read_all(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    sending.await.unwrap();
    assert_eq!(read + rest.len(), ALL.div_ceil(length) * length);
}

sqlite_tests! {
    async fn an_unread_stream_holds_its_upstream_back() {
        assert_waits_for_its_reader(usage_wanted()).await;
    }

    async fn an_unread_stream_holds_its_upstream_back_where_usage_is_hidden() {
        assert_waits_for_its_reader(hello()).await;
    }

    async fn an_event_over_the_limit_fails_its_stream_and_no_other() {
        let test = TestGateway::open(SQLITE).await;
        let (first, last) = (content_event("Hello"), content_event("Bye"));
        test.upstream.push(Script::sse([first.clone(), last.clone()]).delay_at(1, 0).hang_after(first.len() as u64));
        let mut other = test.chat_stream(usage_wanted()).await.unwrap();
        next(&mut other).await;

        for request in [usage_wanted(), hello()] {
            let asked = test.upstream.stats().requests;
            test.upstream.push(too_large(&first));
            let mut stream = test.chat_stream(request).await.unwrap();
            let (bytes, error) = read_all(&mut stream).await;
            assert!(bytes.starts_with(first.as_bytes()) && bytes.len() as u64 <= EVENT_LIMIT + 2 * first.len() as u64);
            let error = error.expect("an error");
            assert_eq!(
                (error.code(), error.status(), error.provider()),
                (ErrorCode::UpstreamTooLarge, 502, Some("openai"))
            );
            test.upstream.wait_for_close(asked, PATIENCE).await.unwrap();
        }
        assert_eq!(test.gateway.stats().in_flight, 1);
        test.chat(hello()).await.unwrap();
        drop(other);
        let classes: Vec<_> = test.traces().await.iter().map(|trace| (trace.status_class, trace.error_code)).collect();
        let failed = (StatusClass::UpstreamError, Some(ErrorCode::UpstreamTooLarge));
        assert_eq!(
            classes,
            [(StatusClass::Ok, None), failed, failed, (StatusClass::Cancelled, Some(ErrorCode::Cancelled))]
        );
    }

    async fn an_event_of_the_most_bytes_passes() {
        let test = TestGateway::open(SQLITE).await;
        let frame = content_event("").len() as u64;
        let event = content_event(&"x".repeat((EVENT_LIMIT - frame) as usize));
        test.upstream.push(Script::sse([event.clone(), super::support::finish_event()]).done());
        let mut stream = test.chat_stream(hello()).await.unwrap();
        let (bytes, error) = read_all(&mut stream).await;
        assert!(error.is_none() && bytes.starts_with(event.as_bytes()), "{error:?}, {} bytes", bytes.len());
        eventually("the end of the request", || test.gateway.stats().in_flight == 0).await;
    }
}

/// A stream that begins well, and whose second event is over the limit before it ends.
fn too_large(first: &str) -> Script {
    let body = Repeat::new("x".repeat(1 << 20), EVENT_LIMIT / (1 << 20) + 1).before(format!("{first}data: "));
    let sent = first.len() as u64 + EVENT_LIMIT + (1 << 20);
    Script::new(Body::Repeat(body)).header("content-type", "text/event-stream").hang_after(sent)
}
