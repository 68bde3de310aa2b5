//! Pages while others write: every trace that was there at the first page comes exactly once.

use std::collections::HashMap;

use super::{
    corpus::{record, tenant},
    filters::matches,
    support::{now, on_every_store},
};
use crate::{
    store::{PageRequest, traces::cursor::Position},
    types::trace::TraceFilter,
};

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_equal_stamps_and_concurrent_inserts_lose_and_repeat_nothing() {
    on_every_store(async |store| {
        let (id, newest) = (tenant("acme"), now().as_millis());
        // Three stamps only, in an order that has nothing to do with the ids.
        let stamp = move |number: u64| newest - (number * 7 % 3) as i64;
        let written: Vec<_> = (0..3_000).map(|number| record(&id, stamp(number), number)).collect();
        for batch in written.chunks(500) {
            store.insert_traces(batch).await.unwrap();
        }
        let writer = {
            let (store, id) = (store.clone(), id.clone());
            tokio::spawn(async move {
                for round in 0..60_u64 {
                    let batch: Vec<_> = (0..20)
                        .map(|number| {
                            record(&id, stamp(number) + (number % 3) as i64 - 1, 10_000 + round * 20 + number)
                        })
                        .collect();
                    store.insert_traces(&batch).await.unwrap();
                }
            })
        };
        let rare = TraceFilter { provider: Some("provider-3".to_owned()), ..TraceFilter::default() };
        let indexed = TraceFilter { model: Some("model-2".to_owned()), ..TraceFilter::default() };
        for filter in [TraceFilter::default(), rare, indexed] {
            for limit in [1, 7, 50, 200] {
                if limit == 1 && filter == TraceFilter::default() {
                    continue;
                }
                let mut request =
                    PageRequest { tenant: Some(&id), filter: &filter, since: None, until: None, before: None, limit };
                let (mut seen, mut last) = (HashMap::new(), None::<Position>);
                loop {
                    let page = store.list_traces(request).await.unwrap();
                    for trace in &page.traces {
                        let position = Position { created_ms: trace.created_at.as_millis(), id: trace.id };
                        if let Some(last) = last {
                            assert!((position.created_ms, position.id) < (last.created_ms, last.id), "out of order");
                        }
                        last = Some(position);
                        *seen.entry(trace.id).or_insert(0) += 1;
                    }
                    let Some(next) = page.next else { break };
                    request.before = Some(next);
                }
                assert!(seen.values().all(|times| *times == 1));
                for record in written.iter().filter(|record| matches(&filter, record)) {
                    assert!(seen.contains_key(&record.id), "{filter:?} lost {}", record.id);
                }
            }
        }
        writer.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_page_has_no_cursor_even_when_it_is_full() {
    on_every_store(async |store| {
        let (id, filter) = (tenant("acme"), TraceFilter::default());
        store.insert_traces(&super::corpus::records(&id, now(), 10)).await.unwrap();
        let request =
            PageRequest { tenant: Some(&id), filter: &filter, since: None, until: None, before: None, limit: 5 };
        let first = store.list_traces(request).await.unwrap();
        let second = store.list_traces(PageRequest { before: first.next, ..request }).await.unwrap();
        assert_eq!((first.traces.len(), second.traces.len(), second.next), (5, 5, None));
        let empty = store.list_traces(PageRequest { tenant: Some(&tenant("nobody")), ..request }).await.unwrap();
        assert_eq!((empty.traces.len(), empty.next), (0, None));
    })
    .await;
}
