//! What the spool's bytes mean: intents, and the rows of requests that have ended.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{draft::Observation, encode::label};
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
pub(super) struct Intent<'a> {
    tenant_id: Cow<'a, TenantId>,
    tenant_since_ms: Option<i64>,
    #[serde(default)]
    instance: Option<u64>,
    #[serde(default)]
    number: Option<u64>,
    #[serde(borrow)]
    request_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    provider: Option<Cow<'a, str>>,
    #[serde(borrow)]
    requested_model: Option<Cow<'a, str>>,
    #[serde(borrow)]
    deployment: Option<Cow<'a, str>>,
    #[serde(borrow)]
    endpoint: Cow<'a, str>,
    stream: bool,
    #[serde(borrow)]
    api_key_id: Option<Cow<'a, str>>,
}

impl<'a> Intent<'a> {
    pub(super) fn of(observation: &'a Observation) -> Self {
        let Observation { begin, seen, .. } = observation;
        let request_id = begin.options.request_id.as_deref().filter(|_| begin.capture != Capture::None);
        Self {
            tenant_id: Cow::Borrowed(&begin.owner.tenant),
            tenant_since_ms: Some(begin.owner.since.as_millis()),
            instance: Some(observation.instance),
            number: Some(observation.number),
            request_id: request_id.map(Cow::Borrowed),
            provider: seen.provider.as_ref().map(|provider| provider.name().into()),
            requested_model: seen.requested_model.as_deref().map(label),
            deployment: seen.deployment.as_deref().map(label),
            endpoint: begin.endpoint.name().into(),
            stream: begin.stream,
            api_key_id: begin.api_key_id.as_deref().map(Cow::Borrowed),
        }
    }

    /// Nothing of the bytes it was read from is held any more.
    pub(super) fn into_owned(self) -> Intent<'static> {
        let owned = |text: Option<Cow<'a, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Intent {
            tenant_id: Cow::Owned(self.tenant_id.into_owned()),
            tenant_since_ms: self.tenant_since_ms,
            instance: self.instance,
            number: self.number,
            request_id: owned(self.request_id),
            provider: owned(self.provider),
            requested_model: owned(self.requested_model),
            deployment: owned(self.deployment),
            endpoint: Cow::Owned(self.endpoint.into_owned()),
            stream: self.stream,
            api_key_id: owned(self.api_key_id),
        }
    }

    /// The row of a request whose process died before its end was written down.
    pub(super) fn abandoned(self, id: TraceId) -> TraceRecord {
        let owned = |text: Option<Cow<'a, str>>| text.map(Cow::into_owned);
        let deployment = owned(self.deployment);
        TraceRecord {
            tenant_id: self.tenant_id.into_owned(),
            tenant_since_ms: self.tenant_since_ms,
            id,
            instance: self.instance,
            number: self.number,
            ended_ms: id.created_at().as_millis(),
            request_id: owned(self.request_id),
            upstream_request_id: None,
            provider: owned(self.provider),
            model: deployment.clone(),
            requested_model: owned(self.requested_model),
            deployment,
            endpoint: self.endpoint.into_owned(),
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
            price_rule: None,
            usage_extra: Default::default(),
            attempt_count: 1,
            user_id: None,
            session_id: None,
            api_key_id: owned(self.api_key_id),
            metadata: Default::default(),
            request: None,
            response: None,
            attempts: None,
        }
    }
}

/// Which request of which opening of a gateway an intent or a row is of; `None` where an older version wrote it.
pub(super) fn place(bytes: &[u8]) -> Option<(u64, u64)> {
    #[derive(Deserialize)]
    struct Place {
        instance: u64,
        number: u64,
    }
    read(bytes).map(|Place { instance, number }| (instance, number))
}

/// The bytes of an intent or a row. Fields carry their names, so that later versions may add some.
pub(super) fn write(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(256);
    let failed = |error| Error::new(ErrorCode::Internal, "a trace cannot be written for the spool").with_source(error);
    rmp_serde::encode::write_named(&mut bytes, value).map_err(failed)?;
    Ok(bytes)
}

/// The intent or row of such bytes; `None` for what cannot be understood.
pub(super) fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Option<T> {
    rmp_serde::from_slice(bytes).ok()
}
