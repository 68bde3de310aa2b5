//! Analytics as the API takes and shows them.

mod query;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::query::{AnalyticsQuery, BreakdownQuery, Dimension, GroupOrder, TenantsQuery, TopOrder, TopQuery};
use super::{ids::TenantId, money::PicoUsd, time::Timestamp, trace::Trace};

/// The answer to [`AnalyticsQuery`]: the whole window, and bucket by bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Analytics {
    /// The first instant that is counted.
    pub from: Timestamp,
    /// The first instant that is not counted any more.
    pub to: Timestamp,
    /// Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    pub complete: bool,
    /// The whole window.
    pub summary: Measures,
    /// One entry per bucket, empty ones included.
    pub timeseries: Vec<Bucket>,
}

/// The whole window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AnalyticsSummary {
    /// The first instant that is counted.
    pub from: Timestamp,
    /// The first instant that is not counted any more.
    pub to: Timestamp,
    /// Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    pub complete: bool,
    /// What was measured.
    #[serde(flatten)]
    pub measures: Measures,
}

/// The window, bucket by bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AnalyticsTimeseries {
    /// The first instant that is counted.
    pub from: Timestamp,
    /// The first instant that is not counted any more.
    pub to: Timestamp,
    /// Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    pub complete: bool,
    /// One entry per bucket, empty ones included.
    pub timeseries: Vec<Bucket>,
}

/// The window, model by model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AnalyticsModels {
    /// The first instant that is counted.
    pub from: Timestamp,
    /// The first instant that is not counted any more.
    pub to: Timestamp,
    /// Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    pub complete: bool,
    /// One entry per provider and model, most requests first.
    pub models: Vec<ModelMeasures>,
}

/// One bucket of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Bucket {
    /// Where it begins; it ends where the next one begins.
    pub start: Timestamp,
    /// What was measured.
    #[serde(flatten)]
    pub measures: Measures,
}

/// One provider and model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ModelMeasures {
    /// The provider's name.
    pub provider: Option<String>,
    /// The model that served.
    pub model: Option<String>,
    /// What was measured.
    #[serde(flatten)]
    pub measures: Measures,
}

/// A window and the one before it, of the same length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AnalyticsComparison {
    /// The window that was asked for.
    pub current: AnalyticsSummary,
    /// The window that ends where that one begins.
    pub previous: AnalyticsSummary,
}

/// The window, group by group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AnalyticsBreakdown {
    /// The first instant that is counted.
    pub from: Timestamp,
    /// The first instant that is not counted any more.
    pub to: Timestamp,
    /// Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    pub complete: bool,
    /// The whole window: what is in no group of this answer is the rest.
    pub summary: Measures,
    /// The first groups in the order asked for.
    pub groups: Vec<GroupMeasures>,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct GroupMeasures {
    /// What its traces have in common; `None` for those that have nothing there.
    pub value: Option<String>,
    /// What was measured.
    #[serde(flatten)]
    pub measures: Measures,
}

/// The window, tenant by tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AnalyticsTenants {
    /// The first instant that is counted.
    pub from: Timestamp,
    /// The first instant that is not counted any more.
    pub to: Timestamp,
    /// All tenants.
    pub summary: Measures,
    /// The first tenants in the order asked for; those without a trace are left out.
    pub tenants: Vec<TenantMeasures>,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TenantMeasures {
    /// Whose traces they are.
    pub tenant_id: TenantId,
    /// What was measured.
    #[serde(flatten)]
    pub measures: Measures,
}

/// The traces of a window that stand out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TopTraces {
    /// The first instant that was looked at.
    pub from: Timestamp,
    /// The first instant that was not looked at any more.
    pub to: Timestamp,
    /// Whether all traces were looked at; `false` where there were too many.
    pub complete: bool,
    /// The first ones in the order asked for.
    pub traces: Vec<Trace>,
}

/// A stretch of time. Fields are added in minor versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    /// The first instant.
    pub since: Timestamp,
    /// The end, exclusive.
    pub until: Timestamp,
}

/// What was made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RebuildReport {
    /// The first instant of the first day.
    pub from: Timestamp,
    /// The first instant after the last day.
    pub to: Timestamp,
    /// How many traces there are in between.
    pub traces: u64,
}

/// What there is a distribution of, over the traces of class `ok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// From the call to its end, in milliseconds.
    Latency,
    /// From the call to the first byte of the answer, in milliseconds.
    Ttfb,
    /// From the call to the first content token of a stream, in milliseconds.
    Ttft,
    /// Time spent in the gateway itself, in microseconds.
    Overhead,
    /// Output tokens per second between the first content token of a stream and its end.
    TokensPerSecond,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 5] = [Self::Latency, Self::Ttfb, Self::Ttft, Self::Overhead, Self::TokensPerSecond];
}

/// How numbers are distributed: by nearest rank, off by at most 0.78 %. The unit is the metric's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Distribution {
    /// How many there are.
    pub count: u64,
    /// Half of them are not above it.
    pub p50: f64,
    /// 90 of a hundred are not above it.
    pub p90: f64,
    /// 95 of a hundred are not above it.
    pub p95: f64,
    /// 99 of a hundred are not above it.
    pub p99: f64,
}

/// What is measured over a set of traces.
///
/// Latency, time to first byte and overhead are over the traces of class `ok` alone, so that failures do not
/// flatter or spoil them. Percentiles are by nearest rank, off by at most 0.78 %; sums and means are exact. All are `None`
/// where no trace of that class is, and percentiles by API key, too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Measures {
    /// All traces, refused and cancelled ones included.
    pub total_requests: i64,
    /// Those of class `upstream_error`, `gateway_error` or `timeout`.
    pub errors: i64,
    /// `errors / total_requests`; 0 when there are none.
    pub error_rate: f64,
    /// All tokens.
    pub total_tokens: i64,
    /// Input tokens, cached ones included.
    pub input_tokens: i64,
    /// Output tokens, reasoning included.
    pub output_tokens: i64,
    /// The exact sum over the traces that have a cost.
    pub cost_usd: PicoUsd,
    /// Traces that used tokens and have no cost, since their model has no price.
    pub unpriced_requests: i64,
    /// Mean latency in milliseconds.
    pub avg_latency_ms: Option<f64>,
    /// Median latency in milliseconds.
    pub p50_latency_ms: Option<f64>,
    /// 95th percentile of latency in milliseconds.
    pub p95_latency_ms: Option<f64>,
    /// 99th percentile of latency in milliseconds.
    pub p99_latency_ms: Option<f64>,
    /// Mean time to the first byte in milliseconds.
    pub avg_ttfb_ms: Option<f64>,
    /// Mean time spent in the gateway itself, in microseconds.
    pub avg_overhead_us: Option<f64>,
    /// What was asked for in `distributions`, and has any number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub distributions: BTreeMap<Metric, Distribution>,
}
