//! Server-sent events, cut and read as their bytes arrive: the one decoder of the gateway.
//!
//! [`Framer`] cuts a stream into whole events and never changes a byte: its frames, joined, are its input.
//! [`Event`] reads one frame by the rules of the HTML standard, section "parsing an event stream"
//! (<https://html.spec.whatwg.org/#parsing-an-event-stream>).
//! Nothing here knows what the data of an event means.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::error::{Error, ErrorCode};

/// One event is larger than the stream may hold in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is larger than {limit} bytes")]
pub(crate) struct TooLarge {
    /// Bytes an event may have, its line ends included.
    pub(crate) limit: usize,
}

impl From<TooLarge> for Error {
    fn from(error: TooLarge) -> Self {
        Self::new(ErrorCode::UpstreamTooLarge, error.to_string())
    }
}

/// Cuts a stream of bytes into events.
///
/// A frame is what lies between two blank lines, the closing one included; comments and lone blank lines are frames
/// without data. Line ends are LF, CRLF or CR in any mix. Every byte is searched once and moved at most twice,
/// and the buffer holds one incomplete event and what was pushed since the last call of [`Framer::next_frame`].
///
/// When a CR ends an event and nothing follows yet, the event is given at once; the LF that may come next is the
/// first byte of the next frame, where [`Event::parse`] skips it.
pub(crate) struct Framer {
    buffer: Vec<u8>,
    /// Where the current frame, the current line, and the bytes not yet searched begin.
    frame: usize,
    line: usize,
    unread: usize,
    /// The last line ended with a CR that was the last byte known.
    after_cr: bool,
    limit: usize,
    failed: bool,
}

impl Framer {
    /// A framer that refuses events of more than `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), frame: 0, line: 0, unread: 0, after_cr: false, limit, failed: false }
    }

    /// Adds bytes. Nothing is searched before [`Framer::next_frame`].
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.failed {
            return;
        }
        // Waiting until half of the buffer is spent keeps the moves linear even if frames are taken one per push.
        if self.frame > 0 && self.frame >= self.buffered() {
            self.buffer.drain(..self.frame);
            self.line -= self.frame;
            self.unread -= self.frame;
            self.frame = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The raw bytes of the next complete event; `None` until more bytes come.
    ///
    /// # Errors
    ///
    /// [`TooLarge`], now and ever after, once an event passes the limit, whether or not its end is known.
    pub(crate) fn next_frame(&mut self) -> Result<Option<&[u8]>, TooLarge> {
        while !self.failed {
            let unread = self.buffer.get(self.unread..).unwrap_or_default();
            if self.after_cr && !unread.is_empty() {
                self.after_cr = false;
                if unread.first() == Some(&b'\n') {
                    self.unread += 1;
                    self.line = self.unread;
                    continue;
                }
            }
            let Some(at) = memchr2(b'\n', b'\r', unread) else {
                self.unread = self.buffer.len();
                if self.buffered() > self.limit {
                    break;
                }
                return Ok(None);
            };
            let (length, after_cr) = match unread.get(at..) {
                Some([b'\r', b'\n', ..]) => (2, false),
                Some([b'\r']) => (1, true),
                _ => (1, false),
            };
            let blank = self.unread + at == self.line;
            self.unread += at + length;
            self.line = self.unread;
            self.after_cr = after_cr;
            if blank {
                let start = std::mem::replace(&mut self.frame, self.unread);
                if self.frame - start > self.limit {
                    break;
                }
                return Ok(self.buffer.get(start..self.frame));
            }
        }
        self.failed = true;
        self.buffer = Vec::new();
        (self.frame, self.line, self.unread) = (0, 0, 0);
        Err(TooLarge { limit: self.limit })
    }

    /// What is left when the stream ends without a blank line. Call it once [`Framer::next_frame`] gives `None`.
    ///
    /// The standard drops such an event; upstreams that close the connection right after their last line are
    /// common enough to read it.
    pub(crate) fn finish(&mut self) -> Option<&[u8]> {
        let start = std::mem::replace(&mut self.frame, self.buffer.len());
        (self.line, self.unread) = (self.frame, self.frame);
        self.buffer.get(start..).filter(|rest| !rest.is_empty())
    }

    /// Bytes pushed and not yet given as frames.
    pub(crate) fn buffered(&self) -> usize {
        self.buffer.len() - self.frame
    }

    /// Bytes of memory held.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }
}

/// The fields of one event that say something here: nobody reconnects, so `id` and `retry` are skipped.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Event<'a> {
    /// The data lines joined with LF; empty when there is none. Borrowed when there is one line.
    pub(crate) data: Cow<'a, [u8]>,
    /// The type of the event, as sent.
    pub(crate) event: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    /// Reads a frame of [`Framer`]. Comments, unknown fields and blank lines are skipped, as is a byte order mark
    /// at the head of the frame, or behind the LF of a CR that ended the one before: only a stream's first frame has one.
    pub(crate) fn parse(frame: &'a [u8]) -> Self {
        let mut event = Self::default();
        let mut has_data = false;
        let mut rest = frame.strip_prefix(b"\n").unwrap_or(frame);
        rest = rest.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(rest);
        while !rest.is_empty() {
            let (line, after) = match memchr2(b'\n', b'\r', rest) {
                // The LF of a CRLF is read as a blank line, which is skipped.
                Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default()),
                None => (rest, [].as_slice()),
            };
            rest = after;
            let (name, value) = match memchr(b':', line) {
                Some(at) => (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default()),
                None => (line, [].as_slice()),
            };
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match name {
                b"data" if has_data => {
                    let data = event.data.to_mut();
                    data.push(b'\n');
                    data.extend_from_slice(value);
                }
                b"data" => {
                    has_data = true;
                    event.data = Cow::Borrowed(value);
                }
                b"event" => event.event = Some(value),
                _ => {}
            }
        }
        event
    }
}

#[cfg(test)]
mod tests;
