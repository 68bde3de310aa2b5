//! Questions about many traces beyond summary and series: group by group, zone by zone, before and after, and what
//! stands out. The judge is a plain look at every trace.

use std::collections::BTreeMap;

use libgateway::{
    AnalyticsQuery, AnalyticsTenants, BreakdownQuery, CallOptions, Dimension, ErrorCode, GroupOrder, Metric, NewApiKey,
    NewTenant, Request, StatusClass, TenantHandle, TenantsQuery, TimeRange, TopOrder, TopQuery, Trace, TraceFilter,
    TraceId, TraceQuery,
};
use libgateway_tests::{TestGateway, backend_tests, hello};
use serde_json::{Value, json};
use upstream::Script;

use crate::{
    corpus::{self, BASE_MS, ROWS, STEP_MS, at},
    reference::{assert_same, distribution, measures},
    support::{Direct, all_traces},
};

const HOUR_MS: i64 = 3_600_000;

/// What a trace has in a dimension.
type Of = fn(&Trace) -> Option<String>;

/// The whole corpus.
fn everything() -> AnalyticsQuery {
    AnalyticsQuery { since: Some(at(BASE_MS)), until: Some(at(BASE_MS + STEP_MS * ROWS)), ..AnalyticsQuery::default() }
}

fn filtered(filter: TraceFilter) -> AnalyticsQuery {
    AnalyticsQuery { filter, ..everything() }
}

/// The groups of traces by what `value` makes of them, as a breakdown shows them.
fn groups(traces: &[Trace], value: impl Fn(&Trace) -> Option<String>) -> Value {
    let mut groups: BTreeMap<Option<String>, Vec<&Trace>> = BTreeMap::new();
    for trace in traces {
        groups.entry(value(trace)).or_default().push(trace);
    }
    let mut shown: Vec<(usize, Value)> = groups
        .into_iter()
        .map(|(value, traces)| {
            let mut shown = measures(traces.iter().copied());
            shown["value"] = json!(value);
            (traces.len(), shown)
        })
        .collect();
    shown.sort_by_key(|(requests, _)| std::cmp::Reverse(*requests));
    shown.into_iter().map(|(_, shown)| shown).collect()
}

async fn breakdown(tenant: &TenantHandle, by: Dimension, query: AnalyticsQuery) -> Value {
    let query = BreakdownQuery { query, ..BreakdownQuery::by(by) };
    json!(tenant.analytics_breakdown(query).await.unwrap())
}

fn name(trace: &Trace) -> Option<String> {
    Some(json!(trace.status_class).as_str().unwrap().to_owned())
}

backend_tests! {
    async fn every_dimension_tells_apart_what_a_look_at_every_trace_does(backend: Backend) {
        let test = corpus::open(backend).await;
        for filter in [
            TraceFilter::default(),
            TraceFilter { provider: Some("openai".into()), ..TraceFilter::default() },
            TraceFilter { status_class: Some(StatusClass::Ok), ..TraceFilter::default() },
            TraceFilter { user_id: Some("user-3".into()), ..TraceFilter::default() },
        ] {
            let traces = all_traces(&test.acme, &filter).await;
            let by: [(Dimension, Of); 8] = [
                (Dimension::Provider, |trace| trace.provider.clone()),
                (Dimension::Model, |trace| trace.model.clone()),
                (Dimension::StatusClass, name),
                (Dimension::ErrorCode, |trace| trace.error_code.map(|code| code.name().to_owned())),
                (Dimension::User, |trace| trace.user_id.clone()),
                (Dimension::Session, |trace| trace.session_id.clone()),
                (Dimension::Metadata("team".into()), |trace| trace.metadata.get("team").cloned()),
                (Dimension::Metadata("stage".into()), |trace| trace.metadata.get("stage").cloned()),
            ];
            for (by, value) in by {
                let answer = breakdown(&test.acme, by.clone(), filtered(filter.clone())).await;
                let path = format!("{by} of {filter:?}");
                assert_same(&answer["groups"], &groups(&traces, value), &path);
                assert_same(&answer["summary"], &measures(&traces), &path);
                assert_eq!(answer["complete"], true);
            }
        }
    }

    async fn groups_come_in_the_order_asked_for_and_no_more_than_asked_for(backend: Backend) {
        let test = corpus::open(backend).await;
        let all = breakdown(&test.acme, Dimension::Model, everything()).await;
        for (order, key) in [(GroupOrder::Cost, "cost_usd"), (GroupOrder::Tokens, "total_tokens"), (GroupOrder::Errors, "errors")] {
            let query = BreakdownQuery { order, limit: Some(2), query: everything(), ..BreakdownQuery::by(Dimension::Model) };
            let some = json!(test.acme.analytics_breakdown(query).await.unwrap());
            let number = |group: &Value| group[key].as_f64().unwrap_or_else(|| group[key].as_str().unwrap().parse().unwrap());
            let mut numbers: Vec<f64> = all["groups"].as_array().unwrap().iter().map(number).collect();
            numbers.sort_by(|left, right| right.total_cmp(left));
            let some_numbers: Vec<f64> = some["groups"].as_array().unwrap().iter().map(number).collect();
            assert_eq!(some_numbers, numbers[..2], "{key}");
            assert_eq!(some["summary"], all["summary"], "the rest is in there");
        }
        for (limit, param) in [(0, "limit"), (1_001, "limit")] {
            let query = BreakdownQuery { limit: Some(limit), ..BreakdownQuery::by(Dimension::Model) };
            assert_eq!(test.acme.analytics_breakdown(query).await.unwrap_err().param(), Some(param));
        }
    }

    async fn keys_are_told_apart_by_whole_hours(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let mut ids = Vec::new();
        for calls in [3, 1] {
            let key = test.acme.create_api_key(NewApiKey::default()).await.unwrap();
            let caller = test.gateway.authenticate(Some(key.secret.expose())).await.unwrap();
            let tenant = test.gateway.tenant_of(&caller, libgateway::Scope::Infer).unwrap();
            for _ in 0..calls {
                tenant.chat(hello()).await.unwrap();
            }
            ids.push(caller.api_key_id.clone());
        }
        test.chat(hello()).await.unwrap();
        test.chat(hello()).await.unwrap();
        let cost: i128 = test.traces().await.iter().filter_map(|trace| trace.cost_usd).map(|cost| cost.0).sum();
        let answer = test.acme.analytics_breakdown(BreakdownQuery::by(Dimension::ApiKey)).await.unwrap();
        assert_eq!((answer.from.as_millis() % HOUR_MS, answer.to.as_millis() % HOUR_MS), (0, 0));
        let requests: Vec<_> = answer.groups.iter().map(|group| (group.value.clone(), group.measures.total_requests)).collect();
        assert_eq!(requests, [(Some(ids[0].clone()), 3), (None, 2), (Some(ids[1].clone()), 1)]);
        assert_eq!((answer.summary.cost_usd.0, answer.summary.total_requests), (cost, 6));
        assert!(answer.summary.avg_latency_ms.is_some() && answer.summary.p50_latency_ms.is_none());
    }

    async fn days_of_any_zone_add_up_to_the_window_to_the_last_unit(backend: Backend) {
        let test = corpus::open(backend).await;
        let traces = all_traces(&test.acme, &TraceFilter::default()).await;
        for zone in ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"] {
            for bucket_minutes in [1440, 360, 60, 15] {
                let query = AnalyticsQuery {
                    time_zone: Some(zone.into()),
                    bucket_minutes: Some(bucket_minutes),
                    since: Some(at(BASE_MS - 30 * HOUR_MS)),
                    until: Some(at(BASE_MS + 40 * HOUR_MS)),
                    ..AnalyticsQuery::default()
                };
                let answer = test.acme.analytics(query).await.unwrap();
                let starts: Vec<i64> = answer.timeseries.iter().map(|bucket| bucket.start.as_millis()).collect();
                for (index, bucket) in answer.timeseries.iter().enumerate() {
                    let until = starts.get(index + 1).copied().unwrap_or(i64::MAX);
                    let within = |trace: &&Trace| (starts[index]..until).contains(&trace.created_at.as_millis());
                    let mut expected = measures(traces.iter().filter(within));
                    expected["start"] = json!(bucket.start);
                    assert_same(&json!(bucket), &expected, &format!("{zone} {bucket_minutes} {}", bucket.start));
                }
                let cost: i128 = answer.timeseries.iter().map(|bucket| bucket.measures.cost_usd.0).sum();
                assert_eq!(cost, answer.summary.cost_usd.0);
                assert_eq!(answer.summary.total_requests, ROWS);
            }
        }
    }

    async fn the_window_before_is_as_long_and_ends_where_this_one_begins(backend: Backend) {
        let test = corpus::open(backend).await;
        let (middle, end) = (BASE_MS + 10 * 300_000, BASE_MS + 20 * 300_000);
        let query = AnalyticsQuery { since: Some(at(middle)), until: Some(at(end)), ..AnalyticsQuery::default() };
        let both = test.acme.analytics_comparison(query.clone()).await.unwrap();
        assert_eq!(both.current, test.acme.analytics_summary(query.clone()).await.unwrap());
        assert_eq!((both.previous.from, both.previous.to), (at(BASE_MS), at(middle)));
        let previous = AnalyticsQuery { since: Some(at(BASE_MS)), until: Some(at(middle)), ..query };
        assert_eq!(both.previous, test.acme.analytics_summary(previous).await.unwrap());
        assert!(both.previous.measures.total_requests > 0);
    }

    async fn the_slowest_and_the_most_expensive_traces_come_first(backend: Backend) {
        let test = corpus::open(backend).await;
        for filter in [
            TraceFilter::default(),
            TraceFilter { model: Some("gpt-4o".into()), ..TraceFilter::default() },
            TraceFilter { metadata: [("stage".to_owned(), "live".to_owned())].into(), ..TraceFilter::default() },
        ] {
            let traces = all_traces(&test.acme, &filter).await;
            let mut slowest: Vec<&Trace> = traces.iter().collect();
            slowest.sort_by(|left, right| right.latency_ms.total_cmp(&left.latency_ms));
            let mut dearest: Vec<&Trace> = traces.iter().filter(|trace| trace.cost_usd.is_some()).collect();
            dearest.sort_by_key(|trace| (std::cmp::Reverse(trace.cost_usd), std::cmp::Reverse(trace.created_at)));
            for (order, expected) in [(TopOrder::Slowest, slowest), (TopOrder::MostExpensive, dearest)] {
                let query = TopQuery { limit: Some(5), query: filtered(filter.clone()), ..TopQuery::of(order) };
                let answer = test.acme.top_traces(query).await.unwrap();
                assert_eq!(answer.traces.iter().collect::<Vec<_>>(), expected[..5], "{order:?} {filter:?}");
                assert!(answer.complete);
            }
        }
        let query = TopQuery { limit: Some(201), ..TopQuery::of(TopOrder::Slowest) };
        assert_eq!(test.acme.top_traces(query).await.unwrap_err().param(), Some("limit"));
    }

    async fn distributions_are_those_of_a_full_sort(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for number in 0..30_u64 {
            let words = (0..3 + number % 5).map(|word| format!("word{word} "));
            let usage = json!({"prompt_tokens": 9, "completion_tokens": 10 + number * 7, "total_tokens": 19 + number * 7});
            let script = Script::stream(words).gap_ms(1);
            test.upstream.push(if number % 6 == 5 { Script::error(400, "no") } else { script.usage(usage) });
            if let Ok(mut stream) = test.chat_stream(hello()).await {
                while let Some(event) = stream.next_event().await {
                    event.unwrap();
                }
            }
        }
        let traces = test.traces().await;
        let ok: Vec<&Trace> = traces.iter().filter(|trace| trace.status_class == StatusClass::Ok).collect();
        assert_eq!(ok.len(), 25);
        let numbers = |number: fn(&Trace) -> Option<f64>| distribution(ok.iter().filter_map(|trace| number(trace)).collect());
        let expected = json!({
            "latency": numbers(|trace| Some(trace.latency_ms)),
            "ttfb": numbers(|trace| trace.ttfb_ms),
            "ttft": numbers(|trace| trace.ttft_ms),
            "overhead": numbers(|trace| Some(trace.overhead_us as f64)),
            "tokens_per_second": numbers(|trace| {
                Some(trace.output_tokens? as f64 / (trace.latency_ms - trace.ttft_ms?) * 1e3).filter(|speed| speed.is_finite())
            }),
        });
        // A filter by status code is answered from the traces, the others from rollups: the answer is the same.
        let filters = [
            TraceFilter::default(),
            TraceFilter { provider: Some("openai".into()), ..TraceFilter::default() },
            TraceFilter { status_code: Some(200), ..TraceFilter::default() },
        ];
        for filter in filters {
            let query = AnalyticsQuery { distributions: Metric::ALL.to_vec(), filter, ..AnalyticsQuery::default() };
            let summary = json!(test.acme.analytics_summary(query.clone()).await.unwrap());
            assert_same(&summary["distributions"], &expected, "");
            let one = AnalyticsQuery { distributions: vec![Metric::Ttft], ..query };
            let summary = json!(test.acme.analytics_summary(one).await.unwrap());
            assert_same(&summary["distributions"], &json!({"ttft": expected["ttft"]}), "");
        }
        let none = json!(test.acme.analytics_summary(AnalyticsQuery::default()).await.unwrap());
        assert!(none.get("distributions").is_none());
    }

    async fn the_operator_sees_all_tenants_and_their_sum(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for (id, calls) in [("busy", 4), ("calm", 1), ("idle", 0)] {
            let provider = Some(TestGateway::provider(&test.upstream));
            test.gateway.create_tenant(NewTenant { id: Some(id.parse().unwrap()), provider, ..NewTenant::default() }).await.unwrap();
            for _ in 0..calls {
                test.gateway.tenant(id).unwrap().chat(hello()).await.unwrap();
            }
        }
        test.chat(hello()).await.unwrap();
        test.flush().await;
        let answer = test.gateway.analytics_tenants(TenantsQuery::default()).await.unwrap();
        let requests: Vec<_> = answer.tenants.iter().map(|tenant| (tenant.tenant_id.as_str(), tenant.measures.total_requests)).collect();
        assert_eq!(requests, [("busy", 4), ("acme", 1), ("calm", 1)]);
        assert_eq!(answer.summary.total_requests, 6);
        assert_eq!(answer.summary.cost_usd.0, answer.tenants.iter().map(|tenant| tenant.measures.cost_usd.0).sum::<i128>());
        let query = AnalyticsQuery { window_hours: Some(24), until: Some(answer.to), ..AnalyticsQuery::default() };
        let busy = test.gateway.tenant("busy").unwrap().analytics_summary(query).await.unwrap();
        assert_eq!(answer.tenants[0].measures, busy.measures);
        let first = TenantsQuery { limit: Some(1), ..TenantsQuery::default() };
        assert_eq!(test.gateway.analytics_tenants(first).await.unwrap().tenants.len(), 1);
        let model = TraceFilter { model: Some("none".into()), ..TraceFilter::default() };
        let query = TenantsQuery { query: AnalyticsQuery { filter: model, ..AnalyticsQuery::default() }, ..TenantsQuery::default() };
        assert!(test.gateway.analytics_tenants(query).await.unwrap().tenants.is_empty());
        let user = TraceFilter { user_id: Some("u".into()), ..TraceFilter::default() };
        let query = TenantsQuery { query: AnalyticsQuery { filter: user, ..AnalyticsQuery::default() }, ..TenantsQuery::default() };
        assert_eq!(test.gateway.analytics_tenants(query).await.unwrap_err().param(), Some("user_id"));
    }

    async fn what_is_asked_of_all_tenants_is_the_sum_of_them(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let provider = Some(TestGateway::provider(&test.upstream));
        let globex = NewTenant { id: Some("globex".parse().unwrap()), provider, ..NewTenant::default() };
        test.gateway.create_tenant(globex).await.unwrap();
        let (globex, all) = (test.gateway.tenant("globex").unwrap(), test.gateway.all_tenants());
        for tenant in [&test.acme, &globex, &test.acme] {
            let options = CallOptions { user_id: Some(format!("user of {}", tenant.id())), ..CallOptions::default() };
            tenant.chat(Request::from(hello()).with_options(options)).await.unwrap();
        }
        test.flush().await;
        let page = all.list_traces(TraceQuery::default()).await.unwrap();
        let tenants: Vec<_> = page.traces.iter().map(|trace| trace.tenant_id.as_str()).collect();
        assert_eq!((tenants, page.next_cursor), (vec!["acme", "globex", "acme"], None));
        for trace in &page.traces {
            let own = test.gateway.tenant(trace.tenant_id.as_str()).unwrap().get_trace(trace.id).await.unwrap();
            assert_eq!(json!(all.get_trace(trace.id).await.unwrap()), json!(own), "content and all");
        }
        let nobodys = all.get_trace(TraceId::new(at(BASE_MS))).await.unwrap_err();
        assert_eq!(nobodys.code(), ErrorCode::TraceNotFound);
        // One is answered from rollups, the other from the traces.
        for status_code in [None, Some(200)] {
            let filter = TraceFilter { status_code, ..TraceFilter::default() };
            let query = || AnalyticsQuery { filter: filter.clone(), ..AnalyticsQuery::default() };
            let whole = all.analytics(query()).await.unwrap();
            let (own, other) = (test.acme.analytics(query()).await.unwrap(), globex.analytics(query()).await.unwrap());
            assert_eq!((whole.summary.total_requests, own.summary.total_requests), (3, 2));
            assert_eq!(whole.summary.cost_usd.0, own.summary.cost_usd.0 + other.summary.cost_usd.0);
            assert_eq!(whole.timeseries.iter().map(|bucket| bucket.measures.total_requests).sum::<i64>(), 3);
            assert_eq!(all.analytics_summary(query()).await.unwrap().measures, whole.summary);
            assert_eq!(all.analytics_timeseries(query()).await.unwrap().timeseries, whole.timeseries);
            assert_eq!(all.analytics_comparison(query()).await.unwrap().current.measures, whole.summary);
            let models = all.analytics_models(query()).await.unwrap().models;
            assert_eq!((models.len(), &models[0].measures), (1, &whole.summary));
            for (by, groups) in [("user", 2), ("provider", 1), ("error_code", 1)] {
                let by = by.parse().unwrap();
                let query = BreakdownQuery { by, order: GroupOrder::default(), limit: None, query: query() };
                let told_apart = all.analytics_breakdown(query).await.unwrap();
                assert_eq!((told_apart.groups.len(), &told_apart.summary), (groups, &whole.summary));
            }
            let top = TopQuery { order: TopOrder::Slowest, limit: None, query: query() };
            assert_eq!(all.top_traces(top).await.unwrap().traces.len(), 3);
        }
    }

    async fn ten_thousand_tenants_are_told_apart_and_added_up(backend: Backend) {
        const TENANTS: i64 = 10_000;
        let test = TestGateway::open(backend).await;
        for _ in 0..3 {
            test.chat(hello()).await.unwrap();
        }
        test.flush().await;
        // Tenants like this one, with rollups like its own: at one moment, since these move while they are folded.
        let sketches = "latency, ttfb, ttft, overhead, speed";
        let copies = |numbers: &str, id: &str| format!(
            "INSERT INTO gw_tenants (id, status, key_version, generation, created_ms, updated_ms) \
             SELECT 'copy-' || n, status, key_version, generation, created_ms, updated_ms FROM gw_tenants, {numbers}; \
             INSERT INTO gw_rollup_deltas (tenant_id, start_ms, id, counts, api_keys, {sketches}) \
             SELECT 'copy-' || n, start_ms, {id}, counts, api_keys, {sketches} FROM gw_rollup_deltas, {numbers}; \
             INSERT INTO gw_rollups (tenant_id, kind, step, start_ms, counts, {sketches}) \
             SELECT 'copy-' || n, kind, step, start_ms, counts, {sketches} FROM gw_rollups, {numbers}"
        );
        Direct::to(test.store()).await.copy(TENANTS, copies).await;
        let query = TenantsQuery { limit: Some(7), ..TenantsQuery::default() };
        let AnalyticsTenants { tenants, summary, .. } = test.gateway.analytics_tenants(query).await.unwrap();
        assert_eq!((tenants.len(), tenants.iter().all(|tenant| tenant.measures == tenants[0].measures)), (7, true));
        let own = test.acme.analytics_summary(AnalyticsQuery::default()).await.unwrap().measures;
        assert_eq!(tenants[0].measures, own);
        assert_eq!((summary.total_requests, summary.cost_usd.0), (3 * (TENANTS + 1), own.cost_usd.0 * i128::from(TENANTS + 1)));
        let series = test.gateway.all_tenants().analytics(AnalyticsQuery::default()).await.unwrap();
        assert_eq!(series.summary, summary);
    }

    async fn a_range_is_rebuilt_in_whole_days_and_checked_first(backend: Backend) {
        let test = corpus::open(backend).await;
        let before = test.acme.analytics(everything()).await.unwrap();
        let report = test.acme.rebuild_rollups(TimeRange { since: at(BASE_MS), until: at(BASE_MS + 1) }).await.unwrap();
        assert_eq!((report.to.as_millis() - report.from.as_millis(), report.traces), (24 * HOUR_MS, ROWS as u64));
        assert_eq!(test.acme.analytics(everything()).await.unwrap(), before);
        let error = test.acme.rebuild_rollups(TimeRange { since: at(BASE_MS), until: at(BASE_MS) }).await.unwrap_err();
        assert_eq!((error.code(), error.param()), (ErrorCode::InvalidField, Some("since")));
    }
}
