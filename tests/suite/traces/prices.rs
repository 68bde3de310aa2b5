//! Costs as a host sees them: receipts, prices of one's own, deployments that are billed as something else, and a newer
//! table of prices.

use libgateway::{
    Capture, Config, ErrorCode, NewTenant, PriceOverride, PriceSource, ProviderConfig, TenantUpdate, TraceDetail, Unit,
};
use libgateway_tests::{TestGateway, backend_tests, hello};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use upstream::Script;

use crate::support::Direct;

/// An answer of that model with 1,000 tokens in, 200 of them cached, and 300 out.
pub(crate) fn answer(model: &str) -> Script {
    Script::json(
        200,
        json!({
            "id": "chatcmpl-1", "object": "chat.completion", "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300,
                "prompt_tokens_details": {"cached_tokens": 200}
            }
        }),
    )
}

pub(crate) fn prices(value: Value) -> Vec<PriceOverride> {
    serde_json::from_value(value).expect("prices")
}

pub(crate) fn cost(detail: &TraceDetail) -> Option<String> {
    detail.trace.cost_usd.map(|cost| cost.to_string())
}

/// The trace of one call of the tenant, and of nothing else.
pub(crate) async fn call(test: &TestGateway, model: &str) -> TraceDetail {
    test.upstream.push(answer(model));
    let reply = test.chat(hello()).await.expect("a reply");
    test.flush().await;
    test.acme.get_trace(reply.trace_id).await.expect("a trace")
}

pub(crate) async fn update(test: &TestGateway, update: TenantUpdate) {
    test.gateway.update_tenant(test.acme.id(), update).await.expect("an update");
}

pub(crate) async fn set_provider(test: &TestGateway, mut settings: Value) {
    settings["base_url"] = format!("{}/v1", test.upstream.url()).into();
    settings["api_key"] = "k".into();
    settings["name"] = "openai".into();
    let config: ProviderConfig = serde_json::from_value(settings).expect("a provider");
    test.acme.set_provider(config).await.expect("a provider");
}

/// A file of prices with one model.
fn table(as_of: &str, input: u64) -> Vec<u8> {
    let lines = format!("{{\"provider\":\"openai\"}}\n{{\"model\":\"gpt-4o\",\"rates\":{{\"input\":{input}}}}}\n");
    let digest: String = digest(&SHA256, lines.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let header = json!({"format": "libgateway-prices", "schema": 1, "as_of": as_of, "sha256": digest});
    format!("{header}\n{lines}").into_bytes()
}

backend_tests! {
    async fn every_cost_has_a_receipt_whatever_is_captured(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for capture in [Capture::Full, Capture::Metadata, Capture::None] {
            update(&test, TenantUpdate { capture: Some(capture), ..TenantUpdate::default() }).await;
            let detail = call(&test, "gpt-4o-2024-08-06").await;
            assert_eq!(cost(&detail).as_deref(), Some("0.00525"), "{capture:?}");
            let receipt = detail.receipt.expect("a receipt");
            let lines: Vec<_> = receipt.lines.iter().map(|line| (line.unit, line.quantity, line.rate_pico_usd.to_string())).collect();
            assert_eq!(lines, [
                (Unit::Input, 800, "2500000".to_owned()),
                (Unit::CacheRead, 200, "1250000".to_owned()),
                (Unit::Output, 300, "10000000".to_owned()),
            ]);
            let sum: i128 = receipt.lines.iter().map(|line| line.cost_usd.0).sum();
            assert_eq!(detail.trace.cost_usd.map(|cost| cost.0), Some(sum));
            assert_eq!(Some(receipt.price_version), detail.price_version);
            assert_eq!((receipt.source, receipt.model.as_str()), (PriceSource::Table, "gpt-4o"));
        }
        let detail = call(&test, "gpt-99").await;
        assert_eq!((cost(&detail), detail.receipt, detail.price_version), (None, None, None));
    }

    async fn a_receipt_takes_no_room_of_its_own(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for _ in 0..5 {
            call(&test, "gpt-4o").await;
        }
        let mut direct = Direct::to(test.store()).await;
        let count = "SELECT COUNT(*) FROM gw_price_rules";
        assert_eq!(direct.number(count, count).await, 1);
        // A gateway that does not remember what is there writes it no second time.
        let test = test.reopen().await;
        call(&test, "gpt-4o").await;
        assert_eq!(direct.number(count, count).await, 1);
        test.gateway.erase_tenant(test.acme.id()).await.expect("an erasure");
        assert_eq!(direct.number(count, count).await, 0);
    }

    async fn a_tenants_own_prices_hold_at_once_and_until_they_are_taken_away(backend: Backend) {
        let gateway = prices(json!([{"model": "gpt-4o*", "per": "million_tokens", "input": "2", "output": "8"}]));
        let test = TestGateway::open_with(backend, |config| config.prices = gateway).await;
        let of_gateway = call(&test, "gpt-4o").await;
        assert_eq!(cost(&of_gateway).as_deref(), Some("0.0044"));
        assert_eq!(of_gateway.receipt.expect("a receipt").source, PriceSource::Gateway);
        let own = prices(json!([{"model": "gpt-4o", "per": "thousand_tokens", "input": "0.001", "cache_read": "0.0005", "output": "0.004"}]));
        update(&test, TenantUpdate { prices: Some(own.clone()), ..TenantUpdate::default() }).await;
        assert_eq!(test.gateway.get_tenant(test.acme.id()).await.expect("a tenant").prices, own);
        let of_tenant = call(&test, "gpt-4o").await;
        assert_eq!(cost(&of_tenant).as_deref(), Some("0.0021"));
        assert!(of_tenant.price_version.expect("a version").starts_with("override-"));
        // What an update leaves out stays.
        update(&test, TenantUpdate { name: Some("Acme".to_owned()), ..TenantUpdate::default() }).await;
        assert_eq!(cost(&call(&test, "gpt-4o").await).as_deref(), Some("0.0021"));
        update(&test, TenantUpdate { prices: Some(Vec::new()), ..TenantUpdate::default() }).await;
        assert_eq!(cost(&call(&test, "gpt-4o").await).as_deref(), Some("0.0044"));
    }

    async fn prices_that_look_like_slips_are_refused(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let slip = prices(json!([{"model": "gpt-4o", "per": "thousand_tokens", "input": "2.50"}]));
        let new = NewTenant { prices: slip.clone(), ..NewTenant::default() };
        let error = test.gateway.create_tenant(new).await.expect_err("a slip");
        assert_eq!((error.code(), error.param()), (ErrorCode::InvalidField, Some("prices.0.input")), "{error}");
        let change = TenantUpdate { prices: Some(slip.clone()), ..TenantUpdate::default() };
        test.gateway.update_tenant(test.acme.id(), change).await.expect_err("a slip");
        assert_eq!(test.gateway.get_tenant(test.acme.id()).await.expect("a tenant").prices, []);
        let config = Config { prices: slip, ..test.config().clone() };
        let error = libgateway::Gateway::open(config).await.expect_err("a slip");
        assert_eq!((error.code(), error.param()), (ErrorCode::InvalidConfig, Some("prices.0.input")), "{error}");
    }

    async fn deployments_are_billed_as_their_models_times_their_zone(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let deployments = json!({"prod": {"model": "gpt-4o-mini", "multiplier": "1"}});
        set_provider(&test, json!({"kind": "azure", "deployment": "data-zone", "billing": {"multiplier": "1.1", "deployments": deployments}})).await;
        let detail = call(&test, "gpt-4o-2024-08-06").await;
        assert_eq!(cost(&detail).as_deref(), Some("0.005775"));
        assert_eq!(detail.receipt.expect("a receipt").multiplier.to_string(), "11/10");
        // The zone of a deployment goes before the provider's, and its model before the one that answers name.
        set_provider(&test, json!({"kind": "azure", "deployment": "prod", "billing": {"multiplier": "1.1", "deployments": deployments}})).await;
        let detail = call(&test, "gpt-4o-2024-08-06").await;
        assert_eq!(cost(&detail).as_deref(), Some("0.000315"));
        assert_eq!(detail.trace.model.as_deref(), Some("gpt-4o-2024-08-06"), "what served is not what it is billed as");
    }

    async fn a_deployment_without_a_word_of_its_model_is_unpriced(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let nameless = || {
            let usage = json!({"prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300});
            let choices = json!([{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}]);
            Script::json(200, json!({"id": "chatcmpl-1", "choices": choices, "usage": usage}))
        };
        // Whoever calls a deployment like a model has not said that it is one.
        set_provider(&test, json!({"kind": "azure", "deployment": "gpt-4o"})).await;
        test.upstream.push(nameless());
        let reply = test.chat(hello()).await.expect("a reply");
        test.flush().await;
        assert_eq!(cost(&test.acme.get_trace(reply.trace_id).await.expect("a trace")), None);
        set_provider(&test, json!({"kind": "azure", "deployments": {"gpt-4o": "prod"}})).await;
        test.upstream.push(nameless());
        let reply = test.chat(hello()).await.expect("a reply");
        test.flush().await;
        assert_eq!(cost(&test.acme.get_trace(reply.trace_id).await.expect("a trace")).as_deref(), Some("0.0055"));
    }

    async fn a_custom_endpoint_has_the_prices_it_is_given(backend: Backend) {
        let test = TestGateway::open(backend).await;
        set_provider(&test, json!({"kind": "custom"})).await;
        assert_eq!(cost(&call(&test, "claude-opus-4-5").await), None);
        set_provider(&test, json!({"kind": "custom", "billing": {"provider": "anthropic"}})).await;
        assert_eq!(cost(&call(&test, "claude-opus-4-5").await).as_deref(), Some("0.0116"));
        for billing in [json!({"provider": "nobody"}), json!({"multiplier": "11"}), json!({"deployments": {"d": {"multiplier": "0"}}})] {
            let config: ProviderConfig = serde_json::from_value(json!({"kind": "custom", "base_url": "https://example.com/v1", "billing": billing})).expect("a provider");
            let error = test.acme.set_provider(config).await.expect_err("billing that cannot be right");
            assert_eq!(error.code(), ErrorCode::InvalidProviderConfig, "{billing}: {error}");
            assert!(error.param().is_some_and(|param| param.starts_with("billing.")), "{billing}: {error}");
        }
    }

    async fn a_newer_table_prices_what_comes_after_it(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let before = call(&test, "text-embedding-3-small").await;
        assert_eq!(cost(&before), None, "an embedding with output has no price");
        let error = test.gateway.load_prices(&table("2020-01-01", 3_000_000)).expect_err("an old table");
        assert_eq!(error.code(), ErrorCode::PricesTooOld);
        let today = libgateway::Timestamp::from_millis(i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("a clock").as_millis()).expect("a time"));
        let loaded = test.gateway.load_prices(&table(today.to_string().split('T').next().expect("a day"), 3_000_000)).expect("a newer table");
        test.upstream.push(Script::json(200, json!({"object": "list", "model": "gpt-4o", "data": [], "usage": {"prompt_tokens": 8, "total_tokens": 8}})));
        let reply = test.acme.embeddings(json!({"model": "gpt-4o", "input": "Hello"})).await.expect("a reply");
        test.flush().await;
        let after = test.acme.get_trace(reply.trace_id).await.expect("a trace");
        assert_eq!((cost(&after).as_deref(), after.price_version.as_ref()), (Some("0.000024"), Some(&loaded.version)));
    }
}
