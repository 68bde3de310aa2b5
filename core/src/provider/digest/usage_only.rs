//! Tells the chunk that carries nothing but usage from all others. It runs for every event of a stream.

use memchr::memchr2_iter;

use super::json;

/// Whether an event is only the usage chunk that `stream_options.include_usage` adds: `choices` is empty, `usage` is
/// an object and nothing else of content is there. LiteLLM sends a choice with an empty delta along.
///
/// Azure's first chunk (`choices` empty, `prompt_filter_results`) is not one, nor is a chunk whose `usage` is null.
pub(crate) fn is_usage_only(data: &[u8]) -> bool {
    has_empty_brackets(data) && std::str::from_utf8(data).is_ok_and(carries_only_usage)
}

/// The cheap test: ordinary chunks have no bracket that is closed at once.
fn has_empty_brackets(data: &[u8]) -> bool {
    memchr2_iter(b'[', b'{', data).any(|at| {
        let mut inside = data.get(at + 1..).unwrap_or_default().iter();
        matches!(inside.find(|byte| !byte.is_ascii_whitespace()), Some(b']' | b'}'))
    })
}

fn carries_only_usage(data: &str) -> bool {
    let (mut no_choices, mut has_usage, mut has_more) = (false, false, false);
    let is_object = json::fields(data, |key, value| match key {
        "choices" => no_choices = says_nothing(value),
        "usage" => has_usage = json::is_object(value),
        "error" => has_more |= !json::is_null(value),
        // Groq's own envelope: ids and a second copy of the usage.
        "x_groq" => {}
        // Labels are in every chunk; a list or an object is something the caller has not seen.
        _ => has_more |= value.starts_with(['[', '{']) && !json::is_blank(value),
    });
    is_object && no_choices && has_usage && !has_more
}

/// Whether there is no choice, or none that has more than an index.
fn says_nothing(choices: &str) -> bool {
    let mut nothing = true;
    let whole = json::items(choices, |choice| {
        let mut blank = true;
        let is_object = json::fields(choice, |key, value| blank &= key == "index" || json::is_blank(value));
        nothing &= is_object && blank;
    });
    whole && nothing
}
