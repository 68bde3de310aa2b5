//! Writes JSON piece by piece, from pieces that are JSON already.

use super::escape;

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
pub(super) fn push_array<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut String, T),
) {
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

/// Writes an escaped text as a string.
pub(super) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    out.push_str(&escape::mend(text));
    out.push('"');
}

/// A content part, for answers whose content is a string in some chunks and a list of parts in others.
pub(super) fn text_part(text: &str) -> String {
    format!(r#"{{"type":"text","text":"{}"}}"#, escape::mend(text))
}
