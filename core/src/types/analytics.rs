//! Analytics as the API takes and shows them.

use serde::{Deserialize, Serialize};

use super::{flat, money::PicoUsd, time::Timestamp, trace::TraceFilter};

/// Which time to look at, cut how. Fields are added in minor versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AnalyticsQuery {
    /// The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`.
    pub window_hours: Option<u32>,
    /// The first instant, widened down to a 5-minute edge.
    pub since: Option<Timestamp>,
    /// The end, exclusive, widened up to a 5-minute edge; now when omitted.
    pub until: Option<Timestamp>,
    /// One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query.
    pub bucket_minutes: Option<u32>,
    /// The zone buckets are aligned to; only `UTC` so far.
    pub time_zone: Option<String>,
    /// What must hold of the traces counted; in JSON its keys stand beside these.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub filter: TraceFilter,
}

impl<'de> Deserialize<'de> for AnalyticsQuery {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            window_hours: Option<u32>,
            since: Option<Timestamp>,
            until: Option<Timestamp>,
            bucket_minutes: Option<u32>,
            time_zone: Option<String>,
        }
        let keys = ["window_hours", "since", "until", "bucket_minutes", "time_zone"];
        let (head, filter) = flat::split::<D, Head, _>(deserializer, &keys)?;
        Ok(Self {
            window_hours: head.window_hours,
            since: head.since,
            until: head.until,
            bucket_minutes: head.bucket_minutes,
            time_zone: head.time_zone,
            filter,
        })
    }
}

/// The answer to [`AnalyticsQuery`]: the whole window, and bucket by bucket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Analytics {
    /// The first instant that is counted.
    pub from: Timestamp,
    /// The first instant that is not counted any more.
    pub to: Timestamp,
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

/// What is measured over a set of traces.
///
/// Latency, time to first byte and overhead are over the traces of class `ok` alone, so that failures do not
/// flatter or spoil them; percentiles are by nearest rank. All are `None` where no trace of that class is.
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
}
