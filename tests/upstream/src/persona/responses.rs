//! The responses API, whole and as its named events.
//! <https://platform.openai.com/docs/api-reference/responses>

use serde_json::{Value, json};

use super::{CREATED, Context, PROMPT_TOKENS, events, words};
use crate::script::Sse;

/// A whole response object.
pub(crate) fn whole(pieces: &[String], context: &Context<'_>) -> Value {
    let output_tokens = words(pieces).max(1);
    let usage = json!({
        "input_tokens": PROMPT_TOKENS,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": PROMPT_TOKENS + output_tokens,
    });
    let item = item(context, "completed", &[part(&pieces.concat())]);
    response(context, "completed", &[item], &usage)
}

/// The events of a streamed response, from `response.created` to
/// `response.completed`; there is no `[DONE]`.
pub(crate) fn stream(pieces: &[String], context: &Context<'_>) -> Sse {
    let text = pieces.concat();
    let begun = response(context, "in_progress", &[], &Value::Null);
    let place = json!({"item_id": item_id(context), "output_index": 0, "content_index": 0});
    let mut list = vec![
        json!({"type": "response.created", "response": begun}),
        json!({"type": "response.in_progress", "response": begun}),
        json!({
            "type": "response.output_item.added",
            "output_index": 0,
            "item": item(context, "in_progress", &[]),
        }),
        at(&place, json!({"type": "response.content_part.added", "part": part("")})),
    ];
    for piece in pieces {
        let delta = json!({"type": "response.output_text.delta", "delta": piece, "logprobs": []});
        list.push(at(&place, delta));
    }
    list.extend([
        at(&place, json!({"type": "response.output_text.done", "text": text, "logprobs": []})),
        at(&place, json!({"type": "response.content_part.done", "part": part(&text)})),
        json!({
            "type": "response.output_item.done",
            "output_index": 0,
            "item": item(context, "completed", &[part(&text)]),
        }),
        json!({"type": "response.completed", "response": whole(pieces, context)}),
    ]);
    let numbered = list.into_iter().zip(0_u64..).map(|(event, number)| at(&json!({"sequence_number": number}), event));
    events(numbered.collect()).named()
}

fn response(context: &Context<'_>, status: &str, output: &[Value], usage: &Value) -> Value {
    json!({
        "id": format!("resp_{}", context.seq),
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "error": null,
        "incomplete_details": null,
        "instructions": null,
        "max_output_tokens": null,
        "metadata": {},
        "model": context.model(),
        "output": output,
        "parallel_tool_calls": true,
        "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null},
        "store": true,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage,
    })
}

fn item_id(context: &Context<'_>) -> String {
    format!("msg_{}", context.seq)
}

fn item(context: &Context<'_>, status: &str, content: &[Value]) -> Value {
    json!({
        "id": item_id(context),
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    })
}

fn part(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
}

/// `event` with the fields of `extra`.
fn at(extra: &Value, mut event: Value) -> Value {
    if let (Value::Object(fields), Value::Object(extra)) = (&mut event, extra) {
        fields.extend(extra.clone());
    }
    event
}
