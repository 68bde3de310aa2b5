//! Reads whole requests off a connection and notes when they arrived.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::asked::Asked;
use super::chunked::Chunked;
use super::head::{Head, Keep, Length, take_head};

/// The most memory set aside for a body before its bytes arrive.
const MAX_RESERVE: usize = 64 * 1024 * 1024;

/// One request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) keep_alive: bool,
    /// When the whole head was there.
    pub(crate) arrived: Instant,
    pub(crate) arrived_wall: SystemTime,
    /// When the whole body was there, or the connection ended instead.
    pub(crate) received: Instant,
    asked: OnceLock<Asked>,
}

impl Request {
    /// What the body asks for, parsed at the first call.
    pub(crate) fn asked(&self) -> &Asked {
        self.asked.get_or_init(|| Asked::parse(&self.path, &self.body))
    }
}

/// What came of reading one request.
#[derive(Debug)]
pub(crate) enum Received {
    Whole(Request),
    /// The connection ended within the body.
    Cut(Request),
    /// Not HTTP.
    Bad(String),
    /// The connection ended between requests, or within a head.
    Closed,
}

/// Reads one request; `buffer` holds what was read beyond the one before.
pub(crate) async fn read(stream: &mut TcpStream, buffer: &mut BytesMut, keep: Keep) -> Received {
    let head = loop {
        if !buffer.is_empty() {
            match take_head(buffer, keep) {
                Ok(Some(head)) => break head,
                Ok(None) => {}
                Err(problem) => return Received::Bad(problem),
            }
        }
        if !matches!(stream.read_buf(buffer).await, Ok(1..)) {
            return Received::Closed;
        }
    };
    let expects_continue = head.expects_continue;
    let length = head.length;
    let mut request = Request::new(head);
    if expects_continue {
        // A client that is gone shows in the next read.
        drop(stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await);
    }
    let (body, end) = match length {
        Length::Known(length) => read_known(stream, buffer, length).await,
        Length::Chunked => match read_chunked(stream, buffer).await {
            Ok(read) => read,
            Err(problem) => return Received::Bad(problem),
        },
    };
    request.body = body;
    if end != BodyEnd::AtOnce {
        request.received = Instant::now();
    }
    match end {
        BodyEnd::AtOnce | BodyEnd::Later => Received::Whole(request),
        BodyEnd::Never => Received::Cut(request),
    }
}

impl Request {
    fn new(head: Head) -> Self {
        let arrived = Instant::now();
        Self {
            method: head.method,
            path: head.path,
            headers: head.headers,
            body: Bytes::new(),
            keep_alive: head.keep_alive,
            arrived,
            arrived_wall: SystemTime::now(),
            received: arrived,
            asked: OnceLock::new(),
        }
    }
}

/// When the last byte of a body came, seen from its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyEnd {
    AtOnce,
    Later,
    Never,
}

async fn read_known(stream: &mut TcpStream, buffer: &mut BytesMut, length: u64) -> (Bytes, BodyEnd) {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if buffer.len() >= length {
        // A copy, so that a small body does not keep the whole buffer alive.
        let body = Bytes::copy_from_slice(&buffer.split_to(length));
        return (body, BodyEnd::AtOnce);
    }
    buffer.reserve((length - buffer.len()).min(MAX_RESERVE));
    while buffer.len() < length {
        if !matches!(stream.read_buf(buffer).await, Ok(1..)) {
            return (buffer.split().freeze(), BodyEnd::Never);
        }
    }
    (buffer.split_to(length).freeze(), BodyEnd::Later)
}

async fn read_chunked(stream: &mut TcpStream, buffer: &mut BytesMut) -> Result<(Bytes, BodyEnd), String> {
    let (mut state, mut body) = (Chunked::default(), BytesMut::new());
    let mut end = BodyEnd::AtOnce;
    while !state.feed(buffer, &mut body)? {
        if !matches!(stream.read_buf(buffer).await, Ok(1..)) {
            return Ok((body.freeze(), BodyEnd::Never));
        }
        end = BodyEnd::Later;
    }
    Ok((body.freeze(), end))
}
