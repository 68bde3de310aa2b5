use serde_json::{Value, json};

use crate::{
    provider::digest::{Wire, usage::read},
    types::usage::Usage,
};

/// The leaves that are known, by name, and whether they are in doubt.
fn leaves(wire: Wire, reported: &Value) -> (Value, bool) {
    let counted = read(wire, &reported.to_string());
    assert!(counted.usage.leaves().into_iter().flatten().all(|count| count >= 0), "{reported}");
    let known = Usage::LEAVES
        .iter()
        .zip(counted.usage.leaves())
        .filter_map(|(name, count)| Some(((*name).to_owned(), json!(count?))));
    (Value::Object(known.collect()), counted.mismatch)
}

#[test]
fn wholes_are_split_into_leaves_that_add_up() {
    for (wire, reported, expected) in [
        (
            Wire::Chat,
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}),
            json!({"input_uncached": 10, "output_text": 5}),
        ),
        (
            Wire::Chat,
            json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "prompt_tokens_details": {"cached_tokens": 0},
                   "completion_tokens_details": null}),
            json!({"input_uncached": 0, "cache_read": 0, "output_text": 0}),
        ),
        (
            Wire::Chat,
            json!({"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
                   "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 10, "image_tokens": 5},
                   "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 7, "accepted_prediction_tokens": 3, "rejected_prediction_tokens": 2}}),
            json!({"input_uncached": 25, "cache_read": 60, "audio_in": 10, "image_in": 5, "output_text": 23, "reasoning": 20, "audio_out": 7}),
        ),
        // DeepSeek, Moonshot, OpenRouter.
        (
            Wire::Chat,
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_cache_hit_tokens": 8, "prompt_cache_miss_tokens": 2}),
            json!({"input_uncached": 2, "cache_read": 8, "output_text": 5}),
        ),
        (
            Wire::Chat,
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cached_tokens": 4}),
            json!({"input_uncached": 6, "cache_read": 4, "output_text": 5}),
        ),
        (
            Wire::Chat,
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 6}}),
            json!({"input_uncached": 3, "cache_read": 1, "cache_write_5m": 6, "output_text": 5}),
        ),
        // xAI: the total tells that reasoning is not part of the completion.
        (
            Wire::Chat,
            json!({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135, "completion_tokens_details": {"reasoning_tokens": 94}}),
            json!({"input_uncached": 32, "output_text": 9, "reasoning": 94}),
        ),
        (
            Wire::Responses,
            json!({"input_tokens": 36, "input_tokens_details": {"cached_tokens": 6}, "output_tokens": 87,
                   "output_tokens_details": {"reasoning_tokens": 80}, "total_tokens": 123}),
            json!({"input_uncached": 30, "cache_read": 6, "output_text": 7, "reasoning": 80}),
        ),
        (Wire::Embeddings, json!({"prompt_tokens": 8, "total_tokens": 8}), json!({"input_uncached": 8})),
        (Wire::Embeddings, json!({"total_tokens": 8}), json!({"input_uncached": 8})),
        (
            Wire::Embeddings,
            json!({"prompt_tokens": 8, "completion_tokens": 0, "total_tokens": 8}),
            json!({"input_uncached": 8}),
        ),
        (Wire::Chat, json!({"completion_tokens": 5, "total_tokens": 15}), json!({"output_text": 5})),
        (Wire::Chat, json!({}), json!({})),
    ] {
        assert_eq!(leaves(wire, &reported), (expected, false), "{reported}");
    }
}

#[test]
fn contradictions_are_flagged_and_the_whole_counts() {
    for (reported, expected) in [
        // More cached than there is.
        (
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 12}}),
            json!({"input_uncached": 0, "cache_read": 10, "output_text": 5}),
        ),
        (
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 4}}),
            json!({"input_uncached": 10, "output_text": 0, "reasoning": 4, "audio_out": 1}),
        ),
        // A total that nothing explains.
        (
            json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 16}),
            json!({"input_uncached": 10, "output_text": 5}),
        ),
        (json!({"prompt_tokens": 10, "total_tokens": 9}), json!({"input_uncached": 10})),
        // Not counts.
        (json!({"prompt_tokens": -1, "completion_tokens": 5}), json!({"output_text": 5})),
        (json!({"prompt_tokens": 1.5, "completion_tokens": 5}), json!({"output_text": 5})),
        (json!({"prompt_tokens": "10", "completion_tokens": 5}), json!({"output_text": 5})),
        (json!({"prompt_tokens": u64::MAX, "completion_tokens": i64::MAX}), json!({})),
        (json!({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": -3}}), json!({"input_uncached": 10})),
    ] {
        assert_eq!(leaves(Wire::Chat, &reported), (expected, true), "{reported}");
    }
}
