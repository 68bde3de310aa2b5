//! The shortest way to a traced call: an in-memory store and the `mock` provider, which needs no network.
//!
//! `cargo run -p libgateway --example quickstart`
#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use libgateway::{Config, Gateway, NewTenant, ProviderConfig, TraceQuery};
use serde_json::json;

#[tokio::main]
async fn main() -> libgateway::Result<()> {
    let gateway = Gateway::open(Config { store: "sqlite::memory:".into(), ..Config::default() }).await?;

    // Every tenant brings its own providers. `mock` needs no network; `openai`, `azure` and the others need a key.
    let provider = ProviderConfig { kind: "mock".into(), ..ProviderConfig::default() };
    let acme = NewTenant { id: Some("acme".parse()?), provider: Some(provider), ..NewTenant::default() };
    gateway.create_tenant(acme).await?;
    let acme = gateway.tenant("acme")?;

    // The body is OpenAI's and goes upstream as it is; the answer comes back as it is.
    let request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]});
    let reply = acme.chat(request.clone()).await?;
    println!("{}", reply.text().unwrap_or_default());

    let mut stream = acme.chat_stream(request).await?;
    while let Some(event) = stream.next_event().await {
        println!("{}", String::from_utf8_lossy(&event?));
    }

    // Every request left a trace.
    gateway.flush(std::time::Duration::from_secs(5)).await?;
    for trace in acme.list_traces(TraceQuery::default()).await?.traces {
        println!("{} {:?} {} ms", trace.id, trace.status_class, trace.latency_ms);
    }
    gateway.close(std::time::Duration::from_secs(5)).await?;
    Ok(())
}
