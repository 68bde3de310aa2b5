#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod body;
mod bounds;
mod chat;
mod properties;
mod responses;
mod usage;
mod vendors;

use serde_json::{Value, json};

use super::{Digest, StreamTap, TapLimits, Wire};

const LIMITS: TapLimits = TapLimits { event_bytes: 1 << 20, content_bytes: 1 << 20 };

/// The bytes of a stream; strings are sent as they are, anything else as JSON.
fn stream(events: &[Value]) -> Vec<u8> {
    let line = |event: &Value| event.as_str().map_or_else(|| event.to_string(), str::to_owned);
    events.iter().map(|event| format!("data: {}\n\n", line(event))).collect::<String>().into_bytes()
}

fn tap<'a>(wire: Wire, limits: TapLimits, pieces: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    let mut tap = StreamTap::new(wire, limits);
    for piece in pieces {
        tap.push(piece).unwrap();
    }
    tap.finish()
}

/// Reads a stream in one piece, byte by byte and cut in two at many places, which must all say the same.
fn read(wire: Wire, bytes: &[u8]) -> Digest {
    let digest = tap(wire, LIMITS, [bytes]);
    assert_eq!(tap(wire, LIMITS, bytes.chunks(1)), digest, "byte by byte");
    for at in (0..bytes.len()).step_by(1 + bytes.len() / 400) {
        assert_eq!(tap(wire, LIMITS, [&bytes[..at], &bytes[at..]]), digest, "cut at {at}");
    }
    digest
}

fn content(digest: &Digest) -> Value {
    serde_json::from_slice(digest.content.as_ref().unwrap()).unwrap()
}

/// A chunk of a chat completion as OpenAI sends it.
fn chunk(choices: &Value) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1741569952, "model": "gpt-4o-2024-08-06",
        "service_tier": "default", "system_fingerprint": "fp_1", "choices": choices, "usage": null, "obfuscation": "x9",
    })
}

fn delta(index: u64, delta: &Value) -> Value {
    chunk(&json!([{"index": index, "delta": delta, "logprobs": null, "finish_reason": null}]))
}

fn stop(index: u64, reason: &str) -> Value {
    chunk(&json!([{"index": index, "delta": {}, "logprobs": null, "finish_reason": reason}]))
}
