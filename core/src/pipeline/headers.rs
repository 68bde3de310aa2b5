//! Which of an upstream's response headers reach the caller: an allow-list, so that cookies, organisation names and
//! the like stay inside.

use http::{HeaderMap, header};

const ALLOWED: [&str; 9] = [
    "content-type",
    "retry-after",
    "retry-after-ms",
    "x-ms-retry-after-ms",
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-ms-request-id",
    "openai-processing-ms",
];
const ALLOWED_PREFIX: &str = "x-ratelimit-";
const REQUEST_ID: [&str; 4] = ["x-request-id", "request-id", "apim-request-id", "x-ms-request-id"];

/// The headers a caller may see.
pub(super) fn for_caller(upstream: &HeaderMap) -> HeaderMap {
    let allowed = |name: &str| ALLOWED.contains(&name) || name.starts_with(ALLOWED_PREFIX);
    upstream
        .iter()
        .filter(|(name, _)| allowed(name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The id the upstream gave the request.
pub(super) fn request_id(upstream: &HeaderMap) -> Option<String> {
    let id = REQUEST_ID.into_iter().find_map(|name| upstream.get(name)?.to_str().ok())?;
    (!id.is_empty() && id.len() <= 256).then(|| id.to_owned())
}

/// Whether the body is a stream of events.
pub(super) fn is_event_stream(upstream: &HeaderMap) -> bool {
    let content_type = upstream.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("text/event-stream")
}
