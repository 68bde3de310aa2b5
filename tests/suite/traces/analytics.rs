//! Analytics: both databases answer alike, and as a plain look at every trace does.

use libgateway::{AnalyticsQuery, ErrorCode, PicoUsd, StatusClass, TenantHandle, Timestamp, Trace, TraceFilter};
use libgateway_tests::{Backend, TestGateway, backend_tests, hello, run};
use serde_json::{Value, json};

use crate::{
    corpus::{self, BASE_MS, ROWS, STEP_MS, at},
    reference::{assert_same, measures, models},
    support::all_traces,
};

const EDGE_MS: i64 = 300_000;

/// The whole corpus, with room around it.
fn everything(bucket_minutes: u32) -> AnalyticsQuery {
    let (since, until) = (at(BASE_MS - 3_700_001), at(BASE_MS + STEP_MS * ROWS + 123_456));
    AnalyticsQuery {
        since: Some(since),
        until: Some(until),
        bucket_minutes: Some(bucket_minutes),
        ..AnalyticsQuery::default()
    }
}

fn filters() -> Vec<TraceFilter> {
    let none = TraceFilter::default;
    vec![
        none(),
        TraceFilter { model: Some("gpt-4o".to_owned()), ..none() },
        TraceFilter { provider: Some("backup".to_owned()), ..none() },
        TraceFilter { status_class: Some(StatusClass::Ok), ..none() },
        TraceFilter { status_class: Some(StatusClass::UpstreamError), provider: Some("openai".to_owned()), ..none() },
        TraceFilter { user_id: Some("user-3".to_owned()), ..none() },
        TraceFilter {
            metadata: [("team".to_owned(), "ü\\n".to_owned()), ("stage".to_owned(), "live".to_owned())].into(),
            ..none()
        },
        TraceFilter { error_code: Some(ErrorCode::UpstreamRateLimited), ..none() },
        TraceFilter { model: Some("nobody".to_owned()), ..none() },
    ]
}

/// Everything that can be asked about a tenant, as JSON.
async fn answers(tenant: &TenantHandle, query: &AnalyticsQuery) -> Value {
    let all = json!({
        "analytics": tenant.analytics(query.clone()).await.unwrap(),
        "summary": tenant.analytics_summary(query.clone()).await.unwrap(),
        "timeseries": tenant.analytics_timeseries(query.clone()).await.unwrap(),
        "models": tenant.analytics_models(query.clone()).await.unwrap(),
    });
    assert_eq!(all["analytics"]["timeseries"], all["timeseries"]["timeseries"]);
    for (key, value) in all["analytics"]["summary"].as_object().unwrap() {
        assert_eq!(&all["summary"][key], value, "{key}");
    }
    all
}

/// Fails unless the answers are those of a look at these traces.
async fn assert_answers(tenant: &TenantHandle, query: &AnalyticsQuery, traces: &[Trace]) {
    let answers = answers(tenant, query).await;
    assert_same(&answers["analytics"]["summary"], &measures(traces), "summary");
    assert_same(&answers["models"]["models"], &Value::from(models(traces)), "models");
    let bucket_ms = i64::from(query.bucket_minutes.unwrap_or(60)) * 60_000;
    let time = |text: &Value| text.as_str().unwrap().parse::<Timestamp>().unwrap().as_millis();
    let (from, to) = (time(&answers["analytics"]["from"]), time(&answers["analytics"]["to"]));
    let mut start = from - from.rem_euclid(bucket_ms);
    for bucket in answers["timeseries"]["timeseries"].as_array().unwrap() {
        let within = |trace: &&Trace| (start..start + bucket_ms).contains(&trace.created_at.as_millis());
        let mut expected = measures(traces.iter().filter(within));
        expected["start"] = json!(at(start));
        assert_same(bucket, &expected, "bucket");
        start += bucket_ms;
    }
    assert!((to..to + bucket_ms).contains(&start), "the series is dense up to {to}, not {start}");
}

/// The parameter a query is refused for.
async fn refused(tenant: &TenantHandle, query: AnalyticsQuery) -> Option<String> {
    let error = tenant.analytics(query).await.expect_err("it is refused");
    assert_eq!((error.code(), error.status()), (ErrorCode::InvalidField, 400), "{error}");
    error.param().map(str::to_owned)
}

#[test]
fn both_databases_give_the_same_answers_to_the_same_corpus() {
    run(|| async {
        let (sqlite, postgres) = tokio::join!(corpus::open(Backend::Sqlite), corpus::open(Backend::Postgres));
        for bucket_minutes in [5, 60, 720] {
            for filter in filters() {
                let query = AnalyticsQuery { filter, ..everything(bucket_minutes) };
                assert_eq!(answers(&sqlite.acme, &query).await, answers(&postgres.acme, &query).await, "{query:?}");
            }
        }
    });
}

backend_tests! {
    async fn the_answers_are_those_of_a_look_at_every_trace(backend: Backend) {
        let test = corpus::open(backend).await;
        let all = all_traces(&test.acme, &TraceFilter::default()).await;
        assert!(all.iter().any(|trace| trace.cost_usd.is_none() && trace.total_tokens.is_some()), "the corpus has unpriced calls");
        for filter in filters() {
            let traces = all_traces(&test.acme, &filter).await;
            for bucket_minutes in [5, 15, 60, 180, 1440] {
                assert_answers(&test.acme, &AnalyticsQuery { filter: filter.clone(), ..everything(bucket_minutes) }, &traces).await;
            }
        }
    }

    async fn the_cost_of_the_window_is_the_exact_sum_of_its_models_and_buckets(backend: Backend) {
        let test = corpus::open(backend).await;
        let whole = test.acme.analytics(everything(30)).await.unwrap();
        let models = test.acme.analytics_models(everything(30)).await.unwrap();
        let rows: i128 = all_traces(&test.acme, &TraceFilter::default()).await.iter().filter_map(|trace| trace.cost_usd).map(|cost| cost.0).sum();
        assert!(rows > 0);
        assert_eq!(whole.summary.cost_usd, PicoUsd(rows));
        assert_eq!(whole.timeseries.iter().map(|bucket| bucket.measures.cost_usd.0).sum::<i128>(), rows);
        assert_eq!(models.models.iter().map(|model| model.measures.cost_usd.0).sum::<i128>(), rows);
        assert_eq!(models.models.iter().map(|model| model.measures.total_requests).sum::<i64>(), ROWS);
    }

    async fn an_unpriced_model_costs_nothing_and_is_counted(backend: Backend) {
        let test = corpus::open(backend).await;
        let models = test.acme.analytics_models(everything(60)).await.unwrap().models;
        for model in &models {
            let unpriced = model.model.as_deref() == Some("in-house-1");
            assert_eq!(model.measures.unpriced_requests > 0, unpriced, "{model:?}");
            assert_eq!(model.measures.cost_usd == PicoUsd(0), unpriced, "{model:?}");
        }
    }

    async fn an_empty_store_has_a_dense_series_of_nothing(backend: Backend) {
        let test = TestGateway::open(backend).await;
        assert_answers(&test.acme, &everything(60), &[]).await;
        let today = test.acme.analytics(AnalyticsQuery::default()).await.unwrap();
        assert!((24..=26).contains(&today.timeseries.len()), "{} buckets of an hour in 24 hours", today.timeseries.len());
        assert_eq!((today.summary.total_requests, today.summary.error_rate, today.summary.p50_latency_ms), (0, 0.0, None));
        assert!(test.acme.analytics_models(AnalyticsQuery::default()).await.unwrap().models.is_empty());
    }

    async fn one_trace_is_every_percentile(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.chat(hello()).await.unwrap();
        let traces = test.traces().await;
        let query = AnalyticsQuery { window_hours: Some(1), bucket_minutes: Some(5), ..AnalyticsQuery::default() };
        let summary = test.acme.analytics_summary(query.clone()).await.unwrap().measures;
        assert_eq!(summary.avg_latency_ms, Some(traces[0].latency_ms));
        assert_eq!([summary.p95_latency_ms, summary.p99_latency_ms], [summary.p50_latency_ms; 2]);
        assert_answers(&test.acme, &query, &traces).await;
    }

    async fn edges_are_widened_to_five_minutes(backend: Backend) {
        let test = corpus::open(backend).await;
        let all = all_traces(&test.acme, &TraceFilter::default()).await;
        for (first, last) in [(0, 1), (3, 17), (20, 21), (31, 59)] {
            // A window that begins just after a trace and ends just before another.
            let (since, until) = (BASE_MS + STEP_MS * first + 1, BASE_MS + STEP_MS * last - 1);
            let (from, to) = (since - since.rem_euclid(EDGE_MS), until + (-until).rem_euclid(EDGE_MS));
            let query = AnalyticsQuery { since: Some(at(since)), until: Some(at(until)), bucket_minutes: Some(5), ..AnalyticsQuery::default() };
            let answer = test.acme.analytics(query.clone()).await.unwrap();
            assert_eq!((answer.from, answer.to), (at(from), at(to)));
            let within: Vec<Trace> = all.iter().filter(|trace| (from..to).contains(&trace.created_at.as_millis())).cloned().collect();
            assert_answers(&test.acme, &query, &within).await;
        }
        let edge = BASE_MS;
        let query = AnalyticsQuery { since: Some(at(edge)), until: Some(at(edge + EDGE_MS)), bucket_minutes: Some(5), ..AnalyticsQuery::default() };
        let answer = test.acme.analytics(query).await.unwrap();
        assert_eq!((answer.from, answer.to, answer.timeseries.len(), answer.summary.total_requests), (at(edge), at(edge + EDGE_MS), 1, 1));
    }

    async fn what_cannot_be_asked_is_refused_by_its_parameter(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let query = AnalyticsQuery::default;
        let now = at(BASE_MS);
        for (query, param) in [
            (AnalyticsQuery { window_hours: Some(0), ..query() }, "window_hours"),
            (AnalyticsQuery { window_hours: Some(8_785), ..query() }, "window_hours"),
            (AnalyticsQuery { window_hours: Some(1), since: Some(now), ..query() }, "window_hours"),
            (AnalyticsQuery { bucket_minutes: Some(0), ..query() }, "bucket_minutes"),
            (AnalyticsQuery { bucket_minutes: Some(7), ..query() }, "bucket_minutes"),
            (AnalyticsQuery { window_hours: Some(8_784), bucket_minutes: Some(5), ..query() }, "bucket_minutes"),
            (AnalyticsQuery { since: Some(now), until: Some(now), ..query() }, "since"),
            (AnalyticsQuery { time_zone: Some("Mars/Olympus".to_owned()), ..query() }, "time_zone"),
        ] {
            assert_eq!(refused(&test.acme, query.clone()).await.as_deref(), Some(param), "{query:?}");
        }
    }

    async fn a_tenants_analytics_are_its_own(backend: Backend) {
        let test = corpus::open(backend).await;
        test.gateway.create_tenant(libgateway::NewTenant { id: Some("other".parse().unwrap()), ..Default::default() }).await.unwrap();
        let other = test.gateway.tenant("other").unwrap();
        assert_answers(&other, &everything(60), &[]).await;
    }
}

libgateway_tests::pooled_tests! {
    the_answers_are_those_of_a_look_at_every_trace,
}
