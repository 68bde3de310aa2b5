//! Calls by the table that comes with the library.

use super::*;
use crate::types::price::Unit;

#[test]
fn costs_are_exact() {
    let cases = [
        ("gpt-4o", None, usage(1000, 200, 300, 0), 1000 * 2_500_000 + 200 * 1_250_000 + 300 * 10_000_000),
        ("gpt-4o-2024-11-20", Some("default"), usage(1, 1, 1, 0), 13_750_000),
        ("gpt-4o-mini", None, usage(1, 1, 1, 0), 825_000),
        ("gpt-4o-mini", Some("priority"), usage(1, 1, 1, 0), 1_375_000),
        ("gpt-4.1-nano", Some("fast"), usage(1, 1, 1, 0), 200_000 + 50_000 + 800_000),
        ("gpt-5", None, usage(100, 900, 50, 2000), 125_000_000 + 112_500_000 + 20_500_000_000),
        ("gpt-5", Some("flex"), usage(1, 1, 1, 1), 625_000 + 62_500 + 10_000_000),
        ("gpt-5", Some("batch"), usage(1, 1, 1, 0), 625_000 + 62_500 + 5_000_000),
        // Without a rate for cached input, the input rate applies.
        ("gpt-4-turbo", None, usage(1, 1, 1, 0), 50_000_000),
        ("text-embedding-3-small", None, usage(8, 0, 0, 0), 160_000),
        ("gpt-4o", None, usage(0, 0, 0, 0), 0),
        ("GPT-4o", None, usage(1, 0, 0, 0), 2_500_000),
    ];
    for (model, tier, usage, expected) in cases {
        assert_eq!(cost(&Served { model, tier, ..SERVED }, &usage), Some(expected), "{model} {tier:?}");
    }
    let azure = Served { prices_of: Some("azure"), model: "gpt-35-turbo", ..SERVED };
    assert_eq!(cost(&azure, &usage(2, 0, 1, 0)), Some(2_500_000));
}

#[test]
fn what_is_not_known_is_unpriced() {
    let some = usage(1, 1, 1, 1);
    for model in ["gpt-4o-foo", "gpt-4o-", "", "gpt-4o-2031-01-01", "gpt-99", "whisper-1", "🦀"] {
        assert_eq!(cost(&Served { model, ..SERVED }, &some), None, "{model}");
    }
    for prices_of in [None, Some("mock"), Some(""), Some("OpenAI")] {
        assert_eq!(cost(&Served { prices_of, ..SERVED }, &some), None, "{prices_of:?}");
    }
    for tier in ["flex", "scale", "auto", "Default", ""] {
        assert_eq!(cost(&Served { tier: Some(tier), ..SERVED }, &some), None, "{tier}");
    }
    // Azure has OpenAI's models, but not OpenAI's tiers.
    let azure = Served { prices_of: Some("azure"), ..SERVED };
    assert!(cost(&azure, &some).is_some());
    assert_eq!(cost(&Served { tier: Some("priority"), ..azure }, &some), None);
    assert_eq!(cost(&SERVED, &Usage::default()), None);
}

#[test]
fn a_count_without_a_rate_is_unpriced() {
    let embedding = Served { model: "text-embedding-3-small", ..SERVED };
    assert_eq!(cost(&embedding, &usage(1, 0, 1, 0)), None);
    for leaf in 0..10 {
        let mut leaves = usage(1, 1, 1, 1).leaves();
        leaves[leaf] = Some(-1);
        assert_eq!(cost(&SERVED, &Usage::from_leaves(leaves)), None, "leaf {leaf}");
    }
}

#[test]
fn a_cost_that_does_not_fit_its_column_is_unpriced() {
    let most = i64::MAX / 2_500_000;
    assert_eq!(cost(&SERVED, &usage(most, 0, 0, 0)), Some(most * 2_500_000));
    assert_eq!(cost(&SERVED, &usage(most + 1, 0, 0, 0)), None);
    let priority = Served { tier: Some("priority"), ..SERVED };
    assert_eq!(cost(&priority, &usage(i64::MAX, i64::MAX, i64::MAX, i64::MAX)), None);
}

#[test]
fn long_contexts_cost_what_they_cost_from_the_first_token_on() {
    let haiku = Served { prices_of: Some("anthropic"), model: "claude-haiku-5-5-20261007", ..SERVED };
    assert_eq!(cost(&haiku, &usage(100_000, 0, 0, 0)), Some(100_000 * 100_000));
    assert_eq!(cost(&haiku, &usage(50_000, 50_001, 0, 0)), Some(50_000 * 500_000 + 50_001 * 50_000));
    let receipt = receipt(&haiku, &usage(50_000, 50_001, 1, 0));
    assert_eq!(receipt.above_input_tokens, Some(100_000));
}

#[test]
fn prices_change_by_the_day_and_by_the_hour() {
    let at = |time: &str| Served {
        prices_of: Some("deepseek"),
        model: "deepseek-v4-flash",
        at: time.parse().unwrap(),
        ..SERVED
    };
    let input = usage(1, 0, 0, 0);
    for (time, rate) in [
        ("2026-08-16T23:59:59.999Z", 140_000),
        ("2026-08-17T00:00:00Z", 220_000),
        ("2026-11-20T00:59:59.999Z", 150_000),
        ("2026-11-20T01:00:00Z", 300_000),
        ("2026-11-20T04:00:00Z", 150_000),
    ] {
        assert_eq!(cost(&at(time), &input), Some(rate), "{time}");
    }
}

#[test]
fn a_multiplier_is_part_of_each_line() {
    let zone = Served { prices_of: Some("azure"), multiplier: "1.1".parse().unwrap(), ..SERVED };
    assert_eq!(cost(&zone, &usage(1, 1, 1, 0)), Some(2_750_000 + 1_375_000 + 11_000_000));
    let third = Served { multiplier: "1/3".parse().unwrap(), ..SERVED };
    // Each line is rounded by itself: 833,333.3, 416,666.7 and 3,333,333.3.
    assert_eq!(cost(&third, &usage(1, 1, 1, 0)), Some(833_333 + 416_667 + 3_333_333));
}

#[test]
fn a_model_may_be_billed_as_another() {
    let deployment = Served { prices_of: Some("azure"), model: "", billed_as: Some("gpt-4o-mini"), ..SERVED };
    assert_eq!(cost(&deployment, &usage(1, 0, 0, 0)), Some(150_000));
    assert_eq!(receipt(&deployment, &usage(1, 0, 0, 0)).model, "gpt-4o-mini");
}

#[test]
fn searches_and_requests_have_lines_of_their_own() {
    let sonar = Served { prices_of: Some("perplexity"), model: "sonar", ..SERVED };
    let lines = receipt(&sonar, &usage(1, 0, 0, 0)).lines;
    assert_eq!(
        lines.iter().map(|line| (line.unit, line.quantity, line.cost_usd.0)).collect::<Vec<_>>(),
        [(Unit::Input, 1, 1_000_000), (Unit::Request, 1, 12_000_000_000)]
    );
    let opus = Served { prices_of: Some("anthropic"), model: "claude-opus-4-5", ..SERVED };
    let searches = BTreeMap::from([("web_searches".to_owned(), 2)]);
    let priced = PriceBook::new(&[]).price(&opus, Consumed { usage: &usage(1, 0, 0, 0), extra: &searches }, None);
    assert_eq!(priced.cost_pico_usd, Some(5_000_000 + 2 * 10_000_000_000));
}

#[test]
fn a_receipt_says_how_the_cost_came_about() {
    let served = Served { tier: Some("priority"), ..SERVED };
    let counts = usage(1000, 200, 300, 7);
    let receipt = receipt(&served, &counts);
    assert!(receipt.price_version.starts_with("2026-"));
    let shown =
        serde_json::to_string(&crate::types::price::Receipt { price_version: String::new(), ..receipt.clone() });
    assert_eq!(
        shown.unwrap(),
        "{\"price_version\":\"\",\"source\":\"table\",\"provider\":\"openai\",\"model\":\"gpt-4o\",\"tier\":\"priority\",\
         \"above_input_tokens\":null,\"multiplier\":\"1\",\"lines\":[\
         {\"unit\":\"input\",\"quantity\":1000,\"rate_pico_usd\":\"4250000\",\"cost_usd\":\"0.00425\"},\
         {\"unit\":\"cache_read\",\"quantity\":200,\"rate_pico_usd\":\"2125000\",\"cost_usd\":\"0.000425\"},\
         {\"unit\":\"output\",\"quantity\":300,\"rate_pico_usd\":\"17000000\",\"cost_usd\":\"0.0051\"},\
         {\"unit\":\"reasoning\",\"quantity\":7,\"rate_pico_usd\":\"17000000\",\"cost_usd\":\"0.000119\"}]}"
    );
    let sum: i128 = receipt.lines.iter().map(|line| line.cost_usd.0).sum();
    assert_eq!(Some(sum), cost(&served, &counts).map(i128::from));
}

/// By way of the text the store keeps.
fn receipt(served: &Served<'_>, usage: &Usage) -> crate::types::price::Receipt {
    let rule = serde_json::to_string(&price(served, usage).rule.unwrap()).unwrap();
    let rule: Rule = serde_json::from_str(&rule).unwrap();
    rule.receipt(Consumed { usage, extra: NOTHING }).unwrap()
}

#[test]
fn sound_has_a_rate_of_its_own_or_none() {
    let spoken = Usage { audio_in: Some(10), audio_out: Some(20), ..usage(1, 0, 1, 0) };
    let expected = 2_500_000 + 10_000_000 + 10 * 40_000_000 + 20 * 80_000_000;
    assert_eq!(cost(&Served { model: "gpt-4o-audio-preview-2024-12-17", ..SERVED }, &spoken), Some(expected));
    assert_eq!(cost(&SERVED, &spoken), None);
    let painted = Usage { image_out: Some(1), ..usage(1, 0, 1, 0) };
    assert_eq!(cost(&SERVED, &painted), None);
}
