//! What is looked at again and again: the traces there are, whether the counters add up, and whether something has
//! happened yet.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use libgateway::{Stats, TenantHandle, Trace, TraceFilter, TraceId, TraceQuery};

/// How long anything may take that is not measured.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until it holds.
///
/// # Panics
///
/// When it does not within [`PATIENCE`], as in all that follows.
pub async fn eventually(what: &str, holds: impl AsyncFnMut() -> bool) {
    eventually_within(PATIENCE, what, holds).await;
}

/// Asks until it holds, for so long.
pub async fn eventually_within(patience: Duration, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + patience;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}: not within {patience:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Every trace that matches, newest first.
pub async fn all_traces(tenant: &TenantHandle, filter: &TraceFilter) -> Vec<Trace> {
    let mut traces = Vec::new();
    let mut query = TraceQuery { limit: Some(200), filter: filter.clone(), ..TraceQuery::default() };
    loop {
        let page = tenant.list_traces(query.clone()).await.expect("a page");
        traces.extend(page.traces);
        match page.next_cursor {
            Some(next) => query.cursor = Some(next),
            None => return traces,
        }
    }
}

/// The tenant has these traces, each once, and no others.
pub async fn assert_traced(tenant: &TenantHandle, expected: &BTreeSet<TraceId>) {
    let traces = all_traces(tenant, &TraceFilter::default()).await;
    assert_eq!(traces.len(), expected.len());
    assert_eq!(&traces.iter().map(|trace| trace.id).collect::<BTreeSet<_>>(), expected);
}

/// `accepted = persisted + pending + spooled + dead_lettered + dropped`.
pub fn assert_adds_up(stats: &Stats) {
    let dropped: u64 = stats.dropped.values().sum();
    let kept = stats.persisted + stats.pending + stats.spooled + stats.dead_lettered;
    assert_eq!(stats.accepted, kept + dropped, "{stats:?}");
}
