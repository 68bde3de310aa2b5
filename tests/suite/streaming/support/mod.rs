//! What the tests of streams share.

pub(crate) mod manual;

use std::time::{Duration, Instant};

use bytes::Bytes;
use libgateway::{Error, ReplyStream};
use libgateway_tests::Backend;
use serde_json::{Value, json};

/// How long an event is waited for: far longer than it takes, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The database of tests in which the store has no part.
pub(crate) const SQLITE: Backend = Backend::Sqlite;

/// The body of a chat whose stream reaches the caller as it comes, the chunk of usage included.
pub(crate) fn usage_wanted() -> Value {
    json!({
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": true,
        "stream_options": {"include_usage": true},
    })
}

/// The body of a chat with this model.
pub(crate) fn hello_to(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
}

/// The event that carries a piece of the first choice's content.
pub(crate) fn content_event(content: &str) -> String {
    event(&json!({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}]}))
}

/// The event that ends the first choice.
pub(crate) fn finish_event() -> String {
    event(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
}

/// The event of a chunk.
pub(crate) fn event(fields: &Value) -> String {
    let mut chunk =
        json!({"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "gpt-4o"});
    for (key, value) in fields.as_object().expect("an object") {
        chunk[key] = value.clone();
    }
    format!("data: {chunk}\n\n")
}

/// Reads a stream to its end.
pub(crate) async fn read_all(stream: &mut ReplyStream) -> (Vec<u8>, Option<Error>) {
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next_chunk().await {
        match chunk {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(error) => {
                assert!(stream.next_chunk().await.is_none(), "a stream goes on after its error");
                return (bytes, Some(error));
            }
        }
    }
    (bytes, None)
}

/// The next piece of a stream that has one.
pub(crate) async fn next(stream: &mut ReplyStream) -> Bytes {
    stream.next_chunk().await.expect("a chunk").expect("no error")
}

/// Reads until the text has come; gives everything read.
pub(crate) async fn read_until(stream: &mut ReplyStream, text: &str) -> String {
    let mut read = String::new();
    while !read.contains(text) {
        read.push_str(std::str::from_utf8(&next(stream).await).expect("text"));
    }
    read
}

/// Waits for a condition that nothing announces.
pub(crate) async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut ticks = tokio::time::interval(Duration::from_millis(2));
    while !condition() {
        assert!(Instant::now() < deadline, "{what}: not within {} s", PATIENCE.as_secs());
        ticks.tick().await;
    }
}

/// The text of a traced answer's first choice.
pub(crate) fn traced_content(response: Option<&serde_json::value::RawValue>) -> String {
    let response: Value = serde_json::from_str(response.expect("a traced answer").get()).expect("JSON");
    response["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned()
}
