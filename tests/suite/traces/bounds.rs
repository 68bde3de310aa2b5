//! The queue is bounded by rows and by bytes: what does not fit is dropped and counted, and no request fails for it.

use libgateway::{DropReason, ErrorCode, TraceFilter};
use libgateway_tests::{TestGateway, backend_tests, hello};
use serde_json::json;

use crate::support::{Direct, all_traces, assert_adds_up};

backend_tests! {
    async fn rows_beyond_the_bound_are_dropped_and_counted(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| (config.recorder.queue_rows, config.recorder.batch_rows) = (10, 4)).await;
        test.chat(hello()).await.unwrap();
        test.flush().await;
        let lock = Direct::lock(test.store()).await;
        let mut first = Vec::new();
        for number in 0..30 {
            let reply = test.chat(hello()).await.expect("a full queue fails no request");
            if number < 10 {
                first.push(reply.trace_id);
            }
        }
        let stats = test.gateway.stats();
        assert_eq!((stats.accepted, stats.pending, stats.dropped.get(&DropReason::QueueFull)), (31, 10, Some(&20)));
        assert_adds_up(&stats);
        lock.release().await;
        test.flush().await;
        let stats = test.gateway.stats();
        assert_eq!((stats.persisted, stats.pending, stats.dropped.get(&DropReason::QueueFull)), (11, 0, Some(&20)));
        let mut stored: Vec<_> = all_traces(&test.acme, &TraceFilter::default()).await.iter().map(|trace| trace.id).collect();
        stored.sort_unstable();
        assert!(first.iter().all(|id| stored.contains(id)), "the oldest are kept");
        // There is room again.
        let id = test.chat(hello()).await.unwrap().trace_id;
        test.flush().await;
        assert_eq!(test.acme.get_trace(id).await.unwrap().trace.id, id);
    }

    async fn bytes_beyond_the_bound_are_dropped_and_counted(backend: Backend) {
        const BYTES: usize = 50_000;
        let test = TestGateway::open_with(backend, |config| config.recorder.queue_bytes = BYTES).await;
        test.chat(hello()).await.unwrap();
        test.flush().await;
        let lock = Direct::lock(test.store()).await;
        let large = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "x".repeat(10_000)}]});
        for _ in 0..20 {
            test.chat(large.clone()).await.unwrap();
            assert!(test.gateway.stats().pending_bytes <= BYTES as u64);
        }
        let stats = test.gateway.stats();
        let dropped = stats.dropped[&DropReason::QueueFull];
        assert!((1..=4).contains(&stats.pending) && stats.pending + dropped == 20, "{stats:?}");
        assert_adds_up(&stats);
        // A small one still fits, beside the large ones.
        test.chat(hello()).await.unwrap();
        assert_eq!(test.gateway.stats().dropped[&DropReason::QueueFull], dropped);
        lock.release().await;
        test.flush().await;
        let after = test.gateway.stats();
        assert_eq!((after.persisted, after.pending, after.pending_bytes), (stats.pending + 2, 0, 0));
    }

    async fn a_trace_that_can_never_fit_is_dropped_alone(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| config.recorder.queue_bytes = 20_000).await;
        let large = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "x".repeat(30_000)}]});
        let lost = test.chat(large).await.unwrap().trace_id;
        test.chat(hello()).await.unwrap();
        test.flush().await;
        let stats = test.gateway.stats();
        assert_eq!((stats.persisted, stats.pending, stats.dropped.get(&DropReason::QueueFull)), (1, 0, Some(&1)));
        assert_eq!(test.acme.get_trace(lost).await.unwrap_err().code(), ErrorCode::TraceNotFound);
    }
}
