//! The same corpus gives the same answers from both databases.

use super::{
    corpus::{records, tenant},
    filters::filters,
    support::{Kind, Place, now},
};
use crate::store::{PageRequest, Store, TraceScan};
use crate::types::time::Timestamp;

/// Everything the store can say about a corpus, as text.
async fn answers(store: &Store, newest: Timestamp) -> Vec<String> {
    let id = tenant("acme");
    let written = records(&id, newest, 900);
    let mut answers = vec![
        store.insert_traces(&written).await.unwrap().rows.to_string(),
        store.insert_traces(&written[..10]).await.unwrap().rows.to_string(),
    ];
    for filter in filters() {
        let mut request =
            PageRequest { tenant: Some(&id), filter: &filter, since: None, until: None, before: None, limit: 23 };
        loop {
            let page = store.list_traces(request).await.unwrap();
            answers.push(format!("{} {:?}", serde_json::to_string(&page.traces).unwrap(), page.next));
            if page.next.is_none() {
                break;
            }
            request.before = page.next;
        }
        let scan =
            TraceScan { tenant: Some(&id), filter: &filter, from: Timestamp::from_millis(0), to: newest, budget: None };
        let on_row = |row| {
            answers.push(format!("{row:?}"));
            Ok(())
        };
        store.scan_traces(scan, on_row).await.unwrap();
    }
    for record in &written {
        answers.push(format!("{:?}", store.get_trace(&id, record.id).await.unwrap()));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_and_postgres_give_identical_answers() {
    let newest = now();
    let mut all = Vec::new();
    for kind in [Kind::File, Kind::Memory, Kind::Postgres] {
        let place = Place::new(kind).await;
        let store = place.open().await;
        all.push(answers(&store, newest).await);
        store.close().await;
        place.remove().await;
    }
    assert!(all[0].len() > 2_000);
    for other in &all[1..] {
        for (left, right) in all[0].iter().zip(other) {
            assert_eq!(left, right);
        }
        assert_eq!(all[0].len(), other.len());
    }
}
