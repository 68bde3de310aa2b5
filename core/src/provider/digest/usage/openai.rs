//! The usage of OpenAI and of vendors with its format.
//!
//! `prompt_tokens` and `completion_tokens` (`input_tokens` and `output_tokens` in the Responses API) are wholes; their
//! `_details` are parts of them.

use super::{Counted, Extras, Wire, json, set, share};
use crate::types::usage::Usage;

pub(super) fn read(wire: Wire, reported: &str) -> Counted {
    let mut counts = Reported::read(reported);
    if wire == Wire::Embeddings {
        // Some vendors report the total only, some a completion of 0; the total is the input.
        counts.input.whole = counts.input.whole.or(counts.total);
        counts.output = Side::default();
    }
    let apart = counts.reasoning_apart();
    let output_whole = counts.output_whole();
    let mut usage = Usage::default();
    let mut mismatch = counts.doubtful;

    let input = &counts.input;
    let written_for_an_hour = input.cache_written_1h.or(counts.cache_written_1h);
    let written = input.cache_written.or(counts.cache_written);
    let written = written.map(|written| (written - written_for_an_hour.unwrap_or_default()).max(0));
    usage.input_uncached = share(
        input.whole,
        [
            (input.cached.or(counts.cached), &mut usage.cache_read),
            (written, &mut usage.cache_write_5m),
            (written_for_an_hour, &mut usage.cache_write_1h),
            (input.audio.map(|audio| (audio - input.cached_audio.unwrap_or_default()).max(0)), &mut usage.audio_in),
            (input.image.map(|image| (image - input.cached_image.unwrap_or_default()).max(0)), &mut usage.image_in),
        ],
        &mut mismatch,
    );
    let output = &counts.output;
    usage.output_text = share(
        output_whole,
        [
            (output.reasoning.or(counts.reasoning.filter(|_| apart.is_none())), &mut usage.reasoning),
            (output.audio, &mut usage.audio_out),
            (output.image, &mut usage.image_out),
        ],
        &mut mismatch,
    );
    // A side that was not reported may hold the rest of the total, so only an excess is a contradiction.
    let sides_known = usage.input_uncached.is_some() && (usage.output_text.is_some() || wire == Wire::Embeddings);
    let mut gap = None;
    if let (Some(total), Some(sum)) = (counts.total, usage.total_tokens()) {
        mismatch |= sum > total || (sides_known && sum != total);
        gap = Some(total - sum).filter(|gap| sides_known && *gap > 0);
    }
    if apart.is_some() {
        usage.reasoning = apart;
    }
    let Extras { counts: extra, unknown } = counts.extras;
    Counted { usage, extra, unknown, mismatch, gap, tier: None }
}

/// One side of a call: the whole and the parts that are told apart.
#[derive(Default)]
struct Side {
    whole: Option<i64>,
    cached: Option<i64>,
    cached_audio: Option<i64>,
    cached_image: Option<i64>,
    cache_written: Option<i64>,
    cache_written_1h: Option<i64>,
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
    /// Cached tokens outside the details: DeepSeek's `prompt_cache_hit_tokens`, Moonshot's `cached_tokens`, Mistral's
    /// `num_cached_tokens`, and `cache_read_input_tokens` where LiteLLM repeats Anthropic's.
    cached: Option<i64>,
    cache_written: Option<i64>,
    cache_written_1h: Option<i64>,
    /// Reasoning outside the details: SGLang's, a part of the output, and Perplexity's, which is none.
    reasoning: Option<i64>,
    /// Something that only Perplexity counts.
    researched: bool,
    extras: Extras,
    /// Something that should be a count is not.
    doubtful: bool,
}

impl Reported {
    fn read(reported: &str) -> Self {
        let mut counts = Self::default();
        let mut doubtful = false;
        let extras = &mut Extras::default();
        json::fields(reported, |key, value| match key {
            "prompt_tokens" | "input_tokens" => set(&mut counts.input.whole, value, &mut doubtful),
            "completion_tokens" | "output_tokens" => set(&mut counts.output.whole, value, &mut doubtful),
            "total_tokens" => set(&mut counts.total, value, &mut doubtful),
            "prompt_cache_hit_tokens" | "cached_tokens" | "num_cached_tokens" | "cache_read_input_tokens" => {
                set(&mut counts.cached, value, &mut doubtful);
            }
            "cache_creation_input_tokens" => set(&mut counts.cache_written, value, &mut doubtful),
            "cache_creation" => set_hour(&mut counts.cache_written_1h, value, &mut doubtful),
            "reasoning_tokens" => set(&mut counts.reasoning, value, &mut doubtful),
            "prompt_tokens_details" | "input_tokens_details" => {
                counts.input.details((key, value), &mut doubtful, extras);
            }
            "completion_tokens_details" | "output_tokens_details" => {
                counts.output.details((key, value), &mut doubtful, extras);
            }
            "num_search_queries" | "citation_tokens" => {
                counts.researched = true;
                extras.known(if key == "citation_tokens" { key } else { "web_searches" }, value);
            }
            // The rest of the input.
            "prompt_cache_miss_tokens" => {}
            "num_sources_used" | "prompt_audio_seconds" => extras.known(key, value),
            "server_tool_use" => super::anthropic::server_tools(value, extras),
            _ => extras.unknown("", key, value),
        });
        counts.doubtful = doubtful;
        counts.extras = std::mem::take(extras);
        counts
    }

    /// Reasoning that is neither in the output nor in the total.
    fn reasoning_apart(&self) -> Option<i64> {
        self.reasoning.filter(|_| self.researched)
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
    fn details(&mut self, (within, details): (&str, &str), doubtful: &mut bool, extras: &mut Extras) {
        json::fields(details, |key, value| match key {
            "cached_tokens" => set(&mut self.cached, value, doubtful),
            "cache_write_tokens" | "cache_creation_tokens" => set(&mut self.cache_written, value, doubtful),
            "cached_tokens_details" => self.cached_details(value, doubtful),
            "cache_creation_token_details" => set_hour(&mut self.cache_written_1h, value, doubtful),
            "audio_tokens" => set(&mut self.audio, value, doubtful),
            "image_tokens" => set(&mut self.image, value, doubtful),
            "reasoning_tokens" => set(&mut self.reasoning, value, doubtful),
            // Parts of the whole that are billed as it is.
            "text_tokens" | "accepted_prediction_tokens" | "rejected_prediction_tokens" => {}
            _ => extras.unknown(within, key, value),
        });
    }

    /// What of the cached tokens is no text: it is counted as cached, and not once more as what it is.
    fn cached_details(&mut self, details: &str, doubtful: &mut bool) {
        json::fields(details, |key, value| match key {
            "audio_tokens" => set(&mut self.cached_audio, value, doubtful),
            "image_tokens" => set(&mut self.cached_image, value, doubtful),
            _ => {}
        });
    }
}

/// Reads how much of what was written to the cache lives for an hour.
fn set_hour(into: &mut Option<i64>, details: &str, doubtful: &mut bool) {
    json::fields(details, |key, value| {
        if key == "ephemeral_1h_input_tokens" {
            set(into, value, doubtful);
        }
    });
}
