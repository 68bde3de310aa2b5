//! Reads a stream beside its caller: a copy of the bytes goes in, a digest comes out.
//!
//! Until the first token is seen every event is read at once, so that its time is known. After that the bytes are only
//! set aside, and read when enough of them have gathered or at the end, which is off the request path. Memory is
//! bounded by the content that is kept, the bytes set aside and one event.

use std::borrow::Cow;

use super::{Digest, Wire, chat::ChatStream, error::AnswerError, responses::ResponsesStream};
use crate::transport::sse::{Event, Framer, TooLarge};

/// Bytes set aside before they are read.
const BACKLOG: usize = 64 * 1024;

/// What a tap may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TapLimits {
    /// Bytes of one event; a larger one fails the tap.
    pub(crate) event_bytes: usize,
    /// Bytes of content that are kept; the rest is read and dropped. Indexes and punctuation of the rebuilt answer
    /// are not counted.
    pub(crate) content_bytes: usize,
}

/// The reader of one stream.
pub(crate) struct StreamTap {
    framer: Framer,
    reading: Reading,
    backlog: usize,
    /// Bytes that went in, and the most that can be held of them.
    pushed: usize,
    most: usize,
}

/// What has been read so far.
struct Reading {
    stream: Stream,
    chunks: i64,
    done: bool,
    error: Option<AnswerError>,
}

enum Stream {
    Chat(ChatStream),
    Responses(ResponsesStream),
}

impl StreamTap {
    /// A tap for a stream of this format.
    pub(crate) fn new(wire: Wire, limits: TapLimits) -> Self {
        let stream = match wire {
            Wire::Responses => Stream::Responses(ResponsesStream::new(limits.content_bytes)),
            Wire::Chat | Wire::Embeddings | Wire::Models | Wire::Other => {
                Stream::Chat(ChatStream::new(limits.content_bytes))
            }
        };
        Self {
            framer: Framer::new(limits.event_bytes),
            reading: Reading { stream, chunks: 0, done: false, error: None },
            backlog: BACKLOG.min(limits.event_bytes),
            pushed: 0,
            most: BACKLOG.saturating_add(limits.content_bytes),
        }
    }

    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    ///
    /// [`TooLarge`] when an event passes the limit. What came before it is kept for [`StreamTap::finish`].
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        self.pushed = self.pushed.saturating_add(bytes.len());
        self.framer.push(bytes);
        // A framer that failed holds nothing, and says so again.
        if self.has_content() && (1..=self.backlog).contains(&self.framer.buffered()) {
            return Ok(());
        }
        self.read()
    }

    /// About how many bytes it holds.
    pub(crate) fn weight(&self) -> usize {
        self.pushed.min(self.most)
    }

    /// Whether a token has been seen: text, reasoning, a refusal, a tool call or sound.
    pub(crate) fn has_content(&self) -> bool {
        match &self.reading.stream {
            Stream::Chat(stream) => stream.has_content(),
            Stream::Responses(stream) => stream.has_content(),
        }
    }

    /// What the stream said, whether or not it came to its end.
    pub(crate) fn finish(mut self) -> Digest {
        // An event over the limit has already been reported by `push`, or begins the part that is cut off here.
        if self.read().is_ok()
            && let Some(frame) = self.framer.finish()
        {
            self.reading.event(frame);
        }
        let Reading { stream, chunks, done, error } = self.reading;
        let mut digest = match stream {
            Stream::Chat(stream) => stream.finish(done),
            Stream::Responses(stream) => stream.finish(done),
        };
        digest.chunk_count = Some(chunks);
        digest.error = digest.error.or(error);
        digest
    }

    fn read(&mut self) -> Result<(), TooLarge> {
        while let Some(frame) = self.framer.next_frame()? {
            self.reading.event(frame);
        }
        Ok(())
    }

    /// Bytes held for events that are not read yet.
    #[cfg(test)]
    pub(super) fn backlog_capacity(&self) -> usize {
        self.framer.capacity()
    }
}

impl Reading {
    fn event(&mut self, frame: &[u8]) {
        let event = Event::parse(frame);
        // The lossy conversion is slow even where nothing is lost.
        let data =
            std::str::from_utf8(&event.data).map_or_else(|_| String::from_utf8_lossy(&event.data), Cow::Borrowed);
        let data = data.trim_ascii();
        if data.is_empty() {
            return;
        }
        if data == "[DONE]" {
            self.done = true;
            return;
        }
        let is_object = match &mut self.stream {
            Stream::Chat(stream) => stream.read(data),
            Stream::Responses(stream) => stream.read(data),
        };
        self.chunks += i64::from(is_object);
        if event.event == Some(b"error") {
            self.error = Some(AnswerError::read(data));
        }
    }
}
