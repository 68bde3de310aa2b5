//! What a call consumed, as disjoint counts.

use serde::{Deserialize, Serialize};

/// Tokens of one call, in leaves that do not overlap: their sum is the total. `None` means that the provider
/// did not say; 0 is a count.
///
/// Providers differ in what they include where: the adapters normalise. `input_tokens()` includes cached tokens,
/// as OpenTelemetry's `gen_ai.usage.input_tokens` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Usage {
    /// Input tokens read afresh.
    pub input_uncached: Option<i64>,
    /// Input tokens served from the provider's cache.
    pub cache_read: Option<i64>,
    /// Input tokens written to a cache that lives five minutes.
    pub cache_write_5m: Option<i64>,
    /// Input tokens written to a cache that lives an hour.
    pub cache_write_1h: Option<i64>,
    /// Audio input tokens.
    pub audio_in: Option<i64>,
    /// Image input tokens.
    pub image_in: Option<i64>,
    /// Visible text output tokens.
    pub output_text: Option<i64>,
    /// Reasoning tokens, hidden or shown.
    pub reasoning: Option<i64>,
    /// Audio output tokens.
    pub audio_out: Option<i64>,
    /// Image output tokens.
    pub image_out: Option<i64>,
}

/// Where the counts come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The provider reported them.
    Reported,
    /// The gateway estimated them; they are bounded by the request's limits.
    Estimated,
    /// Nobody said anything.
    #[default]
    None,
}

impl Usage {
    /// Names of the leaves, in the order of [`Usage::leaves`].
    pub const LEAVES: [&'static str; 10] = [
        "input_uncached",
        "cache_read",
        "cache_write_5m",
        "cache_write_1h",
        "audio_in",
        "image_in",
        "output_text",
        "reasoning",
        "audio_out",
        "image_out",
    ];

    /// The ten leaves in the order of [`Usage::LEAVES`].
    pub const fn leaves(&self) -> [Option<i64>; 10] {
        [
            self.input_uncached,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_1h,
            self.audio_in,
            self.image_in,
            self.output_text,
            self.reasoning,
            self.audio_out,
            self.image_out,
        ]
    }

    /// The usage made of leaves in the order of [`Usage::LEAVES`].
    pub const fn from_leaves(leaves: [Option<i64>; 10]) -> Self {
        let [
            input_uncached,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            audio_in,
            image_in,
            output_text,
            reasoning,
            audio_out,
            image_out,
        ] = leaves;
        Self {
            input_uncached,
            cache_read,
            cache_write_5m,
            cache_write_1h,
            audio_in,
            image_in,
            output_text,
            reasoning,
            audio_out,
            image_out,
        }
    }

    /// All input tokens, cached ones included.
    pub fn input_tokens(&self) -> Option<i64> {
        sum([
            self.input_uncached,
            self.cache_read,
            self.cache_write_5m,
            self.cache_write_1h,
            self.audio_in,
            self.image_in,
        ])
    }

    /// All output tokens, reasoning included.
    pub fn output_tokens(&self) -> Option<i64> {
        sum([self.output_text, self.reasoning, self.audio_out, self.image_out])
    }

    /// All tokens.
    pub fn total_tokens(&self) -> Option<i64> {
        sum([self.input_tokens(), self.output_tokens()])
    }

    /// Whether no leaf is known.
    pub fn is_empty(&self) -> bool {
        self.leaves().iter().all(Option::is_none)
    }
}

/// The sum of the known counts; `None` when none is known.
fn sum<const N: usize>(counts: [Option<i64>; N]) -> Option<i64> {
    counts.into_iter().flatten().reduce(i64::saturating_add)
}
