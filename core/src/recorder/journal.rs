//! What the spool's bytes mean: intents, and the rows of requests that have ended.

use serde::{Deserialize, Serialize};

use super::draft::Observation;
use crate::{
    error::{Error, ErrorCode, Result},
    store::TraceRecord,
    types::{
        ids::{TenantId, TraceId},
        tenant::Capture,
        trace::StatusClass,
        usage::{Usage, UsageSource},
    },
};

/// What is known of a request before its upstream is asked: enough for a row, and nothing the caller wrote but names.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Intent {
    tenant_id: TenantId,
    request_id: Option<String>,
    provider: Option<String>,
    requested_model: Option<String>,
    deployment: Option<String>,
    endpoint: String,
    stream: bool,
    api_key_id: Option<String>,
}

impl Intent {
    pub(super) fn of(observation: &Observation) -> Self {
        let Observation { begin, seen, .. } = observation;
        Self {
            tenant_id: begin.owner.tenant.clone(),
            request_id: begin.options.request_id.clone().filter(|_| begin.capture != Capture::None),
            provider: seen.provider.as_ref().map(|provider| provider.name().to_owned()),
            requested_model: seen.requested_model.as_deref().map(super::encode::label),
            deployment: seen.deployment.as_deref().map(super::encode::label),
            endpoint: begin.endpoint.name().to_owned(),
            stream: begin.stream,
            api_key_id: begin.api_key_id.as_deref().map(str::to_owned),
        }
    }

    /// The row of a request whose process died before its end was written down.
    pub(super) fn abandoned(self, id: TraceId) -> TraceRecord {
        TraceRecord {
            tenant_id: self.tenant_id,
            id,
            ended_ms: id.created_at().as_millis(),
            request_id: self.request_id,
            upstream_request_id: None,
            provider: self.provider,
            model: self.deployment.clone(),
            requested_model: self.requested_model,
            deployment: self.deployment,
            endpoint: self.endpoint,
            stream: self.stream,
            status_class: StatusClass::Abandoned,
            status_code: None,
            error_code: Some(ErrorCode::Abandoned),
            latency_us: 0,
            ttfb_us: None,
            ttft_us: None,
            overhead_us: 0,
            usage: Usage::default(),
            usage_source: UsageSource::None,
            flags: 0,
            chunk_count: None,
            cost_pico_usd: None,
            price_version: None,
            attempt_count: 1,
            user_id: None,
            session_id: None,
            api_key_id: self.api_key_id,
            metadata: Default::default(),
            request: None,
            response: None,
            attempts: None,
        }
    }
}

/// The bytes of an intent or a row. Fields carry their names, so that later versions may add some.
pub(super) fn write(value: &impl Serialize) -> Result<Vec<u8>> {
    rmp_serde::to_vec_named(value)
        .map_err(|error| Error::new(ErrorCode::Internal, "a trace cannot be written for the spool").with_source(error))
}

/// The intent or row of such bytes; `None` for what cannot be understood.
pub(super) fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Option<T> {
    rmp_serde::from_slice(bytes).ok()
}
