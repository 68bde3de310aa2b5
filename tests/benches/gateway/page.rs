//! A page of 50 traces of a tenant that has very many, on SQLite.
//!
//! The rows are two real ones, a success and a failure, which SQL repeats with other ids, times, models and users; the
//! schema and its indices are the gateway's own.

use std::time::{Duration, Instant};

use libgateway::{CallOptions, StatusClass, TenantHandle, TraceQuery};
use libgateway_tests::{Backend, TestGateway, hello};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use upstream::Script;

use crate::percentile;

/// Traces when no number is given. The promise is about 10,000,000, which take minutes and some gigabytes of disk.
pub(crate) const ROWS: u64 = 200_000;

const PAGE: u32 = 50;
const PAGES: usize = 500;
/// Rows that one transaction writes.
const BATCH: u64 = 250_000;
/// The traces are evenly spread over so long.
const SPAN_MS: u64 = 30 * 24 * 3_600 * 1_000;
/// How far down the list the deep pages begin.
const DEEP: u64 = 200_000;

pub(crate) fn run(rows: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let test = TestGateway::open(Backend::Sqlite).await;
        templates(&test).await;
        test.close().await;
        let begun = Instant::now();
        fill(&test.store().url(), rows).await;
        println!("pages of {PAGE} of {rows} traces of one tenant (filled in {} s)", begun.elapsed().as_secs());

        let test = test.reopen().await;
        let any = || TraceQuery { limit: Some(PAGE), ..TraceQuery::default() };
        let (mut of_model, mut failed, mut unindexed) = (any(), any(), any());
        of_model.filter.model = Some("model-3".to_owned());
        failed.filter.status_class = Some(StatusClass::UpstreamError);
        unindexed.filter.status_code = Some(404);
        let deep = DEEP.min(rows / 2);
        let deep_query = TraceQuery { cursor: Some(cursor_at(&test.acme, deep).await), ..any() };
        line("the newest page", &mut pages(&test.acme, any(), Then::Again).await);
        line("pages of one model of ten", &mut pages(&test.acme, of_model, Then::Onward).await);
        line("pages of the errors, one trace of fifty", &mut pages(&test.acme, failed, Then::Onward).await);
        line(&format!("pages {deep} rows down, by cursor"), &mut pages(&test.acme, deep_query, Then::Onward).await);
        line("pages of a status that no trace has", &mut pages(&test.acme, unindexed, Then::Onward).await);
        test.close().await;
    });
}

fn line(what: &str, durations: &mut [Duration]) {
    let (middle, slow) = (percentile(durations, 50) / 1e3, percentile(durations, 99) / 1e3);
    println!("{what:<52} p50 {middle:>10.3} ms   p99 {slow:>9.3} ms                  promise ≤ 20");
}

/// Which page is asked for after one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Again,
    /// The one behind it; the first one after the last.
    Onward,
}

async fn pages(tenant: &TenantHandle, query: TraceQuery, then: Then) -> Vec<Duration> {
    let mut durations = Vec::with_capacity(PAGES);
    let mut cursor = query.cursor.clone();
    for _ in 0..PAGES {
        let asked = TraceQuery { cursor: cursor.clone(), ..query.clone() };
        let begun = Instant::now();
        let page = tenant.list_traces(asked).await.expect("a page");
        durations.push(begun.elapsed());
        if then == Then::Onward {
            cursor = page.next_cursor.or_else(|| query.cursor.clone());
        }
    }
    durations
}

/// The cursor behind so many of the newest traces.
async fn cursor_at(tenant: &TenantHandle, rows: u64) -> String {
    let mut query = TraceQuery { limit: Some(200), ..TraceQuery::default() };
    let mut passed = 0;
    loop {
        let page = tenant.list_traces(query.clone()).await.expect("a page");
        passed += page.traces.len() as u64;
        query.cursor = page.next_cursor;
        if passed >= rows {
            return query.cursor.expect("more traces");
        }
    }
}

/// Leaves two traces: one of a call that succeeds, one of a call that fails.
async fn templates(test: &TestGateway) {
    let options = || CallOptions {
        request_id: Some("request".to_owned()),
        user_id: Some("user".to_owned()),
        session_id: Some("session".to_owned()),
        metadata: [("team".to_owned(), "search".to_owned())].into(),
        ..CallOptions::default()
    };
    test.chat_with(hello(), options()).await.expect("an answer");
    test.upstream.fallback(Script::error(500, "broken"));
    test.chat_with(hello(), options()).await.expect_err("a failure");
    test.flush().await;
}

/// Replaces the two traces by so many, in order of time and ending now. Every fiftieth is like the failed one.
async fn fill(url: &str, rows: u64) {
    let mut connection = SqliteConnection::connect(url).await.expect("the file");
    let mut run = async |statement: String| {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("a statement");
    };
    run("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;
         CREATE TEMP TABLE template AS SELECT * FROM gw_traces ORDER BY status_class;
         DELETE FROM gw_traces; DELETE FROM gw_trace_bodies"
        .to_owned())
    .await;
    // Asked for, so that a column that is added needs no change here.
    let names = column_names(url).await;
    let values = names.iter().map(|name| value(name)).collect::<Vec<_>>().join(", ");
    let names = names.join(", ");
    let step = (SPAN_MS / rows).max(1);
    for first in (1..=rows).step_by(usize::try_from(BATCH).expect("a number")) {
        let last = rows.min(first + BATCH - 1);
        run(format!(
            "WITH RECURSIVE
               numbers (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}),
               newest (ms) AS (SELECT max(created_ms) FROM template),
               times (n, ms) AS (SELECT n, newest.ms - ({rows} - n) * {step} FROM numbers, newest)
             INSERT INTO gw_traces ({names})
             SELECT {values} FROM times JOIN template ON template.rowid = 1 + (n % 50 = 0)"
        ))
        .await;
    }
    connection.close().await.expect("a close");
}

async fn column_names(url: &str) -> Vec<String> {
    let mut connection = SqliteConnection::connect(url).await.expect("the file");
    let names = sqlx::query_scalar("SELECT name FROM pragma_table_info('gw_traces')").fetch_all(&mut connection).await;
    connection.close().await.expect("a close");
    names.expect("the names of the columns")
}

/// What stands in this column of trace `n`, which was made at `ms`.
fn value(column: &str) -> String {
    match column {
        "seq" => "n",
        "created_ms" => "ms",
        // A UUIDv7 begins with its time.
        "id" => "unhex(printf('%012x7%03x8%015x', ms, n % 4096, n))",
        "ended_ms" => "ms + 700",
        "request_id" => "printf('request-%d', n)",
        "user_id" => "printf('user-%d', n % 1000)",
        "session_id" => "printf('session-%d', n / 10)",
        "requested_model" | "model" => "printf('model-%d', n % 10)",
        "latency_us" => "100000 + n * 7919 % 900000",
        _ => return format!("template.{column}"),
    }
    .to_owned()
}
