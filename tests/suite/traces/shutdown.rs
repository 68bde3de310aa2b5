//! Flush, close and drop: what they return, what they write, and that none of them blocks for long.

use std::time::{Duration, Instant};

use libgateway::{
    AnalyticsQuery, CallOptions, Config, DropReason, Durability, ErrorCode, NewTenant, RecorderConfig, TraceFilter,
    TraceQuery,
};
use libgateway_tests::{Backend, TENANT, TestGateway, backend_tests, hello};
use upstream::Script;

use crate::support::{Direct, PATIENCE, all_traces, assert_adds_up, eventually};

/// More than a closing gateway takes for everything but its timeout.
const SOON: Duration = Duration::from_secs(8);
/// Less than anyone waits for a lock, and more than what waits for none takes.
const UNLOCKED: Duration = Duration::from_secs(3);

/// A gateway that writes nothing unless it is told to.
async fn idle(backend: Backend) -> TestGateway {
    TestGateway::open_with(backend, |config| config.recorder.flush_ms = 600_000).await
}

/// Traces are in memory or in the store, and nowhere else.
fn in_memory(config: &mut Config) {
    config.durability = Some(Durability::Memory);
}

backend_tests! {
    async fn flush_and_close_return_what_was_written(backend: Backend) {
        let test = idle(backend).await;
        for _ in 0..3 {
            test.chat(hello()).await.unwrap();
        }
        let report = test.flush().await;
        assert_eq!((report.persisted, report.pending, report.dead_lettered, report.dropped, report.error), (3, 0, 0, 0, None));
        for _ in 0..2 {
            test.chat(hello()).await.unwrap();
        }
        assert_eq!(test.gateway.stats().pending, 2);
        let report = test.close().await;
        assert_eq!((report.persisted, report.pending, report.dropped), (2, 0, 0), "what happened meanwhile");
        let again = test.gateway.close(Duration::from_secs(1)).await.expect("a second close only reports");
        assert_eq!(again, report);
        let second = test.second().await;
        assert_eq!(all_traces(&second.tenant(TENANT).unwrap(), &TraceFilter::default()).await.len(), 5);
    }

    async fn closing_while_the_store_is_locked_ends_in_time_and_reports_the_loss(backend: Backend) {
        let test = TestGateway::open_with(backend, in_memory).await;
        test.chat(hello()).await.unwrap();
        test.flush().await;
        let lock = Direct::lock(test.store()).await;
        for _ in 0..5 {
            test.chat(hello()).await.unwrap();
        }
        let begun = Instant::now();
        let closed = test.gateway.close(Duration::from_millis(200)).await;
        assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
        let stats = test.gateway.stats();
        assert_adds_up(&stats);
        assert_eq!((stats.persisted, stats.pending, stats.dropped.get(&DropReason::Closed)), (1, 0, Some(&5)));
        let error = closed.expect_err("traces were lost, so the close failed");
        assert_eq!(error.code(), ErrorCode::StoreUnavailable);
        assert!(error.to_string().contains("5 are lost"), "{error}");
        assert_eq!(test.gateway.close(PATIENCE).await.expect_err("it stays so").to_string(), error.to_string());
        lock.release().await;
    }

    async fn a_full_queue_is_given_up_and_counted_when_the_time_to_close_is_over(backend: Backend) {
        const WAITING: usize = 3_000;
        let test = TestGateway::open_with(backend, in_memory).await;
        test.chat(hello()).await.unwrap();
        test.flush().await;
        let lock = Direct::lock(test.store()).await;
        for _ in 0..WAITING / 100 {
            let calls = (0..100).map(|_| test.chat(hello()));
            for reply in futures_util::future::join_all(calls).await {
                reply.unwrap();
            }
        }
        test.gateway.close(Duration::from_millis(100)).await.expect_err("traces were lost");
        let stats = test.gateway.stats();
        assert_adds_up(&stats);
        assert_eq!((stats.pending, stats.dropped.get(&DropReason::Closed)), (0, Some(&(WAITING as u64))));
        lock.release().await;
    }

    async fn rows_that_arrive_during_the_drain_are_written(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.chat(hello()).await.unwrap();
        test.flush().await;
        for _ in 0..8 {
            test.upstream.push(Script::chat("late").delay_ms(400));
        }
        let late: Vec<_> = (0..8).map(|_| {
            let acme = test.acme.clone();
            tokio::spawn(async move { acme.chat(hello()).await })
        }).collect();
        test.upstream.wait_for_requests(9, PATIENCE).await.unwrap();
        let lock = Direct::lock(test.store()).await;
        test.chat(hello()).await.unwrap();
        let gateway = test.gateway.clone();
        let closing = tokio::spawn(async move { gateway.close(PATIENCE).await });
        for call in late {
            call.await.unwrap().expect("a call that runs when the gateway is closed goes on");
        }
        lock.release().await;
        let report = closing.await.unwrap().unwrap();
        assert_eq!((report.persisted, report.pending, report.dropped), (9, 0, 0));
    }

    async fn a_dropped_gateway_writes_its_queue_in_the_background(backend: Backend) {
        let test = idle(backend).await;
        let observer = test.second().await.tenant(TENANT).unwrap();
        for _ in 0..20 {
            test.chat(hello()).await.unwrap();
        }
        assert_eq!(all_traces(&observer, &TraceFilter::default()).await.len(), 0);
        drop((test.gateway, test.acme));
        eventually("the traces are there", async || all_traces(&observer, &TraceFilter::default()).await.len() == 20).await;
    }

    async fn dropping_a_gateway_does_not_wait_for_a_locked_store(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let observer = test.second().await.tenant(TENANT).unwrap();
        test.chat(hello()).await.unwrap();
        test.flush().await;
        let lock = Direct::lock(test.store()).await;
        for _ in 0..20 {
            test.chat(hello()).await.unwrap();
        }
        let begun = Instant::now();
        drop((test.gateway, test.acme));
        assert!(begun.elapsed() < UNLOCKED, "it blocked for {:?}", begun.elapsed());
        lock.release().await;
        eventually("the traces are there", async || all_traces(&observer, &TraceFilter::default()).await.len() == 21).await;
    }

    async fn a_gateway_can_be_dropped_while_calls_run(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let observer = test.second().await.tenant(TENANT).unwrap();
        test.upstream.fallback(Script::stream(["a", "b"]).gap_ms(30));
        let mut stream = test.chat_stream(hello()).await.unwrap();
        drop((test.gateway, test.acme));
        while let Some(chunk) = stream.next_chunk().await {
            chunk.unwrap();
        }
        drop(stream);
        eventually("the gateway ends", async || !all_traces(&observer, &TraceFilter::default()).await.is_empty()).await;
    }

    async fn calls_after_close_are_refused(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let id = test.chat(hello()).await.unwrap().trace_id;
        let provider = test.acme.get_provider_for_tenant(None).await.unwrap();
        test.close().await;
        let acme = &test.acme;
        let codes = [
            acme.chat(hello()).await.unwrap_err().code(),
            acme.chat_stream(hello()).await.unwrap_err().code(),
            acme.responses(hello()).await.unwrap_err().code(),
            acme.embeddings(hello()).await.unwrap_err().code(),
            acme.list_models(CallOptions::default()).await.unwrap_err().code(),
            provider.chat(hello()).await.unwrap_err().code(),
            provider.chat_stream(hello()).await.unwrap_err().code(),
            acme.get_trace(id).await.unwrap_err().code(),
            acme.list_traces(TraceQuery::default()).await.unwrap_err().code(),
            acme.analytics(AnalyticsQuery::default()).await.unwrap_err().code(),
            acme.list_providers().await.unwrap_err().code(),
            acme.get_provider_for_tenant(None).await.unwrap_err().code(),
            acme.evict_provider(None).await.unwrap_err().code(),
            test.gateway.create_tenant(NewTenant::default()).await.unwrap_err().code(),
            test.gateway.list_dead_letters(1).await.unwrap_err().code(),
            test.gateway.flush(PATIENCE).await.unwrap_err().code(),
        ];
        assert!(codes.iter().all(|code| *code == ErrorCode::Closed), "{codes:?}");
        assert_eq!(test.upstream.requests().len(), 1);
        assert_eq!(test.gateway.stats().persisted, 1, "the counters can still be read");
    }

    async fn a_trace_can_be_read_as_soon_as_it_is_flushed(backend: Backend) {
        let test = idle(backend).await;
        for _ in 0..10 {
            let id = test.chat(hello()).await.unwrap().trace_id;
            test.flush().await;
            assert_eq!(test.acme.get_trace(id).await.unwrap().trace.id, id);
            let newest = test.acme.list_traces(TraceQuery { limit: Some(1), ..TraceQuery::default() }).await.unwrap();
            assert_eq!(newest.traces[0].id, id);
        }
    }

    async fn a_trace_can_be_read_soon_without_a_flush(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| config.recorder = RecorderConfig::default()).await;
        let id = test.chat(hello()).await.unwrap().trace_id;
        let begun = Instant::now();
        eventually("the trace is there", async || test.acme.get_trace(id).await.is_ok()).await;
        assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());
    }
}
