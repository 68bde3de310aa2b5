//! Filters of a list, alone and combined: the store gives what a look at every trace gives. And what it refuses.

use libgateway::{ErrorCode, NewTenant, StatusClass, Trace, TraceFilter, TraceId, TraceQuery};
use libgateway_tests::{TestGateway, backend_tests};

use crate::{
    corpus::{self, BASE_MS, ROWS, STEP_MS, at},
    support::all_traces,
};

fn matches(trace: &Trace, filter: &TraceFilter) -> bool {
    let same = |wanted: &Option<String>, actual: &Option<String>| wanted.is_none() || wanted == actual;
    same(&filter.model, &trace.model)
        && same(&filter.provider, &trace.provider)
        && same(&filter.request_id, &trace.request_id)
        && same(&filter.user_id, &trace.user_id)
        && same(&filter.session_id, &trace.session_id)
        && filter.status_class.is_none_or(|class| class == trace.status_class)
        && (filter.status_code.is_none() || filter.status_code == trace.status_code)
        && (filter.error_code.is_none() || filter.error_code == trace.error_code)
        && filter.metadata.iter().all(|(key, value)| trace.metadata.get(key) == Some(value))
}

/// The filter of those properties of a trace whose bit is set.
fn filter_of(trace: &Trace, bits: u32) -> TraceFilter {
    let wants = |bit: u32| bits & (1 << bit) != 0;
    TraceFilter {
        model: trace.model.clone().filter(|_| wants(0)),
        provider: trace.provider.clone().filter(|_| wants(1)),
        request_id: trace.request_id.clone().filter(|_| wants(2)),
        user_id: trace.user_id.clone().filter(|_| wants(3)),
        session_id: trace.session_id.clone().filter(|_| wants(4)),
        status_class: Some(trace.status_class).filter(|_| wants(5)),
        status_code: trace.status_code.filter(|_| wants(6)),
        error_code: trace.error_code.filter(|_| wants(7)),
        metadata: if wants(8) { trace.metadata.clone() } else { Default::default() },
    }
}

fn ids<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> Vec<TraceId> {
    traces.into_iter().map(|trace| trace.id).collect()
}

/// The parameter a query is refused for.
async fn refused(test: &TestGateway, query: TraceQuery) -> Option<String> {
    let error = test.acme.list_traces(query).await.expect_err("it is refused");
    assert_eq!((error.code(), error.status()), (ErrorCode::InvalidField, 400), "{error}");
    error.param().map(str::to_owned)
}

backend_tests! {
    async fn every_filter_alone_and_every_pair_gives_what_a_look_at_every_trace_gives(backend: Backend) {
        let test = corpus::open(backend).await;
        let all = all_traces(&test.acme, &TraceFilter::default()).await;
        assert_eq!(all.len() as i64, ROWS);
        assert!(all.is_sorted_by_key(|trace| (std::cmp::Reverse(trace.created_at), std::cmp::Reverse(trace.id))));
        let pairs = (0..9).flat_map(|first| (first..9).map(move |second| (1_u32 << first) | (1 << second)));
        let filters: Vec<u32> = pairs.chain([0x1ff, 0x1fb, 0x13b]).collect();
        for trace in [&all[0], &all[3], &all[6], &all[12], &all[17], &all[44]] {
            for bits in &filters {
                let filter = filter_of(trace, *bits);
                let expected = ids(all.iter().filter(|trace| matches(trace, &filter)));
                assert_eq!(ids(&all_traces(&test.acme, &filter).await), expected, "{filter:?}");
            }
        }
        for class in StatusClass::ALL {
            let filter = TraceFilter { status_class: Some(class), ..TraceFilter::default() };
            assert_eq!(ids(&all_traces(&test.acme, &filter).await), ids(all.iter().filter(|trace| trace.status_class == class)), "{class:?}");
        }
    }

    async fn what_no_trace_has_gives_an_empty_last_page(backend: Backend) {
        let test = corpus::open(backend).await;
        let none = TraceFilter::default;
        for filter in [
            TraceFilter { model: Some("gpt".to_owned()), ..none() },
            TraceFilter { model: Some("gpt%".to_owned()), ..none() },
            TraceFilter { user_id: Some("USER-1".to_owned()), ..none() },
            TraceFilter { user_id: Some("' OR 1=1 --".to_owned()), ..none() },
            TraceFilter { session_id: Some("a\u{0}b".to_owned()), ..none() },
            TraceFilter { provider: Some("a\u{0}b".to_owned()), ..none() },
            TraceFilter { metadata: [("team".to_owned(), "re".to_owned())].into(), ..none() },
            TraceFilter { metadata: [("tea".to_owned(), "red".to_owned())].into(), ..none() },
            TraceFilter { metadata: [("team".to_owned(), "a\u{0}".to_owned())].into(), ..none() },
        ] {
            let page = test.acme.list_traces(TraceQuery { filter: filter.clone(), ..TraceQuery::default() }).await.unwrap();
            assert_eq!((page.traces, page.next_cursor), (Vec::new(), None), "{filter:?}");
        }
    }

    async fn since_is_inclusive_and_until_is_exclusive(backend: Backend) {
        let test = corpus::open(backend).await;
        let time = |number: i64| at(BASE_MS + STEP_MS * number);
        for (since, until, expected) in [
            (Some(time(10)), Some(time(20)), 10..20),
            (Some(time(10).plus_millis(1)), Some(time(20).plus_millis(1)), 11..21),
            (Some(time(50)), None, 50..ROWS),
            (None, Some(time(5)), 0..5),
            (Some(time(5)), Some(time(5)), 0..0),
        ] {
            let page = test.acme.list_traces(TraceQuery { since, until, limit: Some(200), ..TraceQuery::default() }).await.unwrap();
            let numbers: Vec<i64> = page.traces.iter().map(|trace| trace.request_id.as_ref().unwrap().parse().unwrap()).collect();
            assert_eq!(numbers, expected.rev().collect::<Vec<_>>(), "{since:?} {until:?}");
        }
    }

    async fn a_plain_time_is_a_cursor(backend: Backend) {
        let test = corpus::open(backend).await;
        let time = at(BASE_MS + STEP_MS * 30);
        let offset = time.to_string().replace('Z', "+00:00");
        for cursor in [time.to_string(), offset] {
            let page = test.acme.list_traces(TraceQuery { cursor: Some(cursor), limit: Some(7), ..TraceQuery::default() }).await.unwrap();
            assert_eq!(page.traces.len(), 7);
            assert_eq!(page.traces[0].request_id.as_deref(), Some("29"), "everything before it");
            assert!(page.next_cursor.is_some());
        }
    }

    async fn what_cannot_be_asked_is_refused_by_its_parameter(backend: Backend) {
        let test = corpus::open(backend).await;
        let query = TraceQuery::default;
        for limit in [0, 201, u32::MAX] {
            assert_eq!(refused(&test, TraceQuery { limit: Some(limit), ..query() }).await.as_deref(), Some("limit"));
        }
        for cursor in ["", "garbage", "AAAA", "%%%", "2026-13-45T00:00:00Z", "12345"] {
            assert_eq!(refused(&test, TraceQuery { cursor: Some(cursor.to_owned()), ..query() }).await.as_deref(), Some("cursor"), "{cursor}");
        }
        let cursor = test.acme.list_traces(TraceQuery { limit: Some(5), ..query() }).await.unwrap().next_cursor;
        assert!(cursor.is_some());
        let model = TraceFilter { model: Some("o3".to_owned()), ..TraceFilter::default() };
        for other in [
            TraceQuery { filter: model, ..query() },
            TraceQuery { since: Some(at(BASE_MS)), ..query() },
            TraceQuery { until: Some(at(BASE_MS)), ..query() },
        ] {
            assert_eq!(refused(&test, TraceQuery { cursor: cursor.clone(), ..other }).await.as_deref(), Some("cursor"));
        }
        test.gateway.create_tenant(NewTenant { id: Some("other".parse().unwrap()), ..NewTenant::default() }).await.unwrap();
        let error = test.gateway.tenant("other").unwrap().list_traces(TraceQuery { cursor: cursor.clone(), ..query() }).await.unwrap_err();
        assert_eq!(error.param(), Some("cursor"));
        // The size of the page is no filter.
        assert_eq!(test.acme.list_traces(TraceQuery { cursor, limit: Some(200), ..query() }).await.unwrap().traces.len() as i64, ROWS - 5);
    }

    async fn limits_are_kept_and_the_default_is_fifty(backend: Backend) {
        let test = corpus::open(backend).await;
        for (limit, rows) in [(None, 50), (Some(1), 1), (Some(59), 59), (Some(60), 60), (Some(200), 60)] {
            let page = test.acme.list_traces(TraceQuery { limit, ..TraceQuery::default() }).await.unwrap();
            assert_eq!((page.traces.len(), page.next_cursor.is_some()), (rows, rows < 60), "{limit:?}");
        }
    }
}

libgateway_tests::pooled_tests! {
    every_filter_alone_and_every_pair_gives_what_a_look_at_every_trace_gives,
}
