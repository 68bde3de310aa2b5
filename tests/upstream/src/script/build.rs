//! Scripts for the common cases, and the methods that vary them.

use std::num::NonZeroU64;

use serde_json::Value;

use super::{Answer, BeforeHeaders, Blob, Body, End, Event, Framing, IncludeUsage, Repeat, Script, Split, Sse};
use crate::persona;

impl Script {
    /// An answer with this body and everything else by default.
    #[must_use]
    pub fn new(body: Body) -> Self {
        Self { body, ..Self::default() }
    }

    /// The built-in persona's answer, to be varied.
    #[must_use]
    pub fn persona() -> Self {
        Self::default()
    }

    /// A JSON body.
    #[must_use]
    pub fn json(status: u16, value: Value) -> Self {
        Self::new(Body::Json(value)).status(status)
    }

    /// A body of exactly this text, as `application/json` unless a header says
    /// otherwise.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::new(Body::Text(text.into())).status(status)
    }

    /// A chat completion with this text.
    pub fn chat(text: impl Into<String>) -> Self {
        Self::new(Body::Chat(Answer::new([text])))
    }

    /// A streamed chat completion, one chunk per piece.
    pub fn stream<P: Into<String>>(pieces: impl IntoIterator<Item = P>) -> Self {
        Self::new(Body::Stream(Answer::new(pieces)))
    }

    /// An error in the shape of OpenAI's.
    pub fn error(status: u16, message: impl AsRef<str>) -> Self {
        Self::json(status, persona::error_body(status, message.as_ref()))
    }

    /// Server-sent events, each JSON data or a raw string, without `[DONE]`.
    pub fn sse<E: Into<Event>>(events: impl IntoIterator<Item = E>) -> Self {
        Self::new(Body::Sse(Sse::new(events)))
    }

    /// A stream of `chunk`, `times` times, as `text/event-stream`.
    pub fn repeat(chunk: impl Into<Blob>, times: u64) -> Self {
        Self::new(Body::Repeat(Repeat::new(chunk, times))).header("content-type", "text/event-stream")
    }

    /// Exactly these bytes as the whole response, then the end of the
    /// connection.
    pub fn raw(bytes: impl Into<Blob>) -> Self {
        Self::new(Body::Raw(bytes.into()))
    }

    /// No answer at all.
    #[must_use]
    pub fn no_answer(instead: BeforeHeaders) -> Self {
        Self { before_headers: Some(instead), ..Self::default() }
    }

    /// Only for requests whose path, query included, begins with `prefix`.
    #[must_use]
    pub fn on_path(mut self, prefix: impl Into<String>) -> Self {
        self.route.get_or_insert_default().path_prefix = Some(prefix.into());
        self
    }

    /// Only for requests with this method.
    #[must_use]
    pub fn on_method(mut self, method: impl Into<String>) -> Self {
        self.route.get_or_insert_default().method = Some(method.into());
        self
    }

    /// Only for requests that ask for this model.
    #[must_use]
    pub fn on_model(mut self, model: impl Into<String>) -> Self {
        self.route.get_or_insert_default().model = Some(model.into());
        self
    }

    /// Sets the status code.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Sets the reason phrase.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets how the end of the body is marked.
    #[must_use]
    pub fn framing(mut self, framing: Framing) -> Self {
        self.framing = Some(framing);
        self
    }

    /// Sets how the body is cut into writes.
    #[must_use]
    pub fn split(mut self, split: Split) -> Self {
        self.split = Some(split);
        self
    }

    /// Cuts the body into writes of so many bytes; 0 means one write.
    #[must_use]
    pub fn every(self, bytes: u64) -> Self {
        self.split(NonZeroU64::new(bytes).map_or(Split::Whole, Split::Every))
    }

    /// Cuts the body at these offsets.
    #[must_use]
    pub fn at(self, offsets: impl IntoIterator<Item = u64>) -> Self {
        self.split(Split::At(offsets.into_iter().collect()))
    }

    /// Compresses the body.
    #[must_use]
    pub fn gzip(mut self) -> Self {
        self.gzip = true;
        self
    }

    /// Waits before the first byte of the answer.
    #[must_use]
    pub fn delay_ms(mut self, delay_ms: u64) -> Self {
        self.delay_ms = delay_ms;
        self
    }

    /// Waits before each write of the body but the first.
    #[must_use]
    pub fn gap_ms(mut self, gap_ms: u64) -> Self {
        self.gap_ms = gap_ms;
        self
    }

    /// Waits before the write with this index, in place of the gap.
    #[must_use]
    pub fn delay_at(mut self, write: u64, delay_ms: u64) -> Self {
        self.delays.insert(write, delay_ms);
        self
    }

    /// Sets how the answer ends.
    #[must_use]
    pub fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// Closes the connection (FIN) after so many bytes of the body.
    #[must_use]
    pub fn close_after(self, bytes: u64) -> Self {
        self.end(End::CloseAfter(bytes))
    }

    /// Resets the connection (RST) after so many bytes of the body.
    #[must_use]
    pub fn reset_after(self, bytes: u64) -> Self {
        self.end(End::ResetAfter(bytes))
    }

    /// Sends nothing more after so many bytes of the body.
    #[must_use]
    pub fn hang_after(self, bytes: u64) -> Self {
        self.end(End::HangAfter(bytes))
    }

    /// Closes the connection after the complete answer, without a header that
    /// announces it.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.keep_alive = Some(false);
        self
    }

    /// Names this model in a `chat` or `stream` body.
    #[must_use]
    pub fn model(mut self, model: impl Into<String>) -> Self {
        if let Some(answer) = self.answer() {
            answer.model = Some(model.into());
        }
        self
    }

    /// Puts this usage object into a `chat` or `stream` body.
    #[must_use]
    pub fn usage(mut self, usage: Value) -> Self {
        if let Some(answer) = self.answer() {
            answer.usage = Some(usage);
        }
        self
    }

    /// Sets when a `stream` body ends with a chunk of usage.
    #[must_use]
    pub fn include_usage(mut self, include_usage: IncludeUsage) -> Self {
        if let Some(answer) = self.answer() {
            answer.include_usage = include_usage;
        }
        self
    }

    /// Appends `data: [DONE]` to an `sse` body.
    #[must_use]
    pub fn done(mut self) -> Self {
        if let Body::Sse(sse) = &mut self.body {
            sse.done = true;
        }
        self
    }

    fn answer(&mut self) -> Option<&mut Answer> {
        match &mut self.body {
            Body::Chat(answer) | Body::Stream(answer) => Some(answer),
            _ => None,
        }
    }
}
