//! Costs to the last pico-dollar, and what has no cost.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeSet, fmt::Write as _};

use super::*;

/// Uncached input, cached input, text output, reasoning.
fn usage(input_uncached: i64, cache_read: i64, output_text: i64, reasoning: i64) -> Usage {
    Usage {
        input_uncached: Some(input_uncached),
        cache_read: Some(cache_read),
        output_text: Some(output_text),
        reasoning: Some(reasoning),
        // OpenAI reports zeros for what a call did not use.
        audio_in: Some(0),
        audio_out: Some(0),
        ..Usage::default()
    }
}

fn cost(kind: &str, model: &str, tier: Option<&str>, usage: &Usage) -> Option<i128> {
    Prices::builtin().cost(kind, model, tier, usage).map(|cost| cost.pico_usd.0)
}

#[test]
fn costs_are_exact() {
    let cases = [
        ("gpt-4o", None, usage(1000, 200, 300, 0), 1000 * 2_500_000 + 200 * 1_250_000 + 300 * 10_000_000),
        ("gpt-4o-2024-11-20", Some("default"), usage(1, 1, 1, 0), 13_750_000),
        ("gpt-4o-2024-05-13", None, usage(1, 1, 1, 0), 25_000_000),
        ("gpt-4o-mini", None, usage(1, 1, 1, 0), 825_000),
        ("gpt-4o-mini", Some("priority"), usage(1, 1, 1, 0), 1_375_000),
        ("gpt-4o", Some("priority"), usage(1, 1, 1, 0), 4_250_000 + 2_125_000 + 17_000_000),
        ("gpt-4.1", None, usage(1, 1, 1, 0), 10_500_000),
        ("gpt-4.1-mini", Some("priority"), usage(1, 1, 1, 0), 700_000 + 175_000 + 2_800_000),
        ("gpt-4.1-nano", Some("fast"), usage(1, 1, 1, 0), 200_000 + 50_000 + 800_000),
        ("gpt-5", None, usage(100, 900, 50, 2000), 125_000_000 + 112_500_000 + 20_500_000_000),
        ("gpt-5", Some("flex"), usage(1, 1, 1, 1), 625_000 + 62_500 + 10_000_000),
        ("gpt-5", Some("batch"), usage(1, 1, 1, 0), 625_000 + 62_500 + 5_000_000),
        ("gpt-5-mini", Some("priority"), usage(1, 1, 1, 0), 450_000 + 45_000 + 3_600_000),
        ("gpt-5-nano", Some("flex"), usage(1, 1, 1, 0), 25_000 + 2_500 + 200_000),
        ("o1", None, usage(1, 1, 0, 1), 82_500_000),
        ("o3", Some("priority"), usage(1, 1, 1, 0), 3_500_000 + 875_000 + 14_000_000),
        ("o3-mini", None, usage(1, 1, 1, 0), 6_050_000),
        ("o4-mini", Some("priority"), usage(1, 1, 1, 0), 2_000_000 + 500_000 + 8_000_000),
        ("o4-mini", Some("flex"), usage(1, 1, 1, 0), 550_000 + 137_500 + 2_200_000),
        // Without a rate for cached input, the input rate applies.
        ("gpt-4-turbo", None, usage(1, 1, 1, 0), 50_000_000),
        ("gpt-3.5-turbo", None, usage(1, 2, 3, 0), 6_000_000),
        ("gpt-3.5-turbo-1106", None, usage(1, 0, 1, 0), 3_000_000),
        ("text-embedding-3-small", None, usage(8, 0, 0, 0), 160_000),
        ("text-embedding-3-large", Some("batch"), usage(1, 0, 0, 0), 65_000),
        ("text-embedding-ada-002", None, usage(8, 0, 0, 0), 800_000),
        ("gpt-4o", None, usage(0, 0, 0, 0), 0),
    ];
    for (model, tier, usage, expected) in cases {
        assert_eq!(cost("openai", model, tier, &usage), Some(expected), "{model} {tier:?}");
    }
    assert_eq!(cost("azure", "gpt-35-turbo", None, &usage(2, 0, 1, 0)), Some(2_500_000));
}

#[test]
fn audio_has_a_rate_of_its_own_or_none() {
    let spoken = Usage { audio_in: Some(10), audio_out: Some(20), ..usage(1, 0, 1, 0) };
    let expected = 2_500_000 + 10_000_000 + 10 * 40_000_000 + 20 * 80_000_000;
    assert_eq!(cost("openai", "gpt-4o-audio-preview", None, &spoken), Some(expected));
    assert_eq!(cost("openai", "gpt-4o", None, &spoken), None);
}

#[test]
fn what_is_not_known_is_unpriced() {
    let some = usage(1, 1, 1, 1);
    for model in
        ["gpt-4o-foo", "gpt-4", "gpt-4o-", "GPT-4o", "", "gpt-4o-2031-01-01", "ft:gpt-4o-2024-08-06:acme::1", "gpt-6"]
    {
        assert_eq!(cost("openai", model, None, &some).is_some(), model == "gpt-4", "{model}");
    }
    for kind in ["mock", "groq", "custom", "", "OpenAI"] {
        assert_eq!(cost(kind, "gpt-4o", None, &some), None, "{kind}");
    }
    for tier in ["flex", "batch", "scale", "auto", "Default", ""] {
        assert_eq!(cost("openai", "gpt-4o", Some(tier), &some), None, "{tier}");
    }
    assert_eq!(cost("azure", "gpt-4o", Some("priority"), &some), None);
    assert_eq!(cost("openai", "gpt-4o", None, &Usage::default()), None);
}

#[test]
fn a_count_without_a_rate_is_unpriced() {
    for count in [1, i64::MAX, -1] {
        for leaf in [2, 3, 4, 5, 8, 9] {
            let mut leaves = usage(1, 1, 1, 1).leaves();
            leaves.iter_mut().skip(leaf).take(1).for_each(|value| *value = Some(count));
            assert_eq!(cost("openai", "gpt-4o", None, &Usage::from_leaves(leaves)), None, "leaf {leaf}");
        }
    }
    assert_eq!(cost("openai", "text-embedding-3-small", None, &usage(1, 0, 1, 0)), None);
    assert_eq!(cost("openai", "gpt-4o", None, &usage(-1, 0, 10, 0)), None);
}

#[test]
fn a_cost_that_does_not_fit_its_column_is_unpriced() {
    let most = i64::MAX / 2_500_000;
    assert_eq!(cost("openai", "gpt-4o", None, &usage(most, 0, 0, 0)), Some(i128::from(most) * 2_500_000));
    assert_eq!(cost("openai", "gpt-4o", None, &usage(most + 1, 0, 0, 0)), None);
    assert_eq!(cost("openai", "gpt-4o", Some("priority"), &usage(i64::MAX, i64::MAX, i64::MAX, i64::MAX)), None);
}

#[test]
fn lines_are_rounded_half_to_even() {
    let half = Ratio { numerator: 1, denominator: 2 };
    let third = Ratio { numerator: 5, denominator: 3 };
    assert_eq!([0, 1, 2, 3, 5, 7].map(|amount| half.of(amount)), [0, 0, 1, 2, 2, 4]);
    assert_eq!([1, 2, 3, 4].map(|amount| third.of(amount)), [2, 3, 5, 7]);
}

#[test]
fn the_table_is_sound_and_its_version_names_it() {
    let mut text = String::new();
    let mut names = BTreeSet::new();
    for row in openai::ROWS {
        let rates = row.rates.of_leaves();
        assert!(rates.into_iter().flatten().all(|rate| rate > 0), "{row:?}");
        assert!(row.rates.cached_input.is_none_or(|cached| cached < row.rates.input), "{row:?}");
        assert!(row.models.iter().all(|model| names.insert(*model)), "{row:?}");
        let ratios =
            [row.flex, row.priority, row.batch].map(|ratio| ratio.map(|ratio| (ratio.numerator, ratio.denominator)));
        writeln!(text, "{:?} {rates:?} {ratios:?}", row.models).unwrap();
        // Every published rate is a whole number of pico-dollars, so that a count of one loses nothing.
        for ratio in [row.flex, row.priority, row.batch].into_iter().flatten() {
            assert!(rates.into_iter().flatten().all(|rate| rate * ratio.numerator % ratio.denominator == 0), "{row:?}");
        }
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let digest: String = digest.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    assert!(
        openai::PRICE_VERSION.ends_with(&format!("-{digest}")),
        "the table changed: date it, and name it -{digest}"
    );
}
