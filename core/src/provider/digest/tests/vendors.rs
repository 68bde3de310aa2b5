use serde_json::json;

use super::{Wire, chunk, content, delta, read, stop, stream};
use crate::provider::digest::is_usage_only;

fn azure_first() -> serde_json::Value {
    json!({"choices": [], "created": 0, "id": "", "model": "", "object": "",
           "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": false}}}]})
}

#[test]
fn azures_placeholders_replace_nothing_and_its_filter_results_are_kept() {
    let filtered = json!({"choices": [{"index": 0, "finish_reason": null, "content_filter_results": {"hate": {"filtered": false}},
        "content_filter_offsets": {"check_offset": 1}}], "created": 0, "id": "", "model": "", "object": ""});
    let digest = read(
        Wire::Chat,
        &stream(&[azure_first(), delta(0, &json!({"content": "a"})), stop(0, "stop"), filtered, json!("[DONE]")]),
    );
    let answer = content(&digest);
    assert_eq!(answer["prompt_filter_results"], azure_first()["prompt_filter_results"]);
    assert_eq!((&answer["id"], &answer["created"]), (&json!("chatcmpl-1"), &json!(1_741_569_952)));
    assert_eq!(answer["choices"][0]["content_filter_results"], json!({"hate": {"filtered": false}}));
    assert_eq!(answer["choices"][0]["finish_reason"], json!("stop"));
    assert_eq!(digest.model.as_deref(), Some("gpt-4o-2024-08-06"));
}

#[test]
fn reasoning_keeps_the_vendors_name() {
    for name in ["reasoning", "reasoning_content"] {
        let digest = read(
            Wire::Chat,
            &stream(&[
                delta(0, &json!({name: "thin", "content": null})),
                delta(0, &json!({name: "king"})),
                stop(0, "stop"),
            ]),
        );
        assert_eq!(
            content(&digest)["choices"][0]["message"],
            json!({"role": "assistant", name: "thinking", "content": null})
        );
    }
}

#[test]
fn lists_in_a_delta_are_joined() {
    let piece = |text: &str| delta(0, &json!({"reasoning_details": [{"type": "reasoning.text", "text": text}]}));
    let digest = read(Wire::Chat, &stream(&[piece("a"), delta(0, &json!({"reasoning_details": []})), piece("b")]));
    let details = &content(&digest)["choices"][0]["message"]["reasoning_details"];
    assert_eq!(details, &json!([{"type": "reasoning.text", "text": "a"}, {"type": "reasoning.text", "text": "b"}]));
}

#[test]
fn content_that_is_a_string_and_a_list_by_turns_becomes_a_list() {
    let thinking = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]);
    let text = |text: &str| json!({"type": "text", "text": text});
    let digest = read(
        Wire::Chat,
        &stream(&[
            delta(0, &json!({"content": "a\n"})),
            delta(0, &json!({"content": thinking})),
            delta(0, &json!({"content": "b"})),
        ]),
    );
    assert_eq!(content(&digest)["choices"][0]["message"]["content"], json!([text("a\n"), thinking[0], text("b")]));
}

#[test]
fn labels_repeated_in_every_chunk_are_not_joined() {
    let piece = |id: &str, arguments: &str| {
        delta(
            0,
            &json!({"role": "assistant", "tool_calls": [
            {"index": 0, "id": id, "type": "function", "function": {"name": "look_up", "arguments": arguments}}]}),
        )
    };
    let digest = read(Wire::Chat, &stream(&[piece("call_a", "{"), piece("", "}"), piece("call_a", "")]));
    assert_eq!(
        content(&digest)["choices"][0]["message"],
        json!({"role": "assistant", "content": null,
               "tool_calls": [{"id": "call_a", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}]})
    );
}

#[test]
fn calls_without_an_index_or_all_numbered_0_are_told_apart_by_id() {
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let numbered = |id: &str| {
        let mut call = call(id);
        call["index"] = json!(0);
        call
    };
    for calls in [[call("a"), call("b")], [numbered("a"), numbered("b")]] {
        let events = calls.map(|call| delta(0, &json!({"tool_calls": [call]})));
        assert_eq!(
            content(&read(Wire::Chat, &stream(&events)))["choices"][0]["message"]["tool_calls"],
            json!([call("a"), call("b")])
        );
    }
}

#[test]
fn top_level_extras_keep_their_last_value_and_the_message_so_far_is_dropped() {
    let event = |citations: serde_json::Value, text: &str, so_far: &str| {
        let mut event = chunk(
            &json!([{"index": 0, "delta": {"content": text}, "message": {"role": "assistant", "content": so_far}}]),
        );
        event["citations"] = citations;
        event
    };
    let events = [event(json!(["a"]), "x", "x"), event(json!(["a", "b"]), "y", "xy"), event(json!(null), "", "xy")];
    let answer = content(&read(Wire::Chat, &stream(&events)));
    assert_eq!(answer["citations"], json!(["a", "b"]));
    assert_eq!(
        answer["choices"],
        json!([{"index": 0, "message": {"role": "assistant", "content": "xy"}, "logprobs": null, "finish_reason": null}])
    );
}

#[test]
fn usage_in_an_envelope_or_in_a_choice_is_found() {
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7});
    let mut envelope = stop(0, "stop");
    envelope["x_groq"] = json!({"id": "req_1", "usage": usage});
    let in_choice = chunk(&json!([{"index": 0, "delta": {}, "finish_reason": "stop", "usage": usage}]));
    for event in [envelope, in_choice] {
        assert_eq!(read(Wire::Chat, &stream(&[event])).usage.total_tokens(), Some(7));
    }
}

#[test]
fn errors_without_an_error_field_and_errors_of_a_choice_are_found() {
    for event in [
        json!({"object": "error", "message": "no room", "type": "BadRequestError", "code": 400}),
        chunk(
            &json!([{"index": 0, "delta": {}, "finish_reason": "error", "error": {"code": 502, "message": "no room"}}]),
        ),
    ] {
        assert_eq!(read(Wire::Chat, &stream(&[event])).error.unwrap().message, "no room");
    }
}

#[test]
fn escaped_surrogates_may_be_split_between_chunks() {
    let piece = |text: &str| format!(r#"data: {{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#) + "\n\n";
    let whole = piece(r"a\ud83d") + &piece(r"\ude00");
    let text = |bytes: &str| content(&read(Wire::Chat, bytes.as_bytes()))["choices"][0]["message"]["content"].clone();
    assert_eq!(text(&whole), json!("a😀"));
    assert_eq!(text(&piece(r"a\ud83d")), json!("a\u{fffd}"));
}

#[test]
fn only_the_bare_usage_chunk_is_usage_only() {
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3});
    let mut bare = chunk(&json!([]));
    bare["usage"] = usage.clone();
    let with = |key: &str, value: serde_json::Value| {
        let mut event = bare.clone();
        event[key] = value;
        event
    };
    for event in [
        bare.clone(),
        with("x_groq", json!({"id": "r"})),
        with("citations", json!([])),
        with("provider", json!("p")),
        with("choices", json!([{"index": 0, "delta": {}}])),
        with("choices", json!([{"index": 0, "delta": {}, "finish_reason": null}, {"index": 1, "delta": {}}])),
    ] {
        assert!(is_usage_only(event.to_string().as_bytes()), "{event}");
        assert!(is_usage_only(serde_json::to_string_pretty(&event).unwrap().as_bytes()), "{event}");
    }
    let mut stopped = stop(0, "stop");
    stopped["usage"] = usage.clone();
    for event in [
        azure_first(),
        chunk(&json!([])),
        stopped,
        delta(0, &json!({"content": "[]"})),
        with("prompt_filter_results", azure_first()["prompt_filter_results"].clone()),
        with("error", json!({"message": "no"})),
        with("error", json!("no")),
        with("usage", json!([])),
        with("choices", json!(null)),
        with("choices", json!([0])),
        with("choices", json!([{"index": 0, "delta": {"content": "x"}}])),
        with("choices", json!([{"index": 0, "delta": {}}, {"index": 1, "delta": {}, "finish_reason": "stop"}])),
        json!({"usage": usage}),
        json!({"a": {"choices": [], "usage": usage}}),
    ] {
        assert!(!is_usage_only(event.to_string().as_bytes()), "{event}");
    }
    for data in [b"[DONE]".as_slice(), b"", b"[]", b"{\"choices\":[],\"usage\":{}", b"{\"choices\":[ "] {
        assert!(!is_usage_only(data));
    }
}
