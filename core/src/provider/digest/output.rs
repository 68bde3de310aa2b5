//! One output item of a streamed response, put together from its deltas.

use std::collections::BTreeMap;

use super::{
    json,
    merge::{Budget, Merged},
    write,
};

/// Bytes charged for a content part beside its text.
const PART_COST: usize = 64;

/// Where the text of a delta event belongs.
pub(super) struct Place {
    /// The type of the item.
    item: &'static str,
    /// The list inside the item and the type of its parts; `None` when the text is a field of the item.
    list: Option<(&'static str, &'static str)>,
    /// The field that holds the text.
    key: &'static str,
}

impl Place {
    /// The place of an event type; `None` when its text is not rebuilt.
    pub(super) fn of(event: &str) -> Option<Self> {
        let (item, list, key) = match event {
            "response.output_text.delta" => ("message", Some(("content", "output_text")), "text"),
            "response.refusal.delta" => ("message", Some(("content", "refusal")), "refusal"),
            "response.reasoning_text.delta" => ("reasoning", Some(("content", "reasoning_text")), "text"),
            "response.reasoning_summary_text.delta" => ("reasoning", Some(("summary", "summary_text")), "text"),
            "response.function_call_arguments.delta" => ("function_call", None, "arguments"),
            "response.mcp_call_arguments.delta" => ("mcp_call", None, "arguments"),
            "response.custom_tool_call_input.delta" => ("custom_tool_call", None, "input"),
            "response.code_interpreter_call_code.delta" => ("code_interpreter_call", None, "code"),
            _ => return None,
        };
        Some(Self { item, list, key })
    }
}

/// An output item so far.
#[derive(Default)]
pub(super) struct Item {
    /// The item as the provider sent it at its end.
    whole: Option<String>,
    /// Its type, when only deltas are known.
    kind: &'static str,
    fields: Merged,
    /// Parts by list and index: their type, the field of their text, and the text.
    parts: BTreeMap<(&'static str, u64), (&'static str, &'static str, String)>,
    text: Option<(&'static str, String)>,
}

impl Item {
    /// Takes the item as it is announced; its texts are empty and come as deltas.
    pub(super) fn begin(&mut self, item: &str, budget: &mut Budget) {
        json::fields(item, |key, value| {
            if !json::is_blank(value) {
                self.fields.replace(key, value, budget);
            }
        });
    }

    /// Takes the item as it is at its end, if it fits; it has more than the deltas told.
    pub(super) fn end(&mut self, item: &str, budget: &mut Budget) {
        let told = self.parts.values().map(|(_, _, text)| text.len()).sum::<usize>()
            + self.text.as_ref().map_or(0, |(_, text)| text.len());
        if self.whole.is_none() && json::is_valid(item) && budget.swap(told, item.len()) {
            *self = Self { whole: Some(item.to_owned()), ..Self::default() };
        }
    }

    /// Appends a delta to the text it belongs to.
    pub(super) fn grow(&mut self, place: &Place, index: u64, delta: &str, budget: &mut Budget) {
        self.kind = place.item;
        if let Some((list, kind)) = place.list {
            if !self.parts.contains_key(&(list, index)) {
                if !budget.take(PART_COST) {
                    return;
                }
                self.fields.remove(list);
            }
            let (_, _, text) = self.parts.entry((list, index)).or_insert_with(|| (kind, place.key, String::new()));
            budget.append(text, delta);
        } else {
            if self.text.is_none() {
                self.fields.remove(place.key);
            }
            let (_, text) = self.text.get_or_insert_with(|| (place.key, String::new()));
            budget.append(text, delta);
        }
    }

    /// Writes the item.
    pub(super) fn write(&self, out: &mut String) {
        if let Some(whole) = &self.whole {
            return out.push_str(whole);
        }
        let mut item = write::Object::open(out);
        if !self.fields.has("type") {
            item.string("type", self.kind);
        }
        self.fields.write(&mut item);
        for list in ["summary", "content"] {
            let parts: Vec<_> =
                self.parts.iter().filter(|((name, _), _)| *name == list).map(|(_, part)| part).collect();
            if !parts.is_empty() {
                write::push_array(item.key(list), parts, |out, (kind, key, text)| {
                    let mut part = write::Object::open(out);
                    part.string("type", kind);
                    write::push_text(part.key(key), text);
                    part.close();
                });
            }
        }
        if let Some((key, text)) = &self.text {
            write::push_text(item.key(key), text);
        }
        item.close();
    }
}
