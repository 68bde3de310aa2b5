//! Rollups say what the traces say: whatever was written, replaced, folded, removed and made anew, by however many.

mod many;

use std::collections::BTreeMap;

use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};

use super::{
    control::tenant_record,
    corpus::{record, records, tenant},
    support::{in_every_shared_place, now, on_every_store},
};
use crate::{
    error::ErrorCode,
    rollup::{Counters, Kind, Sketch, Step, cells},
    store::{Coverage, Fold, Folded, RollupQuery, Store, TraceRecord, TraceScan, query::sql, rollups::Deltas},
    types::{
        analytics::{Metric, TopOrder},
        ids::TenantId,
        retention::Retention,
        time::Timestamp,
        trace::{StatusClass, TraceFilter},
    },
};

type Name = Option<String>;

/// What a window comes to, by names and class, with all distributions.
type Sums = BTreeMap<(Name, Name, i64), (Counters, Vec<Sketch>)>;

async fn from_rollups(store: &Store, id: &TenantId, kind: Kind, edges: &[i64]) -> Sums {
    let mut sums = Sums::new();
    let metrics: &[Metric] = if kind == Kind::ApiKeys { &[] } else { &Metric::ALL };
    let query = RollupQuery { tenants: std::slice::from_ref(id), kind, edges, metrics };
    store
        .read_rollups(query, |row| {
            for cell in cells(&row.columns) {
                let cell = cell.unwrap();
                let [first, second] = kind.key(cell.key).names.map(|name| name.map(str::to_owned));
                let (counters, sketches) = sums
                    .entry((first, second, cell.key.class.number()))
                    .or_insert_with(|| (Counters::default(), vec![Sketch::default(); metrics.len()]));
                counters.add(&cell.counters);
                for (metric, sketch) in metrics.iter().zip(sketches) {
                    cell.add_sketch(*metric, sketch).unwrap();
                }
            }
            Ok(())
        })
        .await
        .unwrap();
    sums.retain(|_, (counters, _)| *counters != Counters::default());
    sums
}

/// The same from a look at every trace.
async fn from_traces(store: &Store, id: &TenantId, kind: Kind, edges: &[i64]) -> Sums {
    let mut sums = Sums::new();
    let filter = TraceFilter::default();
    let metrics: &[Metric] = if kind == Kind::ApiKeys { &[] } else { &Metric::ALL };
    let (from, to) = (Timestamp::from_millis(edges[0]), Timestamp::from_millis(edges[edges.len() - 1]));
    let scan = TraceScan { tenant: Some(id), filter: &filter, from, to, budget: None };
    store
        .scan_traces(scan, |row| {
            let trace = row.counted();
            let key = if kind == Kind::ApiKeys { trace.api_key() } else { kind.key(trace.model_key()) };
            let [first, second] = key.names.map(|name| name.map(str::to_owned));
            let (counters, sketches) = sums
                .entry((first, second, key.class.number()))
                .or_insert_with(|| (Counters::default(), vec![Sketch::default(); metrics.len()]));
            counters.add(&trace.counters());
            for (metric, sketch) in metrics.iter().zip(sketches) {
                if key.class == StatusClass::Ok {
                    trace.measured(*metric).into_iter().for_each(|number| sketch.add(number));
                }
            }
            Ok(())
        })
        .await
        .unwrap();
    sums
}

/// Fails unless rollups and traces say the same of that window.
async fn assert_agree(store: &Store, id: &TenantId, edges: &[i64]) {
    for kind in Kind::ALL {
        let edges: Vec<i64> = if kind == Kind::ApiKeys {
            vec![Step::Hour.floor(edges[0]), Step::Hour.ceil(edges[edges.len() - 1])]
        } else {
            edges.to_vec()
        };
        let (rollups, traces) =
            (from_rollups(store, id, kind, &edges).await, from_traces(store, id, kind, &edges).await);
        assert_eq!(rollups.keys().collect::<Vec<_>>(), traces.keys().collect::<Vec<_>>(), "{kind:?} {edges:?}");
        for (key, sums) in &traces {
            assert_eq!(&rollups[key], sums, "{kind:?} {key:?} {edges:?}");
        }
    }
}

async fn fold_all(store: &Store, holder: i64) -> usize {
    let (mut fold, mut folded) = (Fold::begin(holder), 0);
    loop {
        match store.fold(&mut fold, 7, now()).await.unwrap() {
            Folded::Some(deltas) => folded += deltas,
            Folded::All => return folded,
            Folded::NotOurs => panic!("nobody else folds"),
        }
    }
}

async fn count(store: &Store, text: &'static str) -> i64 {
    store.db.fetch_optional(sql(text)).await.unwrap().unwrap().columns().int().unwrap()
}

/// Every row of the rollups, to the byte.
async fn bytes(store: &Store) -> Vec<Vec<u8>> {
    let rows = "SELECT tenant_id, kind, step, start_ms, counts, latency, ttfb, ttft, overhead, speed FROM gw_rollups \
         ORDER BY tenant_id, kind, step, start_ms";
    let read = |row: &crate::store::row::Row| {
        let mut row = row.columns();
        let mut bytes = row.text().unwrap().into_bytes();
        for _ in 0..3 {
            bytes.extend(row.int().unwrap().to_be_bytes());
        }
        for _ in 0..6 {
            bytes.extend(row.bytes_or_null().unwrap().map_or(vec![0xff], |bytes| [vec![0], bytes].concat()));
        }
        bytes
    };
    store.db.fetch_all(sql(rows)).await.unwrap().iter().map(read).collect()
}

const DAY_MS: i64 = 86_400_000;

/// Nine hundred traces over three and a half days, not in the order of their times.
fn scattered(id: &TenantId, end: i64) -> Vec<TraceRecord> {
    let offset = |number: u64| (number * 7_919 % 900) as i64 * 336_000;
    (0..900).map(|number| record(id, end - offset(number), number)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_window_says_what_a_look_at_its_traces_does_folded_or_not() {
    on_every_store(async |store| {
        let (id, end) = (tenant("acme"), Step::Day.ceil(now().as_millis()));
        let written = scattered(&id, end - 1);
        let mut runner = TestRunner::deterministic();
        let window = (0_i64..1_100, 1_i64..1_100, proptest::collection::vec(1_i64..300, 0..12));
        for (index, batch) in written.chunks(100).enumerate() {
            store.insert_traces(batch).await.unwrap();
            // A replay adds nothing.
            store.insert_traces(&batch[..40]).await.unwrap();
            if index % 3 == 2 {
                fold_all(&store, 1).await;
            }
            for _ in 0..4 {
                let (back, length, cuts) = window.new_tree(&mut runner).unwrap().current();
                let mut edges = vec![end - back * Step::FiveMinutes.millis()];
                edges.extend(cuts.iter().scan(edges[0], |at, cut| {
                    *at += cut * Step::FiveMinutes.millis();
                    Some(*at)
                }));
                edges.push(edges[edges.len() - 1] + length * Step::FiveMinutes.millis());
                assert_agree(&store, &id, &edges).await;
            }
        }
        assert_agree(&store, &tenant("nobody"), &[0, end]).await;
        let hour = vec![end - DAY_MS, end - DAY_MS + 3_600_000];
        assert_agree(&store, &id, &hour).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_takes_back_what_its_abandoned_trace_had_counted() {
    on_every_store(async |store| {
        let (id, end) = (tenant("acme"), now().as_millis());
        let whole = [Step::Day.floor(end) - DAY_MS, Step::Day.floor(end) + 2 * DAY_MS];
        let ends: Vec<_> = records(&id, now(), 60)
            .into_iter()
            .map(|record| TraceRecord { status_class: StatusClass::Ok, ..record })
            .collect();
        let abandoned: Vec<_> = ends
            .iter()
            .map(|record| TraceRecord {
                status_class: StatusClass::Abandoned,
                model: None,
                cost_pico_usd: Some(17),
                response: None,
                ..record.clone()
            })
            .collect();
        assert_eq!(store.insert_traces(&abandoned[..40]).await.unwrap().rows, 40);
        fold_all(&store, 1).await;
        assert_eq!(store.insert_traces(&ends).await.unwrap().rows, 60);
        assert_agree(&store, &id, &whole).await;
        // What has ended stays as it is, whatever comes late and again.
        assert_eq!(store.insert_traces(&abandoned).await.unwrap().rows, 0);
        assert_eq!(store.insert_traces(&ends).await.unwrap().rows, 0);
        fold_all(&store, 1).await;
        assert_agree(&store, &id, &whole).await;
        let sums = from_rollups(&store, &id, Kind::Total, &whole).await;
        assert_eq!(sums.into_keys().collect::<Vec<_>>(), [(None, None, StatusClass::Ok.number())]);
        for record in &ends {
            let stored = store.get_trace(&id, record.id).await.unwrap().unwrap();
            assert_eq!((stored.request, stored.response), (record.request.clone(), record.response.clone()));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_cost_is_a_delta_like_any_other() {
    on_every_store(async |store| {
        let (id, end) = (tenant("acme"), now().as_millis());
        let whole = [Step::Day.floor(end) - DAY_MS, Step::Day.floor(end) + 2 * DAY_MS];
        let written = records(&id, now(), 30);
        store.insert_traces(&written).await.unwrap();
        for (from, to) in [(None, Some(5)), (Some(5), Some(-3)), (Some(-3), None)] {
            let mut tx = store.db.begin().await.unwrap();
            let mut deltas = Deltas::default();
            for record in written.iter().filter(|record| record.cost_pico_usd.is_none()) {
                let was = TraceRecord { cost_pico_usd: from, ..record.clone() };
                deltas.change_cost(&id, &was.counted(), to);
                let update =
                    sql("UPDATE gw_traces SET cost_pico_usd = $1 WHERE tenant_id = $2 AND created_ms = $3 AND id = $4");
                let update = update.bind(to).bind(id.as_str()).bind(record.created_ms()).bind(record.id.as_uuid());
                assert_eq!(tx.execute(update).await.unwrap(), 1);
            }
            deltas.append(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            assert_agree(&store, &id, &whole).await;
        }
        let before = count(&store, "SELECT count(*) FROM gw_rollup_deltas").await;
        let mut tx = store.db.begin().await.unwrap();
        let mut deltas = Deltas::default();
        written.iter().for_each(|record| deltas.change_cost(&id, &record.counted(), record.cost_pico_usd));
        deltas.append(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(&store, "SELECT count(*) FROM gw_rollup_deltas").await, before, "nothing is no delta");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rebuilt_rollups_are_the_same_to_the_byte_and_damaged_ones_are_mended() {
    on_every_store(async |store| {
        let (id, end) = (tenant("acme"), Step::Day.ceil(now().as_millis()));
        store.create_tenant(&tenant_record("acme")).await.unwrap();
        let written = scattered(&id, end - 1);
        let abandoned = TraceRecord { status_class: StatusClass::Abandoned, model: None, ..written[0].clone() };
        store.insert_traces(&[abandoned]).await.unwrap();
        for batch in written.chunks(150) {
            store.insert_traces(batch).await.unwrap();
        }
        let rebuild = async || {
            let mut traces = 0;
            for day in 1..=4 {
                traces += store.rebuild_rollups(&id, end - day * DAY_MS).await.unwrap();
            }
            traces
        };
        // Once with deltas that are not folded, once with all of them folded.
        assert_eq!(rebuild().await, 900);
        let rebuilt = bytes(&store).await;
        assert_eq!(count(&store, "SELECT count(*) FROM gw_rollup_deltas").await, 0);
        store.db.execute(sql("DELETE FROM gw_rollups WHERE step <> 60")).await.unwrap();
        rebuild().await;
        assert_eq!(bytes(&store).await, rebuilt);

        // Folding comes to the same bytes as building.
        let other = tenant("globex");
        store.create_tenant(&tenant_record("globex")).await.unwrap();
        let theirs: Vec<_> =
            written.iter().map(|record| TraceRecord { tenant_id: other.clone(), ..record.clone() }).collect();
        for batch in theirs.chunks(90) {
            store.insert_traces(batch).await.unwrap();
        }
        assert!(fold_all(&store, 1).await > 200);
        let all = bytes(&store).await;
        let (own, folded) = all.split_at(rebuilt.len());
        assert_eq!(own, rebuilt);
        let named =
            |rows: &[Vec<u8>], name: &str| rows.iter().map(|row| row[name.len()..].to_vec()).collect::<Vec<_>>();
        assert_eq!(named(folded, "globex"), named(own, "acme"));
        assert_agree(&store, &id, &[end - 4 * DAY_MS, end]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rollups_outlive_the_traces_that_retention_removes_and_are_not_rebuilt_without_them() {
    on_every_store(async |store| {
        let (id, end) = (tenant("acme"), Step::Day.ceil(now().as_millis()));
        let mut new = tenant_record("acme");
        new.tenant.retention = Retention { days: Some(2), traces: None };
        store.create_tenant(&new).await.unwrap();
        for batch in scattered(&id, end - 1).chunks(100) {
            store.insert_traces(batch).await.unwrap();
        }
        let whole = [end - 5 * DAY_MS, end];
        let before = from_rollups(&store, &id, Kind::Models, &whole).await;
        for limited in store.limited_tenants(Retention::default(), now(), (None, 10)).await.unwrap() {
            if let Some(cutoff) = store.cutoff(&limited, now()).await.unwrap() {
                while store.trim(&limited, cutoff, 50).await.unwrap().more {}
            }
        }
        assert!(count(&store, "SELECT count(*) FROM gw_traces").await < 900);
        assert_eq!(from_rollups(&store, &id, Kind::Models, &whole).await, before);
        fold_all(&store, 1).await;
        assert_eq!(from_rollups(&store, &id, Kind::Models, &whole).await, before);
        // What is whole is rebuilt; what is not is refused, and stays.
        assert!(store.rebuild_rollups(&id, end - 1).await.unwrap() > 0);
        for day in 2..=4 {
            let error = store.rebuild_rollups(&id, end - day * DAY_MS - 1).await.unwrap_err();
            assert_eq!((error.code(), error.param()), (ErrorCode::InvalidField, Some("since")));
        }
        assert_eq!(from_rollups(&store, &id, Kind::Models, &whole).await, before);
        assert_agree(&store, &id, &[end - DAY_MS, end]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_tenant_leaves_no_rollup() {
    on_every_store(async |store| {
        let (id, other) = (tenant("acme"), tenant("globex"));
        for id in [&id, &other] {
            store.create_tenant(&tenant_record(id.as_str())).await.unwrap();
            store.insert_traces(&scattered(id, now().as_millis())[..120]).await.unwrap();
        }
        fold_all(&store, 1).await;
        for id in [&id, &other] {
            store.insert_traces(&[record(id, now().as_millis(), 5_000)]).await.unwrap();
        }
        store.delete_tenant(&id, now()).await.unwrap();
        assert_eq!(store.tenants_to_erase().await.unwrap(), std::slice::from_ref(&id));
        assert_eq!(store.create_tenant(&tenant_record("acme")).await.unwrap_err().code(), ErrorCode::AlreadyExists);
        let mut pieces = 0;
        while store.erase_traces(&id, 10).await.unwrap().more {
            pieces += 1;
        }
        assert!(pieces > 40, "{pieces} pieces");
        for table in ["gw_rollups", "gw_rollup_deltas"] {
            let left = sql(format!("SELECT count(*) FROM {table} WHERE tenant_id = 'acme'"));
            assert_eq!(store.db.fetch_optional(left).await.unwrap().unwrap().columns().int().unwrap(), 0, "{table}");
        }
        assert_eq!(store.tenants_to_erase().await.unwrap(), []);
        let end = now().as_millis();
        assert_agree(&store, &other, &[Step::Day.floor(end) - 5 * DAY_MS, Step::Day.floor(end) + 2 * DAY_MS]).await;
        store.create_tenant(&tenant_record("acme")).await.unwrap();
    })
    .await;
}
