//! Prices of one's own, and the guard against slips.

use super::*;
use crate::{
    error::{Error, ErrorCode},
    types::price::{PriceOverride, PriceSource},
};

fn overrides(json: &str) -> Vec<PriceOverride> {
    serde_json::from_str(json).unwrap()
}

fn check(json: &str) -> Result<(), Error> {
    let book = PriceBook::new(&[]);
    check_overrides(&overrides(json), (&book, SERVED.at), Error::invalid)
}

fn priced(book: &PriceBook, served: &Served<'_>, own: &str) -> Option<(i64, PriceSource)> {
    let own = Overrides::new(&overrides(own));
    let counts = usage(1_000, 0, 0, 0);
    let consumed = Consumed { usage: &counts, extra: NOTHING };
    let priced = book.price(served, consumed, Some(&own));
    Some((priced.cost_pico_usd?, priced.rule?.receipt(consumed)?.source))
}

#[test]
fn a_tenants_price_goes_before_the_gateways_and_that_before_the_table() {
    let gateway = r#"[{"model":"gpt-4o*","per":"million_tokens","input":"2"}]"#;
    let book = PriceBook::new(&overrides(gateway));
    let tenant = r#"[{"model":"gpt-4o","per":"thousand_tokens","input":"0.001"}]"#;
    assert_eq!(priced(&book, &SERVED, tenant), Some((1_000_000_000, PriceSource::Tenant)));
    assert_eq!(priced(&book, &SERVED, "[]"), Some((2_000_000_000, PriceSource::Gateway)));
    let other = Served { model: "gpt-4.1", ..SERVED };
    assert_eq!(priced(&book, &other, tenant), Some((2_000_000_000, PriceSource::Table)));
}

#[test]
fn names_go_before_patterns_and_a_named_provider_before_any() {
    let own = r#"[
        {"model":"gpt-*","per":"million_tokens","input":"1"},
        {"model":"gpt-4o","per":"million_tokens","input":"2"},
        {"model":"*","provider":"resale","per":"million_tokens","input":"3"},
        {"model":"gpt-4o","tier":"flex","per":"million_tokens","input":"4"}
    ]"#;
    let book = PriceBook::new(&[]);
    let cost = |served: Served<'_>| priced(&book, &served, own).unwrap().0 / 1_000_000_000;
    assert_eq!(cost(SERVED), 2);
    assert_eq!(cost(Served { model: "gpt-9", prices_of: None, ..SERVED }), 1);
    assert_eq!(cost(Served { provider: "resale", ..SERVED }), 3);
    assert_eq!(cost(Served { tier: Some("flex"), ..SERVED }), 4);
    // The price of one tier is not the price of another.
    assert_eq!(priced(&book, &Served { tier: Some("scale"), ..SERVED }, own), None);
}

#[test]
fn what_is_off_by_a_thousand_is_refused_until_it_is_insisted_on() {
    for (own, field) in [
        // $2.50 per million tokens, written as if per thousand, or per token.
        (r#"[{"model":"gpt-4o","per":"thousand_tokens","input":"2.50"}]"#, "prices.0.input"),
        (r#"[{"model":"gpt-4o","per":"million_tokens","input":"0.0025"}]"#, "prices.0.input"),
        (r#"[{"model":"gpt-4o","per":"million_tokens","input":"2.50","output":"0.01"}]"#, "prices.0.output"),
        // Nobody knows these models, but nobody asks such prices either.
        (r#"[{"model":"own-1","per":"million_tokens","input":"2000"}]"#, "prices.0.input"),
        (r#"[{"model":"own-1","per":"token","input":"2.5"}]"#, "prices.0.input"),
        (r#"[{"model":"own-1","per":"million_tokens","input":"0.0000025"}]"#, "prices.0.input"),
    ] {
        let error = check(own).unwrap_err();
        assert_eq!((error.code(), error.param()), (ErrorCode::InvalidField, Some(field)), "{own}: {error}");
        check(&own.replace("}]", r#","unusual":true}]"#)).unwrap();
    }
    for own in [
        r#"[{"model":"gpt-4o","per":"million_tokens","input":"0.25","output":"0"}]"#,
        r#"[{"model":"own-1","per":"million_tokens","input":"75","request":"0.01"}]"#,
        r#"[{"model":"gpt-4*","per":"token","input":"0.0000025"}]"#,
    ] {
        check(own).unwrap();
    }
}

#[test]
fn amounts_are_decimal_strings_with_a_unit() {
    for own in [
        r#"[{"model":"m","per":"million_tokens","input":2.5}]"#,
        r#"[{"model":"m","input":"2.5"}]"#,
        r#"[{"model":"m","per":"mtok","input":"2.5"}]"#,
        r#"[{"model":"m","per":"million_tokens"}]"#,
        r#"[{"model":"m","per":"million_tokens","input":"2.5","inputs":"1"}]"#,
    ] {
        assert!(serde_json::from_str::<Vec<PriceOverride>>(own).is_err(), "{own}");
    }
    for own in [
        r#"[{"model":"","per":"million_tokens","input":"2.5"}]"#,
        r#"[{"model":"m","per":"million_tokens","input":"-2.5"}]"#,
        r#"[{"model":"m","provider":"a\u0000","per":"million_tokens","input":"2.5"}]"#,
    ] {
        assert!(check(own).is_err(), "{own}");
    }
}

#[test]
fn the_version_of_an_override_names_its_content() {
    let version = |json: &str| {
        let own = Overrides::new(&overrides(json));
        let counts = usage(1, 0, 0, 0);
        PriceBook::new(&[]).price(&SERVED, Consumed { usage: &counts, extra: NOTHING }, Some(&own)).version.unwrap()
    };
    let one = version(r#"[{"model":"gpt-4o","per":"million_tokens","input":"2"}]"#);
    assert!(one.starts_with("override-") && one.len() == 17, "{one}");
    assert_ne!(one, version(r#"[{"model":"gpt-4o","per":"million_tokens","input":"3"}]"#));
}
