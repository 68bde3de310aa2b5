//! A streamed response of the Responses API. Its last event carries the whole response, which is kept as it is; a
//! stream that is cut before is rebuilt from its deltas.

use std::collections::BTreeMap;

use super::{
    Digest, Wire,
    chat::keep_usage,
    error::AnswerError,
    json,
    merge::{Budget, Merged},
    output::{Item, Place},
    write,
};

/// Bytes charged for an output item beside its content.
const ITEM_COST: usize = 256;

/// A response so far.
pub(super) struct ResponsesStream {
    content_bytes: usize,
    budget: Budget,
    top: Merged,
    items: BTreeMap<u64, Item>,
    whole: Option<String>,
    usage: Option<String>,
    error: Option<AnswerError>,
    finished: bool,
    has_content: bool,
    content_chunks: i64,
}

/// The fields of an event that are looked at.
#[derive(Default)]
struct Fields<'a> {
    kind: Option<&'a str>,
    response: Option<&'a str>,
    item: Option<&'a str>,
    delta: Option<&'a str>,
    output_index: u64,
    part_index: u64,
}

impl ResponsesStream {
    /// A response that keeps about this many bytes of content.
    pub(super) fn new(content_bytes: usize) -> Self {
        Self {
            content_bytes,
            budget: Budget::new(content_bytes),
            top: Merged::default(),
            items: BTreeMap::new(),
            whole: None,
            usage: None,
            error: None,
            finished: false,
            has_content: false,
            content_chunks: 0,
        }
    }

    /// Whether a token has been seen.
    pub(super) fn has_content(&self) -> bool {
        self.has_content
    }

    /// Adds an event; false when it is not a JSON object.
    pub(super) fn read(&mut self, data: &str) -> bool {
        let mut event = Fields::default();
        let is_object = json::fields(data, |key, value| match key {
            "type" => event.kind = Some(value),
            "response" => event.response = Some(value),
            "item" => event.item = Some(value),
            "delta" => event.delta = Some(value),
            "output_index" => event.output_index = json::index(value).unwrap_or(0),
            "content_index" | "summary_index" => event.part_index = json::index(value).unwrap_or(0),
            "error" if !json::is_blank(value) => self.error = Some(AnswerError::read(value)),
            _ => {}
        });
        let kind = event.kind.and_then(json::text).unwrap_or_default();
        match (is_object, kind) {
            (false, _) => {}
            (_, "error") => self.error = Some(AnswerError::read(data)),
            (_, "response.completed" | "response.incomplete" | "response.failed") => self.end(kind, event.response),
            (_, "response.output_item.added" | "response.output_item.done") => self.item(kind, &event),
            _ => match (event.response, event.delta) {
                (Some(response), _) => self.begin(response),
                (_, Some(delta)) => self.delta(kind, delta, &event),
                _ => {}
            },
        }
        is_object
    }

    /// Takes the labels of a response that has begun; what it echoes of the request is left out.
    fn begin(&mut self, response: &str) {
        json::fields(response, |key, value| {
            if matches!(
                key,
                "id" | "object"
                    | "created_at"
                    | "model"
                    | "status"
                    | "service_tier"
                    | "previous_response_id"
                    | "error"
                    | "incomplete_details"
            ) {
                self.top.replace(key, value, &mut self.budget);
            }
        });
    }

    fn end(&mut self, kind: &str, response: Option<&str>) {
        self.finished = true;
        let mut has_output = false;
        if let Some(response) = response {
            self.begin(response);
            json::fields(response, |key, value| match key {
                "usage" => keep_usage(&mut self.usage, value),
                "error" if !json::is_blank(value) => self.error = Some(AnswerError::read(value)),
                "output" => has_output = !json::is_blank(value),
                _ => {}
            });
            // A response that failed may come without the output it had; one that is too large cannot be cut.
            let fits = response.len() <= self.content_bytes;
            if fits && json::is_valid(response) && (has_output || self.items.is_empty()) {
                self.whole = Some(response.to_owned());
                self.items.clear();
            } else if !fits {
                self.budget.cap();
            }
        }
        if kind == "response.failed" && self.error.is_none() {
            self.error = Some(AnswerError::default());
        }
    }

    fn item(&mut self, kind: &str, event: &Fields<'_>) {
        let Some(announced) = event.item else { return };
        if !self.has_content {
            // A call is a token: its name is known before its arguments.
            json::fields(announced, |key, value| self.has_content |= key == "name" && !json::is_blank(value));
        }
        if let Some((item, budget)) = self.at(event.output_index) {
            if kind.ends_with("added") { item.begin(announced, budget) } else { item.end(announced, budget) }
        }
    }

    fn delta(&mut self, kind: &str, delta: &str, event: &Fields<'_>) {
        let has_content = !json::is_blank(delta);
        self.has_content |= has_content;
        self.content_chunks += i64::from(has_content);
        if let (Some(place), Some(text)) = (Place::of(kind), json::text(delta))
            && let Some((item, budget)) = self.at(event.output_index)
        {
            item.grow(&place, event.part_index, text, budget);
        }
    }

    /// The item of that index, made when it is new and there is room.
    fn at(&mut self, index: u64) -> Option<(&mut Item, &mut Budget)> {
        if !self.items.contains_key(&index) && !self.budget.take(ITEM_COST) {
            return None;
        }
        Some((self.items.entry(index).or_default(), &mut self.budget))
    }

    /// What the events say; `done` tells whether `[DONE]` came, which some vendors send here too.
    pub(super) fn finish(self, done: bool) -> Digest {
        let mut digest = Digest {
            model: self.top.value("model").and_then(json::label),
            service_tier: self.top.value("service_tier").and_then(json::label),
            capped: self.whole.is_none() && self.budget.is_capped(),
            finished: self.finished || done,
            content_chunks: self.content_chunks,
            ..Digest::default()
        };
        if let Some(usage) = &self.usage {
            digest.count(Wire::Responses, usage);
        }
        digest.error = self.error.clone();
        digest.content = self.write();
        digest
    }

    fn write(self) -> Option<Vec<u8>> {
        if let Some(whole) = self.whole {
            return Some(whole.into_bytes());
        }
        if self.top.is_empty() && self.items.is_empty() {
            return None;
        }
        let mut out = String::new();
        let mut response = write::Object::open(&mut out);
        for (key, default) in [("object", "response"), ("status", "in_progress")] {
            if !self.top.has(key) {
                response.string(key, default);
            }
        }
        self.top.write(&mut response);
        write::push_array(response.key("output"), self.items.values(), |out, item| item.write(out));
        if let Some(usage) = &self.usage {
            response.field("usage", usage);
        }
        response.close();
        Some(out.into_bytes())
    }
}
