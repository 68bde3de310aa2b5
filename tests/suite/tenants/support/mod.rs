//! What these tests share: short ways to say what is expected, other processes, and the database itself.

pub(crate) mod host;
pub(crate) mod process;
pub(crate) mod raw;

use std::{fmt::Debug, time::Duration};

use libgateway::{ErrorCode, Gateway, NewTenant, ProviderConfig, Reply, Result, TenantHandle};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// How soon another process must have noticed a change.
pub(crate) const NOTICED: Duration = Duration::from_secs(5);

/// The code of a refusal.
pub(crate) fn code<T: Debug>(result: Result<T>) -> ErrorCode {
    result.expect_err("this should have been refused").code()
}

/// The code of a refusal and the field it names.
pub(crate) fn refusal<T: Debug>(result: Result<T>) -> (ErrorCode, Option<String>) {
    let error = result.expect_err("this should have been refused");
    (error.code(), error.param().map(str::to_owned))
}

/// Waits until something holds; fails when the time is over.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, within: Duration, mut holds: impl FnMut() -> F) {
    let end = Instant::now() + within;
    while !holds().await {
        assert!(Instant::now() < end, "{what}: not within {} ms", within.as_millis());
        sleep(Duration::from_millis(20)).await;
    }
}

/// A provider's configuration as a host writes it.
pub(crate) fn provider(config: Value) -> ProviderConfig {
    serde_json::from_value(config).expect("a provider's configuration")
}

/// A provider of kind `mock` that answers every chat with this text.
pub(crate) fn mock(reply: &str) -> ProviderConfig {
    provider(json!({"kind": "mock", "reply": reply}))
}

/// A tenant whose provider answers every chat with this text.
pub(crate) async fn mock_tenant(gateway: &Gateway, id: &str, reply: &str) -> TenantHandle {
    let new = NewTenant { id: Some(id.parse().unwrap()), provider: Some(mock(reply)), ..NewTenant::default() };
    gateway.create_tenant(new).await.expect("a tenant");
    gateway.tenant(id).unwrap()
}

/// A chat for a model.
pub(crate) fn chat(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
}

/// What a chat was answered.
pub(crate) fn text(reply: &Reply) -> String {
    reply.text().expect("a chat's text")
}

/// Whether the bytes are in there.
pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
