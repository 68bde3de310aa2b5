//! A gateway in a server of axum's, beside the host's own paths. `cargo run --example axum --features axum`, then
//! `curl -H "authorization: Bearer $KEY" -d '{"model": "gpt-4o", "messages": []}' 127.0.0.1:8080/llm/v1/chat/completions`
//! with the key that it prints.
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;

use axum::{Router, routing::get};
use libgateway::{Config, Gateway, NewApiKey, NewTenant, ProviderConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let gateway = Gateway::open(Config { store: "sqlite::memory:".into(), ..Config::default() }).await?;
    let provider = ProviderConfig { kind: "mock".into(), ..ProviderConfig::default() };
    let acme = Some("acme".parse()?);
    gateway.create_tenant(NewTenant { id: acme, provider: Some(provider), ..NewTenant::default() }).await?;
    let key = gateway.tenant("acme")?.create_api_key(NewApiKey::default()).await?;
    println!("KEY={}", key.secret.expose());

    let app = Router::new().route("/", get(async || "the host's own")).nest("/llm", gateway.router());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    Ok(axum::serve(listener, app).await?)
}
