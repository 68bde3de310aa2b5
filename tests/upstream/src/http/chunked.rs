//! Decodes a chunked request body as it arrives. Never reads a socket.

use bytes::{Buf, BytesMut};

/// The state of one chunked body.
#[derive(Debug, Default)]
pub(crate) enum Chunked {
    #[default]
    Size,
    Data(u64),
    DataEnd,
    Trailers,
}

impl Chunked {
    /// Moves what `buffer` holds of the body into `body`. True at the end of
    /// the body; what follows it stays in `buffer`.
    pub(crate) fn feed(&mut self, buffer: &mut BytesMut, body: &mut BytesMut) -> Result<bool, String> {
        loop {
            match self {
                Self::Size => match httparse::parse_chunk_size(buffer) {
                    Ok(httparse::Status::Complete((consumed, size))) => {
                        buffer.advance(consumed);
                        *self = if size == 0 { Self::Trailers } else { Self::Data(size) };
                    }
                    Ok(httparse::Status::Partial) => return Ok(false),
                    Err(_) => return Err("a chunk size is not a number".to_owned()),
                },
                Self::Data(left) => {
                    let wanted = usize::try_from(*left).unwrap_or(usize::MAX);
                    let taken = buffer.split_to(wanted.min(buffer.len()));
                    body.extend_from_slice(&taken);
                    *left = left.saturating_sub(u64::try_from(taken.len()).unwrap_or(u64::MAX));
                    if *left > 0 {
                        return Ok(false);
                    }
                    *self = Self::DataEnd;
                }
                Self::DataEnd => match take_line(buffer) {
                    Some(line) if line.is_empty() => *self = Self::Size,
                    Some(_) => return Err("a chunk is longer than its size".to_owned()),
                    None => return Ok(false),
                },
                Self::Trailers => match take_line(buffer) {
                    Some(line) if line.is_empty() => return Ok(true),
                    Some(_) => {}
                    None => return Ok(false),
                },
            }
        }
    }
}

fn take_line(buffer: &mut BytesMut) -> Option<BytesMut> {
    let end = buffer.windows(2).position(|pair| pair == b"\r\n")?;
    let line = buffer.split_to(end);
    buffer.advance(2);
    Some(line)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test is the report")]
    use super::*;

    #[test]
    fn a_body_cut_at_every_byte_is_the_same_body() {
        let wire = b"5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\nx-trailer: 1\r\n\r\nGET";
        for cut in 0..wire.len() - 3 {
            let (mut state, mut body) = (Chunked::default(), BytesMut::new());
            let (first, second) = wire.split_at(cut);
            let mut buffer = BytesMut::from(first);
            assert!(!state.feed(&mut buffer, &mut body).unwrap());
            buffer.extend_from_slice(second);
            assert!(state.feed(&mut buffer, &mut body).unwrap());
            assert_eq!((&body[..], &buffer[..]), (&b"hello world"[..], &b"GET"[..]));
        }
    }
}
