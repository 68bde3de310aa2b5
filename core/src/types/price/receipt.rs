//! How a cost came about, and what was done to prices.

use serde::{Deserialize, Serialize};

use super::{
    super::{ids::TenantId, money::PicoUsd, time::Timestamp},
    Ratio, Unit,
};

/// How a cost came about: quantity × rate × multiplier = line, each rounded once, half to even. The lines add up to the
/// cost exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Receipt {
    /// Which prices: the day and digest of a table, or the digest of an override.
    pub price_version: String,
    /// Whose prices.
    pub source: PriceSource,
    /// The provider of the table; `None` for an override.
    pub provider: Option<String>,
    /// The model of the table, or the pattern of the override.
    pub model: String,
    /// The service tier that the response named.
    pub tier: Option<String>,
    /// Rates of a longer context apply: there were more input tokens than this.
    pub above_input_tokens: Option<u64>,
    /// What every line is multiplied by.
    pub multiplier: Ratio,
    /// What was billed; nothing that was not counted.
    pub lines: Vec<ReceiptLine>,
}

/// One line of a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReceiptLine {
    /// What is counted.
    pub unit: Unit,
    /// How many.
    pub quantity: u64,
    /// Pico-dollars (10⁻¹² $) for each.
    pub rate_pico_usd: Ratio,
    /// The product.
    pub cost_usd: PicoUsd,
}

/// Whose prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PriceSource {
    /// The table that came with the library, or one that was loaded.
    Table,
    /// An override of the gateway's configuration.
    Gateway,
    /// An override of the tenant.
    Tenant,
}

/// The table of prices that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LoadedPrices {
    /// Its day and digest, as traces carry it.
    pub version: String,
    /// The one before.
    pub previous_version: String,
    /// How many models it has.
    pub models: u64,
}

/// Which traces to price anew. Fields are added in minor versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RepriceQuery {
    /// One tenant; all when omitted.
    pub tenant_id: Option<TenantId>,
    /// From here on; the first trace when omitted.
    pub since: Option<Timestamp>,
    /// Before here; now when omitted.
    pub until: Option<Timestamp>,
}

/// What pricing anew has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RepriceReport {
    /// Traces that were looked at.
    pub traces: u64,
    /// Those whose cost or price version is another now.
    pub changed: u64,
    /// Those without a price, before and after.
    pub unpriced: u64,
    /// By how much all costs together have grown; negative where they have shrunk.
    pub difference_usd: PicoUsd,
}
