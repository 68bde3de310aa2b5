//! A streamed chat completion, put together chunk by chunk into the answer it would have been without streaming.

use std::collections::BTreeMap;

use super::{
    Digest, Wire,
    choice::{Choice, Piece},
    error::AnswerError,
    json,
    merge::{Budget, Merged},
    write,
};

/// Choices that are told apart; OpenAI allows 128.
const CHOICES: usize = 256;

/// Bytes of a usage object that are kept.
pub(super) const USAGE_BYTES: usize = 64 * 1024;

/// A chat completion so far.
pub(super) struct ChatStream {
    budget: Budget,
    top: Merged,
    choices: BTreeMap<u64, Choice>,
    usage: Option<String>,
    error: Option<AnswerError>,
    has_content: bool,
    content_chunks: i64,
}

impl ChatStream {
    /// A completion that keeps about this many bytes of content.
    pub(super) fn new(content_bytes: usize) -> Self {
        Self {
            budget: Budget::new(content_bytes),
            top: Merged::default(),
            choices: BTreeMap::new(),
            usage: None,
            error: None,
            has_content: false,
            content_chunks: 0,
        }
    }

    /// Whether a token has been seen.
    pub(super) fn has_content(&self) -> bool {
        self.has_content
    }

    /// Adds a chunk; false when it is not a JSON object.
    pub(super) fn read(&mut self, data: &str) -> bool {
        let mut choices = None;
        let is_object = json::fields(data, |key, value| match key {
            "choices" => choices = Some(value),
            "usage" => keep_usage(&mut self.usage, value),
            // The kind is known, and the padding is noise against traffic analysis.
            "object" | "obfuscation" if value != "\"error\"" => {}
            _ => {
                if key == "object" {
                    self.error = Some(AnswerError::read(data));
                } else if key == "error" && !json::is_blank(value) {
                    self.error = Some(AnswerError::read(value));
                }
                self.top.replace(key, value, &mut self.budget);
            }
        });
        if let (true, Some(choices)) = (is_object, choices) {
            let mut position = 0;
            json::items(choices, |choice| {
                self.content_chunks += i64::from(self.choice(choice, position));
                position += 1;
            });
        }
        is_object
    }

    /// Adds to a choice; says whether there was a token in it.
    fn choice(&mut self, choice: &str, position: u64) -> bool {
        let mut piece = Piece::read(choice);
        let index = piece.index.unwrap_or(position);
        self.error = piece.error.take().or(self.error.take());
        let has_content = piece.has_content();
        self.has_content |= has_content;
        if self.choices.len() >= CHOICES && !self.choices.contains_key(&index) {
            self.budget.cap();
        } else {
            self.choices.entry(index).or_default().merge(&piece, &mut self.budget);
        }
        has_content
    }

    /// What the chunks say; `done` tells whether `[DONE]` came.
    pub(super) fn finish(self, done: bool) -> Digest {
        let usage = self.usage.clone().or_else(|| self.vendor_usage());
        let mut digest = Digest {
            model: self.top.value("model").and_then(json::label),
            service_tier: self.top.value("service_tier").and_then(json::label),
            capped: self.budget.is_capped(),
            content_chunks: self.content_chunks,
            finished: done || (!self.choices.is_empty() && self.choices.values().all(Choice::is_finished)),
            ..Digest::default()
        };
        if let Some(usage) = &usage {
            digest.count(Wire::Chat, usage);
        }
        digest.error = self.error.clone();
        digest.content = self.write();
        digest
    }

    /// The usage that Groq puts into an envelope of its own, or Moonshot into a choice.
    fn vendor_usage(&self) -> Option<String> {
        let mut usage = None;
        if let Some(envelope) = self.top.value("x_groq") {
            json::fields(envelope, |key, value| {
                if key == "usage" {
                    keep_usage(&mut usage, value);
                }
            });
        }
        usage.or_else(|| self.choices.values().find_map(Choice::usage).map(str::to_owned))
    }

    fn write(self) -> Option<Vec<u8>> {
        if self.top.is_empty() && self.choices.is_empty() && self.usage.is_none() {
            return None;
        }
        let mut out = String::new();
        let mut answer = write::Object::open(&mut out);
        if !self.top.has("object") {
            answer.string("object", "chat.completion");
        }
        self.top.write(&mut answer);
        write::push_array(answer.key("choices"), self.choices, |out, (index, choice)| choice.write(index, out));
        if let Some(usage) = &self.usage {
            answer.field("usage", usage);
        }
        answer.close();
        Some(out.into_bytes())
    }
}

/// Keeps the last usage that is an object; `null` replaces nothing.
pub(super) fn keep_usage(kept: &mut Option<String>, usage: &str) {
    if json::is_object(usage) && usage.len() <= USAGE_BYTES && kept.as_deref() != Some(usage) && json::is_valid(usage) {
        *kept = Some(usage.to_owned());
    }
}
