//! Making keys: at random, and from other keys by HKDF-SHA256. Keys live on the heap and are wiped when dropped.

use ring::{
    hkdf,
    rand::{SecureRandom as _, SystemRandom},
};
use secrecy::{ExposeSecret as _, SecretBox};

use crate::error::{Error, ErrorCode, Result};

/// 256 bits that are wiped on drop and print as nothing.
pub(super) type Key = SecretBox<[u8; 32]>;

/// A key that `fill` writes in place, so that no copy of it stays on the stack.
pub(super) fn key_from(fill: impl FnOnce(&mut [u8; 32]) -> Result<()>) -> Result<Key> {
    let mut filled = Ok(());
    let key = Key::init_with_mut(|bytes| filled = fill(bytes));
    filled.map(|()| key)
}

/// A new random key.
pub(super) fn random_key() -> Result<Key> {
    key_from(|bytes| fill_random(bytes))
}

/// Fills `bytes` from the operating system's random number generator.
pub(super) fn fill_random(bytes: &mut [u8]) -> Result<()> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Error::new(ErrorCode::Internal, "the operating system's random number generator failed"))
}

/// The key that `parent` yields for one purpose: `label` names it, `context` says for whom or what.
pub(super) fn derive(parent: &Key, label: &str, context: &[&[u8]]) -> Result<Key> {
    hkdf_sha256(&[], parent.expose_secret(), &framed(label, context))
}

/// The first 32 bytes of HKDF-SHA256.
fn hkdf_sha256(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<Key> {
    let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    key_from(|bytes| {
        pseudo_random
            .expand(&[info], hkdf::HKDF_SHA256)
            .and_then(|output| output.fill(bytes))
            .map_err(|_| Error::new(ErrorCode::Internal, "a key could not be derived"))
    })
}

/// `label` and `parts`, each after its length as eight bytes.
pub(super) fn framed(label: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::with_capacity(160);
    for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
        // A `usize` has at most 64 bits, so the fallback is never taken.
        out.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::crypto::tests::unhex;

    #[test]
    fn hkdf_answers_as_in_rfc_5869() {
        // Appendices A.1, A.2 and A.3, of whose longer outputs these are the first 32 bytes.
        let ascending = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
        let cases = [
            (
                vec![0x0b; 22],
                ascending(0x00, 0x0c),
                ascending(0xf0, 0xf9),
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf",
            ),
            (
                ascending(0x00, 0x4f),
                ascending(0x60, 0xaf),
                ascending(0xb0, 0xff),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c",
            ),
            (vec![0x0b; 22], vec![], vec![], "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"),
        ];
        for (secret, salt, info, expected) in cases {
            let key = hkdf_sha256(&salt, &secret, &info).unwrap();
            assert_eq!(key.expose_secret().as_slice(), unhex(expected));
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(framed("a", &[b"bc", b"d"]), framed("a", &[b"b", b"cd"]));
        assert_ne!(framed("a", &[b"b"]), framed("ab", &[]));
        assert_ne!(framed("a", &[b""]), framed("a", &[]));
    }
}
