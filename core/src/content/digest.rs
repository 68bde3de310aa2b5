//! The digest of what base64 decodes to, in pieces of fixed size: a payload is never in memory a second time.

use std::fmt::Write as _;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use memchr::memchr;
use ring::digest::{Context, SHA256};

/// A multiple of four, so that no group of four characters is split.
const PIECE: usize = 4096;
const DECODED: usize = PIECE / 4 * 3;

/// Inside a payload there is no padding; at its end it may be left out. Index 0 is the standard alphabet, 1 the one for
/// URLs.
const MIDDLE: [GeneralPurpose; 2] = engines(DecodePaddingMode::RequireNone);
const LAST: [GeneralPurpose; 2] = engines(DecodePaddingMode::Indifferent);

const fn engines(padding: DecodePaddingMode) -> [GeneralPurpose; 2] {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(padding);
    [GeneralPurpose::new(&alphabet::STANDARD, config), GeneralPurpose::new(&alphabet::URL_SAFE, config)]
}

/// What is kept of a payload.
pub(super) struct Digest {
    /// SHA-256 of the decoded bytes, in lower-case hexadecimal.
    pub(super) sha256: String,
    /// How many bytes were decoded.
    pub(super) len: usize,
    head: [u8; 12],
}

impl Digest {
    /// The digest of a base64 text as it stands in a JSON string; `None` when it is no base64.
    pub(super) fn of_base64(raw: &[u8]) -> Option<Self> {
        let mut decoding =
            Decoding { piece: [0; PIECE], filled: 0, sha256: Context::new(&SHA256), len: 0, head: [0; 12] };
        unescape(raw, |text| decoding.push(text))?;
        decoding.flush(&LAST)?;
        let mut sha256 = String::with_capacity(64);
        for byte in decoding.sha256.finish().as_ref() {
            write!(sha256, "{byte:02x}").ok()?;
        }
        Some(Self { sha256, len: decoding.len, head: decoding.head })
    }

    /// The media type the first bytes tell of.
    pub(super) fn sniffed_mime(&self) -> &'static str {
        match &self.head {
            [0x89, b'P', b'N', b'G', ..] => "image/png",
            [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
            [b'G', b'I', b'F', b'8', ..] => "image/gif",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => "image/webp",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E'] => "audio/wav",
            [b'I', b'D', b'3', ..] | [0xFF, 0xFB | 0xF3 | 0xF2, ..] => "audio/mpeg",
            [b'O', b'g', b'g', b'S', ..] => "audio/ogg",
            [b'f', b'L', b'a', b'C', ..] => "audio/flac",
            [b'%', b'P', b'D', b'F', ..] => "application/pdf",
            _ => "application/octet-stream",
        }
    }
}

struct Decoding {
    piece: [u8; PIECE],
    filled: usize,
    sha256: Context,
    len: usize,
    head: [u8; 12],
}

impl Decoding {
    fn push(&mut self, mut text: &[u8]) -> Option<()> {
        while !text.is_empty() {
            // A full piece waits for its successor, because the last one may be padded.
            if self.filled == PIECE {
                self.flush(&MIDDLE)?;
            }
            let room = self.piece.get_mut(self.filled..)?;
            let (now, later) = text.split_at_checked(room.len()).unwrap_or((text, &[]));
            room.get_mut(..now.len())?.copy_from_slice(now);
            self.filled += now.len();
            text = later;
        }
        Some(())
    }

    fn flush(&mut self, engines: &[GeneralPurpose; 2]) -> Option<()> {
        let piece = self.piece.get(..self.filled)?;
        let mut decoded = [0; DECODED];
        let len = engines.iter().find_map(|engine| engine.decode_slice(piece, &mut decoded).ok())?;
        let decoded = decoded.get(..len)?;
        if self.len == 0 {
            self.head.iter_mut().zip(decoded).for_each(|(head, byte)| *head = *byte);
        }
        self.sha256.update(decoded);
        self.len += len;
        self.filled = 0;
        Some(())
    }
}

/// Hands over the characters of a JSON string, of which only those of base64 and media types are expected. Line breaks
/// are dropped: some encoders wrap base64. `None` for any other escape, or when `take` gives up.
pub(super) fn unescape(raw: &[u8], mut take: impl FnMut(&[u8]) -> Option<()>) -> Option<()> {
    let mut rest = raw;
    while let Some(at) = memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at_checked(at)?;
        take(plain)?;
        rest = match escape {
            [_, b'/', after @ ..] => take(b"/").map(|()| after)?,
            [_, b'n' | b'r', after @ ..] => after,
            [_, b'u', b'0', b'0', high, low, after @ ..] => {
                let [high, low] = [*high, *low].map(|digit| char::from(digit).to_digit(16));
                take(&[u8::try_from(high? * 16 + low?).ok()?]).map(|()| after)?
            }
            _ => return None,
        };
    }
    take(rest)
}
