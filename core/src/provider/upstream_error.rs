//! What an upstream's failing answer means. The body is never decoded strictly: HTML, problem+json, plain text and
//! nothing at all give an error, too.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use crate::error::{Error, ErrorCode};

/// No upstream is waited for longer than a day, whatever it asks.
const LONGEST_WAIT_SECONDS: f64 = 86_400.0;
/// How much of an upstream's words a message repeats.
const MESSAGE_CHARS: usize = 500;

/// The error of an answer with a status of 300 or more.
pub(crate) fn response_error(status: u16, headers: &HeaderMap, body: Bytes, now_ms: i64) -> Error {
    let code = match status {
        401 => ErrorCode::UpstreamAuthFailed,
        429 => ErrorCode::UpstreamRateLimited,
        408 | 409 | 500.. => ErrorCode::UpstreamFailed,
        400..500 => ErrorCode::UpstreamRejected,
        _ => ErrorCode::UpstreamInvalidResponse,
    };
    let said = message(&body).unwrap_or_else(|| format!("the provider answered {status}"));
    let message = match code {
        // The provider's words may quote the key it was given.
        ErrorCode::UpstreamAuthFailed => "the provider refused its key; set a valid api_key for it".to_owned(),
        ErrorCode::UpstreamInvalidResponse => format!("the provider answered {status}; redirects are not followed"),
        _ => said,
    };
    let error = Error::new(code, message).with_upstream_status(status).with_retry_after(retry_after(headers, now_ms));
    if code == ErrorCode::UpstreamAuthFailed { error } else { error.with_body(body) }
}

/// What the body says, wherever providers put it.
fn message(body: &[u8]) -> Option<String> {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let text = match &parsed {
        Some(value) => {
            let places =
                ["/error/message", "/message", "/detail", "/title", "/error", "/errors/0/message", "/0/error/message"];
            places.iter().find_map(|place| value.pointer(place)?.as_str())?
        }
        None => std::str::from_utf8(body).ok().filter(|text| !text.trim_start().starts_with('<'))?.trim(),
    };
    (!text.is_empty()).then(|| clip(text))
}

fn clip(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS).collect()
}

/// The wait the upstream asks for: `retry-after-ms`, `x-ms-retry-after-ms`, or `retry-after` in seconds or as a date.
fn retry_after(headers: &HeaderMap, now_ms: i64) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let millis = ["retry-after-ms", "x-ms-retry-after-ms"].into_iter().find_map(|name| text(name)?.parse::<f64>().ok());
    let seconds = |text: &str| text.parse::<f64>().ok();
    let date = |text: &str| {
        let then = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(then.saturating_sub(Duration::from_millis(now_ms.unsigned_abs())))
    };
    let longest = |seconds: f64| if seconds > LONGEST_WAIT_SECONDS { LONGEST_WAIT_SECONDS } else { seconds };
    let from_seconds = |seconds: f64| Duration::try_from_secs_f64(longest(seconds)).ok();
    millis.map(|millis| millis / 1e3).and_then(from_seconds).or_else(|| {
        let text = text("retry-after")?;
        seconds(text).and_then(from_seconds).or_else(|| date(text))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn error(status: u16, body: &'static str) -> Error {
        response_error(status, &HeaderMap::new(), Bytes::from(body), 0)
    }

    #[test]
    fn statuses_keep_their_meaning() {
        for (status, code, seen) in [
            (400, ErrorCode::UpstreamRejected, 400),
            (401, ErrorCode::UpstreamAuthFailed, 502),
            (403, ErrorCode::UpstreamRejected, 403),
            (404, ErrorCode::UpstreamRejected, 404),
            (408, ErrorCode::UpstreamFailed, 408),
            (429, ErrorCode::UpstreamRateLimited, 429),
            (500, ErrorCode::UpstreamFailed, 500),
            (529, ErrorCode::UpstreamFailed, 529),
            (302, ErrorCode::UpstreamInvalidResponse, 502),
        ] {
            let error = error(status, "{}");
            assert_eq!((error.code(), error.status(), error.upstream_status()), (code, seen, Some(status)));
        }
    }

    #[test]
    fn the_message_is_found_in_any_shape_of_body() {
        for (body, message) in [
            (r#"{"error":{"message":"too long","type":"x"}}"#, "too long"),
            (r#"{"error":"plain"}"#, "plain"),
            (r#"{"title":"Bad Gateway","status":502}"#, "Bad Gateway"),
            (r#"{"message":"m"}"#, "m"),
            ("upstream connect error", "upstream connect error"),
            ("<html><body>502</body></html>", "the provider answered 502"),
            ("", "the provider answered 502"),
            ("[]", "the provider answered 502"),
            ("\u{0}\u{1}", "\u{0}\u{1}"),
        ] {
            assert_eq!(error(502, body).to_string(), message, "{body:?}");
        }
        assert_eq!(
            response_error(502, &HeaderMap::new(), Bytes::from_static(&[0xff, 0xfe]), 0).to_string(),
            "the provider answered 502"
        );
    }

    #[test]
    fn an_unauthorised_answer_never_repeats_the_providers_words() {
        let error = error(401, r#"{"error":{"message":"Incorrect API key provided: sk-secret"}}"#);
        assert!(!format!("{error} {error:?}").contains("sk-secret"));
        assert!(error.body().is_none());
    }

    #[test]
    fn a_wait_is_read_from_every_header() {
        let now = 784_111_777_000; // 1994-11-06T08:49:37Z
        for (name, value, millis) in [
            ("retry-after", "2", 2_000),
            ("retry-after", "0.5", 500),
            ("retry-after-ms", "250", 250),
            ("x-ms-retry-after-ms", "75", 75),
            ("retry-after", "Sun, 06 Nov 1994 08:49:40 GMT", 3_000),
            ("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT", 0),
            ("retry-after", "1e19", 86_400_000),
            ("retry-after", "inf", 86_400_000),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(retry_after(&headers, now), Some(Duration::from_millis(millis)), "{name}: {value}");
        }
        for value in ["soon", "-1", "NaN", ""] {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", value.parse().unwrap());
            assert_eq!(retry_after(&headers, now), None, "{value}");
        }
    }
}
