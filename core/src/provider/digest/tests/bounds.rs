use serde_json::json;

use super::{LIMITS, Wire, chunk, content, delta, stop, stream, tap};
use crate::{
    provider::digest::{StreamTap, TapLimits},
    transport::sse::TooLarge,
};

const SMALL: TapLimits = TapLimits { event_bytes: 8 * 1024, content_bytes: 4 * 1024 };

#[test]
fn a_stream_far_beyond_the_cap_leaves_memory_flat() {
    let mut tap = StreamTap::new(Wire::Chat, SMALL);
    tap.push(&stream(&[delta(0, &json!({"role": "assistant", "content": "start "}))])).unwrap();
    let event = stream(&[delta(0, &json!({"content": "0123456789".repeat(10)}))]);
    let mut largest = 0;
    for _ in 0..20_000 {
        tap.push(&event).unwrap();
        largest = largest.max(tap.backlog_capacity());
    }
    assert!(largest <= 4 * SMALL.event_bytes, "{largest}");
    tap.push(&stream(&[
        stop(0, "length"),
        json!({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 500_000, "total_tokens": 500_001}}),
    ]))
    .unwrap();
    let digest = tap.finish();
    assert!(digest.capped && digest.finished);
    assert_eq!((digest.chunk_count, digest.usage.output_text), (Some(20_003), Some(500_000)));
    let answer = content(&digest);
    assert_eq!(answer["choices"][0]["finish_reason"], json!("length"));
    let kept = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(
        kept.starts_with("start 0123456789")
            && kept.len() < SMALL.content_bytes
            && kept.len() > SMALL.content_bytes / 2
    );
    assert!(digest.content.unwrap().len() < SMALL.content_bytes + 512);
}

#[test]
fn bytes_are_set_aside_once_content_has_come() {
    let mut tap = StreamTap::new(Wire::Chat, LIMITS);
    let event = stream(&[delta(0, &json!({"content": "x"}))]);
    for _ in 0..10_000 {
        tap.push(&event).unwrap();
    }
    assert!((64 * 1024..=256 * 1024).contains(&tap.backlog_capacity()), "{}", tap.backlog_capacity());
    assert_eq!(content(&tap.finish())["choices"][0]["message"]["content"].as_str().map(str::len), Some(10_000));
}

#[test]
fn no_shape_of_chunk_escapes_the_cap() {
    let calls: Vec<_> = (0..100).map(|index| json!({"index": index, "id": format!("call_{index}")})).collect();
    let choices: Vec<_> = (0..100).map(|index| json!({"index": index * 1_000, "delta": {}})).collect();
    for number in 0..3 {
        let events: Vec<_> = (0..100)
            .map(|event| match number {
                0 => delta(0, &json!({format!("key_{event}"): "x".repeat(100)})),
                1 => delta(event % 3, &json!({"tool_calls": calls})),
                _ => chunk(&json!([{"index": event, "delta": {"content": "x".repeat(90)}}, choices[usize::try_from(event).unwrap()]])),
            })
            .collect();
        let digest = tap(Wire::Chat, SMALL, [stream(&events).as_slice()]);
        assert!(digest.capped, "shape {number}");
        assert!(digest.content.unwrap().len() < SMALL.content_bytes + 200 * 128, "shape {number}");
    }
}

#[test]
fn a_field_replaced_by_every_chunk_does_not_spend_the_budget() {
    let events: Vec<_> = (0..1_000)
        .map(|number| {
            let mut event = delta(0, &json!({"content": "x"}));
            event["created"] = json!(1_741_569_952 + number);
            event["citations"] = json!(["x".repeat(number % 100)]);
            event
        })
        .collect();
    let digest = tap(Wire::Chat, SMALL, [stream(&events).as_slice()]);
    assert!(!digest.capped);
    assert_eq!(content(&digest)["created"], json!(1_741_570_951));
}

#[test]
fn an_event_over_the_limit_is_an_error_and_what_came_before_is_kept() {
    for wire in [Wire::Chat, Wire::Responses] {
        let mut tap = StreamTap::new(wire, SMALL);
        let first = match wire {
            Wire::Chat => delta(0, &json!({"content": "kept"})),
            _ => json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "kept"}),
        };
        tap.push(&stream(&[first])).unwrap();
        let failed = (0..100).find_map(|_| tap.push(&[b'x'; 1_000]).err());
        assert_eq!(failed, Some(TooLarge { limit: SMALL.event_bytes }));
        assert_eq!(tap.push(b"more"), Err(TooLarge { limit: SMALL.event_bytes }));
        assert_eq!(tap.backlog_capacity(), 0);
        let digest = tap.finish();
        assert_eq!((digest.chunk_count, digest.finished), (Some(1), false));
        assert!(content(&digest).to_string().contains("kept"));
    }
}

#[test]
fn deep_nesting_is_walked_without_recursion() {
    let deep = |open: &str, close: &str| open.repeat(20_000) + &close.repeat(20_000);
    for value in [deep("[", "]"), deep("{\"error\":", "}").replace(":}", ":1}"), "{\"error\":".repeat(20_000)] {
        let bytes = format!(
            "data: {{\"error\":{value},\"x\":{value},\"choices\":[{{\"delta\":{{\"content\":{value}}}}}]}}\n\n"
        );
        tap(Wire::Chat, LIMITS, [bytes.as_bytes()]);
    }
}
