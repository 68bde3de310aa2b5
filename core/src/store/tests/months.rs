//! PostgreSQL's partitions: made ahead, by several at once, and for rows that came before their month had one.

use super::{
    corpus::{record, tenant},
    filters::list_all,
    support::{Kind, in_place},
};
use crate::{
    config::Migrate,
    store::{PageRequest, Store, StoreOptions, query::sql},
    types::{time::Timestamp, trace::TraceFilter},
};

pub(super) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) async fn partitions(store: &Store) -> Vec<String> {
    let query = sql(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'gw_traces'::regclass ORDER BY 1",
    );
    let rows = store.db.fetch_all(query).await.unwrap();
    rows.iter().map(|row| row.columns().text().unwrap().replace("gw_traces_", "")).collect()
}

async fn rows_in(store: &Store, partition: &str) -> i64 {
    let query = sql(format!("SELECT count(*) FROM gw_traces_{partition}"));
    store.db.fetch_optional(query).await.unwrap().unwrap().columns().int().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_of_three_months_exist_and_a_roll_over_adds_one() {
    in_place(Kind::Postgres, async |place| {
        let options = StoreOptions { now: time("2026-11-30T23:59:59.999Z"), ..place.options() };
        let store = Store::open(&options).await.unwrap();
        assert_eq!(partitions(&store).await, ["2026_11", "2026_12", "2027_01", "default"]);
        let midnight = time("2026-12-01T00:00:00Z").as_millis();
        store.insert_traces(&[record(&tenant("acme"), midnight - 1, 1), record(&tenant("acme"), midnight, 2)]).await.unwrap();
        assert_eq!((rows_in(&store, "2026_11").await, rows_in(&store, "2026_12").await, rows_in(&store, "default").await), (1, 1, 0));
        store.ensure_partitions(time("2026-12-01T00:00:00Z")).await.unwrap();
        assert_eq!(partitions(&store).await, ["2026_11", "2026_12", "2027_01", "2027_02", "default"]);
        // A body is stored as it comes, in partitions too.
        let storage = sql("SELECT string_agg(DISTINCT attstorage::text, '') FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
             WHERE c.relname LIKE 'gw_traces_20%' AND attname IN ('request', 'response', 'attempts') AND relkind = 'r'");
        assert_eq!(store.db.fetch_optional(storage).await.unwrap().unwrap().columns().text().unwrap(), "e");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_make_the_same_partitions_while_others_write() {
    in_place(Kind::Postgres, async |place| {
        let stores: Vec<Store> = {
            let mut stores = Vec::new();
            for _ in 0..4 {
                stores.push(place.open().await);
            }
            stores
        };
        let tasks: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(index, store)| {
                let store = store.clone();
                tokio::spawn(async move {
                    for month in 1..=6 {
                        let now = time(&format!("2031-{month:02}-10T00:00:00Z"));
                        let batch: Vec<_> = (0..20)
                            .map(|number| {
                                record(&tenant("acme"), now.as_millis() + number, (index * 1000) as u64 + number as u64)
                            })
                            .collect();
                        store.insert_traces(&batch).await.unwrap();
                        store.ensure_partitions(now).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(partitions(&stores[0]).await.iter().filter(|name| name.starts_with("2031")).count(), 8);
        assert_eq!(rows_in(&stores[0], "default").await, 0, "they moved when their month was made");
        let (id, filter) = (tenant("acme"), TraceFilter::default());
        let request =
            PageRequest { tenant: Some(&id), filter: &filter, since: None, until: None, before: None, limit: 100 };
        assert_eq!(list_all(&stores[0], request).await.len(), 4 * 6 * 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_clock_that_jumped_move_out_of_the_default_partition() {
    in_place(Kind::Postgres, async |place| {
        let store = place.open().await;
        let times = [
            "1999-12-31T23:59:59Z",
            "2000-01-01T00:00:00Z",
            "2000-01-31T12:00:00Z",
            "2099-07-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
        ];
        let written: Vec<_> = times
            .iter()
            .enumerate()
            .map(|(number, text)| record(&tenant("acme"), time(text).as_millis(), number as u64 * 30))
            .collect();
        store.insert_traces(&written).await.unwrap();
        assert_eq!(rows_in(&store, "default").await, 5);
        let (id, filter) = (tenant("acme"), TraceFilter::default());
        let request =
            PageRequest { tenant: Some(&id), filter: &filter, since: None, until: None, before: None, limit: 2 };
        let before = list_all(&store, request).await;
        assert_eq!(store.empty_default_partition(2).await.unwrap(), 2);
        assert_eq!(store.empty_default_partition(100).await.unwrap(), 2);
        assert_eq!((rows_in(&store, "default").await, rows_in(&store, "2000_01").await), (0, 2));
        assert_eq!(list_all(&store, request).await, before);
        for record in &written {
            assert_eq!(store.get_trace(&id, record.id).await.unwrap().unwrap().response, record.response);
        }
        assert_eq!(store.insert_traces(&written).await.unwrap().rows, 0, "the key holds across the move");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_host_manages_the_schema_the_default_partition_takes_all() {
    in_place(Kind::Postgres, async |place| {
        place.open().await.close().await;
        let options = StoreOptions { migrate: Migrate::Check, now: time("2050-01-01T00:00:00Z"), ..place.options() };
        let store = Store::open(&options).await.unwrap();
        store.insert_traces(&[record(&tenant("acme"), options.now.as_millis(), 1)]).await.unwrap();
        assert_eq!((store.empty_default_partition(5).await.unwrap(), rows_in(&store, "default").await), (0, 1));
    })
    .await;
}
