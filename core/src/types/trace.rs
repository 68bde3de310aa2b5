//! Traces as the API shows them.

mod query;
mod status;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use self::{
    query::{TraceFilter, TracePage, TraceQuery},
    status::StatusClass,
};
use super::{
    ids::{TenantId, TraceId},
    money::PicoUsd,
    price::Receipt,
    time::Timestamp,
    usage::{Usage, UsageSource},
};
use crate::error::ErrorCode;

/// A row of a list: everything about one request but its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Trace {
    /// UUIDv7; its millisecond is `created_at`.
    pub id: TraceId,
    /// Whose request it was.
    pub tenant_id: TenantId,
    /// The caller's own id of the request (`x-request-id`).
    pub request_id: Option<String>,
    /// The id the upstream gave in its response headers.
    pub upstream_request_id: Option<String>,
    /// The name of the provider that answered, or else was asked last.
    pub provider: Option<String>,
    /// The model the caller asked for.
    pub requested_model: Option<String>,
    /// The model that served: what the response names, else what was asked of the upstream.
    pub model: Option<String>,
    /// The operation: `chat`, `responses`, `embeddings`, `list_models`.
    pub endpoint: String,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// How it ended.
    pub status_class: StatusClass,
    /// The upstream's status; `None` when there was none.
    pub status_code: Option<u16>,
    /// What went wrong.
    pub error_code: Option<ErrorCode>,
    /// When the request began, from the caller's side of the gateway.
    pub created_at: Timestamp,
    /// When its last byte was handed over.
    pub ended_at: Timestamp,
    /// From the call to its end, in milliseconds with microsecond precision.
    pub latency_ms: f64,
    /// From the call to the first byte of the answer.
    pub ttfb_ms: Option<f64>,
    /// From the call to the first content token of a stream.
    pub ttft_ms: Option<f64>,
    /// Time spent in the gateway itself, in microseconds: measured, not derived.
    pub overhead_us: i64,
    /// All input tokens, cached ones included.
    pub input_tokens: Option<i64>,
    /// Input tokens served from the provider's cache.
    pub cached_tokens: Option<i64>,
    /// All output tokens, reasoning included.
    pub output_tokens: Option<i64>,
    /// Reasoning tokens.
    pub reasoning_tokens: Option<i64>,
    /// All tokens.
    pub total_tokens: Option<i64>,
    /// The exact cost; `None` when the model has no price or nothing is known of its usage.
    pub cost_usd: Option<PicoUsd>,
    /// How many times an upstream was asked, that of every fallback included.
    pub attempt_count: u32,
    /// The end user.
    pub user_id: Option<String>,
    /// The conversation.
    pub session_id: Option<String>,
    /// What the caller attached.
    pub metadata: BTreeMap<String, String>,
}

/// One trace with its content, decrypted for its owner.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct TraceDetail {
    /// The row.
    #[serde(flatten)]
    pub trace: Trace,
    /// The API key the request came with; `None` for calls of the host itself.
    pub api_key_id: Option<String>,
    /// What the upstream was asked for: the model after aliases, Azure's deployment.
    pub deployment: Option<String>,
    /// The leaves.
    pub usage: Usage,
    /// Where the leaves come from.
    pub usage_source: UsageSource,
    /// Counts of the provider that no leaf has, by its own names: searches of the web, and what this library does not know.
    /// They are not part of the leaves' sums.
    #[serde(default)]
    pub usage_extra: BTreeMap<String, i64>,
    /// Which prices `cost_usd` was made with.
    pub price_version: Option<String>,
    /// How `cost_usd` came about; `None` where there is no cost.
    #[serde(default)]
    pub receipt: Option<Receipt>,
    /// Events of a stream.
    pub chunk_count: Option<i64>,
    /// What is peculiar about it.
    pub flags: Vec<TraceFlag>,
    /// Every attempt, the last one included, and every provider that was passed over; empty when the first attempt was
    /// answered, or content is not captured.
    pub attempts: Vec<Attempt>,
    /// The request's body as JSON; large base64 payloads replaced by `{sha256, mime, length}`. `None` unless `capture`
    /// is `full`.
    pub request: Option<Box<RawValue>>,
    /// The response's body as JSON, a stream rebuilt as the full response; text that is no JSON as a string.
    pub response: Option<Box<RawValue>>,
}

/// What is peculiar about a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TraceFlag {
    /// The stream ended without `[DONE]` and without a finish reason.
    StreamTruncated,
    /// The stored request was cut to the size limit.
    RequestCapped,
    /// The stored response was cut to the size limit.
    ResponseCapped,
    /// The provider's usage leaves do not add up to its total.
    UsageMismatch,
    /// The provider's usage has counts that this library does not know; they are in `usage_extra`.
    UsageUnknown,
    /// The redactor failed on the request, which is not stored.
    RequestLost,
    /// The redactor failed on the response, which is not stored.
    ResponseLost,
}

impl TraceFlag {
    /// Every flag, in the order of its bit.
    pub const ALL: [Self; 7] = [
        Self::StreamTruncated,
        Self::RequestCapped,
        Self::ResponseCapped,
        Self::UsageMismatch,
        Self::RequestLost,
        Self::ResponseLost,
        Self::UsageUnknown,
    ];

    /// The bit it is stored as.
    pub const fn bit(self) -> i64 {
        match self {
            Self::StreamTruncated => 1,
            Self::RequestCapped => 2,
            Self::ResponseCapped => 4,
            Self::UsageMismatch => 8,
            Self::RequestLost => 16,
            Self::ResponseLost => 32,
            Self::UsageUnknown => 64,
        }
    }

    /// The flags of stored bits.
    pub fn from_bits(bits: i64) -> Vec<Self> {
        Self::ALL.into_iter().filter(|flag| bits & flag.bit() != 0).collect()
    }
}

/// One time an upstream was asked, or was to be asked and was passed over: then it took no time, and the error says
/// why (`circuit_open`, `provider_not_found`, `unsupported_operation`, `model_not_found` and the like).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Attempt {
    /// The provider's name.
    pub provider: String,
    /// The upstream's status; `None` when there was none.
    pub status_code: Option<u16>,
    /// Why it failed.
    pub error_code: Option<ErrorCode>,
    /// How long it took, in milliseconds with microsecond precision.
    pub duration_ms: f64,
    /// The pause before it, in milliseconds.
    pub delay_ms: f64,
}
