//! Scripted answers without a network, for hosts' own tests: chat, streamed or not, and embeddings.

use bytes::Bytes;
use http::Uri;
use serde_json::json;

use super::{Adapter, Endpoint, Headers, UpstreamRequest, base_url::BaseUrl, kinds::Blueprint};
use crate::{error::Result, types::provider::Capabilities};

/// An answer that needs no network.
pub(crate) struct Canned {
    pub(crate) content_type: &'static str,
    pub(crate) chunks: Vec<Bytes>,
}

/// Answers every chat with the same text.
#[derive(Debug)]
pub(super) struct Mock {
    reply: String,
    headers: Headers,
}

impl Mock {
    pub(super) fn new(blueprint: &Blueprint<'_>) -> Self {
        let reply = blueprint.info.settings.reply.clone().unwrap_or_else(|| "Hello from the mock provider.".to_owned());
        Self { reply, headers: Headers::new() }
    }

    fn chat(&self, model: &str) -> Canned {
        let tokens = self.tokens();
        json_answer(&json!({
            "id": "chatcmpl-mock", "object": "chat.completion", "created": 0, "model": model,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": self.reply}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": tokens + 1},
        }))
    }

    /// A chunk per word, as a provider would send them; the gateway hides the usage chunk where it was not asked for.
    fn chat_stream(&self, model: &str) -> Canned {
        let chunk = |choices: serde_json::Value| json!({"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": choices});
        let delta = |delta: serde_json::Value, finish: Option<&str>| {
            chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}]))
        };
        let mut events = vec![delta(json!({"role": "assistant", "content": ""}), None)];
        events.extend(self.reply.split_inclusive(' ').map(|word| delta(json!({"content": word}), None)));
        events.push(delta(json!({}), Some("stop")));
        let mut usage = chunk(json!([]));
        if let Some(fields) = usage.as_object_mut() {
            fields.insert(
                "usage".to_owned(),
                json!({"prompt_tokens": 1, "completion_tokens": self.tokens(), "total_tokens": self.tokens() + 1}),
            );
        }
        events.push(usage);
        let mut chunks: Vec<_> = events.iter().map(|event| Bytes::from(format!("data: {event}\n\n"))).collect();
        chunks.push(Bytes::from_static(b"data: [DONE]\n\n"));
        Canned { content_type: "text/event-stream", chunks }
    }

    /// The mock's tokens are words.
    fn tokens(&self) -> usize {
        self.reply.split_whitespace().count()
    }
}

impl Adapter for Mock {
    fn uri(&self, endpoint: Endpoint, _model: &str) -> Result<Uri> {
        BaseUrl::parse("http://mock.invalid", "/v1")?.join(endpoint.path())
    }

    fn headers(&self) -> &Headers {
        &self.headers
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { stream_options: true, embeddings: true, models: true, responses: false }
    }

    fn canned(&self, request: &UpstreamRequest) -> Option<Canned> {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let model = body.get("model").and_then(|model| model.as_str()).unwrap_or("mock");
        let path = request.uri.path();
        Some(if path.ends_with("/embeddings") {
            json_answer(&json!({
                "object": "list", "model": model, "data": [{"object": "embedding", "index": 0, "embedding": [0.0, 0.5, 1.0]}],
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
            }))
        } else if path.ends_with("/models") {
            json_answer(
                &json!({"object": "list", "data": [{"id": "mock", "object": "model", "created": 0, "owned_by": "mock"}]}),
            )
        } else if body.get("stream") == Some(&serde_json::Value::Bool(true)) {
            self.chat_stream(model)
        } else {
            self.chat(model)
        })
    }
}

fn json_answer(value: &serde_json::Value) -> Canned {
    Canned { content_type: "application/json", chunks: vec![Bytes::from(value.to_string())] }
}
