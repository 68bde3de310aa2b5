//! One choice of a streamed chat completion, put together from its deltas. Indexes are looked up, never trusted.

use super::{
    error::AnswerError,
    json,
    merge::{Budget, Merged},
    write,
};

/// Bytes charged for a tool call beside its fields.
const CALL_COST: usize = 128;

/// A choice so far.
#[derive(Default)]
pub(super) struct Choice {
    message: Merged,
    function_call: Merged,
    audio: Merged,
    calls: Vec<Call>,
    logprobs: Merged,
    finish_reason: Option<String>,
    rest: Merged,
}

/// The parts of one chunk's choice, still unread.
#[derive(Default)]
pub(super) struct Piece<'a> {
    pub(super) index: Option<u64>,
    pub(super) error: Option<AnswerError>,
    delta: Option<&'a str>,
    logprobs: Option<&'a str>,
    finish_reason: Option<&'a str>,
    others: Option<&'a str>,
}

impl<'a> Piece<'a> {
    /// Sorts the fields of a choice. The index may come after the delta, so nothing is merged yet.
    pub(super) fn read(choice: &'a str) -> Self {
        let mut piece = Self::default();
        json::fields(choice, |key, value| match key {
            "index" => piece.index = json::index(value),
            "delta" => piece.delta = Some(value),
            "logprobs" => piece.logprobs = Some(value),
            "finish_reason" => piece.finish_reason = Some(value),
            _ => {
                piece.others = Some(choice);
                if key == "error" && !json::is_blank(value) {
                    piece.error = Some(AnswerError::read(value));
                }
            }
        });
        piece
    }

    /// Whether the delta carries a token: text, reasoning, a refusal, a call or sound.
    pub(super) fn has_content(&self) -> bool {
        let mut found = false;
        if let Some(delta) = self.delta {
            json::fields(delta, |key, value| {
                found |= match key {
                    "content" | "refusal" | "tool_calls" | "function_call" | "images" => !json::is_blank(value),
                    "audio" => has_sound(value),
                    // `reasoning`, `reasoning_content`, `reasoning_details`, `thinking`: vendors differ.
                    _ => (key.starts_with("reasoning") || key.starts_with("thinking")) && !json::is_blank(value),
                }
            });
        }
        found
    }
}

fn has_sound(audio: &str) -> bool {
    let mut found = false;
    json::fields(audio, |key, value| found |= matches!(key, "data" | "transcript") && !json::is_blank(value));
    found
}

impl Choice {
    /// Whether the choice has ended.
    pub(super) fn is_finished(&self) -> bool {
        self.finish_reason.is_some()
    }

    /// A usage that a vendor put into the choice.
    pub(super) fn usage(&self) -> Option<&str> {
        self.rest.value("usage")
    }

    /// Adds what a chunk says.
    pub(super) fn merge(&mut self, piece: &Piece<'_>, budget: &mut Budget) {
        if let Some(delta) = piece.delta {
            json::fields(delta, |key, value| match key {
                "tool_calls" => {
                    json::items(value, |call| merge_call(&mut self.calls, call, budget));
                }
                "function_call" => grow(&mut self.function_call, value, budget),
                "audio" => grow(&mut self.audio, value, budget),
                _ => self.message.grow(key, value, budget),
            });
        }
        if let Some(logprobs) = piece.logprobs {
            grow(&mut self.logprobs, logprobs, budget);
        }
        if let Some(reason) = piece.finish_reason
            && let Some(reason) = json::label(reason)
        {
            self.finish_reason = Some(reason);
        }
        if let Some(choice) = piece.others {
            json::fields(choice, |key, value| match key {
                "index" | "delta" | "logprobs" | "finish_reason" => {}
                _ => self.rest.replace(key, value, budget),
            });
        }
    }

    /// Writes the choice as an answer that was not streamed has it.
    pub(super) fn write(mut self, index: u64, out: &mut String) {
        let mut choice = write::Object::open(out);
        choice.field("index", &index.to_string());
        let streamed = !(self.message.is_empty()
            && self.function_call.is_empty()
            && self.audio.is_empty()
            && self.calls.is_empty());
        // Some vendors send the message so far beside each delta, and some send only that.
        if streamed {
            self.rest.remove("message");
        }
        if self.rest.value("message").is_none() {
            self.write_message(choice.key("message"));
        }
        write_object(&self.logprobs, choice.key("logprobs"));
        match &self.finish_reason {
            Some(reason) => choice.string("finish_reason", reason),
            None => choice.field("finish_reason", "null"),
        }
        self.rest.write(&mut choice);
        choice.close();
    }

    fn write_message(&mut self, out: &mut String) {
        let mut message = write::Object::open(out);
        for (key, default) in [("role", "\"assistant\""), ("content", "null")] {
            if !self.message.has(key) {
                message.field(key, default);
            }
        }
        self.message.write(&mut message);
        if !self.calls.is_empty() {
            // Stable, and calls without an index come last.
            self.calls.sort_by_key(|call| call.index.unwrap_or(u64::MAX));
            write::push_array(message.key("tool_calls"), &self.calls, |out, call| call.write(out));
        }
        for (key, part) in [("function_call", &self.function_call), ("audio", &self.audio)] {
            if !part.is_empty() {
                write_object(part, message.key(key));
            }
        }
        message.close();
    }
}

/// A tool call so far.
#[derive(Default)]
struct Call {
    index: Option<u64>,
    id: Option<String>,
    fields: Merged,
    function: Merged,
    custom: Merged,
}

impl Call {
    fn write(&self, out: &mut String) {
        let mut call = write::Object::open(out);
        self.fields.write(&mut call);
        for (key, part) in [("function", &self.function), ("custom", &self.custom)] {
            if !part.is_empty() {
                write_object(part, call.key(key));
            }
        }
        call.close();
    }
}

/// Adds a piece of a call to the call it belongs to.
///
/// The index tells which one. Without it the id does, and without both it is the last call. Some vendors number
/// every call 0: a new id together with a name begins a new call.
fn merge_call(calls: &mut Vec<Call>, piece: &str, budget: &mut Budget) {
    let (mut index, mut id, mut named) = (None, None, false);
    json::fields(piece, |key, value| match key {
        "index" => index = json::index(value),
        "id" => id = json::label(value),
        "function" | "custom" => {
            json::fields(value, |key, value| named |= key == "name" && !json::is_blank(value));
        }
        _ => {}
    });
    let begins = |call: &Call| named && id.is_some() && call.id.is_some() && call.id != id;
    let found = match (index, &id) {
        (Some(_), _) => calls.iter().rposition(|call| call.index == index && !begins(call)),
        (None, Some(_)) => calls.iter().rposition(|call| call.id == id),
        (None, None) => calls.len().checked_sub(1),
    };
    let at = match found {
        Some(at) => at,
        None if budget.take(CALL_COST) => {
            calls.push(Call { index, ..Call::default() });
            calls.len() - 1
        }
        None => return,
    };
    let Some(call) = calls.get_mut(at) else { return };
    call.id = id.or(call.id.take());
    json::fields(piece, |key, value| match key {
        "index" => {}
        "function" => grow(&mut call.function, value, budget),
        "custom" => grow(&mut call.custom, value, budget),
        _ => call.fields.grow(key, value, budget),
    });
}

/// Grows an object field by field; anything but an object is ignored.
fn grow(object: &mut Merged, piece: &str, budget: &mut Budget) {
    if json::is_object(piece) {
        json::fields(piece, |key, value| object.grow(key, value, budget));
    }
}

fn write_object(part: &Merged, out: &mut String) {
    if part.is_empty() {
        return out.push_str("null");
    }
    let mut object = write::Object::open(out);
    part.write(&mut object);
    object.close();
}
