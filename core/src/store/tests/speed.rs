//! How fast traces are written, beside a loop of bare driver calls that writes the same columns.

use std::time::Instant;

use sqlx::{Executor as _, Row as _};

use super::{
    corpus::{record, tenant},
    support::{Kind, Place, now},
};
use crate::store::{TraceRecord, db::Db, traces::columns::names};

const BATCHES: u64 = 100;
const BATCH: u64 = 100;

fn batches(offset: u64) -> Vec<Vec<TraceRecord>> {
    let (id, newest) = (tenant("acme"), now().as_millis());
    let make = |number: u64| {
        let mut record = record(&id, newest + (number / 10) as i64, offset + number);
        let body =
            |seed: u64| Some((0..1024_u64).map(|index| (index.wrapping_mul(seed) >> 3) as u8).collect::<Vec<u8>>());
        (record.instance, record.number) = (Some(7), Some(offset + number));
        (record.request, record.response, record.attempts) = (body(number), body(number + 7), None);
        record
    };
    (0..BATCHES).map(|batch| (0..BATCH).map(|number| make(batch * BATCH + number)).collect()).collect()
}

macro_rules! bind_row {
    ($query:expr, $record:expr) => {{
        let (record, [a, b, c, d, e, f, g, h, i, j]) = ($record, $record.usage.leaves());
        $query
            .bind(record.tenant_id.as_str())
            .bind(record.created_ms())
            .bind(record.id.as_uuid())
            .bind(record.ended_ms)
            .bind(record.request_id.as_deref())
            .bind(record.upstream_request_id.as_deref())
            .bind(record.provider.as_deref())
            .bind(record.requested_model.as_deref())
            .bind(record.deployment.as_deref())
            .bind(record.model.as_deref())
            .bind(record.endpoint.as_str())
            .bind(i64::from(record.stream))
            .bind(record.status_class.number())
            .bind(record.status_code.map(i64::from))
            .bind(record.error_code.map(|code| i64::from(code.number())))
            .bind(record.latency_us)
            .bind(record.ttfb_us)
            .bind(record.ttft_us)
            .bind(record.overhead_us)
            .bind(a)
            .bind(b)
            .bind(c)
            .bind(d)
            .bind(e)
            .bind(f)
            .bind(g)
            .bind(h)
            .bind(i)
            .bind(j)
            .bind(1_i64)
            .bind(record.flags)
            .bind(record.chunk_count)
            .bind(record.cost_pico_usd)
            .bind(record.price_version.as_deref())
            .bind(i64::from(record.attempt_count))
            .bind(record.user_id.as_deref())
            .bind(record.session_id.as_deref())
            .bind(record.api_key_id.as_deref())
            .bind(serde_json::to_string(&record.metadata).unwrap())
            .bind(record.instance.map(|instance| instance as i64))
            .bind(record.number.map(|number| number as i64))
            .bind(serde_json::to_string(&record.usage_extra).unwrap())
            .bind(record.price_rule.as_ref().map(|rule| rule.len() as i64))
    }};
}

async fn bare(db: &Db, batches: &[Vec<TraceRecord>]) {
    // The columns of the row, and in PostgreSQL those of its content.
    let columns = names().split(',').count();
    let places: Vec<_> = (1..=columns).map(|number| format!("${number}")).collect();
    match db {
        Db::Sqlite(sqlite) => {
            let text = format!(
                "INSERT INTO gw_traces ({}) VALUES ({}) ON CONFLICT DO NOTHING RETURNING seq",
                names(),
                places.join(", ")
            );
            for batch in batches {
                let mut tx = sqlite.writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
                for record in batch {
                    let query = sqlx::query(sqlx::AssertSqlSafe(text.clone()));
                    let seq: i64 = tx.fetch_one(bind_row!(query, record)).await.unwrap().get(0);
                    let query = sqlx::query(
                        "INSERT INTO gw_trace_bodies (seq, request, response, attempts) VALUES ($1, $2, $3, $4)",
                    );
                    tx.execute(
                        query
                            .bind(seq)
                            .bind(record.request.as_deref())
                            .bind(record.response.as_deref())
                            .bind(record.attempts.as_deref()),
                    )
                    .await
                    .unwrap();
                }
                tx.commit().await.unwrap();
            }
        }
        Db::Postgres(postgres) => {
            let text = format!(
                "INSERT INTO gw_traces ({}, request, response, attempts) VALUES ({}, ${}, ${}, ${}) ON CONFLICT DO NOTHING",
                names(),
                places.join(", "),
                columns + 1,
                columns + 2,
                columns + 3
            );
            for batch in batches {
                let mut tx = postgres.pool.begin().await.unwrap();
                for record in batch {
                    let query = sqlx::query(sqlx::AssertSqlSafe(text.clone()));
                    let query = bind_row!(query, record)
                        .bind(record.request.as_deref())
                        .bind(record.response.as_deref())
                        .bind(record.attempts.as_deref());
                    tx.execute(query).await.unwrap();
                }
                tx.commit().await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture written_as_fast"]
async fn traces_are_written_as_fast_as_by_a_bare_loop() {
    for kind in [Kind::File, Kind::Memory, Kind::Postgres] {
        let place = Place::new(kind).await;
        let store = place.open().await;
        let rate = |begun: Instant| (BATCHES * BATCH) as f64 / begun.elapsed().as_secs_f64();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..4 {
            let (left, right) = (batches(round * 1_000_000), batches(round * 1_000_000 + 500_000));
            let begun = Instant::now();
            for batch in &left {
                store.insert_traces(batch).await.unwrap();
            }
            ours.push(rate(begun));
            let begun = Instant::now();
            bare(&store.db, &right).await;
            theirs.push(rate(begun));
        }
        let (ours, theirs) = (ours.into_iter().fold(0.0, f64::max), theirs.into_iter().fold(0.0, f64::max));
        eprintln!("{kind:?}: {ours:.0} rows/s, bare loop {theirs:.0} rows/s, ratio {:.2}", ours / theirs);
        store.close().await;
        place.remove().await;
        assert!(ours >= 0.7 * theirs);
    }
}

/// Batches of 100 traces whose rollups are so many cells: of one tenant, or of a tenant each.
fn batches_of_cells(offset: u64, cells: u64, tenants: u64) -> Vec<Vec<TraceRecord>> {
    let mut batches = batches(offset);
    for record in batches.iter_mut().flatten().zip(0_u64..) {
        let (record, number) = record;
        record.tenant_id = tenant(&format!("tenant-{}", number % tenants));
        record.model = Some(format!("model-{}", number % BATCH % cells));
        (record.provider, record.status_class) = (Some("openai".to_owned()), crate::types::trace::StatusClass::Ok);
    }
    batches
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture written_with_rollups"]
async fn traces_are_written_with_rollups_nearly_as_fast_as_without() {
    for kind in [Kind::File, Kind::Postgres] {
        for (cells, tenants, promise) in [(20, 1, 0.9), (90, 1, 0.7), (90, 90, 0.7)] {
            let place = Place::new(kind).await;
            let store = place.open().await;
            let (mut with, mut without) = (0.0_f64, 0.0_f64);
            for round in 0..6 {
                for (rate, deltas) in [(&mut with, true), (&mut without, false)] {
                    let batches = batches_of_cells(round * 2_000_000 + u64::from(deltas) * 1_000_000, cells, tenants);
                    let begun = Instant::now();
                    for batch in &batches {
                        if deltas {
                            store.insert_traces(batch).await.unwrap();
                            continue;
                        }
                        // What `insert_traces` does but for the deltas.
                        let mut records: Vec<&TraceRecord> = batch.iter().collect();
                        records.sort_by_key(|record| (&record.tenant_id, record.id));
                        let mut tx = store.db.begin().await.unwrap();
                        crate::store::traces::insert::owners(&mut tx, &records).await.unwrap();
                        crate::store::traces::insert::write(&mut tx, &records).await.unwrap();
                        tx.commit().await.unwrap();
                    }
                    *rate = rate.max((BATCHES * BATCH) as f64 / begun.elapsed().as_secs_f64());
                }
            }
            eprintln!(
                "{kind:?}, {cells} cells of {tenants} tenants in a batch: {with:.0} rows/s, without rollups {without:.0}, ratio {:.2}, promise {promise}",
                with / without
            );
            store.close().await;
            place.remove().await;
        }
    }
}
