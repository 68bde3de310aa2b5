//! Unpacks answers that were compressed unasked.

use std::{io::Write as _, mem};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, header};

use crate::error::{Error, ErrorCode, Result};

/// Whether the body is compressed.
pub(super) fn is_gzip(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_ENCODING).is_some_and(|value| {
        value.as_bytes().eq_ignore_ascii_case(b"gzip") || value.as_bytes().eq_ignore_ascii_case(b"x-gzip")
    })
}

/// Unpacks piece by piece: what a piece completes can be read at once, and never much of it: a kilobyte may become a
/// megabyte.
pub(crate) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    compressed: Bytes,
    begun: bool,
}

impl Default for Gunzip {
    fn default() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), compressed: Bytes::new(), begun: false }
    }
}

impl Gunzip {
    /// So many compressed bytes are unpacked at a time, until there is this much to read.
    const STEP: usize = 1024;
    const ENOUGH: usize = 64 * 1024;

    /// Adds what came next. What came before must have been read.
    pub(super) fn push(&mut self, compressed: Bytes) {
        self.begun = true;
        self.compressed = compressed;
    }

    /// What can be read; empty when more must come first.
    pub(super) fn read(&mut self) -> Result<Bytes> {
        while !self.compressed.is_empty() && self.decoder.get_ref().len() < Self::ENOUGH {
            let step = self.compressed.split_to(Self::STEP.min(self.compressed.len()));
            self.decoder.write_all(&step).and_then(|()| self.decoder.flush()).map_err(broken)?;
        }
        Ok(mem::take(self.decoder.get_mut()).into())
    }

    /// There is no more: refuses what is cut. No byte at all is an empty answer.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.begun { self.decoder.try_finish().map_err(broken) } else { Ok(()) }
    }
}

fn broken(error: std::io::Error) -> Error {
    Error::new(ErrorCode::UpstreamInvalidResponse, "the provider's answer is no gzip, as it says").with_source(error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn any_split_of_any_number_of_members_unpacks_to_the_same() {
        let members = [packed(b"data: one\n\n"), packed(b""), packed(b"data: two\n\n")].concat();
        for size in 1..members.len() {
            let mut gunzip = Gunzip::default();
            let mut plain = Vec::new();
            for piece in members.chunks(size) {
                gunzip.push(Bytes::copy_from_slice(piece));
                plain.extend_from_slice(&gunzip.read().unwrap());
            }
            gunzip.finish().unwrap();
            assert_eq!(plain, b"data: one\n\ndata: two\n\n", "pieces of {size}");
        }
    }

    #[test]
    fn an_event_is_readable_before_the_next_one_comes() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let mut gunzip = Gunzip::default();
        for event in ["data: one\n\n", "data: two\n\n"] {
            encoder.write_all(event.as_bytes()).unwrap();
            encoder.flush().unwrap();
            gunzip.push(mem::take(encoder.get_mut()).into());
            assert_eq!(gunzip.read().unwrap(), event);
        }
    }

    #[test]
    fn what_is_cut_or_damaged_is_refused() {
        Gunzip::default().finish().unwrap();
        let whole = packed(b"one answer");
        let mut cut = Gunzip::default();
        cut.push(Bytes::copy_from_slice(whole.get(..whole.len() - 4).unwrap()));
        cut.read().unwrap();
        assert_eq!(cut.finish().unwrap_err().code(), ErrorCode::UpstreamInvalidResponse);
        let mut damaged = Gunzip::default();
        damaged.push(Bytes::from_static(b"no gzip at all"));
        assert_eq!(damaged.read().unwrap_err().code(), ErrorCode::UpstreamInvalidResponse);
    }

    #[test]
    fn a_bomb_is_unpacked_as_far_as_it_is_read() {
        let mut gunzip = Gunzip::default();
        gunzip.push(packed(&vec![0; 100 << 20]).into());
        let mut sum = 0;
        for _ in 0..5 {
            let piece = gunzip.read().unwrap();
            assert!((1..4 << 20).contains(&piece.len()), "{}", piece.len());
            sum += piece.len();
        }
        assert!(sum < 20 << 20 && !gunzip.compressed.is_empty());
    }
}
