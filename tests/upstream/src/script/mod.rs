//! What to answer to one request, as plain data.
//!
//! A script is pure description: it can be written in Rust, in a JSON fixture
//! or sent to the control interface. Nothing here reads or writes a socket.

mod answer;
mod blob;
mod body;
mod build;

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

pub use answer::{Answer, IncludeUsage};
pub use blob::{Base64, Blob};
pub use body::{Body, Event, LineEnd, Repeat, Sse};

pub(crate) use blob::serialize_bytes;

/// What to answer to one request. Every field has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Script {
    /// The requests this script is for; every request without it.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub route: Option<Route>,
    /// The status code, sent as it is even when it is not a valid one.
    pub status: u16,
    /// The reason phrase; the usual one for the status without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Response headers in order. `content-type` and the framing headers are
    /// added unless they are listed here.
    pub headers: Vec<(String, String)>,
    /// The bytes of the body.
    pub body: Body,
    /// How the end of the body is marked. Without it: `chunked` for `sse`,
    /// `stream` and `repeat`, `content_length` for the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framing: Option<Framing>,
    /// How the body is cut into writes. Without it: `events` for `sse`,
    /// `stream` and the persona's streams, `whole` for the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// Compresses the body and says so in `content-encoding`.
    pub gzip: bool,
    /// The wait between the whole request and the first byte of the answer.
    pub delay_ms: u64,
    /// The wait before each write of the body but the first.
    pub gap_ms: u64,
    /// The wait before the write with that index, in place of `gap_ms`. An
    /// entry for 0, even of 0 ms, sends the headers in a write of their own.
    pub delays: BTreeMap<u64, u64>,
    /// How the answer ends.
    pub end: End,
    /// Does this, after `delay_ms`, in place of any answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_headers: Option<BeforeHeaders>,
    /// Whether the connection stays open after a complete answer. Without it:
    /// as the headers of the request and of the answer say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_alive: Option<bool>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            route: None,
            status: 200,
            reason: None,
            headers: Vec::new(),
            body: Body::default(),
            framing: None,
            split: None,
            gzip: false,
            delay_ms: 0,
            gap_ms: 0,
            delays: BTreeMap::new(),
            end: End::Complete,
            before_headers: None,
            keep_alive: None,
        }
    }
}

/// The requests a script is for. All conditions that are present must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Route {
    /// The path, query included, begins with this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_prefix: Option<String>,
    /// The method is this, in capitals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The request asks for this model: `model` in its JSON body or, without
    /// one, the deployment in an Azure path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// How the end of the body is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// By a `content-length` header.
    ContentLength,
    /// By chunked transfer encoding, one chunk per write.
    Chunked,
    /// By the end of the connection.
    CloseDelimited,
}

/// How the bytes of the body are cut into writes. Offsets count bytes of the
/// body after compression and before chunked framing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// One write; a `repeat` goes out in blocks of about 64 KiB.
    Whole,
    /// One write per event, or per chunk of a `repeat`.
    Events,
    /// One write per so many bytes.
    Every(NonZeroU64),
    /// A new write begins at each of these offsets.
    At(Vec<u64>),
}

/// How the answer ends. Counts are in the same bytes as [`Split`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// As the framing promises.
    #[default]
    Complete,
    /// The connection is closed (FIN) after so many bytes of the body.
    CloseAfter(u64),
    /// The connection is reset (RST) after so many bytes of the body.
    ResetAfter(u64),
    /// Nothing more comes after so many bytes of the body; the connection
    /// stays open until the client closes it.
    HangAfter(u64),
}

/// What happens in place of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeforeHeaders {
    /// The connection is closed (FIN).
    Close,
    /// The connection is reset (RST).
    Reset,
    /// Nothing comes until the client closes the connection.
    Hang,
}
