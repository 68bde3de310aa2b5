//! Turns the usage objects of OpenAI and of vendors with its format into disjoint leaves.
//!
//! `prompt_tokens` and `completion_tokens` (`input_tokens` and `output_tokens` in the Responses API) are wholes;
//! their `_details` are parts of them. A whole is never exceeded by its parts: when they contradict each other the
//! whole counts and the usage is flagged.

use super::{Wire, json};
use crate::types::usage::Usage;

/// A count above this is not one; sums of counts below it cannot overflow.
const ABSURD: i64 = 1_000_000_000_000;

/// The leaves, and whether they are in doubt.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) usage: Usage,
    pub(super) mismatch: bool,
}

/// Reads a usage object.
pub(super) fn read(wire: Wire, reported: &str) -> Counted {
    let mut counts = Reported::read(reported);
    if wire == Wire::Embeddings {
        // Some vendors report the total only, some a completion of 0; the total is the input.
        counts.input.whole = counts.input.whole.or(counts.total);
        counts.output = Side::default();
    }
    let output_whole = counts.output_whole();
    let mut usage = Usage::default();
    let mut mismatch = counts.doubtful;

    let input = &counts.input;
    usage.input_uncached = share(
        input.whole,
        [
            (input.cached.or(counts.cached), &mut usage.cache_read),
            (input.cache_written, &mut usage.cache_write_5m),
            (input.audio, &mut usage.audio_in),
            (input.image, &mut usage.image_in),
        ],
        &mut mismatch,
    );
    let output = &counts.output;
    usage.output_text = share(
        output_whole,
        [
            (output.reasoning, &mut usage.reasoning),
            (output.audio, &mut usage.audio_out),
            (output.image, &mut usage.image_out),
        ],
        &mut mismatch,
    );
    // A side that was not reported may hold the rest of the total, so only an excess is a contradiction.
    let sides_known = usage.input_uncached.is_some() && (usage.output_text.is_some() || wire == Wire::Embeddings);
    if let (Some(total), Some(sum)) = (counts.total, usage.total_tokens()) {
        mismatch |= sum > total || (sides_known && sum != total);
    }
    Counted { usage, mismatch }
}

/// Gives each part to its leaf and returns what is left of the whole.
fn share<const N: usize>(
    whole: Option<i64>,
    parts: [(Option<i64>, &mut Option<i64>); N],
    mismatch: &mut bool,
) -> Option<i64> {
    let mut left = whole;
    for (part, leaf) in parts {
        *leaf = match (part, left) {
            (Some(part), Some(rest)) => {
                *mismatch |= part > rest;
                left = Some(rest - part.min(rest));
                Some(part.min(rest))
            }
            (part, _) => part,
        };
    }
    left
}

/// One side of a call: the whole and the parts that are told apart.
#[derive(Default)]
struct Side {
    whole: Option<i64>,
    cached: Option<i64>,
    cache_written: Option<i64>,
    audio: Option<i64>,
    image: Option<i64>,
    reasoning: Option<i64>,
}

/// The counts as they are sent.
#[derive(Default)]
struct Reported {
    input: Side,
    output: Side,
    total: Option<i64>,
    /// Cached tokens outside the details: DeepSeek's `prompt_cache_hit_tokens`, Moonshot's `cached_tokens`.
    cached: Option<i64>,
    /// Something that should be a count is not.
    doubtful: bool,
}

impl Reported {
    fn read(reported: &str) -> Self {
        let mut counts = Self::default();
        let mut doubtful = false;
        json::fields(reported, |key, value| match key {
            "prompt_tokens" | "input_tokens" => set(&mut counts.input.whole, value, &mut doubtful),
            "completion_tokens" | "output_tokens" => set(&mut counts.output.whole, value, &mut doubtful),
            "total_tokens" => set(&mut counts.total, value, &mut doubtful),
            "prompt_cache_hit_tokens" | "cached_tokens" => set(&mut counts.cached, value, &mut doubtful),
            "prompt_tokens_details" | "input_tokens_details" => counts.input.details(value, &mut doubtful),
            "completion_tokens_details" | "output_tokens_details" => counts.output.details(value, &mut doubtful),
            _ => {}
        });
        counts.doubtful = doubtful;
        counts
    }

    /// All output tokens. xAI leaves reasoning out of `completion_tokens` and puts it into the total: the total
    /// decides.
    fn output_whole(&self) -> Option<i64> {
        let completion = self.output.whole?;
        match (self.output.reasoning, self.input.whole, self.total) {
            (Some(reasoning), Some(prompt), Some(total)) if prompt + completion + reasoning == total => {
                Some(completion + reasoning)
            }
            _ => Some(completion),
        }
    }
}

impl Side {
    fn details(&mut self, details: &str, doubtful: &mut bool) {
        json::fields(details, |key, value| match key {
            "cached_tokens" => set(&mut self.cached, value, doubtful),
            "cache_write_tokens" | "cache_creation_tokens" => set(&mut self.cache_written, value, doubtful),
            "audio_tokens" => set(&mut self.audio, value, doubtful),
            "image_tokens" => set(&mut self.image, value, doubtful),
            "reasoning_tokens" => set(&mut self.reasoning, value, doubtful),
            _ => {}
        });
    }
}

fn set(count: &mut Option<i64>, value: &str, doubtful: &mut bool) {
    match value.parse::<i64>() {
        Ok(number @ 0..=ABSURD) => *count = Some(number),
        _ => *doubtful |= !json::is_null(value),
    }
}
