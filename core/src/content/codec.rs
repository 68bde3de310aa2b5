//! How a stored body is compressed. The codec's number is stored with the body; numbers are only ever added.

use zstd::{bulk, zstd_safe};

use crate::error::{Error, ErrorCode, Result};

/// Below this many bytes compression costs more than it saves.
const MIN_COMPRESSED: usize = 128;
/// No body unpacks to more: bodies are capped far below it before they are stored.
const MAX_DECOMPRESSED: u64 = 64 * 1024 * 1024;
const LEVEL: i32 = 1;

/// How the bytes are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// As they are.
    Plain,
    /// One zstd frame that states its content's size.
    Zstd,
}

impl Codec {
    /// The stored number.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Plain => 0,
            Self::Zstd => 1,
        }
    }

    fn from_number(number: u8) -> Result<Self> {
        [Self::Plain, Self::Zstd].into_iter().find(|codec| codec.number() == number).ok_or_else(|| {
            let message =
                format!("a body was stored with codec {number}, which this version does not know; update the library");
            Error::new(ErrorCode::SchemaTooNew, message)
        })
    }
}

/// A compressor to be kept: making one costs more than using it.
pub(crate) struct Compressor {
    zstd: bulk::Compressor<'static>,
    buffer: Vec<u8>,
}

impl Compressor {
    /// A compressor that holds about 1 MB once it has seen large bodies.
    pub(crate) fn new() -> Result<Self> {
        let zstd = bulk::Compressor::new(LEVEL)
            .map_err(|error| Error::new(ErrorCode::Internal, "zstd could not be set up").with_source(error))?;
        Ok(Self { zstd, buffer: Vec::new() })
    }

    /// The bytes to store and their codec. The result is borrowed from `plain` where compression does not pay.
    pub(crate) fn compress<'a>(&'a mut self, plain: &'a [u8]) -> (Codec, &'a [u8]) {
        if plain.len() < MIN_COMPRESSED {
            return (Codec::Plain, plain);
        }
        self.buffer.clear();
        // A frame that would not be smaller than the body does not fit the buffer, which is why failing is no error.
        self.buffer.reserve(zstd_safe::compress_bound(plain.len()));
        match self.zstd.compress_to_buffer(plain, &mut self.buffer) {
            Ok(len) if len < plain.len() => (Codec::Zstd, &self.buffer),
            _ => (Codec::Plain, plain),
        }
    }
}

/// The body of stored bytes.
///
/// # Errors
///
/// [`ErrorCode::SchemaTooNew`] for a codec that is not known; [`ErrorCode::Internal`] for a broken frame, or one that
/// would unpack to more than 64 MiB.
pub(crate) fn decompress(codec: u8, stored: Vec<u8>) -> Result<Vec<u8>> {
    match Codec::from_number(codec)? {
        Codec::Plain => Ok(stored),
        Codec::Zstd => {
            let broken = || Error::new(ErrorCode::Internal, "a stored body does not decompress");
            let size = zstd_safe::get_frame_content_size(&stored).ok().flatten();
            let size = size.filter(|size| *size <= MAX_DECOMPRESSED).and_then(|size| usize::try_from(size).ok());
            bulk::decompress(&stored, size.ok_or_else(broken)?).map_err(|error| broken().with_source(error))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn bodies_come_back_and_shrink_when_they_can() {
        let mut compressor = Compressor::new().unwrap();
        let chat = r#"{"role":"user","content":"Tell me about integers."},"#.repeat(40);
        let noise: Vec<u8> = (0..4000_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
        let cases = [(chat.as_bytes(), Codec::Zstd), (b"{}".as_slice(), Codec::Plain), (b"".as_slice(), Codec::Plain)];
        for (body, expected) in cases {
            let (codec, stored) = compressor.compress(body);
            assert_eq!(codec, expected);
            assert!(stored.len() < body.len() || codec == Codec::Plain);
            assert_eq!(decompress(codec.number(), stored.to_vec()).unwrap(), body);
        }
        let (codec, stored) = compressor.compress(&noise);
        assert!(stored.len() <= noise.len());
        assert_eq!(decompress(codec.number(), stored.to_vec()).unwrap(), noise);
    }

    #[test]
    fn a_frame_that_lies_or_is_unknown_is_refused() {
        let bomb = bulk::compress(&vec![0; 65 * 1024 * 1024], LEVEL).unwrap();
        assert!(bomb.len() < 100_000);
        assert_eq!(decompress(1, bomb).unwrap_err().code(), ErrorCode::Internal);
        assert_eq!(decompress(1, b"no frame".to_vec()).unwrap_err().code(), ErrorCode::Internal);
        let cut: Vec<u8> = bulk::compress(&[7; 1000], LEVEL).unwrap().into_iter().take(12).collect();
        assert_eq!(decompress(1, cut).unwrap_err().code(), ErrorCode::Internal);
        assert_eq!(decompress(9, vec![]).unwrap_err().code(), ErrorCode::SchemaTooNew);
    }
}
