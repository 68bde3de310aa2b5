//! What is counted and billed.

use serde::{Deserialize, Serialize};

/// What a line of a receipt counts. The first ten are the leaves of a usage, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Input tokens read afresh.
    Input,
    /// Input tokens from the provider's cache.
    CacheRead,
    /// Input tokens written to a cache of five minutes.
    CacheWrite,
    /// Input tokens written to a cache of an hour.
    #[serde(rename = "cache_write_1h")]
    CacheWrite1h,
    /// Audio input tokens.
    AudioIn,
    /// Image input tokens.
    ImageIn,
    /// Text output tokens.
    Output,
    /// Reasoning tokens.
    Reasoning,
    /// Audio output tokens.
    AudioOut,
    /// Image output tokens.
    ImageOut,
    /// Tokens of cited sources.
    Citation,
    /// Searches of the web that the provider made.
    WebSearch,
    /// The request itself.
    Request,
}

impl Unit {
    /// The units of [`Usage::leaves`](crate::Usage::leaves), in their order.
    pub const LEAVES: [Self; 10] = [
        Self::Input,
        Self::CacheRead,
        Self::CacheWrite,
        Self::CacheWrite1h,
        Self::AudioIn,
        Self::ImageIn,
        Self::Output,
        Self::Reasoning,
        Self::AudioOut,
        Self::ImageOut,
    ];

    /// Whose rate applies where a model has none for this unit: that of the kind of token it is billed as then. Cached input
    /// is input, never free. Sound and pictures that a model makes, and sound that it hears, cost several times what text
    /// does: without a rate they have no price.
    pub(crate) const fn general(self) -> Option<Self> {
        match self {
            Self::CacheRead | Self::CacheWrite | Self::ImageIn => Some(Self::Input),
            Self::CacheWrite1h => Some(Self::CacheWrite),
            Self::Reasoning => Some(Self::Output),
            Self::Input
            | Self::AudioIn
            | Self::Output
            | Self::AudioOut
            | Self::ImageOut
            | Self::Citation
            | Self::WebSearch
            | Self::Request => None,
        }
    }

    /// Whether it costs something only where the model has a rate for it: the others are part of every call.
    pub(crate) const fn is_extra(self) -> bool {
        matches!(self, Self::WebSearch | Self::Request | Self::Citation)
    }
}
