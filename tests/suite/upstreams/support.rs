//! What the tests of this target share: a tenant whose provider is an aimock, and what is read from a stream.

use std::collections::BTreeMap;

use libgateway::{Config, Error, ReplyStream, StatusClass, TraceDetail};
use libgateway_tests::{Backend, TestGateway};
use serde_json::{Value, json, value::RawValue};

use crate::aimock::Aimock;

/// What aimock answers to `Hello`.
pub(crate) const HELLO: &str = "Hello from people we do not know: ünïcode, 日本語 and 👋.";
/// The path of chats.
pub(crate) const CHAT: &str = "/v1/chat/completions";

/// A gateway whose tenant's provider `openai` is an aimock.
pub(crate) struct Setup {
    pub(crate) test: TestGateway,
    pub(crate) aimock: Aimock,
}

impl Setup {
    pub(crate) async fn new(backend: Backend, options: &[&str]) -> Self {
        Self::with(backend, options, |_| {}).await
    }

    /// Both, aimock with these options and the gateway's configuration adjusted.
    pub(crate) async fn with(backend: Backend, options: &[&str], adjust: impl FnOnce(&mut Config)) -> Self {
        let aimock = Aimock::start(options).await;
        let test = TestGateway::open_with(backend, adjust).await;
        let mut provider = TestGateway::provider(&test.upstream);
        provider.settings.base_url = Some(aimock.base_url());
        test.acme.set_provider(provider).await.expect("a provider");
        Self { test, aimock }
    }

    /// The trace of the call that failed so; there is one trace for each of these calls.
    pub(crate) async fn traced(&self, error: &Error, calls: usize) -> TraceDetail {
        assert_eq!(self.test.traces().await.len(), calls, "one trace per call");
        let id = error.request_id().expect("the trace's id").parse().expect("an id");
        let detail = self.test.acme.get_trace(id).await.expect("the trace");
        assert_eq!((detail.trace.error_code, &*detail.trace.endpoint), (Some(error.code()), "chat"));
        assert_eq!((detail.trace.provider.as_deref(), error.provider()), (Some("openai"), Some("openai")));
        assert_eq!(detail.trace.status_class, StatusClass::of_error(error.code()));
        detail
    }
}

/// The body of a chat with one message.
pub(crate) fn say(text: &str) -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]})
}

/// The events of a stream up to its end or its error.
pub(crate) async fn events(mut stream: ReplyStream) -> (Vec<Value>, Option<Error>) {
    let mut events = Vec::new();
    while let Some(event) = stream.next_event().await {
        match event {
            Ok(event) => events.push(serde_json::from_slice(&event).expect("JSON")),
            Err(error) => return (events, Some(error)),
        }
    }
    (events, None)
}

/// The text of a chat's chunks.
pub(crate) fn text(events: &[Value]) -> String {
    events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect()
}

/// The name and arguments of the tool calls in a chat's chunks.
pub(crate) fn tool_calls(events: &[Value]) -> Vec<(String, String)> {
    let mut calls = BTreeMap::<u64, (String, String)>::new();
    let pieces = events.iter().filter_map(|event| event["choices"][0]["delta"]["tool_calls"].as_array()).flatten();
    for piece in pieces {
        let call = calls.entry(piece["index"].as_u64().expect("an index")).or_default();
        call.0.push_str(piece["function"]["name"].as_str().unwrap_or_default());
        call.1.push_str(piece["function"]["arguments"].as_str().unwrap_or_default());
    }
    calls.into_values().collect()
}

/// A stored body.
pub(crate) fn stored(body: Option<&RawValue>) -> Value {
    serde_json::from_str(body.expect("a stored body").get()).expect("JSON")
}
