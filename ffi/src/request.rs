//! A call of a model with all that can be said about it.

use std::{ffi::c_char, mem::MaybeUninit};

use bytes::Bytes as Body;
use libgateway::{
    Error as CoreError, Result,
    bindings::{self, Reading as CoreReading},
};

use crate::{
    bytes::Bytes,
    error::Error,
    gateway::Gateway,
    guard::{give, needed},
    input,
    provider::Provider,
    stream::Stream,
};

/// In which pieces a stream comes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(non_camel_case_types, reason = "the names of C")]
pub enum Reading {
    /// The data of one event each: JSON, without `data:`, comments and `[DONE]`.
    GATEWAY_READ_EVENTS = 0,
    /// The provider's bytes, in the pieces they arrive in.
    GATEWAY_READ_BYTES = 1,
}

/// A call of a model with all that can be said about it. Set everything to zero, `size` to `sizeof(gateway_request_t)`, and
/// then what matters. The library reads it, and what it points to, only until the function returns.
#[repr(C)]
#[derive(Debug)]
pub struct Request<'a> {
    /// `sizeof(gateway_request_t)`, so that later versions can add to the end.
    pub size: usize,
    /// `chat`, `chat_stream`, `responses`, `responses_stream`, `embeddings` or `list_models`.
    pub operation: *const c_char,
    /// Whose providers are asked. NULL where `provider` is given.
    pub tenant_id: *const c_char,
    /// One of `gateway_get_provider_for_tenant`, or NULL: then the tenant's routes choose.
    pub provider: Option<&'a Provider>,
    /// The body in OpenAI's format, which goes upstream byte for byte; NULL for `list_models`.
    pub body: *const c_char,
    /// Its length, or `GATEWAY_NUL_TERMINATED`.
    pub body_len: usize,
    /// What the gateway is to do with it, as a JSON object: `request_id`, `user_id`, `session_id`, `metadata`, `timeout_ms`,
    /// `capture`, `provider`. May be NULL.
    pub options: *const c_char,
    /// Its length, or `GATEWAY_NUL_TERMINATED`.
    pub options_len: usize,
    /// A `gateway_reading_t`: in which pieces a stream comes.
    pub reading: u32,
}

impl Request<'_> {
    pub(crate) fn read(&self, gateway: &Gateway) -> Result<bindings::Call> {
        check_size::<Self>(self.size, "request.size")?;
        let operation = input::text(self.operation, "request.operation")?;
        let body = Body::copy_from_slice(input::bytes_or_none(self.body, self.body_len, "request.body")?);
        let options = input::bytes_or_none(self.options, self.options_len, "request.options")?;
        let tenant = input::optional_text(self.tenant_id, "request.tenant_id")?;
        let call = match (self.provider, tenant) {
            (Some(provider), None) => gateway.0.call_provider(operation, provider.inner(), body, options),
            (None, _) => gateway.0.call_model(operation, needed(tenant, "request.tenant_id")?, body, options),
            (Some(_), Some(_)) => {
                let message = "request.tenant_id must be NULL where there is a provider, which is a tenant's already";
                Err(CoreError::invalid("request.tenant_id", message))
            }
        };
        Ok(call?.reading(reading(self.reading)?))
    }
}

fn reading(number: u32) -> Result<CoreReading> {
    match number {
        0 => Ok(CoreReading::Events),
        1 => Ok(CoreReading::Bytes),
        _ => Err(CoreError::invalid("request.reading", format!("request.reading is {number}, no gateway_reading_t"))),
    }
}

/// Refuses a structure of a program that was compiled for another library, and one that was not initialised.
pub(crate) fn check_size<T>(size: usize, name: &'static str) -> Result<()> {
    let known = size_of::<T>();
    if size == known {
        return Ok(());
    }
    Err(CoreError::invalid(name, format!("{name} is {size}, and has to be the size of the structure, {known}")))
}

/// Sends a request and waits for the whole answer.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_send(
    gateway: Option<&Gateway>,
    request: Option<&Request<'_>>,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || {
        let gateway = needed(gateway, "gateway")?;
        gateway.ask(needed(request, "request")?.read(gateway)?)
    })
}

/// Sends a request whose `operation` streams, and waits until the answer has begun.
///
/// `*stream` is the caller's, to be freed with `gateway_stream_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_send_stream(
    gateway: Option<&Gateway>,
    request: Option<&Request<'_>>,
    stream: Option<&mut MaybeUninit<Option<Box<Stream>>>>,
) -> Option<Box<Error>> {
    give(stream, "stream", || {
        let gateway = needed(gateway, "gateway")?;
        let call = needed(request, "request")?.read(gateway)?;
        if !call.streams() {
            let message = "request.operation does not stream; use gateway_send, or chat_stream or responses_stream";
            return Err(CoreError::invalid("request.operation", message));
        }
        gateway.ask_for_stream(call)
    })
}
