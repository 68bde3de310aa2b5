//! What crosses into JavaScript: heads, bodies and errors as data.

use std::error::Error as _;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use libgateway::{
    Error,
    bindings::{Answer, Head},
};
use napi::bindgen_prelude::{Buffer, Either, Uint8ArraySlice};
use napi_derive::napi;
use serde_json::{Value, json};

use crate::{gateway::Provider, stream::Stream};

/// What came of a call. JSON is text here: nothing parses it faster than JavaScript itself.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct Settled {
    /// The error, as JSON.
    pub error: Option<String>,
    /// The head of a provider's answer, as JSON.
    pub head: Option<String>,
    /// A whole body, or the gateway's own answer: bytes only where they are no text.
    pub body: Option<Either<String, Buffer>>,
    /// The body of a streamed answer.
    pub stream: Option<Stream>,
    /// A provider that was looked up; the body describes it.
    pub provider: Option<Provider>,
}

/// What JavaScript hands over as a body.
pub(crate) type Body<'a> = Either<String, Uint8ArraySlice<'a>>;

/// Copies a body: JavaScript may move its own, or change it.
pub(crate) fn bytes(body: Body<'_>) -> Bytes {
    match body {
        Either::A(text) => text.into(),
        Either::B(bytes) => Bytes::copy_from_slice(&bytes),
    }
}

/// Bytes as text where they are text: a string costs less than a buffer, and most are parsed next.
fn text(bytes: Bytes) -> Either<String, Buffer> {
    match String::from_utf8(bytes.into()) {
        Ok(text) => Either::A(text),
        Err(bytes) => Either::B(bytes.into_bytes().into()),
    }
}

/// An answer as data.
pub(crate) fn settled(answer: Result<Answer, Error>) -> Settled {
    match answer {
        Err(error) => Settled { error: Some(self::error(&error)), ..Settled::default() },
        Ok(Answer::Json(json)) => Settled { body: Some(text(json)), ..Settled::default() },
        Ok(Answer::Whole(head, body)) => {
            Settled { head: Some(self::head(&head)), body: Some(text(body)), ..Settled::default() }
        }
        Ok(Answer::Stream(head, body)) => {
            Settled { head: Some(self::head(&head)), stream: Some(Stream::from(body)), ..Settled::default() }
        }
        Ok(Answer::Provider(provider)) => Settled {
            body: Some(text(provider.description().clone())),
            provider: Some(Provider::from(provider)),
            ..Settled::default()
        },
    }
}

fn head(head: &Head) -> String {
    json!({
        "status": head.status,
        "headers": headers(&head.headers),
        "trace_id": head.trace_id,
        "provider": head.provider,
    })
    .to_string()
}

/// Names and values. In JavaScript the characters of a header stand for one byte each.
fn headers(headers: &HeaderMap) -> Value {
    let characters = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect::<String>();
    headers.iter().map(|(name, value)| json!([name.as_str(), characters(value)])).collect()
}

/// An error as JSON, with all that is known of it.
pub(crate) fn error(error: &Error) -> String {
    json!({
        "code": error.code().name(),
        "number": error.code().number(),
        "message": error.to_string(),
        "status": error.status(),
        "upstream_status": error.upstream_status(),
        "temporary": error.code().is_temporary(),
        "retry_after_ms": error.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        "retries_spent": error.retries_spent(),
        "param": error.param(),
        "provider": error.provider(),
        "request_id": error.request_id(),
        "body": error.body().map(|body| String::from_utf8_lossy(body)),
        "headers": headers(error.headers()),
        "cause": cause(error),
    })
    .to_string()
}

/// What stands below an error, one message after the other. The first is the error's own code.
fn cause(error: &Error) -> Option<String> {
    let mut below = error.source().and_then(std::error::Error::source);
    let mut messages = Vec::new();
    while let Some(error) = below {
        messages.push(error.to_string());
        below = error.source();
    }
    (!messages.is_empty()).then(|| messages.join(": "))
}
