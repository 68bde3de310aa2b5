//! The control interface, under `/__upstream/` on the same port. Its requests
//! are neither recorded nor logged.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::http::{Request, reason};
use crate::script::Script;
use crate::shared::Shared;
use crate::wait::WaitError;

const PREFIX: &str = "/__upstream/";
const TIMEOUT_MS: u64 = 5_000;

/// Scripts to queue and to fall back on, as a file or a control request
/// carries them. Each field takes one script or a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Scripts {
    /// Appended to the queue; each answers one request.
    #[serde(deserialize_with = "one_or_many")]
    pub queue: Vec<Script>,
    /// Answer what no script in the queue is for.
    #[serde(deserialize_with = "one_or_many")]
    pub fallback: Vec<Script>,
}

impl Scripts {
    /// Scripts for the queue.
    pub fn queue(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self { queue: scripts.into_iter().collect(), ..Self::default() }
    }

    /// Scripts to fall back on.
    pub fn fallback(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self { fallback: scripts.into_iter().collect(), ..Self::default() }
    }
}

/// Whether a request is for the control interface.
pub(crate) fn is_for(path: &str) -> bool {
    path.starts_with(PREFIX)
}

/// Obeys a control request; gives the bytes of the answer.
pub(crate) async fn answer(shared: &Shared, request: &Request) -> Vec<u8> {
    let path = request.path.split('?').next().unwrap_or_default();
    let command = path.strip_prefix(PREFIX).unwrap_or_default();
    let result = match (request.method.as_str(), command) {
        ("POST", "scripts") => scripts(shared, &request.body),
        ("GET", "requests") => Ok(json!({"requests": shared.records()})),
        ("GET", "stats") => Ok(json!(shared.stats())),
        ("POST", "reset") => {
            shared.reset();
            Ok(json!({}))
        }
        ("POST", "wait") => wait(shared, &request.body).await,
        (method, _) => Err((404, format!("there is no {method} {path}"))),
    };
    match result {
        Ok(value) => response(200, &value),
        Err((status, problem)) => response(status, &json!({"error": problem})),
    }
}

/// The answer to what is not HTTP.
pub(crate) fn refusal(problem: &str) -> Vec<u8> {
    response(400, &json!({"error": problem}))
}

type Answer = Result<Value, (u16, String)>;

fn scripts(shared: &Shared, body: &[u8]) -> Answer {
    let scripts: Scripts = parse(body)?;
    shared.load(scripts);
    Ok(json!({"queued": shared.stats().queued}))
}

/// Exactly one field beside `timeout_ms` says what to wait for.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct WaitFor {
    requests: Option<u64>,
    ended: Option<u64>,
    closed: Option<u64>,
    connections: Option<u64>,
    timeout_ms: Option<u64>,
}

async fn wait(shared: &Shared, body: &[u8]) -> Answer {
    let wanted: WaitFor = parse(body)?;
    let timeout = Duration::from_millis(wanted.timeout_ms.unwrap_or(TIMEOUT_MS));
    let result = match (wanted.requests, wanted.ended, wanted.closed, wanted.connections) {
        (Some(count), None, None, None) => named("requests", shared.requests(count, timeout).await),
        (None, Some(seq), None, None) => named("request", shared.ended(seq, timeout).await),
        (None, None, Some(seq), None) => named("request", shared.close(seq, timeout).await),
        (None, None, None, Some(count)) => named("stats", shared.connections(count, timeout).await),
        _ => {
            let problem = "wait for one of requests, ended, closed and connections";
            return Err((400, problem.to_owned()));
        }
    };
    result.map_err(|error| {
        let status = match error {
            WaitError::Ended { .. } => 409,
            WaitError::Timeout(_) | WaitError::Stopped => 504,
        };
        (status, error.to_string())
    })
}

fn named<T: Serialize>(name: &str, result: Result<T, WaitError>) -> Result<Value, WaitError> {
    result.map(|value| json!({name: value}))
}

fn parse<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

fn response(status: u16, value: &Value) -> Vec<u8> {
    let body = value.to_string();
    format!(
        "HTTP/1.1 {status} {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        reason(status),
        body.len(),
    )
    .into_bytes()
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Script>, D::Error> {
    // Through a value, so that a mistake in a script is named as such: an
    // untagged enum would only say that nothing fits.
    let problem = serde::de::Error::custom::<serde_json::Error>;
    match Value::deserialize(deserializer)? {
        Value::Array(scripts) => {
            scripts.into_iter().map(serde_json::from_value).collect::<Result<_, _>>().map_err(problem)
        }
        script => Ok(vec![serde_json::from_value(script).map_err(problem)?]),
    }
}
