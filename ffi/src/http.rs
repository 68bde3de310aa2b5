//! The gateway as an HTTP server without a socket, for hosts that have one.

use std::{ffi::c_char, mem::MaybeUninit};

use bytes::Bytes as Body;
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use libgateway::{Error as CoreError, Result, bindings};

use crate::{
    call::Call,
    error::Error,
    gateway::Gateway,
    guard::{give, needed},
    input,
    request::check_size,
    stream::Stream,
};

/// A header. Both texts end with a NUL.
#[repr(C)]
#[derive(Debug)]
pub struct Header {
    /// In letters of any case.
    pub name: *const c_char,
    /// What it says.
    pub value: *const c_char,
}

/// An HTTP request. Set everything to zero, `size` to `sizeof(gateway_http_request_t)`, and then what there is. The library
/// reads it, and what it points to, only until the function returns.
#[repr(C)]
#[derive(Debug)]
pub struct HttpRequest {
    /// `sizeof(gateway_http_request_t)`, so that later versions can add to the end.
    pub size: usize,
    /// `GET`, `POST` and so on.
    pub method: *const c_char,
    /// The path with its query, such as `/v1/traces?limit=10`.
    pub target: *const c_char,
    /// The headers, the API key in `authorization` or `x-api-key` among them; may be NULL.
    pub headers: *const Header,
    /// How many.
    pub header_count: usize,
    /// The whole body, not chunked and not compressed; may be NULL.
    pub body: *const c_char,
    /// Its length, or `GATEWAY_NUL_TERMINATED`.
    pub body_len: usize,
}

impl HttpRequest {
    fn read(&self, gateway: &Gateway) -> Result<bindings::Call> {
        check_size::<Self>(self.size, "request.size")?;
        let wrong =
            |name: &'static str, error: &dyn std::fmt::Display| CoreError::invalid(name, format!("{name}: {error}"));
        let method = input::text(self.method, "request.method")?;
        let target = input::text(self.target, "request.target")?;
        let body = input::bytes_or_none(self.body, self.body_len, "request.body")?;
        let mut request = Request::new(Body::copy_from_slice(body));
        *request.method_mut() =
            Method::from_bytes(method.as_bytes()).map_err(|error| wrong("request.method", &error))?;
        *request.uri_mut() = target.parse::<Uri>().map_err(|error| wrong("request.target", &error))?;
        for header in input::list(self.headers, self.header_count, "request.headers")? {
            let name = input::text(header.name, "header.name")?;
            let value = input::bytes(header.value, usize::MAX, "header.value")?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| wrong("header.name", &error))?;
            let value = HeaderValue::from_bytes(value).map_err(|error| wrong("header.value", &error))?;
            request.headers_mut().append(name, value);
        }
        gateway.0.handle(request)
    }
}

/// Answers an HTTP request as a server would: `POST /v1/chat/completions`, `GET /v1/traces` and the other paths,
/// authenticated by the API key that the request carries. Waits until the answer has begun.
///
/// An answer comes whatever is asked: what is wrong with the request is its status and its body. So the error is only for
/// structures that make no request, and for a gateway that is closed. `*response` has the status and the headers in its
/// head; its chunks are the body, one where it comes at once, server-sent events as they come where it streams. It is the
/// caller's, to be freed with `gateway_stream_free`; freeing it early cancels the call. Not inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_handle(
    gateway: Option<&Gateway>,
    request: Option<&HttpRequest>,
    response: Option<&mut MaybeUninit<Option<Box<Stream>>>>,
) -> Option<Box<Error>> {
    give(response, "response", || {
        let gateway = needed(gateway, "gateway")?;
        gateway.ask_for_stream(needed(request, "request")?.read(gateway)?)
    })
}

/// The same, and does not wait: the answer is taken with `gateway_call_stream`.
///
/// `*call` is the caller's, to be freed with `gateway_call_free`. Any thread; also inside a callback.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn gateway_handle_start(
    gateway: Option<&Gateway>,
    request: Option<&HttpRequest>,
    call: Option<&mut MaybeUninit<Option<Box<Call>>>>,
) -> Option<Box<Error>> {
    give(call, "call", || {
        let gateway = needed(gateway, "gateway")?;
        Call::start(gateway, needed(request, "request")?.read(gateway)?)
    })
}
