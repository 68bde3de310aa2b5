//! Filters, compared with what a filter over the records themselves finds.

use super::{
    corpus::{record, records, tenant},
    support::{in_every_shared_place, now, on_every_store},
};
use crate::{
    error::ErrorCode,
    store::{PageRequest, Store, TraceRecord, TraceScan},
    types::{
        ids::TraceId,
        time::Timestamp,
        trace::{StatusClass, TraceFilter},
    },
};

/// Every filter there is, and some together.
pub(super) fn filters() -> Vec<TraceFilter> {
    let none = TraceFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let metadata =
        |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    vec![
        none(),
        TraceFilter { model: text("model-3"), ..none() },
        TraceFilter { provider: text("provider-2"), ..none() },
        TraceFilter { status_class: Some(StatusClass::Ok), ..none() },
        TraceFilter { status_class: Some(StatusClass::Timeout), ..none() },
        TraceFilter { status_code: Some(200), ..none() },
        TraceFilter { status_code: Some(427), ..none() },
        TraceFilter { error_code: Some(ErrorCode::ALL[9]), ..none() },
        TraceFilter { request_id: text("request-30"), ..none() },
        TraceFilter { user_id: text("user-12"), ..none() },
        TraceFilter { session_id: text("session-24"), ..none() },
        TraceFilter { metadata: metadata(&[("team", "équipe \"1\"")]), ..none() },
        TraceFilter { metadata: metadata(&[("team", "équipe \"1\""), ("x,\"", "{}")]), ..none() },
        TraceFilter { metadata: metadata(&[("team", "équipe")]), ..none() },
        TraceFilter { metadata: metadata(&[("", "{}")]), ..none() },
        TraceFilter { model: text("model-1"), user_id: text("user-36"), provider: text("provider-1"), ..none() },
        TraceFilter { model: text("model-4"), status_class: Some(StatusClass::UpstreamError), ..none() },
        TraceFilter { model: text("model-4"), status_class: Some(StatusClass::Ok), status_code: Some(200), ..none() },
        TraceFilter { model: text("' OR 1 = 1 --"), ..none() },
        TraceFilter { model: text("model-1\0"), ..none() },
        TraceFilter { provider: text("\0"), metadata: metadata(&[("team", "\0")]), ..none() },
    ]
}

/// The same filter over records.
pub(super) fn matches(filter: &TraceFilter, record: &TraceRecord) -> bool {
    fn same<T: PartialEq>(wanted: &Option<T>, found: &Option<T>) -> bool {
        wanted.is_none() || wanted == found
    }
    same(&filter.model, &record.model)
        && same(&filter.provider, &record.provider)
        && same(&filter.status_class, &Some(record.status_class))
        && same(&filter.status_code, &record.status_code)
        && same(&filter.error_code, &record.error_code)
        && same(&filter.request_id, &record.request_id)
        && same(&filter.user_id, &record.user_id)
        && same(&filter.session_id, &record.session_id)
        && filter.metadata.iter().all(|(key, value)| record.metadata.get(key) == Some(value))
}

/// All ids a filter finds, page by page.
pub(super) async fn list_all(store: &Store, mut request: PageRequest<'_>) -> Vec<TraceId> {
    let mut ids = Vec::new();
    loop {
        let page = store.list_traces(request).await.unwrap();
        assert!(page.traces.len() <= request.limit as usize);
        ids.extend(page.traces.iter().map(|trace| trace.id));
        request.before = match page.next {
            Some(next) => Some(next),
            None => return ids,
        };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_filter_finds_what_it_should_in_pages_and_in_scans() {
    on_every_store(async |store| {
        let (id, newest) = (tenant("acme"), now());
        let written = records(&id, newest, 1500);
        for batch in written.chunks(400) {
            store.insert_traces(batch).await.unwrap();
        }
        store.insert_traces(&records(&tenant("globex"), newest, 50)).await.unwrap();
        let since = Timestamp::from_millis(written[100].created_ms());
        let until = Timestamp::from_millis(written[1400].created_ms());
        for filter in filters() {
            for (since, until) in [(None, None), (Some(since), Some(until))] {
                let inside = |record: &&TraceRecord| {
                    since.is_none_or(|since| record.created_ms() >= since.as_millis())
                        && until.is_none_or(|until| record.created_ms() < until.as_millis())
                };
                let expected: Vec<_> = written
                    .iter()
                    .filter(inside)
                    .filter(|record| matches(&filter, record))
                    .map(|record| record.id)
                    .collect();
                let request = PageRequest { tenant: Some(&id), filter: &filter, since, until, before: None, limit: 37 };
                let mut listed = list_all(&store, request).await;
                listed.reverse();
                assert_eq!(listed, expected, "{filter:?}");
            }
            let mut scanned = Vec::new();
            let scan = TraceScan { tenant: Some(&id), filter: &filter, from: since, to: until, budget: None };
            store
                .scan_traces(scan, |row| {
                    let trace = row.counted();
                    scanned.push((trace.created_ms, trace.latency_us, trace.input_tokens, trace.output_tokens));
                    Ok(())
                })
                .await
                .unwrap();
            let expected = written[100..1400].iter().filter(|record| matches(&filter, record));
            let expected: Vec<_> = expected
                .map(|record| {
                    (record.created_ms(), record.latency_us, record.usage.input_tokens(), record.usage.output_tokens())
                })
                .collect();
            assert_eq!(scanned, expected, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_all_tenants_is_theirs_in_the_order_of_time() {
    on_every_store(async |store| {
        let newest = now();
        let mut written = Vec::new();
        for (id, count) in [("acme", 700), ("globex", 300), ("initech", 1)] {
            written.extend(records(&tenant(id), newest, count));
            store.insert_traces(&written[written.len() - count as usize..]).await.unwrap();
        }
        written.sort_by_key(|record| (record.created_ms(), record.id));
        for filter in filters() {
            let matching = written.iter().filter(|record| matches(&filter, record));
            let expected: Vec<_> = matching.map(|record| (record.created_ms(), record.id)).collect();
            let request =
                PageRequest { tenant: None, filter: &filter, since: None, until: None, before: None, limit: 23 };
            let listed = list_all(&store, request).await;
            let ids: Vec<_> = expected.iter().rev().map(|(_, id)| *id).collect();
            assert_eq!(listed, ids, "{filter:?}");
            let (from, to) = (Timestamp::from_millis(0), newest.plus_millis(1));
            let scan = TraceScan { tenant: None, filter: &filter, from, to, budget: None };
            let mut scanned = Vec::new();
            store
                .scan_traces(scan, |row| {
                    scanned.push(row.created_at.as_millis());
                    Ok(())
                })
                .await
                .unwrap();
            assert_eq!(scanned, expected.iter().map(|(created_ms, _)| *created_ms).collect::<Vec<_>>(), "{filter:?}");
        }
        for record in [&written[0], &written[1_000]] {
            assert_eq!(store.owner_of_trace(record.id).await.unwrap().as_ref(), Some(&record.tenant_id));
        }
        assert_eq!(store.owner_of_trace(TraceId::new(newest)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rare_value_without_an_index_ends_in_a_short_page_with_a_cursor() {
    in_every_shared_place(async |place| {
        let store = place.open().await;
        let (id, newest) = (tenant("acme"), now().as_millis());
        let count = 60_000;
        let written: Vec<_> = (0..count)
            .map(|number| {
                let mut record = record(&id, newest - (count - number) as i64, number);
                record.status_code = Some(if number == 3 || number == 55_000 { 418 } else { 200 });
                (record.request, record.response, record.attempts) = (None, None, None);
                record
            })
            .collect();
        for batch in written.chunks(2_000) {
            store.insert_traces(batch).await.unwrap();
        }
        let filter = TraceFilter { status_code: Some(418), ..TraceFilter::default() };
        let mut request =
            PageRequest { tenant: Some(&id), filter: &filter, since: None, until: None, before: None, limit: 50 };
        let mut pages = Vec::new();
        loop {
            let page = store.list_traces(request).await.unwrap();
            pages.push(page.traces.iter().map(|trace| trace.id).collect::<Vec<_>>());
            match page.next {
                Some(_) => request.before = page.next,
                None => break,
            }
        }
        assert_eq!(pages.first(), Some(&vec![written[55_000].id]));
        assert_eq!(pages.concat(), [written[55_000].id, written[3].id]);
        assert!((3..=10).contains(&pages.len()), "{} pages for 60,000 rows", pages.len());
    })
    .await;
}
