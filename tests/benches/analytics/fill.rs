//! Fills a store with traces that SQL makes from a seed, the same in both databases.

use std::time::{Duration, Instant};

use libgateway::{NewTenant, TimeRange, Timestamp};
use libgateway_tests::{Backend, FreshStore, TestGateway};

use crate::raw::Raw;

const SEED: u64 = 42;
const TENANTS: u64 = 100;
pub(crate) const DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;
/// Where the traces end: 2026-06-01T00:00:00Z.
pub(crate) const END_MS: i64 = 1_780_272_000_000;
/// Rows of one transaction.
const BATCH: u64 = 200_000;
/// Bytes of a trace's content as it is stored, encrypted: what a chat of 3.4 KB makes after compression.
pub(crate) const REQUEST_BYTES: usize = 1_024;
pub(crate) const RESPONSE_BYTES: usize = 576;
/// A prime: numbers below it are what chance gives.
const PRIME: u64 = 999_983;

/// A filled store, and what filling it was like.
pub(crate) struct Filled {
    pub(crate) test: TestGateway,
    pub(crate) bytes: i64,
    pub(crate) rollup_bytes: i64,
    pub(crate) rebuilt_per_second: f64,
}

pub(crate) async fn fill(backend: Backend, traces: u64) -> Filled {
    let test = TestGateway::open_with(backend, |config| config.retention = libgateway::Retention::default()).await;
    for number in 0..TENANTS {
        let id = Some(format!("tenant-{number}").parse().expect("an id"));
        test.gateway.create_tenant(NewTenant { id, ..NewTenant::default() }).await.expect("a tenant");
    }
    test.close().await;
    let mut raw = Raw::open(test.store()).await;
    for first in (1..=traces).step_by(BATCH as usize) {
        let last = traces.min(first + BATCH - 1);
        let statement = insert(&raw, first, last, traces);
        raw.run(&statement).await;
        if let Some(statement) = raw.bodies(first, last, [REQUEST_BYTES, RESPONSE_BYTES]) {
            raw.run(&statement).await;
        }
    }
    if backend == Backend::Postgres {
        raw.run("VACUUM ANALYZE gw_traces").await;
    }
    let (before, _) = raw.sizes().await;
    raw.close().await;

    let test = test.reopen().await;
    if backend == Backend::Postgres {
        until_moved(test.store()).await;
    }
    let begun = Instant::now();
    let tenants: Vec<_> = (0..TENANTS).map(|number| test.gateway.tenant(format!("tenant-{number}"))).collect();
    let mut rebuilt = 0;
    // Day by day, so that pages that are read for one tenant are at hand for the next: the store may be larger than memory.
    for day in 0..DAYS {
        let [since, until] = [day, day + 1].map(|day| Timestamp::from_millis(END_MS - (DAYS - day) * DAY_MS));
        for tenant in &tenants {
            let tenant = tenant.as_ref().expect("a tenant");
            rebuilt += tenant.rebuild_rollups(TimeRange { since, until }).await.expect("rollups").traces;
        }
    }
    assert_eq!(rebuilt, traces, "all traces are in the rollups");
    let rebuilt_per_second = traces as f64 / begun.elapsed().as_secs_f64();
    let mut raw = Raw::open(test.store()).await;
    if backend == Backend::Postgres {
        // Opening has moved the traces; autovacuum would come within a minute.
        raw.run("VACUUM ANALYZE gw_traces, gw_rollups").await;
    }
    let (bytes, rollups) = raw.sizes().await;
    raw.close().await;
    Filled { test, bytes, rollup_bytes: rollups.unwrap_or(bytes - before), rebuilt_per_second }
}

/// Waits until the gateway has moved all traces to the partitions of their months, each in a transaction that others wait
/// for.
async fn until_moved(store: &FreshStore) {
    let mut raw = Raw::open(store).await;
    while raw.run("SELECT 1 FROM gw_traces_default LIMIT 1").await > 0 {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    raw.close().await;
}

/// What chance gives trace `n` for the purpose of that number.
fn chance(purpose: u64) -> String {
    let (factor, step, offset) = (48_271 + purpose * 7_919, 16_807 + purpose * 6_101, SEED * 1_009 + purpose * 104_729);
    format!("((n % {PRIME} * {factor} + n / {PRIME} * {step} + {offset}) % {PRIME})")
}

/// Traces `first` to `last` of so many, evenly spread over the days.
fn insert(raw: &Raw, first: u64, last: u64, traces: u64) -> String {
    let [tenant, pair, latency, class, tokens] = [1, 2, 3, 4, 5].map(chance);
    let span = DAYS * DAY_MS;
    let mut columns = vec![
        // The cube makes the first of the tenants have a fifth of the traces.
        ("tenant_id", "'tenant-' || skewed".to_owned()),
        ("created_ms", "ms".to_owned()),
        ("id", raw.id().to_owned()),
        ("ended_ms", "ms + latency / 1000".to_owned()),
        ("request_id", "'request-' || n".to_owned()),
        ("provider", "'provider-' || pair % 4".to_owned()),
        ("requested_model", "'model-' || pair".to_owned()),
        ("model", "'model-' || pair".to_owned()),
        ("endpoint", "'chat'".to_owned()),
        ("stream", "n % 2".to_owned()),
        ("status_class", "class".to_owned()),
        ("status_code", "CASE class WHEN 0 THEN 200 WHEN 1 THEN 400 ELSE 503 END".to_owned()),
        ("error_code", "CASE class WHEN 0 THEN NULL WHEN 1 THEN 400 ELSE 403 END".to_owned()),
        ("latency_us", "latency".to_owned()),
        ("ttfb_us", "latency / 3".to_owned()),
        ("ttft_us", "CASE n % 2 WHEN 1 THEN latency / 2 END".to_owned()),
        ("overhead_us", "20 + n % 50".to_owned()),
        ("input_uncached", "CASE class WHEN 0 THEN 50 + tokens % 4000 END".to_owned()),
        ("output_text", "CASE class WHEN 0 THEN 10 + tokens % 900 END".to_owned()),
        ("usage_source", "1".to_owned()),
        ("flags", "0".to_owned()),
        ("cost_pico_usd", "CASE WHEN class = 0 AND pair > 0 THEN (50 + tokens % 4000) * 2500000 END".to_owned()),
        ("attempt_count", "1".to_owned()),
        ("user_id", "'user-' || n % 5000".to_owned()),
        ("session_id", "'session-' || n / 7".to_owned()),
        ("metadata", "'{\"team\":\"search\"}'".to_owned()),
    ];
    columns.extend(raw.inline_bodies([REQUEST_BYTES, RESPONSE_BYTES]));
    let names = columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let values = columns.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ");
    let skewed = format!("(u * u / {PRIME} * u / {PRIME} * {TENANTS} / {PRIME})");
    format!(
        "INSERT INTO gw_traces ({names}) SELECT {values} FROM (SELECT n, ms, {skewed} AS skewed, pair, latency, class, tokens FROM \
         (SELECT n, {END_MS} - {span} + n * ({span} / {traces}) - 1 AS ms, {tenant} AS u, {pair} % 20 AS pair, \
         80000 + 300000000000 / ({latency} + 50000) AS latency, \
         CASE {class} % 50 WHEN 0 THEN 2 WHEN 1 THEN 1 ELSE 0 END AS class, {tokens} AS tokens FROM {}) AS drawn) AS made",
        raw.numbers(first, last)
    )
}
