//! Writes answers and errors as responses.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::Body;
use crate::{
    error::{Error, ErrorCode},
    operation::Answer,
    types::stats::HealthStatus,
};

/// The caller's own id of a request, and where else an upstream's goes then.
const REQUEST_ID: &str = "x-request-id";
const UPSTREAM_REQUEST_ID: &str = "x-gateway-upstream-request-id";
const TRACE_ID: &str = "x-gateway-trace-id";
const PROVIDER: &str = "x-gateway-provider";
const SHOULD_RETRY: &str = "x-should-retry";

/// What a provider answered.
pub(super) fn answer(answer: Answer) -> Response<Body> {
    let (status, mut headers, trace_id, provider, body) = match answer {
        Answer::Whole(reply) => (reply.status, reply.headers, reply.trace_id, reply.provider, Body::whole(reply.body)),
        Answer::Stream(stream) => {
            let (status, headers) = (stream.status(), stream.headers().clone());
            (status, headers, stream.trace_id(), stream.provider().clone(), Body::stream(stream))
        }
    };
    put(&mut headers, TRACE_ID, &trace_id.to_string());
    put(&mut headers, PROVIDER, provider.as_str());
    response(status, headers, body)
}

/// The gateway's own answer.
pub(super) fn json(json: Vec<u8>) -> Response<Body> {
    if json == b"null" {
        return response(204, HeaderMap::new(), Body::whole(Bytes::new()));
    }
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response(200, headers, Body::whole(json))
}

/// Whether the gateway is well, for those who are to know no more.
pub(super) fn health(status: HealthStatus) -> Response<Body> {
    json(serde_json::json!({"status": status}).to_string().into_bytes())
}

/// Counters as text.
pub(super) fn text(text: String) -> Response<Body> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    response(200, headers, Body::whole(text))
}

/// An error in OpenAI's shape.
pub(super) fn error(error: &Error) -> Response<Body> {
    let mut headers = error.headers().clone();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(wait) = error.retry_after() {
        // In whole seconds, rounded up, for those who read no milliseconds.
        put(&mut headers, "retry-after", &wait.as_millis().div_ceil(1_000).to_string());
        put(&mut headers, "retry-after-ms", &wait.as_millis().to_string());
    }
    if error.retries_spent() {
        put(&mut headers, SHOULD_RETRY, "false");
    }
    if matches!(error.code(), ErrorCode::MissingApiKey | ErrorCode::InvalidApiKey) {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response(error.status(), headers, Body::whole(error.to_openai().to_string()))
}

/// Echoes the caller's own id of the request; an upstream's moves to a header of its own.
pub(super) fn echo_request_id(response: &mut Response<Body>, id: Option<HeaderValue>) {
    let Some(id) = id else { return };
    if let Some(upstream) = response.headers_mut().insert(REQUEST_ID, id) {
        response.headers_mut().insert(UPSTREAM_REQUEST_ID, upstream);
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // What is put here is made of letters, digits and the like.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// A response of these parts.
pub(super) fn response(status: u16, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = headers;
    response
}
