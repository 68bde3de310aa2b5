//! What a host or a tenant says about prices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{super::money::PicoUsd, Ratio};

/// A price of one's own for some models, instead of the table's. Amounts are decimal strings in dollars.
///
/// `{"model": "gpt-4o*", "per": "million_tokens", "input": "2.50", "cache_read": "1.25", "output": "10"}`
///
/// Refused where a rate is a hundred times what the table says, or a hundredth of it, or unheard of: then `per` is likely
/// to be wrong. `unusual` insists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceOverride {
    /// The name of the provider it is for; any when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that served, as answers name it: a name, or a pattern with `*`. Names win over patterns, longer patterns
    /// over shorter ones.
    pub model: String,
    /// The service tier it is for; the standard one when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// How many tokens an amount is for.
    pub per: PriceQuantity,
    /// Input tokens.
    pub input: PicoUsd,
    /// Input tokens from the cache; as `input` when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<PicoUsd>,
    /// Input tokens written to the cache; as `input` when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<PicoUsd>,
    /// Input tokens written to a cache of an hour; as `cache_write` when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<PicoUsd>,
    /// Audio input tokens; without it a call that has some is unpriced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_in: Option<PicoUsd>,
    /// Image input tokens; as `input` when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_in: Option<PicoUsd>,
    /// Output tokens; without it a call that has output is unpriced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<PicoUsd>,
    /// Reasoning tokens; as `output` when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<PicoUsd>,
    /// Audio output tokens; without it a call that has some is unpriced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_out: Option<PicoUsd>,
    /// Image output tokens; without it a call that has some is unpriced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_out: Option<PicoUsd>,
    /// Dollars per request, whatever `per` is; none when omitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<PicoUsd>,
    /// These rates are meant, however odd they look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unusual: bool,
}

/// How many tokens an amount is for. There is no default: most wrong prices are right for another quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PriceQuantity {
    /// One.
    Token,
    /// A thousand.
    ThousandTokens,
    /// A million.
    MillionTokens,
}

impl PriceQuantity {
    /// The number of tokens.
    pub const fn tokens(self) -> u64 {
        match self {
            Self::Token => 1,
            Self::ThousandTokens => 1_000,
            Self::MillionTokens => 1_000_000,
        }
    }
}

/// What a provider's models are billed as, where their names or their kind do not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Billing {
    /// Whose prices of the table apply, such as `openai`; those of the kind when omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What every line is multiplied by: `"1.1"` for Azure's data zones. 1 when omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiplier: Option<Ratio>,
    /// What was asked of the upstream (Azure's deployment, else the model) → what it is billed as.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deployments: BTreeMap<String, DeploymentBilling>,
}

/// What one deployment is billed as.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct DeploymentBilling {
    /// The model; the one that answers name when omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// In place of the provider's `multiplier`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multiplier: Option<Ratio>,
}
