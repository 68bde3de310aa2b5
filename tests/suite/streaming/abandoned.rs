//! Streams that nobody reads to their end leave nothing behind but their traces.

use std::{collections::BTreeSet, time::Duration};

use libgateway::{StatusClass, TraceId, TraceQuery};
use libgateway_tests::{
    Backend, TestGateway,
    alone::{Limit, alone, resident_kib},
    hello,
};
use tokio::runtime::Handle;
use upstream::{Options, Recording, Script, Upstream};

use super::support::{PATIENCE, content_event, eventually, next, usage_wanted};

/// Streams that are abandoned: those by which the process reaches its size, and those by which it may grow no more.
const PARTS: [usize; 2] = [4_000, 6_000];
/// How many are opened at once.
const AT_ONCE: usize = 100;
/// What is no growth. A leak of 3 KiB for each stream would be more.
const GROWTH_KIB: u64 = 16 << 10;
const TIME: Duration = Duration::from_secs(180);

mod sqlite {
    #[test]
    fn abandoned_streams_leave_one_trace_each_and_nothing_else() {
        super::abandon_alone(super::Backend::Sqlite);
    }
}

mod postgres {
    #[test]
    fn abandoned_streams_leave_one_trace_each_and_nothing_else() {
        super::abandon_alone(super::Backend::Postgres);
    }
}

/// In a process of its own, since its memory is looked at.
fn abandon_alone(backend: Backend) {
    alone(Limit::MostDescriptors, "", TIME, move |_| abandon(backend));
}

/// Abandons streams, and looks after each part at what there is.
async fn abandon(backend: Backend) {
    let test = TestGateway::open(backend).await;
    // Records of requests would be growth, too.
    let upstream = Upstream::start_with(Options::default().recording(Recording::Off)).unwrap();
    test.acme.set_provider(TestGateway::provider(&upstream)).await.unwrap();
    // A pooled connection and its tasks belong to the baseline.
    test.chat(hello()).await.unwrap();
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let baseline = (upstream.stats().connections_open, tasks());

    let first = content_event("Hel");
    let sent = first.len() as u64;
    upstream.fallback(Script::sse([first, content_event("lo")]).hang_after(sent));
    let mut ids = BTreeSet::new();
    let mut resident = Vec::new();
    for part in PARTS {
        for round in 0..part / AT_ONCE {
            let opened = (0..AT_ONCE).map(|_| test.chat_stream(usage_wanted()));
            for (number, stream) in futures_util::future::join_all(opened).await.into_iter().enumerate() {
                let mut stream = stream.unwrap();
                // Every other one is dropped unread.
                if (round + number) % 2 == 0 {
                    next(&mut stream).await;
                }
                ids.insert(stream.trace_id());
            }
        }
        assert_eq!(test.gateway.stats().in_flight, 0);
        upstream.wait_for_connections(baseline.0, PATIENCE).await.unwrap();
        eventually("the end of every task", || tasks() <= baseline.1).await;
        test.flush().await;
        resident.push(resident_kib());
    }
    let grown = resident[1].saturating_sub(resident[0]);
    assert!(grown < GROWTH_KIB, "{} abandoned streams left {grown} KiB", PARTS[1]);

    let streams = PARTS.iter().sum::<usize>() as u64;
    assert_eq!(ids.len() as u64, streams);
    let stats = test.gateway.stats();
    assert_eq!((stats.persisted, stats.dropped.len(), stats.dead_lettered), (streams + 1, 0, 0));
    assert_eq!(stats.by_class.get(&StatusClass::Cancelled), Some(&streams));
    assert_eq!(cancelled(&test).await, ids);
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
