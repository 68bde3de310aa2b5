//! What is known of each kind of provider: where its endpoints are, how it wants to be asked, what it offers.
//! Everything here is pure; the transport does the I/O.

mod azure;
mod base_url;
mod billing;
mod compatible;
pub(crate) mod digest;
mod envelope;
mod kinds;
mod mock;
mod openai;
mod passing;
mod routes;
mod secret;
mod upstream_error;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use self::secret::{blotted_out, secret_header};
pub(crate) use self::{
    billing::Billed,
    digest::Wire,
    envelope::{Envelope, Splices},
    kinds::{Blueprint, OperatorKeys, build, check},
    mock::Canned,
    passing::{Family, Passing, is_text},
    routes::Routes,
    upstream_error::response_error,
};
use crate::{
    breaker::Breaker,
    config::{Retry, Timeouts},
    error::{Error, ErrorCode, Result},
    types::provider::{Capabilities, ProviderInfo},
};

/// What can be asked of an upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Chat,
    Responses,
    Embeddings,
    Models,
    /// Whatever else OpenAI has, passed on as it is.
    Other(&'static Family),
}

impl Endpoint {
    /// The name of the operation, as traces show it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Embeddings => "embeddings",
            Self::Models => "list_models",
            Self::Other(family) => family.name,
        }
    }

    /// OpenAI's path below the version segment.
    const fn path(self) -> &'static str {
        match self {
            Self::Chat => "chat/completions",
            Self::Responses => "responses",
            Self::Embeddings => "embeddings",
            Self::Models => "models",
            Self::Other(family) => family.name,
        }
    }

    const fn method(self) -> Method {
        match self {
            Self::Models => Method::GET,
            Self::Other(_) | Self::Chat | Self::Responses | Self::Embeddings => Method::POST,
        }
    }

    /// The format of its answers.
    pub(crate) const fn wire(self) -> Wire {
        match self {
            Self::Chat => Wire::Chat,
            Self::Responses => Wire::Responses,
            Self::Embeddings => Wire::Embeddings,
            Self::Models => Wire::Models,
            Self::Other(_) => Wire::Other,
        }
    }

    const fn offered_by(self, capabilities: Capabilities) -> bool {
        match self {
            Self::Chat | Self::Other(_) => true,
            Self::Responses => capabilities.responses,
            Self::Embeddings => capabilities.embeddings,
            Self::Models => capabilities.models,
        }
    }
}

/// What differs between kinds of providers. One file per kind implements it; no method does I/O.
pub(crate) trait Adapter: fmt::Debug + Send + Sync {
    /// Where the endpoint is; `model` is what the caller asked for, after aliases.
    fn uri(&self, endpoint: Endpoint, model: &str) -> Result<Uri>;

    /// Where a path below the version segment is that no endpoint has.
    fn other(&self, _target: &str) -> Result<Uri> {
        Err(Error::new(ErrorCode::UnsupportedOperation, "the provider has no other paths than those of operations"))
    }

    /// What is really asked for: Azure's deployment, else the model itself.
    fn deployment<'a>(&'a self, model: &'a str) -> Result<&'a str> {
        Ok(model)
    }

    /// The value of the body's `model`; `None` leaves it as the caller wrote it.
    fn body_model<'a>(&'a self, _endpoint: Endpoint, _model: &'a str) -> Option<&'a str> {
        None
    }

    /// The headers of every request, credentials included.
    fn headers(&self) -> &Headers;

    /// What it offers beyond chat.
    fn capabilities(&self) -> Capabilities;

    /// An answer that needs no network.
    fn canned(&self, _request: &UpstreamRequest) -> Option<Canned> {
        None
    }
}

/// The few headers a provider wants in each request: a map of them would cost each tenant ten times as much.
type Headers = Vec<(HeaderName, HeaderValue)>;

/// What a provider is asked.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) envelope: &'a Envelope,
    /// The model, before the provider's aliases: the one of the envelope, or the one that a fallback names.
    pub(crate) model: &'a str,
    /// What is passed on as it is.
    pub(crate) passing: Option<&'a Passing>,
}

impl<'a> Question<'a> {
    /// What the caller asks.
    pub(crate) fn new(endpoint: Endpoint, envelope: &'a Envelope) -> Self {
        Self { endpoint, envelope, model: envelope.model().unwrap_or_default(), passing: None }
    }
}

/// A request as it goes upstream.
pub(crate) struct UpstreamRequest {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// One provider of one tenant, ready to be called.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) info: Arc<ProviderInfo>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retry: Retry,
    pub(crate) breaker: Breaker,
    adapter: Arc<dyn Adapter>,
}

impl Provider {
    /// The same provider for another tenant, with a breaker of its own: what one tenant meets is no other's business.
    pub(crate) fn lent(&self) -> Self {
        let (info, adapter) = (Arc::clone(&self.info), Arc::clone(&self.adapter));
        Self { info, adapter, breaker: self.breaker.closed(), ..*self }
    }

    pub(crate) fn name(&self) -> &str {
        self.info.name.as_str()
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.adapter.capabilities()
    }

    /// Whether it is one of the gateway's configuration, whose key all tenants without providers use.
    pub(crate) fn is_shared(&self) -> bool {
        self.info.created_at.is_none()
    }

    /// Whether its totals count reasoning that is named nowhere.
    pub(crate) fn hides_reasoning(&self) -> bool {
        self.info.kind == compatible::HIDES_REASONING
    }

    /// The model to ask for, after this provider's aliases.
    pub(crate) fn resolve<'a>(&'a self, model: &'a str) -> &'a str {
        self.info.settings.aliases.get(model).map_or(model, String::as_str)
    }

    /// What is really asked for, after aliases.
    pub(crate) fn deployment<'a>(&'a self, model: &'a str) -> Result<&'a str> {
        self.adapter.deployment(self.resolve(model))
    }

    /// Refuses an endpoint that the provider does not offer.
    pub(crate) fn check_offers(&self, endpoint: Endpoint) -> Result<()> {
        if endpoint.offered_by(self.capabilities()) {
            return Ok(());
        }
        let message = format!(
            "provider {:?} of kind {} does not offer {}; choose another with the provider option",
            self.name(),
            self.info.kind,
            endpoint.name()
        );
        Err(Error::new(ErrorCode::UnsupportedOperation, message).with_provider(self.name()))
    }

    /// The body that goes upstream: the caller's, but for what must be spliced.
    pub(crate) fn body(&self, question: Question<'_>, body: &Bytes) -> Bytes {
        let Question { endpoint, envelope, model, passing } = question;
        if passing.is_some() {
            return body.clone();
        }
        let model = self.resolve(model);
        let model = self.adapter.body_model(endpoint, model).unwrap_or(model);
        let splices = Splices {
            model: envelope.model().filter(|asked| *asked != model).map(|_| model),
            include_usage: self.adds_usage(endpoint, envelope),
        };
        envelope.splice(body, &splices)
    }

    /// The request that carries such a body.
    pub(crate) fn request(&self, question: Question<'_>, body: Bytes) -> Result<UpstreamRequest> {
        let Question { endpoint, envelope, model, passing } = question;
        let model = self.resolve(model);
        let mut headers = HeaderMap::with_capacity(8);
        headers.extend(self.adapter.headers().iter().cloned());
        if let Some(Passing { method, target, headers: callers, .. }) = passing {
            headers.extend(callers.iter().map(|(name, value)| (name.clone(), value.clone())));
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            let uri = self.adapter.other(target).map_err(|error| error.with_provider(self.name()))?;
            return Ok(UpstreamRequest { method: method.clone(), uri, headers, body });
        }
        let accept = if envelope.stream() { "text/event-stream" } else { "application/json" };
        headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let method = endpoint.method();
        if method == Method::POST {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(UpstreamRequest { method, uri: self.adapter.uri(endpoint, model)?, headers, body })
    }

    /// Whether the answer carries a usage chunk that the caller did not ask for.
    pub(crate) fn adds_usage(&self, endpoint: Endpoint, envelope: &Envelope) -> bool {
        endpoint == Endpoint::Chat && envelope.wants_usage_added() && self.capabilities().stream_options
    }

    /// An answer in which the provider's key, should the upstream repeat it, is blotted out.
    pub(crate) fn redact(&self, body: Bytes) -> Bytes {
        let secrets = self.adapter.headers().iter().map(|(_, value)| value).filter(|value| value.is_sensitive());
        let mut redacted = body;
        for secret in secrets.map(|value| value.as_bytes().strip_prefix(b"Bearer ").unwrap_or(value.as_bytes())) {
            redacted = blotted_out(redacted, secret);
        }
        redacted
    }

    /// An answer that needs no network.
    pub(crate) fn canned(&self, request: &UpstreamRequest) -> Option<Canned> {
        self.adapter.canned(request)
    }
}
