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

/// What a usage says beside its leaves.
fn beside(reported: &Value) -> (Value, bool, Option<String>) {
    let counted = read(Wire::Chat, &reported.to_string());
    (json!(counted.extra), counted.unknown, counted.tier)
}

#[test]
fn anthropics_input_leaves_out_the_cache() {
    for (reported, expected, mismatch) in [
        (
            json!({"input_tokens": 21, "cache_creation_input_tokens": 188086, "cache_read_input_tokens": 7, "output_tokens": 393}),
            json!({"input_uncached": 21, "cache_read": 7, "cache_write_5m": 188086, "output_text": 393}),
            false,
        ),
        (
            json!({"input_tokens": 2048, "cache_read_input_tokens": 1800, "cache_creation_input_tokens": 248, "output_tokens": 503,
                   "cache_creation": {"ephemeral_5m_input_tokens": 148, "ephemeral_1h_input_tokens": 100},
                   "output_tokens_details": {"thinking_tokens": 500}}),
            json!({"input_uncached": 2048, "cache_read": 1800, "cache_write_5m": 148, "cache_write_1h": 100, "output_text": 3, "reasoning": 500}),
            false,
        ),
        (
            json!({"input_tokens": 1, "cache_creation_input_tokens": 9, "output_tokens": 1,
                   "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2}}),
            json!({"input_uncached": 1, "cache_write_5m": 7, "cache_write_1h": 2, "output_text": 1}),
            true,
        ),
        // The same in OpenAI's shape, as LiteLLM has it: the whole includes the cache.
        (
            json!({"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105, "cache_creation_input_tokens": 30,
                   "cache_read_input_tokens": 60, "prompt_tokens_details": {"cached_tokens": 60, "cache_creation_tokens": 30,
                   "cache_creation_token_details": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}}}),
            json!({"input_uncached": 10, "cache_read": 60, "cache_write_5m": 10, "cache_write_1h": 20, "output_text": 5}),
            false,
        ),
    ] {
        assert_eq!(leaves(Wire::Chat, &reported), (expected, mismatch), "{reported}");
    }
    let usage = json!({"input_tokens": 1, "cache_read_input_tokens": 0, "output_tokens": 1, "service_tier": "batch",
                       "server_tool_use": {"web_search_requests": 3}});
    assert_eq!(beside(&usage), (json!({"web_searches": 3}), false, Some("batch".to_owned())));
    let usage = json!({"input_tokens": 1, "cache_read_input_tokens": 0, "service_tier": "standard", "speed": "fast"});
    assert_eq!(beside(&usage).2.as_deref(), Some("fast"));
}

#[test]
fn geminis_thoughts_and_tools_stand_beside_its_wholes() {
    for (reported, expected, mismatch) in [
        (
            json!({"promptTokenCount": 9, "candidatesTokenCount": 46, "thoughtsTokenCount": 100, "totalTokenCount": 155,
                   "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 9}]}),
            json!({"input_uncached": 9, "output_text": 46, "reasoning": 100}),
            false,
        ),
        // What is cached is not counted once more as what it is.
        (
            json!({"promptTokenCount": 1000, "cachedContentTokenCount": 600, "candidatesTokenCount": 50, "toolUsePromptTokenCount": 10,
                   "totalTokenCount": 1060,
                   "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 300}, {"modality": "AUDIO", "tokenCount": 500}, {"modality": "IMAGE", "tokenCount": 200}],
                   "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 400}, {"modality": "TEXT", "tokenCount": 200}],
                   "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 30}, {"modality": "TEXT", "tokenCount": 20}]}),
            json!({"input_uncached": 110, "cache_read": 600, "audio_in": 100, "image_in": 200, "output_text": 20, "image_out": 30}),
            false,
        ),
        (
            json!({"promptTokenCount": 9, "candidatesTokenCount": 46, "totalTokenCount": 56}),
            json!({"input_uncached": 9, "output_text": 46}),
            true,
        ),
    ] {
        assert_eq!(leaves(Wire::Chat, &reported), (expected, mismatch), "{reported}");
    }
    let usage = json!({"promptTokenCount": 1, "totalTokenCount": 1, "trafficType": "ON_DEMAND_PRIORITY"});
    assert_eq!(beside(&usage).2.as_deref(), Some("priority"));
}

#[test]
fn vendors_count_elsewhere_too() {
    for (reported, expected) in [
        // Perplexity's research is in no whole.
        (
            json!({"prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196, "citation_tokens": 19028,
                   "num_search_queries": 21, "reasoning_tokens": 73997}),
            json!({"input_uncached": 33, "output_text": 7163, "reasoning": 73997}),
        ),
        // SGLang's reasoning is a part of the completion.
        (
            json!({"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30, "reasoning_tokens": 15, "prompt_tokens_details": null}),
            json!({"input_uncached": 10, "output_text": 5, "reasoning": 15}),
        ),
        (
            json!({"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30, "num_cached_tokens": 4}),
            json!({"input_uncached": 6, "cache_read": 4, "output_text": 20}),
        ),
        (
            json!({"input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
                   "input_tokens_details": {"cached_tokens": 60, "audio_tokens": 50, "text_tokens": 50,
                                            "cached_tokens_details": {"text_tokens": 30, "audio_tokens": 30}}}),
            json!({"input_uncached": 20, "cache_read": 60, "audio_in": 20, "output_text": 20}),
        ),
    ] {
        assert_eq!(leaves(Wire::Chat, &reported), (expected, false), "{reported}");
    }
    let research = json!({"prompt_tokens": 3, "completion_tokens": 7, "citation_tokens": 19, "num_search_queries": 2});
    assert_eq!(beside(&research), (json!({"citation_tokens": 19, "web_searches": 2}), false, None));
}

#[test]
fn what_is_not_known_is_kept_by_its_name() {
    let usage = json!({
        "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "dream_tokens": 7, "cost": 0.5, "is_byok": false,
        "queue_time": 0.01, "future_tokens": 0, "prompt_tokens_details": {"video_tokens": 3, "cached_tokens": 1}
    });
    let kept = json!({"dream_tokens": 7, "prompt_tokens_details.video_tokens": 3});
    assert_eq!(beside(&usage), (kept, true, None));
    let many: serde_json::Map<_, _> = (0..100).map(|number| (format!("field_{number}"), json!(1))).collect();
    assert_eq!(read(Wire::Chat, &Value::Object(many).to_string()).extra.len(), 16);
}
