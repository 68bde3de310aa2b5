//! Parses the head of a request. Never reads a socket.

use bytes::{Buf, BytesMut};

const MAX_HEADERS: usize = 128;
const MAX_HEAD: usize = 1024 * 1024;

/// The head of a request.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    /// In order and case as received; empty unless they were asked for.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) length: Length,
    pub(crate) keep_alive: bool,
    pub(crate) expects_continue: bool,
}

/// How long the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Known(u64),
    Chunked,
}

/// What to keep of the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Headers,
    Nothing,
}

/// Takes one head off the front of `buffer`; `None` while it is incomplete.
pub(crate) fn take_head(buffer: &mut BytesMut, keep: Keep) -> Result<Option<Head>, String> {
    let mut storage = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut storage);
    let consumed = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(consumed)) => consumed,
        Ok(httparse::Status::Partial) if buffer.len() > MAX_HEAD => {
            return Err("the head is longer than 1 MiB".to_owned());
        }
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let mut head = Head {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: parsed.path.unwrap_or_default().to_owned(),
        headers: Vec::new(),
        length: Length::Known(0),
        keep_alive: parsed.version == Some(1),
        expects_continue: false,
    };
    for header in parsed.headers.iter() {
        head.heed(header)?;
    }
    if keep == Keep::Headers {
        head.headers = parsed.headers.iter().map(owned).collect();
    }
    buffer.advance(consumed);
    Ok(Some(head))
}

impl Head {
    fn heed(&mut self, header: &httparse::Header<'_>) -> Result<(), String> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        let says = |token: &str| {
            String::from_utf8_lossy(header.value).split(',').any(|part| part.trim().eq_ignore_ascii_case(token))
        };
        if is("content-length") && self.length != Length::Chunked {
            let length = std::str::from_utf8(header.value)
                .ok()
                .and_then(|value| value.trim().parse().ok())
                .ok_or("content-length is not a number")?;
            self.length = Length::Known(length);
        } else if is("transfer-encoding") && says("chunked") {
            self.length = Length::Chunked;
        } else if is("connection") {
            self.keep_alive = (self.keep_alive || says("keep-alive")) && !says("close");
        } else if is("expect") {
            self.expects_continue = says("100-continue");
        }
        Ok(())
    }
}

fn owned(header: &httparse::Header<'_>) -> (String, String) {
    let value = String::from_utf8_lossy(header.value).into_owned();
    (header.name.to_owned(), value)
}
