//! The kinds of body a script can have.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Answer, Base64, Blob};

/// The bytes of the body.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Body {
    /// What a provider would plausibly say: the built-in persona's answer to
    /// the request or, with a status from 400 up, an error object.
    #[default]
    Persona,
    /// A JSON value in compact form. Keys come out sorted and numbers beyond
    /// 64 bits lose digits; `text` keeps every byte.
    Json(Value),
    /// Exactly this string.
    Text(String),
    /// Exactly these bytes.
    Base64(Base64),
    /// A chunk repeated, never held in memory as a whole.
    Repeat(Repeat),
    /// A list of server-sent events.
    Sse(Sse),
    /// A chat completion.
    Chat(Answer),
    /// A chat completion as a stream of chunks.
    Stream(Answer),
    /// The exact bytes of the whole response, status line and headers
    /// included. The connection closes afterwards unless `keep_alive` is true.
    Raw(Blob),
}

/// A chunk repeated, with optional bytes around.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Repeat {
    /// Sent once, first.
    pub before: Blob,
    /// Sent `times` times.
    pub chunk: Blob,
    /// How often `chunk` is sent.
    pub times: u64,
    /// Sent once, last.
    pub after: Blob,
}

impl Repeat {
    /// `chunk`, `times` times.
    pub fn new(chunk: impl Into<Blob>, times: u64) -> Self {
        Self { chunk: chunk.into(), times, ..Self::default() }
    }

    /// Sends `bytes` once before the first chunk.
    #[must_use]
    pub fn before(mut self, bytes: impl Into<Blob>) -> Self {
        self.before = bytes.into();
        self
    }

    /// Sends `bytes` once after the last chunk.
    #[must_use]
    pub fn after(mut self, bytes: impl Into<Blob>) -> Self {
        self.after = bytes.into();
        self
    }
}

/// A list of server-sent events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Sse {
    /// The events in order.
    pub events: Vec<Event>,
    /// What ends a line of the events given as JSON and of `[DONE]`.
    pub line_end: LineEnd,
    /// Appends `data: [DONE]`.
    pub done: bool,
    /// Puts `event: <type>` before the data of each event given as JSON that
    /// has a string `type`.
    pub named: bool,
}

impl Sse {
    /// These events, with `\n` and without `[DONE]`.
    pub fn new<E: Into<Event>>(events: impl IntoIterator<Item = E>) -> Self {
        Self { events: events.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Appends `data: [DONE]`.
    #[must_use]
    pub fn done(mut self) -> Self {
        self.done = true;
        self
    }

    /// Names each event after its `type`.
    #[must_use]
    pub fn named(mut self) -> Self {
        self.named = true;
        self
    }

    /// Ends lines with `line_end`.
    #[must_use]
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        self.line_end = line_end;
        self
    }
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// Sent exactly as it is, line ends included.
    Raw(String),
    /// Sent as a `data:` line and an empty line.
    Data(Value),
}

impl From<&str> for Event {
    fn from(text: &str) -> Self {
        Self::Raw(text.to_owned())
    }
}

impl From<String> for Event {
    fn from(text: String) -> Self {
        Self::Raw(text)
    }
}

impl From<Value> for Event {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Raw(text),
            data => Self::Data(data),
        }
    }
}

/// What ends a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineEnd {
    /// A line feed.
    #[default]
    #[serde(rename = "\n", alias = "lf")]
    Lf,
    /// A carriage return and a line feed.
    #[serde(rename = "\r\n", alias = "crlf")]
    CrLf,
    /// A carriage return.
    #[serde(rename = "\r", alias = "cr")]
    Cr,
}

impl LineEnd {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}
