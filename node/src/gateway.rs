//! An open gateway, and its calls. Each has a number under which its end is told; what cannot even begin is said at once,
//! as the JSON of an error.

use http::{HeaderName, HeaderValue, Request};
use libgateway::{
    Error, ErrorCode,
    bindings::{self, Call, Handle, Reading, guarded, silence_panics},
};
use napi::{
    Env, Task,
    bindgen_prelude::{AsyncTask, Either},
};
use napi_derive::napi;

use crate::{
    channel::Channel,
    data::{self, Body},
    server::Serve,
};

/// An open gateway.
#[napi]
pub struct Gateway {
    handle: Handle,
    channel: Channel,
}

/// A provider that was looked up once.
#[napi]
pub struct Provider(bindings::Provider);

impl From<bindings::Provider> for Provider {
    fn from(provider: bindings::Provider) -> Self {
        Self(provider)
    }
}

/// Opens a gateway with a configuration as JSON: a gateway, or the JSON of an error.
#[napi]
pub fn open(config: String, channel: &Channel) -> AsyncTask<Open> {
    silence_panics();
    AsyncTask::new(Open { config, channel: channel.clone() })
}

#[napi]
impl Gateway {
    /// Starts an operation that calls no model, with its arguments as JSON.
    #[napi]
    pub fn call(&self, id: u32, operation: String, arguments: String) -> Option<String> {
        self.start(id, || self.handle.call(&operation, &arguments.into()))
    }

    /// Starts a call of a model of a tenant, or of `provider` where there is one.
    #[napi]
    pub fn call_model(&self, id: u32, asked: Asked<'_>, provider: Option<&Provider>) -> Option<String> {
        self.start(id, || {
            let Asked { operation, tenant_id, body, options, bytes } = asked;
            let (body, options) = (data::bytes(body), options.unwrap_or_default());
            let call = match provider {
                Some(provider) => self.handle.call_provider(&operation, &provider.0, body, options.as_bytes()),
                None => self.handle.call_model(&operation, &tenant_id, body, options.as_bytes()),
            };
            Ok(call?.reading(if bytes { Reading::Bytes } else { Reading::Events }))
        })
    }

    /// Starts the look-up of a tenant's provider, the default one without a name.
    #[napi]
    pub fn get_provider(&self, id: u32, tenant_id: String, name: Option<String>) -> Option<String> {
        self.start(id, || self.handle.get_provider(&tenant_id, name.as_deref()))
    }

    /// Starts an HTTP request.
    #[napi]
    pub fn handle(&self, id: u32, head: RequestHead, body: Body<'_>) -> Option<String> {
        self.start(id, || self.handle.handle(head.with(data::bytes(body))?))
    }

    /// Asks whether a request is let in before its body is read: the body of the answer is the largest that it may have, or
    /// the answer is a refusal with a head.
    #[napi]
    pub fn admit(&self, id: u32, head: RequestHead) -> Option<String> {
        self.start(id, || self.handle.admit(head.with(())?))
    }

    /// Begins to serve, as a configuration in JSON says: a server, or the JSON of an error.
    #[napi]
    pub fn serve(&self, config: String) -> AsyncTask<Serve> {
        AsyncTask::new(Serve { handle: self.handle.clone(), config })
    }

    /// Ends the gateway: its report as JSON, or the error.
    #[napi]
    pub fn close(&self, timeout_ms: Option<f64>) -> AsyncTask<Close> {
        AsyncTask::new(Close { handle: self.handle.clone(), timeout_ms })
    }

    fn start(&self, id: u32, call: impl FnOnce() -> Result<Call, Error>) -> Option<String> {
        let started = guarded(|| self.channel.start(id, &self.handle, call()?));
        started.err().map(|error| data::error(&error))
    }
}

/// A call of a model.
#[napi(object, object_to_js = false)]
pub struct Asked<'a> {
    /// The operation's name.
    pub operation: String,
    /// Whose model; not looked at where a provider is called.
    pub tenant_id: String,
    /// What goes upstream.
    pub body: Body<'a>,
    /// The call's options, as JSON.
    pub options: Option<String>,
    /// Whether a stream is read as bytes, not by events.
    pub bytes: bool,
}

/// An HTTP request but for its body.
#[napi(object, object_to_js = false)]
pub struct RequestHead {
    /// `GET` and the like.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// Names and values in turns.
    pub headers: Vec<String>,
}

impl RequestHead {
    fn with<T>(self, body: T) -> Result<Request<T>, Error> {
        let Self { method, target, headers } = self;
        let mut request = Request::builder().method(method.as_str()).uri(target.as_str());
        for pair in headers.chunks_exact(2) {
            if let [name, value] = pair {
                request = request.header(header_name(name)?, header_value(name, value)?);
            }
        }
        request.body(body).map_err(|error| {
            Error::new(ErrorCode::InvalidRequest, format!("{method} {target} is no request")).with_source(error)
        })
    }
}

fn header_name(name: &str) -> Result<HeaderName, Error> {
    name.parse().map_err(|_| Error::invalid(name, format!("{name:?} is no name of a header")))
}

/// In JavaScript the characters of a header stand for one byte each.
fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    let bytes: Option<Vec<u8>> = value.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect();
    let value = bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
    value.ok_or_else(|| Error::invalid(name, format!("the header {name} has characters that no header has")))
}

/// The opening of a gateway, which waits for the store.
pub struct Open {
    config: String,
    channel: Channel,
}

impl Task for Open {
    type Output = Either<Handle, String>;
    type JsValue = Either<Gateway, String>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let opened = guarded(|| Handle::open(&self.config));
        Ok(opened.map_or_else(|error| Either::B(data::error(&error)), Either::A))
    }

    fn resolve(&mut self, _: Env, opened: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match opened {
            Either::A(handle) => Either::A(Gateway { handle, channel: self.channel.clone() }),
            Either::B(error) => Either::B(error),
        })
    }
}

/// The end of a gateway, which waits until its traces are in the store.
pub struct Close {
    handle: Handle,
    timeout_ms: Option<f64>,
}

impl Task for Close {
    type Output = data::Settled;
    type JsValue = data::Settled;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let timeout_ms = self.timeout_ms.map(milliseconds).transpose();
        let closed = guarded(|| self.handle.close(timeout_ms?));
        Ok(data::settled(closed.map(bindings::Answer::Json)))
    }

    fn resolve(&mut self, _: Env, closed: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(closed)
    }
}

/// A number of JavaScript's as a number of milliseconds.
fn milliseconds(value: f64) -> Result<u64, Error> {
    let whole = format!("{value}").parse();
    whole.map_err(|_| Error::invalid("timeout_ms", format!("timeout_ms is {value}; it must be a whole number")))
}
