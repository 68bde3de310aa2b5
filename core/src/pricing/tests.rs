//! Costs to the last pico-dollar, and what has no cost.
#![allow(
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed test is the report"
)]

mod load;
mod oracle;
mod overrides;
mod price;

use std::collections::BTreeMap;

use super::*;
use crate::types::{price::Ratio, time::Timestamp, usage::Usage};

/// A call at noon of 20 November 2026.
const SERVED: Served<'static> = Served {
    prices_of: Some("openai"),
    provider: "openai",
    model: "gpt-4o",
    billed_as: None,
    tier: None,
    multiplier: Ratio::ONE,
    at: Timestamp::at(1_795_176_000_000),
};

const NOTHING: &BTreeMap<String, i64> = &BTreeMap::new();

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

fn price(served: &Served<'_>, usage: &Usage) -> Priced {
    PriceBook::new(&[]).price(served, Consumed { usage, extra: NOTHING }, None)
}

fn cost(served: &Served<'_>, usage: &Usage) -> Option<i64> {
    price(served, usage).cost_pico_usd
}
