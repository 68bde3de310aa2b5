use serde_json::json;

use super::{Wire, chunk, content, delta, read, stop, stream};
use crate::{provider::digest::StreamTap, types::usage::UsageSource};

#[test]
fn a_stream_is_rebuilt_as_the_answer_it_would_have_been() {
    let digest = read(
        Wire::Chat,
        &stream(&[
            delta(0, &json!({"role": "assistant", "content": "", "refusal": null})),
            delta(0, &json!({"content": "Hé"})),
            delta(0, &json!({"content": "llo \"you\"\n😀"})),
            stop(0, "stop"),
            json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1741569952, "model": "gpt-4o-2024-08-06",
                   "service_tier": "default", "system_fingerprint": "fp_1", "choices": [],
                   "usage": {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9}}),
            json!("[DONE]"),
        ]),
    );
    assert_eq!(
        content(&digest),
        json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1741569952, "model": "gpt-4o-2024-08-06",
            "service_tier": "default", "system_fingerprint": "fp_1",
            "choices": [{
                "index": 0, "message": {"role": "assistant", "content": "Héllo \"you\"\n😀", "refusal": null},
                "logprobs": null, "finish_reason": "stop",
            }],
            "usage": {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9},
        })
    );
    assert_eq!((digest.model.as_deref(), digest.service_tier.as_deref()), (Some("gpt-4o-2024-08-06"), Some("default")));
    assert_eq!((digest.usage.input_tokens(), digest.usage.output_text), (Some(9), Some(0)));
    assert_eq!((digest.usage_source, digest.usage_mismatch), (UsageSource::Reported, false));
    assert_eq!((digest.chunk_count, digest.finished, digest.capped, digest.error), (Some(5), true, false, None));
}

#[test]
fn choices_come_in_the_order_of_their_index() {
    let digest = read(
        Wire::Chat,
        &stream(&[
            delta(1, &json!({"role": "assistant", "content": "b"})),
            chunk(&json!([{"delta": {"content": "a"}, "index": 0}, {"delta": {"content": "B"}, "index": 1}])),
            stop(1, "length"),
            stop(0, "stop"),
        ]),
    );
    let choices = &content(&digest)["choices"];
    assert_eq!((&choices[0]["message"]["content"], &choices[0]["finish_reason"]), (&json!("a"), &json!("stop")));
    assert_eq!((&choices[1]["message"]["content"], &choices[1]["finish_reason"]), (&json!("bB"), &json!("length")));
    assert!(digest.finished, "every choice has a finish reason, though [DONE] is missing");
}

#[test]
fn one_choice_without_a_finish_reason_leaves_the_stream_unfinished() {
    let events = [delta(0, &json!({"content": "a"})), delta(1, &json!({"content": "b"})), stop(0, "stop")];
    assert!(!read(Wire::Chat, &stream(&events)).finished);
}

#[test]
fn done_without_a_finish_reason_is_finished() {
    let digest = read(Wire::Chat, &stream(&[delta(0, &json!({"content": "a"})), json!("[DONE]")]));
    assert!(digest.finished);
    assert_eq!(content(&digest)["choices"][0]["finish_reason"], json!(null));
}

#[test]
fn tool_calls_are_merged_by_index() {
    let digest = read(
        Wire::Chat,
        &stream(&[
            delta(
                0,
                &json!({"role": "assistant", "content": null,
                "tool_calls": [{"index": 0, "id": "call_a", "type": "function", "function": {"name": "get_weather", "arguments": ""}}]}),
            ),
            delta(0, &json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"city\":"}}]})),
            delta(
                0,
                &json!({"tool_calls": [{"index": 1, "id": "call_b", "type": "function", "function": {"name": "now", "arguments": ""}}]}),
            ),
            delta(
                0,
                &json!({"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}, {"index": 0, "function": {"arguments": "\"Oslo\"}"}}]}),
            ),
            delta(
                0,
                &json!({"tool_calls": [{"index": 2, "id": "call_c", "type": "custom", "custom": {"name": "sh", "input": "l"}}]}),
            ),
            delta(0, &json!({"tool_calls": [{"index": 2, "custom": {"input": "s"}}]})),
            stop(0, "tool_calls"),
        ]),
    );
    assert_eq!(
        content(&digest)["choices"][0]["message"],
        json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_a", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\":\"Oslo\"}"}},
            {"id": "call_b", "type": "function", "function": {"name": "now", "arguments": "{}"}},
            {"id": "call_c", "type": "custom", "custom": {"name": "sh", "input": "ls"}},
        ]})
    );
}

#[test]
fn refusal_logprobs_audio_and_the_old_function_call_are_joined() {
    let logprobs =
        |token: &str| json!({"content": [{"token": token, "logprob": -0.1, "top_logprobs": []}], "refusal": null});
    let with_logprobs = |text: &str| {
        chunk(&json!([{"index": 0, "delta": {"content": text}, "logprobs": logprobs(text), "finish_reason": null}]))
    };
    let digest = read(
        Wire::Chat,
        &stream(&[
            with_logprobs("a"),
            with_logprobs("b"),
            delta(0, &json!({"refusal": "I "})),
            delta(0, &json!({"refusal": "won't"})),
            delta(0, &json!({"function_call": {"name": "f", "arguments": "{"}})),
            delta(0, &json!({"function_call": {"arguments": "}"}})),
            delta(0, &json!({"audio": {"id": "audio_1", "transcript": "o"}})),
            delta(0, &json!({"audio": {"id": "audio_1", "transcript": "k", "data": "AA"}})),
            delta(0, &json!({"audio": {"data": "BB", "expires_at": 5}})),
        ]),
    );
    let choice = &content(&digest)["choices"][0];
    assert_eq!(choice["logprobs"]["content"], json!([logprobs("a")["content"][0], logprobs("b")["content"][0]]));
    assert_eq!(
        choice["message"],
        json!({"role": "assistant", "content": "ab", "refusal": "I won't", "function_call": {"name": "f", "arguments": "{}"},
               "audio": {"id": "audio_1", "transcript": "ok", "data": "AABB", "expires_at": 5}})
    );
}

#[test]
fn a_cut_stream_keeps_what_came() {
    let mut bytes =
        stream(&[delta(0, &json!({"role": "assistant", "content": "par"})), delta(0, &json!({"content": "tial"}))]);
    bytes.extend_from_slice(br#"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":" lost"#);
    let digest = read(Wire::Chat, &bytes);
    assert_eq!(content(&digest)["choices"][0]["message"]["content"], json!("partial"));
    assert_eq!((digest.finished, digest.chunk_count, digest.usage_source), (false, Some(2), UsageSource::None));
}

#[test]
fn the_last_event_counts_without_its_blank_line() {
    let bytes = stream(&[delta(0, &json!({"content": "a"})), stop(0, "stop")]);
    let digest = read(Wire::Chat, bytes.trim_ascii_end());
    assert!(digest.finished);
}

#[test]
fn an_error_event_keeps_the_partial_content() {
    let error = json!({"error": {"message": "The server had an error", "type": "server_error", "code": 502}});
    let digest = read(Wire::Chat, &stream(&[delta(0, &json!({"content": "par"})), error]));
    let reported = digest.error.clone().unwrap();
    assert_eq!(reported.message, "The server had an error");
    assert_eq!((reported.kind.as_deref(), reported.code.as_deref()), (Some("server_error"), Some("502")));
    assert_eq!(content(&digest)["choices"][0]["message"]["content"], json!("par"));
    assert!(!digest.finished);
}

#[test]
fn an_event_named_error_is_an_error_whatever_its_data() {
    let named = |data: &str| format!("event: error\ndata: {data}\n\n").into_bytes();
    for (data, message) in [
        ("overloaded, try again", "overloaded, try again"),
        (r#"{"message":"overloaded"}"#, "overloaded"),
        (r#"{"error":"overloaded"}"#, "overloaded"),
        (r#"{"type":"error","error":{"message":"overloaded","error":{"message":"deeper"}}}"#, "overloaded"),
    ] {
        assert_eq!(read(Wire::Chat, &named(data)).error.map(|error| error.message).as_deref(), Some(message), "{data}");
    }
}

#[test]
fn the_first_token_is_known_when_it_comes() {
    for token in [
        json!({"content": "a"}),
        json!({"refusal": "a"}),
        json!({"reasoning_content": "a"}),
        json!({"reasoning": "a"}),
        json!({"reasoning_details": [{"type": "reasoning.text", "text": "a"}]}),
        json!({"tool_calls": [{"index": 0, "function": {"name": "f"}}]}),
        json!({"function_call": {"arguments": "{"}}),
        json!({"audio": {"data": "AA"}}),
    ] {
        let mut tap = StreamTap::new(Wire::Chat, super::LIMITS);
        let empty = json!({"role": "assistant", "content": "", "refusal": null, "reasoning": null, "tool_calls": [], "audio": {"id": "a"}});
        tap.push(&stream(&[delta(0, &empty), stop(0, "stop")])).unwrap();
        assert!(!tap.has_content(), "no token in {empty}");
        tap.push(&stream(&[delta(0, &token)])).unwrap();
        assert!(tap.has_content(), "a token in {token}");
    }
}

#[test]
fn streams_without_json_give_an_empty_digest() {
    for bytes in [b"".as_slice(), b": ping\n\n", b"data: hello\n\n", b"<html>502</html>", b"data: [1]\n\ndata: {\n\n"] {
        let digest = read(Wire::Chat, bytes);
        assert_eq!((digest.content, digest.chunk_count, digest.finished, digest.error), (None, Some(0), false, None));
    }
}
