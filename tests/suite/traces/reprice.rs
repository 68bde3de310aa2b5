//! Traces are priced anew: all that are meant and no others, once, with everything that follows from a cost.

use libgateway::{
    AnalyticsQuery, ErrorCode, PicoUsd, PriceSource, RepriceQuery, RepriceReport, TenantUpdate, Timestamp, Trace,
    TraceFilter,
};
use libgateway_tests::{TestGateway, backend_tests, hello};
use serde_json::json;
use upstream::Script;

use crate::{
    prices::{answer, call, cost, prices, set_provider, update},
    support::all_traces,
};

async fn reprice(test: &TestGateway, query: RepriceQuery) -> RepriceReport {
    test.gateway.reprice(query).await.expect("a report")
}

/// What all traces cost, and what analytics say they do.
async fn sums(test: &TestGateway) -> (i128, i128) {
    let traces: Vec<Trace> = all_traces(&test.acme, &TraceFilter::default()).await;
    let rows = traces.iter().filter_map(|trace| trace.cost_usd).map(|cost| cost.0).sum();
    let summary = test.acme.analytics_summary(AnalyticsQuery::default()).await.expect("a summary");
    (rows, summary.measures.cost_usd.0)
}

async fn own_price(test: &TestGateway, input: &str, output: &str) {
    let own = prices(json!([{"model": "gpt-4o*", "per": "million_tokens", "input": input, "output": output}]));
    update(test, TenantUpdate { prices: Some(own), ..TenantUpdate::default() }).await;
}

backend_tests! {
    async fn traces_get_the_prices_in_force_now_and_doing_it_again_changes_nothing(backend: Backend) {
        // More than go into one transaction.
        const TRACES: u64 = 130;
        let test = TestGateway::open(backend).await;
        test.upstream.fallback(answer("gpt-4o-2024-08-06"));
        for _ in 0..TRACES {
            test.chat(hello()).await.expect("a reply");
        }
        test.flush().await;
        let old = i128::from(TRACES) * 5_250_000_000;
        assert_eq!(sums(&test).await, (old, old));
        assert_eq!(reprice(&test, RepriceQuery::default()).await.changed, 0, "the prices are the same");

        own_price(&test, "2", "8").await;
        let report = reprice(&test, RepriceQuery::default()).await;
        let new = i128::from(TRACES) * 4_400_000_000;
        assert_eq!((report.traces, report.changed, report.unpriced), (TRACES, TRACES, 0));
        assert_eq!(report.difference_usd, PicoUsd(new - old));
        assert_eq!(sums(&test).await, (new, new));
        let again = reprice(&test, RepriceQuery::default()).await;
        assert_eq!((again.traces, again.changed, again.difference_usd), (TRACES, 0, PicoUsd(0)));

        let detail = test.acme.get_trace(test.traces().await[0].id).await.expect("a trace");
        let receipt = detail.receipt.expect("a receipt");
        assert_eq!((receipt.source, Some(receipt.price_version)), (PriceSource::Tenant, detail.price_version));
        assert_eq!(receipt.lines.iter().map(|line| line.cost_usd.0).sum::<i128>(), 4_400_000_000);
    }

    async fn only_the_range_and_the_tenant_that_are_named(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let first = call(&test, "gpt-4o").await;
        let second = call(&test, "gpt-4o").await;
        own_price(&test, "2", "8").await;
        let nobody = RepriceQuery { tenant_id: Some("nobody".parse().unwrap()), ..RepriceQuery::default() };
        assert_eq!(test.gateway.reprice(nobody).await.expect_err("no such tenant").code(), ErrorCode::TenantNotFound);
        let (since, until) = (first.trace.created_at, second.trace.created_at);
        let none = RepriceQuery { since: Some(until), until: Some(since), ..RepriceQuery::default() };
        let error = test.gateway.reprice(none).await.expect_err("a range that is none");
        assert_eq!((error.code(), error.param()), (ErrorCode::InvalidField, Some("since")));
        let before = RepriceQuery { until: Some(since), ..RepriceQuery::default() };
        assert_eq!(reprice(&test, before).await, RepriceReport::default());
        let later = Timestamp::from_millis(until.as_millis() + 1);
        let one = RepriceQuery { since: Some(until), until: Some(later), tenant_id: Some(test.acme.id().clone()) };
        let report = reprice(&test, one).await;
        assert!(report.changed >= 1 && report.changed == report.traces, "{report:?}");
        assert_eq!(cost(&test.acme.get_trace(second.trace.id).await.unwrap()).as_deref(), Some("0.0044"));
    }

    async fn what_had_no_price_gets_one_once_somebody_says_what_it_is(backend: Backend) {
        let test = TestGateway::open(backend).await;
        set_provider(&test, json!({"kind": "azure", "deployment": "prod"})).await;
        let unknown = call(&test, "prod-model").await;
        assert_eq!(cost(&unknown), None);
        let report = reprice(&test, RepriceQuery::default()).await;
        assert_eq!((report.traces, report.changed, report.unpriced), (1, 0, 1));
        let billing = json!({"multiplier": "1.1", "deployments": {"prod": {"model": "gpt-4o"}}});
        set_provider(&test, json!({"kind": "azure", "deployment": "prod", "billing": billing})).await;
        assert_eq!(reprice(&test, RepriceQuery::default()).await.changed, 1);
        assert_eq!(cost(&test.acme.get_trace(unknown.trace.id).await.unwrap()).as_deref(), Some("0.005775"));
        // Its provider is gone: what was known of it holds, and nobody's price is not taken for another's.
        test.acme.delete_provider(&"openai".parse().unwrap()).await.expect("a deletion");
        assert_eq!(reprice(&test, RepriceQuery::default()).await.changed, 0);
    }

    async fn an_estimate_and_a_failure_stay_without_a_price(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.upstream.push(Script::error(400, "no"));
        test.chat(hello()).await.expect_err("a refusal");
        test.flush().await;
        let report = reprice(&test, RepriceQuery::default()).await;
        assert_eq!((report.traces, report.changed, report.unpriced), (1, 0, 0));
    }
}
