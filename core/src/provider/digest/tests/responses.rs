use serde_json::{Value, json};

use super::{LIMITS, Wire, content, read, stream, tap};
use crate::provider::digest::{StreamTap, TapLimits};

fn response(status: &str, output: &Value, usage: &Value) -> Value {
    json!({"id": "resp_1", "object": "response", "created_at": 1741290958, "status": status, "error": null, "incomplete_details": null,
           "instructions": "Be terse.", "model": "gpt-4.1-2025-04-14", "output": output, "service_tier": "default", "usage": usage})
}

fn created() -> Value {
    json!({"type": "response.created", "sequence_number": 0, "response": response("in_progress", &json!([]), &json!(null))})
}

fn text(delta: &str) -> Value {
    json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 1, "content_index": 0, "delta": delta, "logprobs": []})
}

fn message(status: &str, content: &Value) -> Value {
    json!({"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content})
}

#[test]
fn a_finished_stream_keeps_the_whole_response_as_it_was_sent() {
    let output = json!([message("completed", &json!([{"type": "output_text", "text": "Hi", "annotations": []}]))]);
    let usage = json!({"input_tokens": 37, "input_tokens_details": {"cached_tokens": 30}, "output_tokens": 11,
                       "output_tokens_details": {"reasoning_tokens": 4}, "total_tokens": 48});
    for status in ["completed", "incomplete"] {
        let whole = response(status, &output, &usage);
        let end = json!({"type": format!("response.{status}"), "response": whole});
        let digest = read(Wire::Responses, &stream(&[created(), text("H"), text("i"), end]));
        assert_eq!(digest.content, Some(whole.to_string().into_bytes()));
        assert_eq!((digest.usage.input_uncached, digest.usage.cache_read), (Some(7), Some(30)));
        assert_eq!((digest.usage.output_text, digest.usage.reasoning), (Some(7), Some(4)));
        assert_eq!((digest.finished, digest.usage_mismatch, digest.chunk_count), (true, false, Some(4)));
        assert_eq!(
            (digest.model.as_deref(), digest.service_tier.as_deref()),
            (Some("gpt-4.1-2025-04-14"), Some("default"))
        );
        assert_eq!(digest.error, None);
    }
}

#[test]
fn a_cut_stream_is_rebuilt_from_its_deltas() {
    let delta = |kind: &str, output_index: u64, delta: &str| json!({"type": format!("response.{kind}.delta"), "output_index": output_index, "summary_index": 0, "delta": delta});
    let digest = read(
        Wire::Responses,
        &stream(&[
            created(),
            json!({"type": "response.output_item.added", "output_index": 0, "item": {"id": "rs_1", "type": "reasoning", "summary": []}}),
            delta("reasoning_summary_text", 0, "Think"),
            delta("reasoning_summary_text", 0, "ing"),
            json!({"type": "response.output_item.added", "output_index": 1, "item": message("in_progress", &json!([]))}),
            text("Hel"),
            text("lo"),
            json!({"type": "response.output_text.done", "output_index": 1, "content_index": 0, "text": "Hello"}),
            json!({"type": "response.output_item.added", "output_index": 2,
                   "item": {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "", "status": "in_progress"}}),
            delta("function_call_arguments", 2, "{\"a\""),
            delta("function_call_arguments", 2, ":1}"),
            delta("refusal", 3, "no"),
        ]),
    );
    assert_eq!(
        content(&digest),
        json!({
            "id": "resp_1", "object": "response", "created_at": 1741290958, "status": "in_progress", "model": "gpt-4.1-2025-04-14",
            "error": null, "incomplete_details": null, "service_tier": "default",
            "output": [
                {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Thinking"}]},
                {"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant",
                 "content": [{"type": "output_text", "text": "Hello"}]},
                {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{\"a\":1}", "status": "in_progress"},
                {"type": "message", "content": [{"type": "refusal", "refusal": "no"}]},
            ],
        })
    );
    assert!(!digest.finished);
}

#[test]
fn an_item_that_ended_is_kept_as_it_was_sent() {
    let item = message(
        "completed",
        &json!([{"type": "output_text", "text": "Hello", "annotations": [{"type": "url_citation"}]}]),
    );
    let done = json!({"type": "response.output_item.done", "output_index": 1, "item": item});
    let digest = read(Wire::Responses, &stream(&[created(), text("Hello"), done]));
    assert_eq!(content(&digest)["output"], json!([item]));
}

#[test]
fn errors_come_as_events_and_as_failed_responses() {
    let mut failed = response("failed", &json!([]), &json!(null));
    failed["error"] = json!({"code": "server_error", "message": "broken"});
    for (event, finished) in [
        (json!({"type": "error", "code": "server_error", "message": "broken", "param": null}), false),
        (
            json!({"type": "error", "error": {"type": "server", "code": "server_error", "message": "broken", "param": null}}),
            false,
        ),
        (json!({"type": "response.failed", "response": failed}), true),
    ] {
        let digest = read(Wire::Responses, &stream(&[created(), text("par"), event]));
        let error = digest.error.clone().unwrap();
        assert_eq!((error.message.as_str(), error.code.as_deref()), ("broken", Some("server_error")));
        assert_eq!(digest.finished, finished);
        assert_eq!(content(&digest)["output"][0]["content"][0]["text"], json!("par"), "the partial text is kept");
        assert_eq!(content(&digest)["status"], json!(if finished { "failed" } else { "in_progress" }));
    }
    let digest = read(
        Wire::Responses,
        &stream(&[json!({"type": "response.failed", "response": response("failed", &json!([]), &json!(null))})]),
    );
    assert!(digest.error.is_some());
}

#[test]
fn the_first_token_is_known_when_it_comes() {
    for token in [
        text("a"),
        json!({"type": "response.reasoning_summary_text.delta", "delta": "a"}),
        json!({"type": "response.audio.delta", "delta": "AA"}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "function_call", "name": "f"}}),
    ] {
        let mut tap = StreamTap::new(Wire::Responses, LIMITS);
        let added = json!({"type": "response.output_item.added", "output_index": 0, "item": message("in_progress", &json!([]))});
        tap.push(&stream(&[created(), added, text("")])).unwrap();
        assert!(!tap.has_content());
        tap.push(&stream(std::slice::from_ref(&token))).unwrap();
        assert!(tap.has_content(), "a token in {token}");
    }
}

#[test]
fn a_response_larger_than_the_cap_is_rebuilt_and_flagged() {
    let long = "x".repeat(5_000);
    let output = json!([message("completed", &json!([{"type": "output_text", "text": long}]))]);
    let usage = json!({"input_tokens": 1, "output_tokens": 2, "total_tokens": 3});
    let end = json!({"type": "response.completed", "response": response("completed", &output, &usage)});
    let limits = TapLimits { content_bytes: 2_000, ..LIMITS };
    let digest = tap(Wire::Responses, limits, [stream(&[created(), text(&long), end]).as_slice()]);
    assert!(digest.capped && digest.finished);
    assert_eq!(digest.usage.total_tokens(), Some(3));
    let answer = content(&digest);
    let kept = answer["output"][0]["content"][0]["text"].as_str().unwrap();
    assert!(kept.len() > 500 && long.starts_with(kept));
    assert_eq!(answer["usage"], usage);
}
