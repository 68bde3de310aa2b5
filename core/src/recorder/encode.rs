//! From what was seen of a request to the row that is stored: digest, class, cost, sealed content. Runs on the
//! recorder's thread, never on a request's way.

use std::{borrow::Cow, sync::Arc, time::Duration};

use super::{
    draft::{Answer, End, Observation, Owner, Seen},
    redactor::{BodyPart, Redaction},
};
use crate::{
    content::{self, BODY_LIMIT, Compressor},
    crypto::{Field, TraceKey},
    error::{ErrorCode, Result},
    pricing::{Consumed, PriceBook, Priced, Served},
    provider::{
        Billed,
        digest::{Digest, digest_body},
    },
    store::TraceRecord,
    types::{
        ids::TenantId,
        request::CallOptions,
        tenant::Capture,
        time::Timestamp,
        trace::{StatusClass, TraceFlag},
        usage::UsageSource,
    },
};

/// The longest model name that is stored; indexes have limits of their own.
const LABEL_CHARS: usize = 256;

/// Makes rows of observations.
pub(crate) struct Encoder {
    prices: Arc<PriceBook>,
    compressor: Compressor,
    redaction: Redaction,
}

/// How it ended, now that the answer has been read.
struct Verdict {
    class: StatusClass,
    error_code: Option<ErrorCode>,
    flags: i64,
}

impl Encoder {
    pub(crate) fn new(prices: Arc<PriceBook>, redaction: Redaction) -> Result<Self> {
        Ok(Self { prices, compressor: Compressor::new()?, redaction })
    }

    pub(super) fn encode(&mut self, observation: Observation) -> TraceRecord {
        let Observation { id, instance, number, begin, mut seen, latency, end } = observation;
        let wire = begin.endpoint.wire();
        let (mut digest, raw) = match std::mem::take(&mut seen.answer) {
            Answer::None => (Digest::default(), None),
            Answer::Body(body) if matches!(end, End::Failed(_)) => (Digest::default(), Some(body)),
            Answer::Body(body) => (digest_body(wire, &body), Some(body)),
            Answer::Growing(body) => (digest_body(wire, &body), Some(body.into())),
            Answer::Stream(tap) => (tap.finish(), None),
            // It is none of our formats: it is whole when it has ended.
            Answer::Passed(body) => (
                Digest { finished: true, ..digest_body(wire, body.as_deref().unwrap_or_default()) },
                body.map(Into::into),
            ),
        };
        if seen.provider.as_ref().is_some_and(|provider| provider.hides_reasoning()) {
            digest.count_hidden_reasoning();
        }
        digest.estimate_output(seen.output_limit);
        let verdict = verdict(end, &digest, begin.stream);
        let response = digest.content.take().map(Cow::Owned).or(raw.as_deref().map(Cow::Borrowed));
        let mut flags = verdict.flags;
        let sealed = match begin.capture {
            Capture::Full => {
                let key = begin.owner.data_key.trace_key(id);
                let attempts = (!seen.attempts.is_empty()).then(|| serde_json::to_vec(&seen.attempts).ok()).flatten();
                let keep = |part, body| self.redaction.keep(&begin.owner.tenant, part, body);
                let request = keep(BodyPart::Request, &begin.request);
                let response = response.as_deref().map(|body| keep(BodyPart::Response, body)).unwrap_or_default();
                flags |= request.flags | response.flags;
                let mut seal = |field, body: Option<&[u8]>| {
                    let key = key.as_ref().ok()?;
                    self.seal(&Place { key, tenant: &begin.owner.tenant, field }, body.filter(|body| !body.is_empty())?)
                };
                let request = seal(Field::Request, request.bytes.as_deref());
                let response = seal(Field::Response, response.bytes.as_deref());
                let attempts = seal(Field::Attempts, attempts.as_deref());
                for (part, flag) in [(&request, TraceFlag::RequestCapped), (&response, TraceFlag::ResponseCapped)] {
                    flags |= part.as_ref().filter(|part| part.capped).map_or(0, |_| flag.bit());
                }
                if digest.capped {
                    flags |= TraceFlag::ResponseCapped.bit();
                }
                let bytes = |part: Option<SealedPart>| part.map(|part| part.envelope);
                Sealed { request: bytes(request), response: bytes(response), attempts: bytes(attempts) }
            }
            Capture::Metadata | Capture::None => Sealed::default(),
        };
        let options = if begin.capture == Capture::None { CallOptions::default() } else { begin.options };
        let model = digest.model.as_deref().or(seen.deployment.as_deref());
        let priced = self.price(&begin.owner, id.created_at(), (&seen, &digest));
        TraceRecord {
            id,
            instance: Some(instance),
            number: Some(number),
            tenant_id: begin.owner.tenant,
            tenant_since_ms: Some(begin.owner.since.as_millis()),
            ended_ms: id.created_at().plus_millis(i64::try_from(latency.as_millis()).unwrap_or(i64::MAX)).as_millis(),
            request_id: options.request_id,
            upstream_request_id: seen.upstream_request_id,
            provider: seen.provider.as_ref().map(|provider| provider.name().to_owned()),
            model: model.map(label).map(Cow::into_owned),
            requested_model: seen.requested_model.as_deref().map(label).map(Cow::into_owned),
            deployment: seen.deployment.as_deref().map(label).map(Cow::into_owned),
            endpoint: begin.endpoint.name().to_owned(),
            stream: begin.stream,
            status_class: verdict.class,
            status_code: seen.status_code,
            error_code: verdict.error_code,
            latency_us: micros(latency),
            ttfb_us: seen.ttfb.map(micros),
            ttft_us: seen.ttft.map(micros),
            overhead_us: micros(seen.overhead),
            usage: digest.usage,
            usage_source: digest.usage_source,
            flags,
            chunk_count: digest.chunk_count,
            cost_pico_usd: priced.cost_pico_usd,
            price_version: priced.version,
            price_rule: priced.rule.and_then(|rule| serde_json::to_string(&rule).ok()),
            usage_extra: digest.usage_extra,
            attempt_count: seen.attempt_count,
            user_id: options.user_id,
            session_id: options.session_id,
            api_key_id: begin.api_key_id.as_deref().map(str::to_owned),
            metadata: options.metadata,
            request: sealed.request,
            response: sealed.response,
            attempts: sealed.attempts,
        }
    }

    /// What it cost, by what was served. An estimate counts the output alone and has no price.
    fn price(&self, owner: &Owner, at: Timestamp, (seen, digest): (&Seen, &Digest)) -> Priced {
        let Some(provider) = seen.provider.as_ref().filter(|_| digest.usage_source == UsageSource::Reported) else {
            return Priced::default();
        };
        let billed = Billed::of(&provider.info, seen.deployment.as_deref(), digest.model.as_deref());
        let served = Served {
            prices_of: billed.prices_of,
            provider: provider.name(),
            model: billed.model.unwrap_or_default(),
            billed_as: billed.billed_as,
            tier: digest.service_tier.as_deref(),
            multiplier: billed.multiplier,
            at,
        };
        let consumed = Consumed { usage: &digest.usage, extra: &digest.usage_extra };
        self.prices.price(&served, consumed, owner.prices.as_deref())
    }

    /// Replaces payloads, caps, compresses and encrypts one body. Without its content a trace is still a trace: a
    /// failure leaves the field empty.
    fn seal(&mut self, place: &Place<'_>, body: &[u8]) -> Option<SealedPart> {
        let prepared = content::prepare(body, BODY_LIMIT);
        let (codec, packed) = self.compressor.compress(&prepared.bytes);
        match place.key.seal(place.tenant, place.field, codec.number(), packed) {
            Ok(envelope) => Some(SealedPart { envelope, capped: prepared.capped }),
            Err(error) => {
                tracing::error!(%error, field = ?place.field, "a body could not be encrypted and is not stored");
                None
            }
        }
    }
}

/// Where a body belongs.
struct Place<'a> {
    key: &'a TraceKey,
    tenant: &'a TenantId,
    field: Field,
}

/// The content of a trace, encrypted.
#[derive(Default)]
struct Sealed {
    request: Option<Vec<u8>>,
    response: Option<Vec<u8>>,
    attempts: Option<Vec<u8>>,
}

struct SealedPart {
    envelope: Vec<u8>,
    capped: bool,
}

/// The class of a request: how it ended for the caller, and what the answer says of itself.
fn verdict(end: End, digest: &Digest, stream: bool) -> Verdict {
    let failed = |code| (StatusClass::of_error(code), Some(code));
    let (class, error_code) = match end {
        End::Failed(ErrorCode::UpstreamDisconnected) | End::Dropped
            if stream && digest.finished && digest.error.is_none() =>
        {
            (StatusClass::Ok, None)
        }
        End::Failed(code) => failed(code),
        _ if digest.error.is_some() => failed(ErrorCode::UpstreamStreamError),
        End::Dropped => failed(ErrorCode::Cancelled),
        End::Complete if digest.finished => (StatusClass::Ok, None),
        End::Complete if digest.chunk_count.is_some() => failed(ErrorCode::UpstreamDisconnected),
        End::Complete => failed(ErrorCode::UpstreamInvalidResponse),
    };
    let mut flags = 0;
    if stream && !digest.finished && digest.chunk_count.is_some() && class != StatusClass::Cancelled {
        flags |= TraceFlag::StreamTruncated.bit();
    }
    if digest.usage_mismatch {
        flags |= TraceFlag::UsageMismatch.bit();
    }
    if digest.usage_unknown {
        flags |= TraceFlag::UsageUnknown.bit();
    }
    Verdict { class, error_code, flags }
}

/// A name an upstream or a caller chose, as columns and indexes can hold it.
pub(super) fn label(text: &str) -> Cow<'_, str> {
    if text.len() <= LABEL_CHARS && !text.contains('\0') {
        return text.into();
    }
    text.chars().take(LABEL_CHARS).map(|char| if char == '\0' { '\u{fffd}' } else { char }).collect()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
