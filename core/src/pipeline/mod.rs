//! The way of one request, from the caller to an upstream and back. The only place that knows the order of the steps;
//! each step is somebody else's.

mod attempts;
mod body;
mod headers;
mod models;
mod notes;
mod reply;
mod retry;
mod targets;

use std::{sync::Arc, time::Instant};

use bytes::Bytes;

pub use self::reply::Reply;
use self::{attempts::Wanted, targets::Targets};
use crate::{
    config::Settings,
    error::{Error, ErrorCode, Result},
    limits::{Limits, Permit},
    provider::{Endpoint, Envelope, Passing, Provider, is_text},
    recorder::{Answer, Begin, Draft, Owner, Recorder},
    registry::{ActiveTenant, Registry},
    stream::{Opened, ReplyStream},
    transport::{Response, Transport},
    types::{
        ids::TenantId,
        request::{CallOptions, Request},
        tenant::Capture,
    },
};

/// What every request passes through.
pub(crate) struct Pipeline {
    pub(crate) registry: Arc<Registry>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) recorder: Recorder,
    transport: Arc<Transport>,
    body_bytes: usize,
    tenant_concurrency: u32,
    capture: Capture,
}

/// One request on its way.
pub(crate) struct Call {
    pub(crate) tenant: TenantId,
    /// The key it came with, if it came with one.
    pub(crate) api_key_id: Option<Arc<str>>,
    pub(crate) endpoint: Endpoint,
    pub(crate) request: Request,
    /// The provider of a handle; it comes before the one of the options.
    pub(crate) provider: Option<Arc<Provider>>,
    /// What is passed on as it is, where it is no call of a model.
    pub(crate) passing: Option<Passing>,
}

/// How the answer is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Whole,
    Stream,
    Passed,
}

/// A request that may go upstream.
struct Prepared {
    provider: Arc<Provider>,
    envelope: Envelope,
    body: Bytes,
    permit: Permit,
}

impl Pipeline {
    pub(crate) fn new(
        settings: &Settings,
        registry: Arc<Registry>,
        recorder: Recorder,
        transport: Arc<Transport>,
    ) -> Self {
        Self {
            registry,
            limits: Arc::new(Limits::new(settings.limits.concurrency)),
            recorder,
            transport,
            body_bytes: settings.limits.body_bytes,
            tenant_concurrency: settings.limits.tenant_concurrency,
            capture: settings.capture,
        }
    }

    /// How many bytes a request may have.
    pub(crate) fn body_limit(&self) -> usize {
        self.body_bytes
    }

    /// Asks an upstream and waits for the whole answer.
    pub(crate) async fn call(&self, call: Call) -> Result<Reply> {
        let (tenant, mut draft) = self.begin(&call, false).await?;
        match self.answer(&tenant, &call, &mut draft).await {
            Ok(reply) => {
                draft.complete().reached().await;
                Ok(reply)
            }
            Err(error) => Err(failed(draft, error).await),
        }
    }

    /// Asks an upstream for a stream, and hands it over once its head has arrived.
    pub(crate) async fn stream(&self, call: Call) -> Result<ReplyStream> {
        let mode = if call.passing.is_some() { Mode::Passed } else { Mode::Stream };
        let (tenant, mut draft) = self.begin(&call, mode == Mode::Stream).await?;
        match self.open(&tenant, &call, &mut draft, mode).await {
            Ok(opened) => Ok(ReplyStream::new(opened, draft)),
            Err(error) => Err(failed(draft, error).await),
        }
    }

    /// From here on the request is accepted: one trace comes of it.
    async fn begin(&self, call: &Call, stream: bool) -> Result<(Arc<ActiveTenant>, Draft)> {
        let started = Instant::now();
        let tenant = self.registry.active(&call.tenant).await?;
        let capture =
            tenant.tenant.capture.unwrap_or(self.capture).at_most(call.request.options.capture.unwrap_or_default());
        let draft = self.recorder.begin(Begin {
            owner: Owner {
                tenant: call.tenant.clone(),
                since: tenant.tenant.created_at,
                data_key: Arc::clone(&tenant.data_key),
                prices: tenant.prices.clone(),
            },
            api_key_id: call.api_key_id.clone(),
            capture,
            endpoint: call.endpoint,
            stream,
            // What will not be stored is not held either.
            request: if capture == Capture::Full && call.passing.as_ref().is_none_or(Passing::has_text) {
                call.request.body.clone()
            } else {
                Bytes::new()
            },
            options: if call.request.options.validate().is_ok() {
                call.request.options.clone()
            } else {
                CallOptions::default()
            },
            started,
        })?;
        Ok((tenant, draft))
    }

    async fn answer(&self, tenant: &ActiveTenant, call: &Call, draft: &mut Draft) -> Result<Reply> {
        let prepared = self.prepare(tenant, call, draft, Mode::Whole)?;
        if prepared.envelope.stream() {
            return Err(Error::invalid(
                "stream",
                "stream is true, and one whole answer was asked for; call the streaming method instead",
            ));
        }
        draft.intend();
        let wanted = Wanted::Whole { limit: self.body_bytes };
        let answer = self.targets(tenant, call, &prepared).ask(draft, wanted).await?;
        let (response, body) = answer.answered.into_whole();
        draft.note(|seen| seen.answer = Answer::Body(body.clone()));
        Ok(Reply {
            status: response.status.as_u16(),
            headers: headers::for_caller(&response.headers),
            body,
            trace_id: draft.id(),
            provider: answer.provider.info.name.clone(),
        })
    }

    async fn open(&self, tenant: &ActiveTenant, call: &Call, draft: &mut Draft, mode: Mode) -> Result<Opened> {
        let prepared = self.prepare(tenant, call, draft, mode)?;
        draft.intend();
        let answer = self.targets(tenant, call, &prepared).ask(draft, Wanted::Stream).await?;
        let Response { status, headers, body } = answer.answered.into_stream();
        let is_event_stream = headers::is_event_stream(&headers);
        Ok(Opened {
            status: status.as_u16(),
            is_event_stream,
            answer: match mode {
                Mode::Passed => Answer::passed(is_text(&headers)),
                Mode::Whole | Mode::Stream => Answer::streamed(call.endpoint.wire(), is_event_stream),
            },
            headers: headers::for_caller(&headers),
            body,
            hide_usage: answer.provider.adds_usage(call.endpoint, &prepared.envelope),
            idle_ms: answer.provider.timeouts.idle_ms,
            total: answer.deadline,
            provider: answer.provider.info.name.clone(),
            permit: prepared.permit,
        })
    }

    fn targets<'a>(&'a self, tenant: &'a ActiveTenant, call: &'a Call, prepared: &'a Prepared) -> Targets<'a> {
        let Prepared { provider, envelope, body, .. } = prepared;
        Targets { pipeline: self, tenant, call, first: provider, envelope, body }
    }

    /// Everything that can refuse a request before an upstream is asked.
    fn prepare(&self, tenant: &ActiveTenant, call: &Call, draft: &mut Draft, mode: Mode) -> Result<Prepared> {
        let Request { body, options } = &call.request;
        options.validate()?;
        if body.len() > self.body_bytes {
            let message = format!(
                "the request has {} bytes; at most {} are accepted (limits.body_bytes)",
                body.len(),
                self.body_bytes
            );
            return Err(Error::new(ErrorCode::BodyTooLarge, message));
        }
        let envelope = match (call.endpoint, mode) {
            (Endpoint::Models, _) | (_, Mode::Passed) => Envelope::empty(),
            _ => Envelope::read(body, mode == Mode::Stream)?,
        };
        let named = call.passing.as_ref().and_then(|passing| passing.model(body));
        let model = envelope.model().or(named.as_deref());
        draft.note(|seen| {
            seen.requested_model = model.map(str::to_owned);
            seen.output_limit = envelope.output_limit();
        });
        let permit = self.limits.enter(&call.tenant, tenant.tenant.concurrency.unwrap_or(self.tenant_concurrency))?;
        let provider = match (&call.provider, &options.provider, model) {
            (Some(provider), ..) => Arc::clone(provider),
            (None, Some(name), _) => self.registry.provider(tenant, Some(name))?,
            (None, None, Some(model)) => self.registry.provider_for_model(tenant, model)?,
            (None, None, None) => self.registry.provider(tenant, None)?,
        };
        draft.note(|seen| seen.provider = Some(Arc::clone(&provider)));
        provider.check_offers(call.endpoint)?;
        if let Some(passing) = &call.passing {
            passing.check_owner(provider.is_shared())?;
        } else if let Some(model) = model {
            let deployment = provider.deployment(model)?.to_owned();
            draft.note(|seen| seen.deployment = Some(deployment));
        }
        Ok(Prepared { provider, envelope, body: body.clone(), permit })
    }
}

/// Records the failure, and tells the caller which request it was.
async fn failed(draft: Draft, error: Error) -> Error {
    let error = error.with_request_id(draft.request_id());
    draft.fail(&error).reached().await;
    error
}
