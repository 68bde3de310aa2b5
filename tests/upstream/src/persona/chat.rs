//! Chat completions, whole and as the chunks OpenAI sends.
//! <https://platform.openai.com/docs/api-reference/chat>

use serde_json::{Value, json};

use super::{CREATED, Context, PROMPT_TOKENS, events, words};
use crate::script::{Answer, IncludeUsage, Sse};

/// A whole chat completion.
pub(crate) fn completion(answer: &Answer, context: &Context<'_>) -> Value {
    let mut choice = json!({
        "index": 0,
        "message": {"role": "assistant", "content": answer.content.concat(), "refusal": null},
        "logprobs": null,
        "finish_reason": finish_reason(answer),
    });
    if context.is_azure_deployment() {
        set(&mut choice, "content_filter_results", filter_results());
    }
    let mut body = json!({
        "id": format!("chatcmpl-{}", context.seq),
        "object": "chat.completion",
        "created": CREATED,
        "model": model(answer, context),
        "choices": [choice],
        "usage": usage(answer, words(&answer.content).max(1)),
        "service_tier": "default",
        "system_fingerprint": "fp_upstream",
    });
    if context.is_azure_deployment() {
        set(&mut body, "prompt_filter_results", prompt_filter_results());
    }
    body
}

/// The chunks of a chat completion: the role, each piece of content, the
/// finish reason, the usage if it was asked for, and `[DONE]`.
pub(crate) fn completion_stream(answer: &Answer, context: &Context<'_>) -> Sse {
    let with_usage = match answer.include_usage {
        IncludeUsage::Asked => context.asked.include_usage,
        IncludeUsage::Always => true,
        IncludeUsage::Never => false,
    };
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = json!({
            "id": format!("chatcmpl-{}", context.seq),
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": model(answer, context),
            "service_tier": "default",
            "system_fingerprint": "fp_upstream",
            "choices": choices,
        });
        if with_usage {
            set(&mut chunk, "usage", usage);
        }
        chunk
    };
    let delta = |delta: Value, finish_reason: Option<&str>| {
        let choice = json!({
            "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason,
        });
        chunk(json!([choice]), Value::Null)
    };

    let mut chunks = Vec::with_capacity(answer.content.len() + 4);
    if context.is_azure_deployment() {
        let mut filtered = chunk(json!([]), Value::Null);
        set(&mut filtered, "prompt_filter_results", prompt_filter_results());
        set(&mut filtered, "id", json!(""));
        set(&mut filtered, "model", json!(""));
        set(&mut filtered, "object", json!(""));
        set(&mut filtered, "created", json!(0));
        chunks.push(filtered);
    }
    chunks.push(delta(json!({"role": "assistant", "content": "", "refusal": null}), None));
    for piece in &answer.content {
        chunks.push(delta(json!({"content": piece}), None));
    }
    chunks.push(delta(json!({}), Some(finish_reason(answer))));
    if with_usage {
        let pieces = u64::try_from(answer.content.len()).unwrap_or(u64::MAX);
        chunks.push(chunk(json!([]), usage(answer, pieces)));
    }
    events(chunks).done()
}

fn model<'a>(answer: &'a Answer, context: &Context<'a>) -> &'a str {
    answer.model.as_deref().unwrap_or(context.model())
}

fn finish_reason(answer: &Answer) -> &str {
    answer.finish_reason.as_deref().unwrap_or("stop")
}

fn usage(answer: &Answer, completion_tokens: u64) -> Value {
    answer.usage.clone().unwrap_or_else(|| {
        json!({
            "prompt_tokens": PROMPT_TOKENS,
            "completion_tokens": completion_tokens,
            "total_tokens": PROMPT_TOKENS + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        })
    })
}

fn prompt_filter_results() -> Value {
    json!([{"prompt_index": 0, "content_filter_results": filter_results()}])
}

fn filter_results() -> Value {
    let safe = json!({"filtered": false, "severity": "safe"});
    json!({"hate": safe, "self_harm": safe, "sexual": safe, "violence": safe})
}

fn set(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}
