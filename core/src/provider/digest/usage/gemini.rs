//! The `usageMetadata` of Gemini. The prompt includes what is cached; thoughts and what tools read stand beside the
//! candidates and the prompt.
//!
//! Source: <https://ai.google.dev/api/generate-content>, "UsageMetadata".

use super::{Counted, Extras, json, set, share};
use crate::types::usage::Usage;

/// Tokens that are no text; video and documents are billed as it is.
#[derive(Default)]
struct Modalities {
    audio: Option<i64>,
    image: Option<i64>,
}

pub(super) fn read(reported: &str) -> Counted {
    let mut usage = Usage::default();
    let (mut prompt, mut cached, mut tools, mut candidates, mut total) = (None, None, None, None, None);
    let (mut of_prompt, mut of_cached) = (Modalities::default(), Modalities::default());
    let (mut of_tools, mut of_candidates) = (Modalities::default(), Modalities::default());
    let (mut doubtful, mut extras, mut tier) = (false, Extras::default(), None);
    json::fields(reported, |key, value| match key {
        "promptTokenCount" => set(&mut prompt, value, &mut doubtful),
        "cachedContentTokenCount" => set(&mut cached, value, &mut doubtful),
        "toolUsePromptTokenCount" => set(&mut tools, value, &mut doubtful),
        "candidatesTokenCount" | "responseTokenCount" => set(&mut candidates, value, &mut doubtful),
        "thoughtsTokenCount" => set(&mut usage.reasoning, value, &mut doubtful),
        "totalTokenCount" => set(&mut total, value, &mut doubtful),
        "promptTokensDetails" => of_prompt.read(value, &mut doubtful),
        "cacheTokensDetails" => of_cached.read(value, &mut doubtful),
        "toolUsePromptTokensDetails" => of_tools.read(value, &mut doubtful),
        "candidatesTokensDetails" | "responseTokensDetails" => of_candidates.read(value, &mut doubtful),
        "trafficType" | "serviceTier" => tier = json::label(value).map(|tier| tier_of(&tier)),
        _ => extras.unknown("", key, value),
    });
    let mut mismatch = doubtful;
    // What is cached is counted as cached, whatever it is.
    let fresh = |all: Option<i64>, cached: Option<i64>, of_tools: Option<i64>| {
        let fresh = all.map(|all| (all - cached.unwrap_or_default()).max(0));
        sum(fresh, of_tools)
    };
    let audio = fresh(of_prompt.audio, of_cached.audio, of_tools.audio);
    let image = fresh(of_prompt.image, of_cached.image, of_tools.image);
    usage.input_uncached = share(
        sum(prompt, tools),
        [(cached, &mut usage.cache_read), (audio, &mut usage.audio_in), (image, &mut usage.image_in)],
        &mut mismatch,
    );
    usage.output_text = share(
        candidates,
        [(of_candidates.audio, &mut usage.audio_out), (of_candidates.image, &mut usage.image_out)],
        &mut mismatch,
    );
    if let (Some(total), Some(sum)) = (total, usage.total_tokens()) {
        // An answer without candidates has no count of them.
        mismatch |= sum != total;
    }
    let Extras { counts: extra, unknown } = extras;
    Counted { usage, extra, unknown, mismatch, gap: None, tier }
}

impl Modalities {
    fn read(&mut self, details: &str, doubtful: &mut bool) {
        json::items(details, |detail| {
            let (mut modality, mut tokens) = (None, None);
            json::fields(detail, |key, value| match key {
                "modality" => modality = json::text(value),
                "tokenCount" => set(&mut tokens, value, doubtful),
                _ => {}
            });
            match modality {
                Some("AUDIO") => self.audio = sum(self.audio, tokens),
                Some("IMAGE") => self.image = sum(self.image, tokens),
                _ => {}
            }
        });
    }
}

fn sum(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    [one, other].into_iter().flatten().reduce(i64::saturating_add)
}

/// Vertex AI's types of traffic, and the tiers of the Gemini API, as the table of prices names them.
fn tier_of(tier: &str) -> String {
    let lower = tier.to_ascii_lowercase();
    match lower.strip_prefix("on_demand_").unwrap_or(&lower) {
        "on_demand" | "traffic_type_unspecified" | "standard" | "unspecified" => "standard".to_owned(),
        other => other.to_owned(),
    }
}
