//! API keys: `gwk_`, 43 random base-62 characters, 6 characters of checksum. Only the hash of a key is ever stored.
//!
//! 43 characters drawn evenly from 62 hold a little over 256 bits. The checksum is the CRC-32 of ISO-HDLC (as in zlib and
//! PNG) over the first 47 characters, in base 62, highest digit first, so a mistyped or shortened key is refused
//! without a look-up. It protects against accidents, not attackers.

use std::{fmt, hash};

use ring::digest;
use zeroize::Zeroizing;

use super::derive::fill_random;
use crate::{error::Result, types::provider::Secret};

const PREFIX: &str = "gwk_";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LEN: usize = 43;
const CHECKSUM_LEN: usize = 6;
const HINT_LEN: usize = 8;

/// A key as its holder has it.
#[derive(Clone)]
pub(crate) struct ApiKeySecret(Secret);

/// The SHA-256 of a key's whole text. 256 random bits need no salt and no slow hash.
#[derive(Clone, Copy)]
pub(crate) struct KeyHash(pub(crate) [u8; 32]);

impl ApiKeySecret {
    /// A new random key.
    pub(crate) fn generate() -> Result<Self> {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + RANDOM_LEN + CHECKSUM_LEN));
        text.push_str(PREFIX);
        let mut random = Zeroizing::new([0_u8; 64]);
        while text.len() < PREFIX.len() + RANDOM_LEN {
            fill_random(random.as_mut_slice())?;
            // 248 is the largest multiple of 62 a byte holds; bytes above it would favour the first digits.
            let wanted = PREFIX.len() + RANDOM_LEN - text.len();
            text.extend(random.iter().filter(|byte| **byte < 248).take(wanted).map(|byte| digit(u32::from(*byte))));
        }
        let checksum = checksum(text.as_bytes());
        text.extend(checksum.map(char::from));
        Ok(Self(Secret::from(text.as_str())))
    }

    /// The key in `text`; `None` when it has another form or its checksum is wrong.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (body, given) = text.as_bytes().split_last_chunk::<CHECKSUM_LEN>()?;
        let random = body.strip_prefix(PREFIX.as_bytes())?;
        let formed = random.len() == RANDOM_LEN && random.iter().all(u8::is_ascii_alphanumeric);
        (formed && checksum(body) == *given).then(|| Self(Secret::from(text)))
    }

    /// What is stored and looked up.
    pub(crate) fn hash(&self) -> KeyHash {
        let mut bytes = [0_u8; 32];
        for (byte, hashed) in bytes.iter_mut().zip(digest::digest(&digest::SHA256, self.0.expose().as_bytes()).as_ref())
        {
            *byte = *hashed;
        }
        KeyHash(bytes)
    }

    /// The first eight characters, by which a person recognises the key: four of them are random.
    pub(crate) fn hint(&self) -> &str {
        self.0.expose().get(..HINT_LEN).unwrap_or(PREFIX)
    }

    /// The text, for the one time it is shown.
    pub(crate) fn into_secret(self) -> Secret {
        self.0
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKeySecret(..)")
    }
}

impl PartialEq for KeyHash {
    /// Takes the same time wherever the first difference is.
    fn eq(&self, other: &Self) -> bool {
        let difference =
            self.0.iter().zip(&other.0).fold(0, |all, (left, right)| std::hint::black_box(all | (left ^ right)));
        difference == 0
    }
}

impl Eq for KeyHash {}

impl hash::Hash for KeyHash {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

fn digit(value: u32) -> char {
    // The remainder is below 62, so the fallback is never taken.
    usize::try_from(value % 62).ok().and_then(|index| ALPHABET.get(index)).map_or('0', |digit| char::from(*digit))
}

fn checksum(text: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut rest = crc32(text);
    let mut out = [0; CHECKSUM_LEN];
    for place in out.iter_mut().rev() {
        *place = u8::try_from(digit(rest)).unwrap_or(b'0');
        rest /= 62;
    }
    out
}

/// Bit by bit: 47 bytes do not repay a table.
fn crc32(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    !crc
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_reads_back_and_hashes_the_same() {
        let key = ApiKeySecret::generate().unwrap();
        let text = key.0.expose();
        assert_eq!(text.len(), 53);
        assert_eq!(key.hint(), &text[..8]);
        assert_eq!(ApiKeySecret::parse(text).unwrap().hash(), key.hash());
        assert_ne!(ApiKeySecret::generate().unwrap().hash(), key.hash());
    }

    #[test]
    fn a_known_key_has_its_known_checksum_and_hash() {
        // CRC-32 and SHA-256 computed with Python's zlib and hashlib.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        let text = "gwk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg4fC0zu";
        let hash = ApiKeySecret::parse(text).unwrap().hash();
        assert_eq!(
            hash.0.to_vec(),
            crate::crypto::tests::unhex("4d87689c6c3b0c399bc3c6495d1a8f74779e4083170390d6bda718501b8169f3")
        );
    }

    #[test]
    fn every_mistyped_character_is_noticed() {
        let key = ApiKeySecret::generate().unwrap();
        let text = key.0.expose();
        for at in 0..text.len() {
            for wrong in ALPHABET.iter().filter(|wrong| **wrong != text.as_bytes()[at]) {
                let mut typed = text.as_bytes().to_vec();
                typed[at] = *wrong;
                assert!(ApiKeySecret::parse(&String::from_utf8(typed).unwrap()).is_none());
            }
            assert!(ApiKeySecret::parse(&text[..at]).is_none());
            assert!(ApiKeySecret::parse(&format!("{}é{}", &text[..at], &text[at..])).is_none());
        }
        assert!(ApiKeySecret::parse(&format!("{text}0")).is_none());
    }

    #[test]
    fn hashes_differ_in_any_bit_and_agree_in_none() {
        let hash = KeyHash([7; 32]);
        assert_eq!(hash, KeyHash([7; 32]));
        for bit in 0..256 {
            let mut other = [7; 32];
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(hash, KeyHash(other));
        }
        assert_eq!(HashSet::from([hash, KeyHash([7; 32])]).len(), 1);
    }

    #[test]
    fn digits_are_drawn_evenly() {
        let mut counts = [0_u32; 62];
        for _ in 0..2000 {
            let key = ApiKeySecret::generate().unwrap();
            for byte in &key.0.expose().as_bytes()[4..47] {
                counts[ALPHABET.iter().position(|digit| digit == byte).unwrap()] += 1;
            }
        }
        // 86,000 draws: 1,387 each, with a standard deviation of 37.
        assert!(counts.iter().all(|count| (1_150..1_630).contains(count)), "{counts:?}");
    }
}
