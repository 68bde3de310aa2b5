//! A body on its way into the store and back: large base64 payloads are replaced by their digest, what is left is cut to
//! a limit and compressed. It never parses a body into a tree, never changes a byte outside a payload, and knows nothing
//! of keys or stores.

mod codec;
mod digest;
mod payload;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub(crate) use codec::{Compressor, decompress};

/// The most bytes of a body that are stored, before compression.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;

/// A body as it is to be stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Prepared<'a> {
    /// The body; borrowed when nothing had to be replaced.
    pub(crate) bytes: Cow<'a, [u8]>,
    /// Whether it was cut. It is no JSON then, and a reader shows it as a string.
    pub(crate) capped: bool,
}

/// Replaces the payloads of a JSON body and cuts what is longer than `limit` bytes, between two characters.
///
/// A payload is base64 of at least 256 characters that is a whole string value: a data URI, or the value of `b64_json`,
/// `data` or `file_data`. Its place is taken by `{"sha256":…,"mime":…,"length":…}`, digest and length being those of the
/// decoded bytes. What is not valid base64, and what is not JSON, stays as it is.
pub(crate) fn prepare(body: &[u8], limit: usize) -> Prepared<'_> {
    let mut bytes = payload::replace(body, limit).map_or(Cow::Borrowed(body), Cow::Owned);
    let capped = bytes.len() > limit;
    if capped {
        let end = boundary(&bytes, limit);
        match &mut bytes {
            Cow::Borrowed(whole) => *whole = whole.get(..end).unwrap_or_default(),
            Cow::Owned(whole) => whole.truncate(end),
        }
    }
    Prepared { bytes, capped }
}

/// The last place at or before `limit` where no UTF-8 character is cut; in bytes that are no UTF-8, `limit` itself.
fn boundary(bytes: &[u8], limit: usize) -> usize {
    let continues = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    (limit.saturating_sub(3)..=limit).rev().find(|at| !continues(at)).unwrap_or(limit)
}
