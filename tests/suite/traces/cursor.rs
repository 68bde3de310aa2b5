//! A walk through a list by cursor, while others write to it: what was there at the first page comes exactly once.

use std::collections::{BTreeMap, BTreeSet};

use libgateway::{TraceFilter, TraceId, TraceQuery};
use libgateway_tests::{TENANT, TestGateway, backend_tests, hello};

use crate::{
    corpus::BASE_MS,
    support::{Direct, all_traces},
};

/// Writes traces that all begin in the same millisecond, under random ids.
async fn burst(direct: &mut Direct, count: usize) {
    let columns = "tenant_id, created_ms, id, ended_ms, endpoint, stream, status_class, latency_us, overhead_us, usage_source, flags, attempt_count, provider, model";
    let values =
        |id: &str| format!("'{TENANT}', {BASE_MS}, {id}, {BASE_MS}, 'chat', 0, 0, 5, 1, 0, 0, 1, 'openai', 'burst'");
    let sqlite = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO gw_traces ({columns}) SELECT {} FROM n",
        values("randomblob(16)")
    );
    let postgres = format!(
        "INSERT INTO gw_traces ({columns}) SELECT {} FROM generate_series(1, {count})",
        values("gen_random_uuid()")
    );
    direct.execute(&sqlite, &postgres).await;
}

/// Walks to the end with something written between the pages, and counts how often each trace came.
async fn walk(
    test: &TestGateway,
    filter: &TraceFilter,
    limit: u32,
    mut between: impl AsyncFnMut(),
) -> BTreeMap<TraceId, usize> {
    let mut seen = BTreeMap::new();
    let mut query = TraceQuery { limit: Some(limit), filter: filter.clone(), ..TraceQuery::default() };
    loop {
        let page = test.acme.list_traces(query.clone()).await.unwrap();
        assert!(page.traces.len() <= limit as usize);
        for trace in page.traces {
            *seen.entry(trace.id).or_default() += 1;
        }
        match page.next_cursor {
            Some(next) => query.cursor = Some(next),
            None => return seen,
        }
        between().await;
    }
}

backend_tests! {
    async fn thousands_of_equal_stamps_come_once_each_while_others_are_written(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for _ in 0..25 {
            test.chat(hello()).await.unwrap();
        }
        test.flush().await;
        let mut direct = Direct::to(test.store()).await;
        burst(&mut direct, 3_000).await;
        let burst_only = TraceFilter { model: Some("burst".to_owned()), ..TraceFilter::default() };
        let scanned = TraceFilter { provider: Some("openai".to_owned()), ..TraceFilter::default() };
        for (filter, limit) in [(TraceFilter::default(), 177), (burst_only, 200), (scanned, 199)] {
            let there: BTreeSet<TraceId> = all_traces(&test.acme, &filter).await.iter().map(|trace| trace.id).collect();
            assert!(there.len() >= 3_000);
            let seen = walk(&test, &filter, limit, async || {
                burst(&mut direct, 7).await;
                test.chat(hello()).await.unwrap();
            })
            .await;
            let missed = there.iter().filter(|id| !seen.contains_key(id)).count();
            let twice = seen.values().filter(|count| **count > 1).count();
            assert_eq!((missed, twice), (0, 0), "{filter:?}");
        }
    }

    async fn a_walk_of_single_rows_comes_to_its_end(backend: Backend) {
        let test = TestGateway::open(backend).await;
        burst(&mut Direct::to(test.store()).await, 40).await;
        let seen = walk(&test, &TraceFilter::default(), 1, async || {}).await;
        assert_eq!((seen.len(), seen.values().max()), (40, Some(&1)));
    }

    async fn an_empty_list_is_one_page(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let page = test.acme.list_traces(TraceQuery::default()).await.unwrap();
        assert_eq!((page.traces, page.next_cursor), (Vec::new(), None));
    }

    async fn calls_at_once_come_once_each_in_a_walk_that_runs_beside_them(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for _ in 0..60 {
            test.chat(hello()).await.unwrap();
        }
        test.flush().await;
        let there: Vec<TraceId> = all_traces(&test.acme, &TraceFilter::default()).await.iter().map(|trace| trace.id).collect();
        let acme = test.acme.clone();
        let calls = tokio::spawn(async move {
            for _ in 0..100 {
                acme.chat(hello()).await.unwrap();
            }
        });
        while !calls.is_finished() {
            let seen = walk(&test, &TraceFilter::default(), 9, async || {}).await;
            assert!(there.iter().all(|id| seen.get(id) == Some(&1)));
            assert!(seen.values().all(|count| *count == 1));
        }
        calls.await.unwrap();
    }
}

libgateway_tests::pooled_tests! {
    calls_at_once_come_once_each_in_a_walk_that_runs_beside_them,
}
