//! Objects that arrive in pieces: texts and lists grow, anything else is replaced. Memory is bounded by one budget
//! for the whole answer.

use super::{escape, json, write};

/// Fields that one object may gather; the rest is dropped.
const FIELDS: usize = 64;

/// Bytes charged for a field beside its key and value.
const FIELD_COST: usize = 64;

/// Bytes of content that may still be kept. Once something did not fit, nothing more is taken: what was kept is a
/// head of the content without holes.
pub(super) struct Budget {
    left: usize,
    capped: bool,
}

impl Budget {
    /// A budget of this many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Self { left: bytes, capped: false }
    }

    /// Whether something did not fit.
    pub(super) fn is_capped(&self) -> bool {
        self.capped
    }

    /// Takes the bytes, or caps the content.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        match self.left.checked_sub(bytes) {
            Some(left) if !self.capped => {
                self.left = left;
                true
            }
            _ => {
                self.capped = true;
                false
            }
        }
    }

    /// Exchanges content that is let go for other content, if that fits; if not, nothing changes.
    pub(super) fn swap(&mut self, gone: usize, bytes: usize) -> bool {
        match self.left.saturating_add(gone).checked_sub(bytes) {
            Some(left) if !self.capped => {
                self.left = left;
                true
            }
            _ => false,
        }
    }

    /// Marks content as dropped for a reason other than bytes.
    pub(super) fn cap(&mut self) {
        self.capped = true;
    }

    /// Appends as much of an escaped text as fits.
    pub(super) fn append(&mut self, to: &mut String, piece: &str) {
        let room = if self.capped { 0 } else { self.left };
        if self.take(piece.len()) {
            to.push_str(piece);
        } else if room > 0 {
            to.push_str(escape::cut(piece, room));
            self.left = 0;
        }
    }
}

enum Slot {
    /// A string, without its quotes and still escaped.
    Text(String),
    /// The items of an array, without its brackets.
    List(String),
    /// Any other value.
    Value(String),
}

/// An object gathered from pieces; fields keep the order in which they came.
#[derive(Default)]
pub(super) struct Merged {
    fields: Vec<(Box<str>, Slot)>,
}

impl Merged {
    /// Whether there is no field.
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Whether there is a field of that name.
    pub(super) fn has(&self, key: &str) -> bool {
        self.fields.iter().any(|(name, _)| &**name == key)
    }

    /// The value of a field that is neither text nor list.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| &**name == key).and_then(|(_, slot)| match slot {
            Slot::Value(value) => Some(value.as_str()),
            _ => None,
        })
    }

    /// Forgets the field.
    pub(super) fn remove(&mut self, key: &str) {
        self.fields.retain(|(name, _)| &**name != key);
    }

    /// Replaces the field. What says nothing (`null`, an empty string, array or object, 0) replaces nothing: some
    /// providers send such placeholders in the first or last chunk.
    pub(super) fn replace(&mut self, key: &str, value: &str, budget: &mut Budget) {
        let Some(slot) = self.slot(key, budget) else { return };
        if let Slot::Value(old) = slot
            && (old.is_empty() || (old != value && !json::is_blank(value) && value != "0"))
            && json::is_valid(value)
        {
            // The field holds one value at a time, so that one replaced by every chunk does not spend the budget.
            if budget.swap(old.len(), value.len()) {
                value.clone_into(old);
            } else {
                budget.cap();
            }
        }
    }

    /// Grows the field: texts and lists are joined, anything else is replaced.
    ///
    /// Labels are exceptions, since many providers repeat them in every chunk.
    pub(super) fn grow(&mut self, key: &str, value: &str, budget: &mut Budget) {
        if matches!(key, "id" | "type" | "role") {
            return self.replace(key, value, budget);
        }
        let (text, list) = (json::text(value), json::list(value));
        if (text, list) == (None, None) {
            return self.replace(key, value, budget);
        }
        let Some(slot) = self.slot(key, budget).filter(|_| json::is_valid(value)) else { return };
        match (&mut *slot, text, list) {
            // A name comes whole, and again with every chunk from some providers.
            (Slot::Text(old), Some(text), _) if key == "name" && old == text => {}
            (Slot::Text(old), Some(text), _) => budget.append(old, text),
            (Slot::List(old), _, Some(items)) => push_item(old, items, budget),
            (Slot::List(old), Some(text), _) if !text.is_empty() => push_item(old, &write::text_part(text), budget),
            (Slot::Text(old), _, Some(items)) if !items.is_empty() => {
                let mut parts = if old.is_empty() { String::new() } else { write::text_part(old) };
                push_item(&mut parts, items, budget);
                *slot = Slot::List(parts);
            }
            (Slot::Value(_), Some(text), _) => {
                let mut kept = String::new();
                budget.append(&mut kept, text);
                *slot = Slot::Text(kept);
            }
            (Slot::Value(_), _, Some(items)) => {
                let mut kept = String::new();
                push_item(&mut kept, items, budget);
                *slot = Slot::List(kept);
            }
            _ => {}
        }
    }

    /// Writes the fields into an open object.
    pub(super) fn write(&self, object: &mut write::Object<'_>) {
        for (key, slot) in &self.fields {
            let out = object.key(key);
            match slot {
                Slot::Text(text) => write::push_text(out, text),
                Slot::List(items) => {
                    out.push('[');
                    out.push_str(items);
                    out.push(']');
                }
                // A value that did not fit.
                Slot::Value(value) if value.is_empty() => out.push_str("null"),
                Slot::Value(value) => out.push_str(value),
            }
        }
    }

    /// The field of that name, made when it is new and there is room. A new field is an empty value.
    fn slot(&mut self, key: &str, budget: &mut Budget) -> Option<&mut Slot> {
        let at = match self.fields.iter().position(|(name, _)| &**name == key) {
            Some(at) => at,
            None if self.fields.len() >= FIELDS => {
                budget.cap();
                return None;
            }
            None if budget.take(key.len() + FIELD_COST) => {
                self.fields.push((key.into(), Slot::Value(String::new())));
                self.fields.len() - 1
            }
            None => return None,
        };
        self.fields.get_mut(at).map(|(_, slot)| slot)
    }
}

/// Items are kept whole or not at all.
fn push_item(list: &mut String, items: &str, budget: &mut Budget) {
    if items.is_empty() || !budget.take(items.len() + 1) {
        return;
    }
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(items);
}
