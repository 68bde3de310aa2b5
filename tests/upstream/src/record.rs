//! What is kept of a request and of how its answer went.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::script::serialize_bytes;

/// A request as it was received, and how its answer went. Times in `_us`
/// without `unix` are monotonic, in microseconds since the upstream started.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Recorded {
    /// The number of the request, from 0, in the order in which requests were
    /// complete.
    pub seq: u64,
    /// The number of the connection, from 0, in order of acceptance.
    pub connection: u64,
    /// The method.
    pub method: String,
    /// The path with its query, as received.
    pub path: String,
    /// The headers in the order and case received. Bytes that are not UTF-8
    /// are replaced.
    pub headers: Vec<(String, String)>,
    /// The body, without chunked framing.
    #[serde(serialize_with = "serialize_bytes")]
    pub body: Bytes,
    /// When the head was complete.
    #[serde(skip)]
    pub arrived: Instant,
    /// When the head was complete.
    pub arrived_us: u64,
    /// When the head was complete, by the wall clock.
    pub arrived_unix_us: u64,
    /// When the body was complete. Delays count from here.
    pub received_us: u64,
    /// The status of the answer, once it has ended.
    pub status: Option<u16>,
    /// When the first byte of the answer was written.
    pub first_byte_us: Option<u64>,
    /// When the answer ended, in whatever way.
    pub ended_us: Option<u64>,
    /// How the answer ended.
    pub outcome: Outcome,
    /// Bytes of the answer handed to the socket, head and framing included.
    pub bytes_written: u64,
    /// Writes of the body done in full.
    pub writes: u64,
    /// When the client closed the connection before the answer was complete,
    /// in milliseconds after `arrived`.
    pub client_closed_after_ms: Option<u64>,
}

impl Recorded {
    /// The first header of that name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(listed, _)| listed.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// When the answer ended, in whatever way, on the clock of this process.
    #[must_use]
    pub fn ended(&self) -> Option<Instant> {
        Some(self.arrived + Duration::from_micros(self.ended_us? - self.arrived_us))
    }

    /// The body as text, with bytes that are not UTF-8 replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null if it is not.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It has not ended.
    Pending,
    /// As the script wanted, in full.
    Complete,
    /// Closed (FIN) by the script.
    Closed,
    /// Reset (RST) by the script.
    Reset,
    /// The client closed the connection first.
    ClientClosed,
    /// There was none: the connection ended within the body of the request.
    RequestCut,
}
