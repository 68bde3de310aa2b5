//! Calls of a tenant's models, in the short form.

use std::{ffi::c_char, mem::MaybeUninit};

use bytes::Bytes as Body;
use libgateway::{Result, bindings};

use crate::{
    bytes::Bytes,
    error::Error,
    gateway::Gateway,
    guard::{give, needed},
    input,
    stream::Stream,
};

/// What every function here is given, but for its output.
struct Given<'a> {
    gateway: Option<&'a Gateway>,
    tenant_id: *const c_char,
    request: *const c_char,
    request_len: usize,
}

impl<'a> Given<'a> {
    fn call(&self, operation: &str) -> Result<(&'a Gateway, bindings::Call)> {
        let gateway = needed(self.gateway, "gateway")?;
        let tenant = input::text(self.tenant_id, "tenant_id")?;
        let body = Body::copy_from_slice(input::bytes(self.request, self.request_len, "request")?);
        Ok((gateway, gateway.0.call_model(operation, tenant, body, &[])?))
    }

    fn ask(&self, operation: &str) -> Result<Bytes> {
        let (gateway, call) = self.call(operation)?;
        gateway.ask(call)
    }

    fn ask_for_stream(&self, operation: &str) -> Result<Option<Box<Stream>>> {
        let (gateway, call) = self.call(operation)?;
        gateway.ask_for_stream(call)
    }
}

/// Asks a model of the tenant's for a chat completion, and waits for the whole answer.
///
/// `request` is the body of OpenAI's `POST /v1/chat/completions`; it goes upstream byte for byte, and the answer comes back
/// so. Its length is `request_len`, or `GATEWAY_NUL_TERMINATED`. `*reply` is the caller's, to be freed with
/// `gateway_bytes_free`. Not inside a callback. See `gateway_send` for options of the call.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_chat(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    request: *const c_char,
    request_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || Given { gateway, tenant_id, request, request_len }.ask("chat"))
}

/// Asks for a chat completion that comes in pieces, and waits until it has begun. The request need not say `stream`.
///
/// `*stream` is the caller's, to be freed with `gateway_stream_free`. Not inside a callback. See `gateway_send_stream` for
/// options of the call, and for the provider's bytes in place of events.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_chat_stream(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    request: *const c_char,
    request_len: usize,
    stream: Option<&mut MaybeUninit<Option<Box<Stream>>>>,
) -> Option<Box<Error>> {
    give(stream, "stream", || Given { gateway, tenant_id, request, request_len }.ask_for_stream("chat_stream"))
}

/// The same as `gateway_chat` for OpenAI's `POST /v1/responses`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_responses(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    request: *const c_char,
    request_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || Given { gateway, tenant_id, request, request_len }.ask("responses"))
}

/// The same as `gateway_chat_stream` for OpenAI's `POST /v1/responses`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_responses_stream(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    request: *const c_char,
    request_len: usize,
    stream: Option<&mut MaybeUninit<Option<Box<Stream>>>>,
) -> Option<Box<Error>> {
    give(stream, "stream", || Given { gateway, tenant_id, request, request_len }.ask_for_stream("responses_stream"))
}

/// The same as `gateway_chat` for OpenAI's `POST /v1/embeddings`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_embeddings(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    request: *const c_char,
    request_len: usize,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || Given { gateway, tenant_id, request, request_len }.ask("embeddings"))
}

/// Lists the models of the tenant's providers, as OpenAI's `GET /v1/models` does. Waits for the providers.
///
/// `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_list_models(
    gateway: Option<&Gateway>,
    tenant_id: *const c_char,
    reply: Option<&mut MaybeUninit<Bytes>>,
) -> Option<Box<Error>> {
    give(reply, "reply", || Given { gateway, tenant_id, request: c"".as_ptr(), request_len: 0 }.ask("list_models"))
}
