//! Streams that nobody reads to their end leave nothing behind but their traces.

use std::collections::BTreeSet;

use libgateway::{StatusClass, TraceId, TraceQuery};
use libgateway_tests::{TestGateway, backend_tests, hello};
use tokio::runtime::Handle;
use upstream::Script;

use super::support::{PATIENCE, content_event, eventually, next, usage_wanted};

/// Streams that are abandoned, and how many of them at once.
const STREAMS: usize = 2_000;
const AT_ONCE: usize = 100;

backend_tests! {
    async fn abandoned_streams_leave_one_trace_each_and_nothing_else(backend: Backend) {
        let test = TestGateway::open(backend).await;
        // A pooled connection and its tasks belong to the baseline.
        test.chat(hello()).await.unwrap();
        let tasks = || Handle::current().metrics().num_alive_tasks();
        let baseline = (test.upstream.stats().connections_open, tasks());

        let first = content_event("Hel");
        let sent = first.len() as u64;
        test.upstream.fallback(Script::sse([first, content_event("lo")]).hang_after(sent));
        let mut ids = BTreeSet::new();
        for round in 0..STREAMS / AT_ONCE {
            let opened = (0..AT_ONCE).map(|_| test.chat_stream(usage_wanted()));
            for (number, stream) in futures_util::future::join_all(opened).await.into_iter().enumerate() {
                let mut stream = stream.unwrap();
                if (round + number) % 2 == 0 {
                    next(&mut stream).await;
                }
                ids.insert(stream.trace_id());
            }
        }
        assert_eq!((ids.len(), test.gateway.stats().in_flight), (STREAMS, 0));
        test.upstream.wait_for_connections(baseline.0, PATIENCE).await.unwrap();
        eventually("the end of every task", || tasks() <= baseline.1).await;

        test.flush().await;
        let stats = test.gateway.stats();
        assert_eq!((stats.persisted, stats.dropped.len(), stats.dead_lettered), (STREAMS as u64 + 1, 0, 0));
        assert_eq!(stats.by_class.get(&StatusClass::Cancelled), Some(&(STREAMS as u64)));
        assert_eq!(cancelled(&test).await, ids);
    }
}

/// The traces of all cancelled requests.
async fn cancelled(test: &TestGateway) -> BTreeSet<TraceId> {
    let mut query = TraceQuery { limit: Some(200), ..TraceQuery::default() };
    query.filter.status_class = Some(StatusClass::Cancelled);
    let mut ids = BTreeSet::new();
    loop {
        let page = test.acme.list_traces(query.clone()).await.expect("a page of traces");
        for trace in page.traces {
            assert!(ids.insert(trace.id), "{} is listed twice", trace.id);
        }
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => return ids,
        }
    }
}
