//! Something to be asked, with all it needs: nothing happens before it runs.

use std::{fmt, pin::Pin};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;

use super::{Answer, Head, handle::Shared, process::Owner, stream::Pump};
use crate::{
    error::{Error, ErrorCode, Result},
    gateway::{Gateway, ProviderHandle},
    http::{Body, may_stream},
    operation::{
        self, Arguments, Model, ModelCall, Operation, Output, call_model, describe, operation, perform, to_json,
    },
    types::{
        ids::ProviderName,
        request::{CallOptions, Request as ModelRequest},
    },
};

/// Something to be asked.
pub struct Call {
    work: Work,
    /// Where it runs is decided by this: a stream outlives the call that opens it.
    pub(super) streams: bool,
    pub(super) reading: Reading,
}

pub(super) type Work = Pin<Box<dyn Future<Output = Result<Opened>> + Send>>;

/// An answer whose stream nobody reads yet.
pub(super) enum Opened {
    Answer(Answer),
    Model(operation::Answer),
    Response(Response<Body>),
}

/// In which pieces a stream comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The upstream's bytes, in the pieces they arrive in.
    Bytes,
    /// The data of one event each, comments and `[DONE]` left out.
    Events,
}

/// A provider that was looked up once, with its description. It describes itself and can be called.
#[derive(Debug)]
pub struct Provider {
    handle: Option<ProviderHandle>,
    description: Bytes,
    owner: Owner,
}

impl Provider {
    /// Its configuration without the secret, and its capabilities, as JSON.
    pub fn description(&self) -> &Bytes {
        &self.description
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.owner.let_go(self.handle.take());
    }
}

impl Call {
    fn new(streams: bool, work: impl Future<Output = Result<Opened>> + Send + 'static) -> Self {
        Self { work: Box::pin(work), streams, reading: Reading::Events }
    }

    /// The same call, its stream read like this; by events unless it is said.
    #[must_use]
    pub fn reading(self, reading: Reading) -> Self {
        Self { reading, ..self }
    }

    /// Whether a stream is asked for: then that is what comes of it, or an error.
    pub fn streams(&self) -> bool {
        self.streams
    }

    /// Any operation by its name, its arguments as one flat JSON object. Where a model is called that is `tenant_id`,
    /// `request` (which goes upstream byte for byte) and `options`.
    pub(super) fn named(shared: &Shared, name: &str, arguments: &Bytes) -> Result<Self> {
        let gateway = shared.gateway()?.clone();
        let operation = operation(name).ok_or_else(|| operation::unknown(name))?;
        if operation.calls_model() {
            let ModelCall { tenant_id, request, options } = read_model_call(arguments)?;
            let body = request.map_or_else(Bytes::new, |request| Bytes::from(String::from(Box::<str>::from(request))));
            let model = Model::Tenant(gateway.tenant(tenant_id.as_str())?);
            return Self::of_model(operation.name, model, ModelRequest { body, options });
        }
        Ok(Self::performed(&gateway, operation, Arguments::parse(arguments)?))
    }

    /// An operation that calls no model, with arguments that come from elsewhere.
    pub(super) fn named_with(shared: &Shared, name: &str, given: &[(&str, &str)], json: &[u8]) -> Result<Self> {
        let gateway = shared.gateway()?;
        let operation = operation(name).ok_or_else(|| operation::unknown(name))?;
        let mut arguments = Arguments::parse(json)?;
        for (name, value) in given {
            arguments.insert(name, *value)?;
        }
        Ok(Self::performed(gateway, operation, arguments))
    }

    fn performed(gateway: &Gateway, operation: &'static Operation, arguments: Arguments) -> Self {
        let gateway = gateway.clone();
        Self::new(false, async move {
            let json = perform(&gateway, operation, arguments).await?;
            Ok(Opened::Answer(Answer::Json(json.into())))
        })
    }

    /// A call of a tenant's model; the body goes upstream byte for byte, `options` is a JSON object or nothing.
    pub(super) fn tenant(shared: &Shared, name: &str, tenant: &str, body: Bytes, options: &[u8]) -> Result<Self> {
        let request = ModelRequest { body, options: read_options(options)? };
        Self::of_model(name, Model::Tenant(shared.gateway()?.tenant(tenant)?), request)
    }

    /// A call of a model of a provider that was looked up before.
    pub(super) fn provider(name: &str, provider: &Provider, body: Bytes, options: &[u8]) -> Result<Self> {
        provider.owner.check()?;
        let gone = || Error::new(ErrorCode::Internal, "the provider is gone");
        let handle = provider.handle.clone().ok_or_else(gone)?;
        let request = ModelRequest { body, options: read_options(options)? };
        Self::of_model(name, Model::Provider(handle), request)
    }

    fn of_model(name: &str, model: Model, request: ModelRequest) -> Result<Self> {
        let operation = operation(name).filter(|operation| operation.calls_model());
        let operation = operation.ok_or_else(|| operation::unknown(name))?;
        let streams = operation.output == Output::Stream;
        Ok(Self::new(streams, async move { call_model(operation, model, request).await.map(Opened::Model) }))
    }

    /// An HTTP request.
    pub(super) fn http(shared: &Shared, request: Request<Bytes>) -> Result<Self> {
        let gateway = shared.gateway()?.clone();
        let streams = may_stream(&request);
        let call =
            Self::new(streams, async move { Ok(Opened::Response(gateway.handle(request.map(Full::new)).await)) });
        Ok(call.reading(Reading::Bytes))
    }

    /// The head of an HTTP request: the largest body it may have, or the response that refuses it.
    pub(super) fn admit(shared: &Shared, head: Request<()>) -> Result<Self> {
        let gateway = shared.gateway()?.clone();
        Ok(Self::new(false, async move {
            let (head, ()) = head.into_parts();
            Ok(match gateway.admit(&head).await {
                Ok(limit) => Opened::Answer(Answer::Json(limit.to_string().into())),
                Err(refusal) => Opened::Response(refusal),
            })
        }))
    }

    /// The look-up of a tenant's provider, the default one without a name.
    pub(super) fn get_provider(shared: &Shared, tenant: &str, name: Option<&str>) -> Result<Self> {
        let tenant = shared.gateway()?.tenant(tenant)?;
        let name = name.map(str::parse::<ProviderName>).transpose()?;
        let owner = shared.owner();
        Ok(Self::new(false, async move {
            let handle = tenant.get_provider_for_tenant(name.as_ref()).await?;
            let description = Bytes::from(to_json(&describe(&handle))?);
            Ok(Opened::Answer(Answer::Provider(Provider { handle: Some(handle), description, owner })))
        }))
    }

    /// The end of a gateway.
    pub(super) fn close(gateway: &Gateway, timeout_ms: Option<u64>) -> Self {
        let gateway = gateway.clone();
        Self::new(false, async move {
            let mut arguments = Arguments::default();
            if let Some(timeout_ms) = timeout_ms {
                arguments.insert("timeout_ms", timeout_ms)?;
            }
            let operation = operation("close").ok_or_else(|| operation::unknown("close"))?;
            Ok(Opened::Answer(Answer::Json(perform(&gateway, operation, arguments).await?.into())))
        })
    }

    pub(super) fn into_work(self) -> Work {
        self.work
    }
}

impl Opened {
    /// The answer, its stream pumped by `pump`.
    pub(super) fn into_answer(self, pump: &Pump<'_>) -> Result<Answer> {
        Ok(match self {
            Self::Answer(answer) => answer,
            Self::Model(operation::Answer::Whole(reply)) => {
                let (trace_id, provider) = (Some(reply.trace_id), Some(reply.provider));
                Answer::Whole(Head { status: reply.status, headers: reply.headers, trace_id, provider }, reply.body)
            }
            Self::Model(operation::Answer::Stream(stream)) => {
                let (trace_id, provider) = (Some(stream.trace_id()), Some(stream.provider().clone()));
                let head = Head { status: stream.status(), headers: stream.headers().clone(), trace_id, provider };
                Answer::Stream(head, pump.start(stream)?)
            }
            Self::Response(response) => {
                let (parts, body) = response.into_parts();
                let status = parts.status.as_u16();
                let head = Head { status, headers: parts.headers, trace_id: None, provider: None };
                match body.into_whole() {
                    Ok(bytes) => Answer::Whole(head, bytes),
                    Err(stream) => Answer::Stream(head, pump.start(stream)?),
                }
            }
        })
    }
}

fn read_model_call(arguments: &[u8]) -> Result<ModelCall> {
    serde_json::from_slice(arguments).map_err(|error| {
        let message = format!("the arguments are not {{tenant_id, request, options}}: {error}");
        Error::new(ErrorCode::InvalidRequest, message)
    })
}

fn read_options(json: &[u8]) -> Result<CallOptions> {
    if json.is_empty() { Ok(CallOptions::default()) } else { Arguments::parse(json)?.rest() }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("streams", &self.streams).field("reading", &self.reading).finish_non_exhaustive()
    }
}
