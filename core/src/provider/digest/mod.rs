//! What a finished or cut answer says: model, usage, content, end, error. Read beside the bytes, by the recorder.
//!
//! Nothing here changes what the caller gets, and nothing here fails: what is not understood is left out.

mod chat;
mod choice;
mod error;
mod escape;
mod json;
mod merge;
mod output;
mod responses;
mod tap;
mod usage;
mod usage_only;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::types::usage::{Usage, UsageSource};

pub(crate) use self::{
    error::AnswerError,
    tap::{StreamTap, TapLimits},
    usage_only::is_usage_only,
};

/// The formats whose answers are understood; all of them are OpenAI's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// `/chat/completions`.
    Chat,
    /// `/responses`.
    Responses,
    /// `/embeddings`.
    Embeddings,
    /// `/models`.
    Models,
    /// Anything else.
    Other,
}

/// What one answer says. It has no `Debug` outside tests: content never reaches a log.
#[derive(Default)]
#[cfg_attr(test, derive(Clone, Debug, PartialEq))]
pub(crate) struct Digest {
    /// The model the answer names.
    pub(crate) model: Option<String>,
    /// The counts the provider reported, as disjoint leaves.
    pub(crate) usage: Usage,
    /// `Reported` when there is at least one count, `Estimated` where they are made up of chunks, else `None`.
    pub(crate) usage_source: UsageSource,
    /// Counts that no leaf has, by the provider's own names.
    pub(crate) usage_extra: BTreeMap<String, i64>,
    /// Some of these are not known to this library.
    pub(crate) usage_unknown: bool,
    /// How much larger the total is than its parts.
    pub(crate) usage_gap: Option<i64>,
    /// The counts contradict each other, or some of them are not counts.
    pub(crate) usage_mismatch: bool,
    /// The answer of a stream, rebuilt as one JSON object; `None` when the stream carried nothing, and for an
    /// answer that was not streamed, whose body is its content.
    pub(crate) content: Option<Vec<u8>>,
    /// Part of the content was dropped because it passed the cap.
    pub(crate) capped: bool,
    /// Events of a stream whose data was a JSON object; `None` for an answer that was not streamed.
    pub(crate) chunk_count: Option<i64>,
    /// Those of them that carried a token.
    pub(crate) content_chunks: i64,
    /// The answer says that it is whole: `[DONE]`, a finish reason for every choice, `response.completed`,
    /// `.incomplete` or `.failed`. An answer that was not streamed is whole when it is a JSON object.
    pub(crate) finished: bool,
    /// An error inside an answer whose status was a success.
    pub(crate) error: Option<AnswerError>,
    /// The service tier that served the call, by which some providers price it.
    pub(crate) service_tier: Option<String>,
}

impl Digest {
    fn count(&mut self, wire: Wire, reported: &str) {
        let counted = usage::read(wire, reported);
        self.usage = counted.usage;
        self.usage_extra = counted.extra;
        self.usage_unknown = counted.unknown;
        self.usage_gap = counted.gap;
        self.usage_mismatch = counted.mismatch;
        self.usage_source = if counted.usage.is_empty() { UsageSource::None } else { UsageSource::Reported };
        self.service_tier = counted.tier.or(self.service_tier.take());
    }

    /// Takes what a total has and its parts have not for reasoning: for providers that count it there and nowhere else.
    pub(crate) fn count_hidden_reasoning(&mut self) {
        if let (Some(gap), None | Some(0)) = (self.usage_gap.take(), self.usage.reasoning) {
            self.usage.reasoning = Some(gap);
            self.usage_mismatch = false;
        }
    }

    /// Estimates the output of a stream whose provider reported nothing, or was not let to: a token a chunk, and no more
    /// than the request allowed. Of the input nothing is known.
    pub(crate) fn estimate_output(&mut self, limit: Option<u64>) {
        if self.usage_source == UsageSource::None && self.content_chunks > 0 {
            let limit = limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(i64::MAX);
            self.usage.output_text = Some(self.content_chunks.min(limit));
            self.usage_source = UsageSource::Estimated;
        }
    }
}

/// Reads a JSON answer that was not streamed. `content` stays `None`: the body itself is the content.
///
/// A body that is not a JSON object gives an empty digest.
pub(crate) fn digest_body(wire: Wire, body: &[u8]) -> Digest {
    let body = String::from_utf8_lossy(body);
    if !json::is_valid(&body) {
        return Digest::default();
    }
    let mut digest = Digest::default();
    let mut reported = None;
    digest.finished = json::fields(&body, |key, value| match key {
        "model" => digest.model = json::label(value),
        "service_tier" => digest.service_tier = json::label(value),
        "usage" if json::is_object(value) => reported = Some(value),
        "error" if !json::is_blank(value) => digest.error = Some(AnswerError::read(value)),
        "choices" if wire == Wire::Chat && digest.error.is_none() => digest.error = choice_error(value),
        _ => {}
    });
    if !digest.finished {
        return Digest::default();
    }
    if let Some(reported) = reported {
        digest.count(wire, reported);
    }
    digest
}

/// The error that a router put into a choice when the vendor behind it failed.
fn choice_error(choices: &str) -> Option<AnswerError> {
    let mut error = None;
    json::items(choices, |choice| {
        json::fields(choice, |key, value| {
            if key == "error" && !json::is_blank(value) {
                error = Some(AnswerError::read(value));
            }
        });
    });
    error
}
