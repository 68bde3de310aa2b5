use proptest::prelude::*;
use serde_json::{Value, json};

use super::{LIMITS, Wire, chunk, delta, stop, stream, tap};
use crate::provider::digest::{TapLimits, digest_body, is_usage_only, json::fields};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\\\\n\\[\\]{}é😀]{0,8}".prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "content",
        "role",
        "index",
        "id",
        "name",
        "function",
        "tool_calls",
        "usage",
        "error",
        "a\"b",
        "é",
    ]);
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

fn events() -> impl Strategy<Value = Value> {
    let text = "[a-zé😀\"\\\\\n]{0,12}";
    prop_oneof![
        4 => (0..3_u64, text).prop_map(|(index, text)| delta(index, &json!({"content": text}))),
        2 => (0..3_u64, text).prop_map(|(index, text)| delta(0, &json!({"tool_calls": [{"index": index, "function": {"arguments": text}}]}))),
        1 => (0..3_u64).prop_map(|index| stop(index, "stop")),
        1 => values().prop_map(|value| delta(0, &value)),
        1 => values().prop_map(|value| chunk(&value)),
        1 => (text, 0..3_u64, values()).prop_map(|(text, index, item)| json!({
            "type": "response.output_text.delta", "output_index": index, "delta": text, "item": item, "response": item})),
        1 => values().prop_map(|item| json!({"type": "response.output_item.done", "output_index": 0, "item": item})),
        1 => Just(json!("[DONE]")),
    ]
}

fn wires() -> impl Strategy<Value = Wire> {
    prop::sample::select(vec![Wire::Chat, Wire::Responses])
}

/// The pieces of the input between the cuts.
fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

fn cuts() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    prop::collection::vec(any::<prop::sample::Index>(), 0..12)
}

proptest! {
    #[test]
    fn a_stream_reads_the_same_however_it_is_cut(
        wire in wires(), events in prop::collection::vec(events(), 0..20), cuts in cuts(), content_bytes in 0..3_000_usize,
    ) {
        let bytes = stream(&events);
        let limits = TapLimits { content_bytes, ..LIMITS };
        let whole = tap(wire, limits, [bytes.as_slice()]);
        prop_assert_eq!(&tap(wire, limits, pieces(&bytes, &cuts)), &whole);
        if let Some(content) = whole.content {
            prop_assert!(serde_json::from_slice::<Value>(&content).is_ok(), "{}", String::from_utf8_lossy(&content));
        }
    }

    #[test]
    fn damaged_streams_never_make_content_that_is_not_json(
        wire in wires(), events in prop::collection::vec(events(), 1..8),
        damage in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\"\\{}[],:u0\n\t \xC3\xFF".to_vec())), 1..6),
    ) {
        let mut bytes = stream(&events);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(content) = tap(wire, LIMITS, [bytes.as_slice()]).content {
            prop_assert!(serde_json::from_slice::<Value>(&content).is_ok(), "{}", String::from_utf8_lossy(&content));
        }
        digest_body(wire, &bytes);
        is_usage_only(&bytes);
    }

    #[test]
    fn a_walk_sees_the_fields_that_a_parser_sees(value in values(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let mut seen = serde_json::Map::new();
        let is_object = fields(&text, |key, value| { seen.insert(key.to_owned(), serde_json::from_str(value).unwrap()); });
        prop_assert_eq!(is_object, value.is_object());
        if is_object {
            prop_assert_eq!(Value::Object(seen), value);
        }
    }
}
