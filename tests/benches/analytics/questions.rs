//! Asks the tenant that has the most traces, and looks at its traces by plain SQL for comparison.

use std::time::{Duration, Instant};

use libgateway::{AnalyticsQuery, StatusClass, TenantHandle, TenantsQuery, Timestamp, TraceQuery};
use libgateway_tests::Backend;

use crate::{
    fill::{END_MS, REQUEST_BYTES, RESPONSE_BYTES, fill},
    raw::Raw,
};

const ROUNDS: usize = 100;
const DAY_MS: i64 = 86_400_000;

/// What was measured at one size.
pub(crate) struct Measured {
    traces: u64,
    lines: Vec<Line>,
}

struct Line {
    what: &'static str,
    ours: Durations,
    /// The same by a look at every trace, where there is such a thing.
    scan: Option<Duration>,
    promise: &'static str,
}

struct Durations {
    p50: Duration,
    p99: Duration,
}

/// The last thirty days, with a ragged end: their edges are no edges of days.
fn month() -> AnalyticsQuery {
    let until = END_MS - 7 * 3_600_000 - 25 * 60_000;
    AnalyticsQuery {
        since: Some(Timestamp::from_millis(until - 30 * DAY_MS)),
        until: Some(Timestamp::from_millis(until)),
        ..AnalyticsQuery::default()
    }
}

pub(crate) async fn run(backend: Backend, traces: u64) -> Measured {
    let begun = Instant::now();
    let filled = fill(backend, traces).await;
    let content = REQUEST_BYTES + RESPONSE_BYTES;
    println!(
        "  {traces} traces of 100 tenants, each with {content} bytes of content, in {} s; rollups made anew from {:.0} \
         traces/s; they are {:.0} MB of {:.0}: {:.1} %   promise ≤ 10 %",
        begun.elapsed().as_secs(),
        filled.rebuilt_per_second,
        filled.rollup_bytes as f64 / 1e6,
        filled.bytes as f64 / 1e6,
        filled.rollup_bytes as f64 / filled.bytes as f64 * 100.0,
    );
    let test = filled.test;
    let tenant = test.gateway.tenant("tenant-0").expect("a tenant");
    let mut raw = Raw::open(test.store()).await;
    let mut lines = Vec::new();
    let window = format!(
        "tenant_id = 'tenant-0' AND created_ms >= {} AND created_ms < {}",
        END_MS - 7 * 3_600_000 - 25 * 60_000 - 30 * DAY_MS,
        END_MS - 7 * 3_600_000 - 25 * 60_000
    );
    let sums = "count(*), sum(input_uncached), sum(output_text), sum(cost_pico_usd), sum(latency_us), sum(ttfb_us)";

    let median = "ORDER BY latency_us LIMIT 1 OFFSET 1000";
    let scan = [
        format!("SELECT {sums} FROM gw_traces WHERE {window}"),
        format!("SELECT latency_us FROM gw_traces WHERE {window} AND status_class = 0 {median}"),
    ];
    let ours = measure(async || drop(tenant.analytics_summary(month()).await.expect("a summary"))).await;
    lines.push(line("30-day summary", ours, Some(look(&mut raw, &scan).await)));
    let scan = [format!("SELECT created_ms / 3600000, {sums} FROM gw_traces WHERE {window} GROUP BY 1")];
    let ours = measure(async || drop(tenant.analytics_timeseries(month()).await.expect("a series"))).await;
    lines.push(line("720-hour series", ours, Some(look(&mut raw, &scan).await)));
    let scan = [format!("SELECT provider, model, {sums} FROM gw_traces WHERE {window} GROUP BY 1, 2")];
    let ours = measure(async || drop(tenant.analytics_models(month()).await.expect("models"))).await;
    lines.push(line("30 days by model", ours, Some(look(&mut raw, &scan).await)));
    let days = AnalyticsQuery { bucket_minutes: Some(1_440), time_zone: Some("Asia/Kathmandu".to_owned()), ..month() };
    let ours = measure(async || drop(tenant.analytics_timeseries(days.clone()).await.expect("days"))).await;
    lines.push(line("30 days in Kathmandu", ours, None));
    let all = TenantsQuery { query: month(), ..TenantsQuery::default() };
    let ours = measure(async || drop(test.gateway.analytics_tenants(all.clone()).await.expect("tenants"))).await;
    lines.push(Line { what: "30 days tenant by tenant", ours, scan: None, promise: "" });
    let everybody = test.gateway.all_tenants();
    let ours = measure(async || drop(everybody.analytics_summary(month()).await.expect("a summary"))).await;
    lines.push(Line { what: "30-day summary of all", ours, scan: None, promise: "" });
    let newest = TraceQuery { limit: Some(50), ..TraceQuery::default() };
    let ours = measure(async || drop(everybody.list_traces(newest.clone()).await.expect("a page"))).await;
    lines.push(Line { what: "page of 50, newest of all", ours, scan: None, promise: "p99 ≤ 20" });
    lines.extend(pages(&tenant).await);
    raw.close().await;
    test.close().await;
    Measured { traces, lines }
}

async fn pages(tenant: &TenantHandle) -> Vec<Line> {
    let any = || TraceQuery { limit: Some(50), ..TraceQuery::default() };
    let (mut model, mut failed, mut user) = (any(), any(), any());
    model.filter.model = Some("model-7".to_owned());
    failed.filter.status_class = Some(StatusClass::UpstreamError);
    user.filter.user_id = Some("user-4321".to_owned());
    let mut lines = Vec::new();
    for (what, query) in [
        ("page of 50, newest", any()),
        ("page of 50 of a model", model),
        ("page of 50 of failures", failed),
        ("page of 50 of a rare user", user),
    ] {
        let ours = measure(async || drop(tenant.list_traces(query.clone()).await.expect("a page"))).await;
        lines.push(Line { what, ours, scan: None, promise: "p99 ≤ 20" });
    }
    lines
}

fn line(what: &'static str, ours: Durations, scan: Option<Duration>) -> Line {
    Line { what, ours, scan, promise: "≤ 10, ≤ 1.2 ×, ≥ 100 ×" }
}

async fn measure(mut question: impl AsyncFnMut()) -> Durations {
    let mut durations = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS + 3 {
        let begun = Instant::now();
        question().await;
        durations.push(begun.elapsed());
    }
    // The first ones warm the caches.
    let mut durations = durations.split_off(3);
    durations.sort_unstable();
    let nearest_rank = |percent: usize| durations[(ROUNDS * percent).div_ceil(100) - 1];
    Durations { p50: nearest_rank(50), p99: nearest_rank(99) }
}

/// How long statements take together, the second time.
async fn look(raw: &mut Raw, statements: &[String]) -> Duration {
    let mut took = Duration::ZERO;
    for statement in statements {
        raw.run(statement).await;
        let begun = Instant::now();
        raw.run(statement).await;
        took += begun.elapsed();
    }
    took
}

pub(crate) fn report(small: &Measured, large: &Measured) {
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    println!("  {:<28} {:>20} {:>20}", "ms, p50 / p99", small.traces, large.traces);
    for (before, line) in small.lines.iter().zip(&large.lines) {
        let pair = |durations: &Durations| format!("{:.2} / {:.2}", ms(durations.p50), ms(durations.p99));
        let growth = ms(line.ours.p50) / ms(before.ours.p50);
        let scan = line.scan.map_or(String::new(), |scan| {
            format!("by plain SQL {:.0}: {:.0} ×", ms(scan), ms(scan) / ms(line.ours.p50))
        });
        println!(
            "  {:<28} {:>20} {:>20}   {growth:.2} ×   {scan:<28} promise {}",
            line.what,
            pair(&before.ours),
            pair(&line.ours),
            line.promise
        );
    }
}
