//! The shortest way to a traced call: an in-memory store and the `mock` provider, which needs no network.
//!
//! `cargo run --example quickstart`

use std::time::Duration;

use libgateway::{AnalyticsQuery, Config, Gateway, NewTenant, ProviderConfig, Result, TraceQuery};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<()> {
    let gateway = Gateway::open(Config { store: "sqlite::memory:".into(), ..Config::default() }).await?;

    let provider = ProviderConfig { kind: "mock".into(), ..ProviderConfig::default() };
    gateway.create_tenant(NewTenant { id: Some("acme".parse()?), provider: Some(provider), ..NewTenant::default() }).await?;
    let acme = gateway.tenant("acme")?;

    let request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]});
    let reply = acme.chat(request.clone()).await?;
    println!("{}", reply.text().unwrap_or_default());

    let mut stream = acme.chat_stream(request).await?;
    while let Some(event) = stream.next_event().await {
        println!("{}", String::from_utf8_lossy(&event?));
    }

    gateway.flush(Duration::from_secs(5)).await?;
    for trace in acme.list_traces(TraceQuery::default()).await?.traces {
        println!("{} {:?} {:.3} ms, {:?} tokens", trace.id, trace.status_class, trace.latency_ms, trace.total_tokens);
    }
    let summary = acme.analytics_summary(AnalyticsQuery::default()).await?;
    println!("{} requests, {} errors", summary.measures.total_requests, summary.measures.errors);
    gateway.close(Duration::from_secs(5)).await?;
    Ok(())
}
