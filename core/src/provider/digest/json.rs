//! Walks over JSON without building it: each value is seen as the text it was sent as.
//!
//! Every chunk of every stream passes here several times, so a walk looks at the level it walks and only steps over
//! what lies below. [`is_valid`] tells whether a value is JSON through and through; whoever keeps a value asks it.

use std::borrow::Cow;

use memchr::memchr2;
use serde::de::IgnoredAny;

/// Bytes of a label, such as a model name, that are kept.
const LABEL_BYTES: usize = 512;

/// Calls `each` with the fields of an object, in order. False when the text is not exactly one object; fields before
/// the fault have been seen by then.
pub(super) fn fields<'a>(json: &'a str, mut each: impl FnMut(&str, &'a str)) -> bool {
    let mut cursor = Cursor { json, at: 0 };
    cursor
        .list(b'{', b'}', |cursor| {
            let key = cursor.key()?;
            cursor.expect(b':')?;
            each(&key, cursor.value()?);
            Some(())
        })
        .is_some()
}

/// Calls `each` with the items of an array, in order. False when the text is not exactly one array.
pub(super) fn items<'a>(json: &'a str, mut each: impl FnMut(&'a str)) -> bool {
    let mut cursor = Cursor { json, at: 0 };
    cursor
        .list(b'[', b']', |cursor| {
            each(cursor.value()?);
            Some(())
        })
        .is_some()
}

/// Whether the text is one JSON value. Strings without escapes, which most are, cost little.
pub(super) fn is_valid(json: &str) -> bool {
    let plain = text(json).is_some_and(|text| !text.bytes().any(|byte| byte < b' ' || byte == b'\\' || byte == b'"'));
    plain || serde_json::from_str::<IgnoredAny>(json).is_ok()
}

/// A place in a text. Each step returns `None` where the text is not JSON.
struct Cursor<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The elements between two brackets, and nothing after.
    fn list(&mut self, open: u8, close: u8, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(open)?;
        if self.peek() == Some(close) {
            self.at += 1;
        } else {
            loop {
                element(self)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(byte) if byte == close => break self.at += 1,
                    _ => return None,
                }
            }
        }
        self.peek().is_none().then_some(())
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.json.as_bytes().get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                byte => return byte.copied(),
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// A key, without its quotes and escapes.
    fn key(&mut self) -> Option<Cow<'a, str>> {
        self.expect(b'"')?;
        let start = self.at;
        let has_escapes = self.skip_string()?;
        let key = self.json.get(start..self.at - 1)?;
        if has_escapes { serde_json::from_str(&format!("\"{key}\"")).ok() } else { Some(Cow::Borrowed(key)) }
    }

    /// Any value.
    fn value(&mut self) -> Option<&'a str> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => {
                self.at += 1;
                self.skip_string()?;
            }
            b'{' | b'[' => self.skip_brackets()?,
            _ => self.skip_until(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))?,
        }
        self.json.get(start..self.at).filter(|value| !value.is_empty())
    }

    /// Steps over the rest of a string, its closing quote included, and tells whether it has escapes.
    fn skip_string(&mut self) -> Option<bool> {
        let mut has_escapes = false;
        loop {
            let rest = self.json.as_bytes().get(self.at..)?;
            let found = memchr2(b'"', b'\\', rest)?;
            self.at += found + 1;
            if rest.get(found) == Some(&b'"') {
                return Some(has_escapes);
            }
            has_escapes = true;
            self.at += 1;
        }
    }

    /// Steps over an array or an object. Brackets are counted, not matched.
    fn skip_brackets(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.skip_until(|byte| matches!(byte, b'"' | b'{' | b'}' | b'[' | b']'))?;
            let byte = self.json.as_bytes().get(self.at)?;
            self.at += 1;
            match byte {
                b'"' => {
                    self.skip_string()?;
                }
                b'{' | b'[' => depth += 1,
                _ => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(());
                    }
                }
            }
        }
    }

    fn skip_until(&mut self, is_end: impl Fn(u8) -> bool) -> Option<()> {
        self.at += self.json.as_bytes().get(self.at..)?.iter().position(|byte| is_end(*byte))?;
        Some(())
    }
}

/// Whether the value is `null`.
pub(super) fn is_null(json: &str) -> bool {
    json == "null"
}

/// Whether the value is an object.
pub(super) fn is_object(json: &str) -> bool {
    json.starts_with('{')
}

/// What is between the quotes of a string, escapes and all.
pub(super) fn text(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// What is between the brackets of an array.
pub(super) fn list(json: &str) -> Option<&str> {
    Some(json.strip_prefix('[')?.strip_suffix(']')?.trim_ascii())
}

/// A whole number that is not negative.
pub(super) fn index(json: &str) -> Option<u64> {
    json.parse().ok()
}

/// Whether the value says nothing: `null`, or an empty string, array or object.
pub(super) fn is_blank(json: &str) -> bool {
    match json.as_bytes() {
        b"null" | b"\"\"" => true,
        [b'[', inner @ .., b']'] | [b'{', inner @ .., b'}'] => inner.iter().all(u8::is_ascii_whitespace),
        _ => false,
    }
}

/// A short string, unescaped and cut; `None` when it is empty or not a string.
pub(super) fn label(json: &str) -> Option<String> {
    // Labels are null in most chunks, and an error of the parser costs more than the chunk.
    text(json)?;
    let mut label: String = serde_json::from_str(json).ok()?;
    label.truncate(label.floor_char_boundary(LABEL_BYTES));
    Some(label).filter(|label| !label.is_empty())
}
