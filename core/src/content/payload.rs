//! Finding the payloads of a JSON text in one pass over its strings. A body that cannot hold any is told by a few bytes
//! of it and is not walked.

use memchr::{memchr, memchr2, memmem};

use super::digest::Digest;

/// Shorter base64 is cheaper to keep than to replace.
const MIN_BASE64: usize = 256;
/// Longer than any media type in use.
const MAX_URI_HEADER: usize = 256;
const MAX_MIME: usize = 96;
/// Keys whose value is base64 without a data URI around it: generated images, audio in and out, files.
const BASE64_KEYS: [&[u8]; 3] = [b"b64_json", b"data", b"file_data"];

/// The body with each payload replaced; `None` when there is none. Once the result is longer than `limit`, the rest is
/// left out.
pub(super) fn replace(body: &[u8], limit: usize) -> Option<Vec<u8>> {
    if !may_hold_payload(body) {
        return None;
    }
    let mut out = Vec::new();
    let mut copied = 0;
    let mut key = None;
    for string in (Strings { body, at: 0 }) {
        if let Some(after_colon) = colon_after(body, string.end) {
            key = Some((string.raw, after_colon));
            continue;
        }
        if string.raw.len() >= MIN_BASE64 {
            let own_key = key.filter(|(_, after_colon)| is_blank(body.get(*after_colon..string.start)));
            if let Some(object) = object_for(own_key.map(|(name, _)| name), string.raw) {
                out.extend_from_slice(body.get(copied..string.start).unwrap_or_default());
                out.extend_from_slice(object.as_bytes());
                copied = string.end;
            }
        }
        if out.len() + (string.end - copied) > limit {
            break;
        }
    }
    if copied == 0 {
        return None;
    }
    let rest = body.get(copied..).unwrap_or_default();
    let wanted = limit.saturating_add(1).saturating_sub(out.len());
    out.extend_from_slice(rest.get(..wanted).unwrap_or(rest));
    Some(out)
}

/// Whether a walk is worth it: 256 characters of base64, escaped or not, fill at least one of the body's pieces of 128.
/// Any other text has a blank, a quote or a comma there, so that a piece is mostly told by its first few bytes.
fn may_hold_payload(body: &[u8]) -> bool {
    let is_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    let may_be_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=\\".contains(byte);
    is_json && body.chunks_exact(MIN_BASE64 / 2).any(|piece| piece.iter().all(may_be_base64))
}

/// The strings of a JSON text, keys and values alike; an unterminated one ends them.
struct Strings<'a> {
    body: &'a [u8],
    at: usize,
}

/// A string: what is between its quotes, from its opening quote to behind its closing one.
struct JsonString<'a> {
    raw: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Iterator for Strings<'a> {
    type Item = JsonString<'a>;

    fn next(&mut self) -> Option<JsonString<'a>> {
        let start = self.at + memchr(b'"', self.body.get(self.at..)?)?;
        let mut at = start + 1;
        loop {
            at += memchr2(b'"', b'\\', self.body.get(at..)?)?;
            if self.body.get(at) == Some(&b'"') {
                break;
            }
            // The character behind a backslash never ends a string.
            at += 2;
        }
        self.at = at + 1;
        Some(JsonString { raw: self.body.get(start + 1..at)?, start, end: self.at })
    }
}

/// Where the value begins when a colon makes the string that ends here a key.
fn colon_after(body: &[u8], end: usize) -> Option<usize> {
    let rest = body.get(end..)?;
    let colon = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    (rest.get(colon) == Some(&b':')).then_some(end + colon + 1)
}

fn is_blank(bytes: Option<&[u8]>) -> bool {
    bytes.is_some_and(|bytes| bytes.trim_ascii().is_empty())
}

/// What replaces a string value, if that is a payload.
fn object_for(key: Option<&[u8]>, raw: &[u8]) -> Option<String> {
    let (mime, base64) = match data_uri(raw) {
        Some((mime, base64)) => (Some(mime), base64),
        None if key.is_some_and(|key| BASE64_KEYS.contains(&key)) => (None, raw),
        None => return None,
    };
    if base64.len() < MIN_BASE64 {
        return None;
    }
    let digest = Digest::of_base64(base64)?;
    let mime = mime.as_deref().unwrap_or(digest.sniffed_mime());
    Some(format!(r#"{{"sha256":"{}","mime":"{mime}","length":{}}}"#, digest.sha256, digest.len))
}

/// The media type and the base64 of `data:[<media type>][;<parameter>]*;base64,<base64>` (RFC 2397), escapes included.
fn data_uri(raw: &[u8]) -> Option<(String, &[u8])> {
    let (scheme, rest) = raw.split_at_checked(5)?;
    let searched = rest.get(..MAX_URI_HEADER).unwrap_or(rest);
    let (header, _) = rest.split_at_checked(memmem::find(searched, b";base64,")?)?;
    if !scheme.eq_ignore_ascii_case(b"data:") || header.contains(&b',') {
        return None;
    }
    let mut mime = Vec::new();
    super::digest::unescape(header, |piece| {
        mime.extend_from_slice(piece);
        Some(())
    })?;
    let mime = String::from_utf8(mime).ok()?;
    let mime = mime.split(';').next().unwrap_or_default();
    // The text goes into JSON unescaped, so it must be made of a media type's characters.
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"/+.-_".contains(&byte);
    let mime = match mime {
        "" => "text/plain",
        mime if mime.len() <= MAX_MIME && mime.bytes().all(named) => mime,
        _ => "application/octet-stream",
    };
    Some((mime.to_owned(), rest.get(header.len() + b";base64,".len()..)?))
}
