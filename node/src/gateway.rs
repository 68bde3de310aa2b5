//! An open gateway, and its calls. Each has a number under which its end is told; what cannot even begin is said at once,
//! as the JSON of an error.

use bytes::Bytes;
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

    /// Starts an HTTP request; `headers` has names and values in turns.
    #[napi]
    pub fn handle(
        &self,
        id: u32,
        method: String,
        target: String,
        headers: Vec<String>,
        body: Body<'_>,
    ) -> Option<String> {
        self.start(id, || self.handle.handle(request(&method, &target, &headers, data::bytes(body))?))
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

fn request(method: &str, target: &str, headers: &[String], body: Bytes) -> Result<Request<Bytes>, Error> {
    let invalid = |param: &str, message: String| Error::invalid(param, message);
    let mut request = Request::builder().method(method).uri(target);
    for pair in headers.chunks_exact(2) {
        if let [name, value] = pair {
            // Undici hands over bytes beyond ASCII as the characters of Latin-1.
            let value: Vec<u8> = value.chars().map(|char| u8::try_from(u32::from(char)).unwrap_or(b'?')).collect();
            let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(&value).ok());
            let (name, value) = header.ok_or_else(|| invalid(name, format!("the header {name:?} cannot be sent")))?;
            request = request.header(name, value);
        }
    }
    request.body(body).map_err(|error| {
        Error::new(ErrorCode::InvalidRequest, format!("{method} {target} is no request")).with_source(error)
    })
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
