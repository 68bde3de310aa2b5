//! Sealing bytes with AES-256-GCM as `prefix | nonce | ciphertext | tag`. It knows neither what the bytes mean nor
//! where the key comes from.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::ExposeSecret as _;

use super::derive::{Key, fill_random};
use crate::error::{Error, ErrorCode, Result};

/// A key made ready for use. The expanded form inside is ring's and is not wiped on drop, so ciphers are made when they
/// are needed and not kept.
pub(super) struct Cipher(LessSafeKey);

impl Cipher {
    pub(super) fn new(key: &Key) -> Result<Self> {
        UnboundKey::new(&AES_256_GCM, key.expose_secret())
            .map(|key| Self(LessSafeKey::new(key)))
            .map_err(|_| Error::new(ErrorCode::Internal, "a key is not 256 bits long"))
    }

    /// `plaintext` sealed under a random nonce. `prefix` is carried in the clear; it is protected only as far as
    /// `additional` contains it.
    pub(super) fn seal(&self, prefix: &[u8], additional: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0_u8; NONCE_LEN];
        fill_random(&mut nonce)?;
        self.seal_with_nonce(nonce, prefix, additional, plaintext)
    }

    fn seal_with_nonce(
        &self,
        nonce: [u8; NONCE_LEN],
        prefix: &[u8],
        additional: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>> {
        let body_at = prefix.len() + NONCE_LEN;
        let mut sealed = Vec::with_capacity(body_at + plaintext.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(prefix);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let body = sealed.get_mut(body_at..).unwrap_or_default();
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(additional), body)
            .map_err(|_| Error::new(ErrorCode::Internal, "a message is too long to be sealed"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// The plaintext of what [`Cipher::seal`] made with a prefix of this length and the same additional data. It is
    /// decrypted where it lies.
    pub(super) fn open(&self, prefix_len: usize, additional: &[u8], mut sealed: Vec<u8>) -> Result<Vec<u8>> {
        let nonce = sealed.get(prefix_len..).and_then(<[u8]>::first_chunk::<NONCE_LEN>).copied();
        let nonce = Nonce::assume_unique_for_key(nonce.ok_or_else(decryption_failed)?);
        let plaintext_len = self
            .0
            .open_within(nonce, Aad::from(additional), &mut sealed, prefix_len + NONCE_LEN..)
            .map_err(|_| decryption_failed())?
            .len();
        sealed.truncate(plaintext_len);
        Ok(sealed)
    }
}

/// One message for every reason, so that it tells nothing about the bytes or the key.
pub(super) fn decryption_failed() -> Error {
    Error::new(
        ErrorCode::DecryptionFailed,
        "stored bytes do not decrypt: they were changed, moved or belong to another key; restore them from a backup",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::crypto::tests::{fixed_key, unhex};

    #[test]
    fn aes_256_gcm_answers_as_in_its_specification() {
        // McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B: test cases 13, 14 and 16.
        let cases = [
            ("00".repeat(32), "00".repeat(12), "", String::new(), "530f8afbc74536b9a963b4f1c4cb738b"),
            (
                "00".repeat(32),
                "00".repeat(12),
                "",
                "00".repeat(16),
                "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
            ),
            (
                "feffe9928665731c6d6a8f9467308308".repeat(2),
                "cafebabefacedbaddecaf888".to_owned(),
                "feedfacedeadbeeffeedfacedeadbeefabaddad2",
                "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                 1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
                    .to_owned(),
                "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                 8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
            ),
        ];
        for (key, nonce, additional, plaintext, expected) in cases {
            let cipher = Cipher::new(&fixed_key(&key)).unwrap();
            let (additional, plaintext) = (unhex(additional), unhex(&plaintext));
            let sealed =
                cipher.seal_with_nonce(unhex(&nonce).try_into().unwrap(), b"prefix", &additional, &plaintext).unwrap();
            assert_eq!(sealed, [b"prefix".as_slice(), &unhex(&nonce), &unhex(expected)].concat());
            assert_eq!(cipher.open(6, &additional, sealed).unwrap(), plaintext);
        }
    }

    #[test]
    fn what_is_too_short_is_refused() {
        let cipher = Cipher::new(&fixed_key(&"07".repeat(32))).unwrap();
        let sealed = cipher.seal(b"p", b"", b"").unwrap();
        for len in 0..sealed.len() {
            let error = cipher.open(1, b"", sealed.iter().copied().take(len).collect()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::DecryptionFailed);
        }
    }
}
