//! Turns the usage objects of providers into disjoint leaves. Which shape one has is seen by its fields: routers and
//! proxies pass those of others on.
//!
//! What a provider counts as a part of a whole is never more than the whole: when they contradict each other the whole
//! counts and the usage is flagged. Counts that no leaf has are kept by the provider's names.

mod anthropic;
mod gemini;
mod openai;

use std::collections::BTreeMap;

use super::{Wire, json};
use crate::types::usage::Usage;

/// A count above this is not one; sums of counts below it cannot overflow.
const ABSURD: i64 = 1_000_000_000_000;
/// So many counts are kept beside the leaves, under names of so many bytes.
const EXTRAS: usize = 16;
const NAME_BYTES: usize = 96;

/// What a usage object says.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) usage: Usage,
    /// Counts that no leaf has.
    pub(super) extra: BTreeMap<String, i64>,
    /// Some of them are not known to this library.
    pub(super) unknown: bool,
    /// The leaves are in doubt.
    pub(super) mismatch: bool,
    /// How much larger the total is than its parts, where all of these are there.
    pub(super) gap: Option<i64>,
    /// The service tier, where it stands in the usage.
    pub(super) tier: Option<String>,
}

/// Reads a usage object.
pub(super) fn read(wire: Wire, reported: &str) -> Counted {
    let (mut gemini, mut anthropic, mut openai) = (false, false, false);
    json::fields(reported, |key, _| match key {
        "promptTokenCount" | "totalTokenCount" => gemini = true,
        "cache_creation" | "cache_creation_input_tokens" | "cache_read_input_tokens" => anthropic = true,
        // What they name includes what is cached.
        "prompt_tokens" | "total_tokens" | "input_tokens_details" => openai = true,
        _ => {}
    });
    match (gemini, anthropic, openai) {
        (true, ..) => gemini::read(reported),
        (_, true, false) => anthropic::read(reported),
        _ => openai::read(wire, reported),
    }
}

/// Counts beside the leaves.
#[derive(Default)]
struct Extras {
    counts: BTreeMap<String, i64>,
    unknown: bool,
}

impl Extras {
    /// A count whose meaning is known.
    fn known(&mut self, name: &str, value: &str) {
        if let Some(count) = count(value).filter(|count| *count > 0) {
            self.keep(name, count);
        }
    }

    /// A field that nobody here knows; what is no count, or says nothing, is none.
    fn unknown(&mut self, within: &str, name: &str, value: &str) {
        if let Some(count) = count(value).filter(|count| *count > 0) {
            self.unknown = true;
            let name = if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") };
            self.keep(&name, count);
        }
    }

    fn keep(&mut self, name: &str, count: i64) {
        if self.counts.len() < EXTRAS && name.len() <= NAME_BYTES && !name.contains('\0') {
            self.counts.insert(name.to_owned(), count);
        }
    }
}

/// Gives each part to its leaf and returns what is left of the whole.
fn share<const N: usize>(
    whole: Option<i64>,
    parts: [(Option<i64>, &mut Option<i64>); N],
    mismatch: &mut bool,
) -> Option<i64> {
    let mut left = whole;
    for (part, leaf) in parts {
        *leaf = match (part, left) {
            (Some(part), Some(rest)) => {
                *mismatch |= part > rest;
                left = Some(rest - part.min(rest));
                Some(part.min(rest))
            }
            (part, _) => part,
        };
    }
    left
}

/// A number of tokens or other things.
fn count(value: &str) -> Option<i64> {
    value.parse::<i64>().ok().filter(|count| (0..=ABSURD).contains(count))
}

/// Reads a count; what should be one and is none is doubtful.
fn set(into: &mut Option<i64>, value: &str, doubtful: &mut bool) {
    match count(value) {
        Some(count) => *into = Some(count),
        None => *doubtful |= !json::is_null(value),
    }
}
