//! The gateway outlives the runtimes its callers come from.

use libgateway::StatusClass;
use libgateway_tests::{TestGateway, hello};
use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
};
use upstream::{BeforeHeaders, Script};

use super::support::{PATIENCE, SQLITE, content_event, next, usage_wanted};

/// A caller's runtime, as a host would have another one.
fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// A stream that stops after its first event.
fn unfinished() -> Script {
    let first = content_event("Hel");
    let sent = first.len();
    Script::sse([first, content_event("lo")]).hang_after(sent.try_into().unwrap())
}

sqlite_tests! {
    async fn a_stream_whose_runtime_is_shut_down_is_cancelled_and_the_gateway_goes_on() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.push(unfinished());
        let callers = runtime();
        let (read, first) = oneshot::channel();
        let acme = test.acme.clone();
        callers.spawn(async move {
            let mut stream = acme.chat_stream(usage_wanted()).await.expect("a stream");
            drop(read.send(next(&mut stream).await));
            stream.next_chunk().await
        });
        first.await.unwrap();
        callers.shutdown_background();

        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        // The trace is recorded as the task is dropped, which is not the moment the connection is.
        super::support::eventually("the end of the request", || test.gateway.stats().accepted == 1).await;
        assert_eq!(test.only_trace().await.trace.status_class, StatusClass::Cancelled);
        test.chat(hello()).await.unwrap();
        assert_eq!((test.traces().await.len(), test.gateway.stats().in_flight), (2, 0));
    }

    async fn a_chat_whose_runtime_is_shut_down_is_cancelled() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.push(Script::no_answer(BeforeHeaders::Hang));
        let callers = runtime();
        let acme = test.acme.clone();
        callers.spawn(async move { acme.chat(hello()).await });
        test.upstream.wait_for_requests(1, PATIENCE).await.unwrap();
        callers.shutdown_background();
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        super::support::eventually("the end of the request", || test.gateway.stats().accepted == 1).await;
        assert_eq!(test.only_trace().await.trace.status_class, StatusClass::Cancelled);
    }

    async fn a_stream_that_outlives_its_runtime_fails_and_neither_hangs_nor_panics() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.push(unfinished());
        let callers = runtime();
        let acme = test.acme.clone();
        let opened = callers.spawn(async move {
            let mut stream = acme.chat_stream(usage_wanted()).await.expect("a stream");
            next(&mut stream).await;
            // Its timer is set now, on the runtime that goes away.
            let waited = tokio::select! {
                biased;
                chunk = stream.next_chunk() => Some(chunk),
                () = tokio::task::yield_now() => None,
            };
            assert!(waited.is_none(), "the upstream sends no more");
            stream
        });
        let mut stream = opened.await.unwrap();
        tokio::task::spawn_blocking(|| drop(callers)).await.unwrap();
        let error = stream.next_chunk().await.unwrap().expect_err("the connection went with its runtime");
        assert_eq!(error.code(), libgateway::ErrorCode::UpstreamDisconnected);
        assert!(stream.next_chunk().await.is_none());
        assert_eq!(test.only_trace().await.trace.status_class, StatusClass::UpstreamError);
    }
}

#[test]
fn runtimes_may_use_one_gateway_one_after_the_other() {
    let opener = runtime();
    let test = opener.block_on(TestGateway::open(SQLITE));
    drop(opener);
    for round in 0..4 {
        // A pooled connection of the round before is gone with its runtime; nothing of it is used again.
        let callers = Builder::new_current_thread().enable_all().build().expect("a runtime");
        callers.block_on(async {
            for _ in 0..2 {
                test.chat(hello()).await.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
            }
            let mut stream = test.chat_stream(hello()).await.unwrap();
            while let Some(chunk) = stream.next_chunk().await {
                chunk.unwrap();
            }
        });
    }
    let last = runtime();
    let traces = last.block_on(test.traces());
    assert_eq!(traces.len(), 12);
    assert!(
        traces.iter().all(|trace| trace.status_class == StatusClass::Ok && trace.attempt_count == 1),
        "{traces:#?}"
    );
    last.block_on(test.close());
}
