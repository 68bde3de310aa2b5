//! Walks over JSON without building it: each value is seen as the text it was sent as.
//!
//! Nothing is unescaped or copied unless asked for, so that an answer is rebuilt from the pieces as they came.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer as _,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Deserializer, value::RawValue};

/// Bytes of a label, such as a model name, that are kept.
const LABEL_BYTES: usize = 512;

/// Calls `each` with the fields of an object, in order. False when the text is not exactly one JSON object; fields
/// before the fault have been seen by then.
pub(super) fn fields<'a>(json: &'a str, each: impl FnMut(&str, &'a RawValue)) -> bool {
    let mut deserializer = Deserializer::from_str(json);
    deserializer.deserialize_map(Fields(each)).and_then(|()| deserializer.end()).is_ok()
}

/// Calls `each` with the items of an array, in order. False when the text is not exactly one JSON array.
pub(super) fn items<'a>(json: &'a str, each: impl FnMut(&'a RawValue)) -> bool {
    let mut deserializer = Deserializer::from_str(json);
    deserializer.deserialize_seq(Items(each)).and_then(|()| deserializer.end()).is_ok()
}

struct Fields<F>(F);

/// A key is borrowed unless it has escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, F: FnMut(&str, &'de RawValue)> Visitor<'de> for Fields<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((Key(key), value)) = map.next_entry()? {
            (self.0)(&key, value);
        }
        Ok(())
    }
}

struct Items<F>(F);

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Items<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while let Some(item) = seq.next_element()? {
            (self.0)(item);
        }
        Ok(())
    }
}

/// Whether the value is `null`.
pub(super) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// Whether the value is an object.
pub(super) fn is_object(value: &RawValue) -> bool {
    value.get().starts_with('{')
}

/// What is between the quotes of a string, escapes and all.
pub(super) fn text(value: &RawValue) -> Option<&str> {
    value.get().strip_prefix('"')?.strip_suffix('"')
}

/// What is between the brackets of an array.
pub(super) fn list(value: &RawValue) -> Option<&str> {
    Some(value.get().strip_prefix('[')?.strip_suffix(']')?.trim())
}

/// A whole number that is not negative.
pub(super) fn index(value: &RawValue) -> Option<u64> {
    value.get().parse().ok()
}

/// Whether the value says nothing: `null`, or an empty string, array or object.
pub(super) fn is_blank(value: &RawValue) -> bool {
    match value.get().as_bytes() {
        b"null" | b"\"\"" => true,
        [b'[', inner @ .., b']'] | [b'{', inner @ .., b'}'] => inner.iter().all(u8::is_ascii_whitespace),
        _ => false,
    }
}

/// A short string, unescaped and cut; `None` when it is empty or not a string.
pub(super) fn label(json: &str) -> Option<String> {
    let mut label: String = serde_json::from_str(json).ok()?;
    label.truncate(label.floor_char_boundary(LABEL_BYTES));
    Some(label).filter(|label| !label.is_empty())
}

/// An object written field by field.
pub(super) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Opens an object.
    pub(super) fn open(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Begins a field; the caller writes its value.
    pub(super) fn key(&mut self, key: &str) -> &mut String {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
        push_string(self.out, key);
        self.out.push(':');
        self.out
    }

    /// A field whose value is JSON already.
    pub(super) fn field(&mut self, key: &str, json: &str) {
        self.key(key).push_str(json);
    }

    /// A field whose value is a string.
    pub(super) fn string(&mut self, key: &str, text: &str) {
        push_string(self.key(key), text);
    }

    /// Closes the object.
    pub(super) fn close(self) {
        self.out.push('}');
    }
}

/// Writes an array, an item at a time.
pub(super) fn push_array<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut String, T)) {
    out.push('[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}

/// Writes a string with quotes and escapes.
fn push_string(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
