//! The main job end to end, on a SQLite file: two tenants, a chat, a stream, a failing call, Azure's dialect; then the
//! traces, one of them opened, and the analytics.
//!
//! `make demo`; `make demo-dashboard` serves all that with the dashboard, until interrupted. With `OPENAI_API_KEY` set the
//! first tenant talks to OpenAI, else both talk to a mock upstream.
#![allow(clippy::print_stdout, reason = "a demonstration prints what it does")]

use std::{error::Error, io::Write as _, time::Duration};

use libgateway::{
    AnalyticsQuery, Config, Gateway, Network, NewTenant, PrivateAddresses, ProviderConfig, ProviderSettings,
    TenantHandle, Trace, TraceId, TraceQuery,
};
use serde_json::{Value, json};
use upstream::{Script, Upstream};

type Done<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Done {
    let folder = tempfile::tempdir()?;
    let upstream = Upstream::start()?;
    let openai_key = std::env::var("OPENAI_API_KEY").ok().filter(|key| !key.is_empty());
    let gateway = Gateway::open(Config {
        store: format!("sqlite:{}", folder.path().join("demo.db").display()),
        master_key: Some("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff".into()),
        network: Network { private: PrivateAddresses::Allow, ..Network::default() },
        ..Config::default()
    })
    .await?;

    let base_url = openai_key.is_none().then(|| format!("{}/v1", upstream.url()));
    println!("acme calls {}\n", base_url.as_deref().unwrap_or("OpenAI"));
    let openai = ProviderConfig {
        kind: "openai".into(),
        api_key: Some(openai_key.clone().unwrap_or_else(|| "sk-demo".into()).into()),
        settings: ProviderSettings { base_url, ..ProviderSettings::default() },
        ..ProviderConfig::default()
    };
    let azure = ProviderConfig {
        kind: "azure".into(),
        api_key: Some("azure-demo".into()),
        settings: ProviderSettings {
            base_url: Some(upstream.url()),
            deployments: [("gpt-4o".to_owned(), "our gpt-4o".to_owned())].into(),
            ..ProviderSettings::default()
        },
        ..ProviderConfig::default()
    };
    let acme = tenant(&gateway, "acme", openai).await?;
    let globex = tenant(&gateway, "globex", azure).await?;

    chat(&acme).await?;
    let streamed = stream(&acme).await?;
    failing_call(&acme, &upstream, openai_key.is_some()).await?;
    chat(&globex).await?;
    let called = upstream.requests().last().map(|request| request.path.clone());
    println!("          went to {}\n", called.unwrap_or_default());

    gateway.flush(Duration::from_secs(10)).await?;
    for tenant in [&acme, &globex] {
        print_traces(tenant).await?;
    }
    print_detail(&acme, streamed).await?;
    for tenant in [&acme, &globex] {
        print_analytics(tenant).await?;
    }
    #[cfg(feature = "dashboard")]
    if std::env::args().any(|argument| argument == "--dashboard") {
        serve(&gateway).await?;
    }
    gateway.close(Duration::from_secs(10)).await?;
    println!("closed: {} requests, {} traces in the store", gateway.stats().accepted, gateway.stats().persisted);
    Ok(())
}

async fn tenant(gateway: &Gateway, id: &str, provider: ProviderConfig) -> Done<TenantHandle> {
    let new = NewTenant { id: Some(id.parse()?), provider: Some(provider), ..NewTenant::default() };
    gateway.create_tenant(new).await?;
    Ok(gateway.tenant(id)?)
}

fn question(model: &str) -> Value {
    json!({"model": model, "max_tokens": 40, "messages": [{"role": "user", "content": "Say hello in five words."}]})
}

async fn chat(tenant: &TenantHandle) -> Done {
    let reply = tenant.chat(question("gpt-4o")).await?;
    println!("{:<9} chat: {}", tenant.id().as_str(), reply.text().unwrap_or_default());
    Ok(())
}

async fn stream(tenant: &TenantHandle) -> Done<TraceId> {
    print!("{:<9} stream: ", tenant.id().as_str());
    let mut stream = tenant.chat_stream(question("gpt-4o")).await?;
    while let Some(event) = stream.next_event().await {
        let event: Value = serde_json::from_slice(&event?)?;
        if let Some(piece) = event.pointer("/choices/0/delta/content").and_then(Value::as_str) {
            print!("{piece}");
            std::io::stdout().flush()?;
        }
    }
    println!();
    Ok(stream.trace_id())
}

async fn failing_call(tenant: &TenantHandle, upstream: &Upstream, real: bool) -> Done {
    if !real {
        upstream.push(Script::error(400, "max_tokens is too large"));
    }
    let request = json!({"model": "gpt-4o", "max_tokens": -1, "messages": []});
    match tenant.chat(request).await {
        Ok(_) => Err("the call should have failed".into()),
        Err(error) => {
            println!(
                "{:<9} failing call: {} ({}, status {})",
                tenant.id().as_str(),
                error,
                error.code(),
                error.status()
            );
            Ok(())
        }
    }
}

async fn print_traces(tenant: &TenantHandle) -> Done {
    println!("traces of {}", tenant.id());
    println!(
        "  {:<24} {:<14} {:<7} {:>6} {:>10} {:>8} {:>14}  model",
        "created", "class", "stream", "status", "latency ms", "tokens", "cost USD"
    );
    for trace in tenant.list_traces(TraceQuery::default()).await?.traces {
        let Trace { created_at, stream, latency_ms, .. } = &trace;
        let class = serde_json::to_value(trace.status_class)?;
        println!(
            "  {:<24} {:<14} {:<7} {:>6} {:>10.3} {:>8} {:>14}  {}",
            created_at.to_string(),
            class.as_str().unwrap_or_default(),
            stream,
            shown(trace.status_code),
            latency_ms,
            shown(trace.total_tokens),
            shown(trace.cost_usd),
            trace.model.as_deref().unwrap_or("-"),
        );
    }
    println!();
    Ok(())
}

async fn print_detail(tenant: &TenantHandle, id: TraceId) -> Done {
    let detail = tenant.get_trace(id).await?;
    println!("the stream's trace {id}, decrypted");
    println!("  request   {}", detail.request.as_deref().map_or("-", |json| json.get()));
    println!("  response  {}\n", detail.response.as_deref().map_or("-", |json| json.get()));
    Ok(())
}

async fn print_analytics(tenant: &TenantHandle) -> Done {
    let analytics = tenant
        .analytics(AnalyticsQuery { window_hours: Some(1), bucket_minutes: Some(30), ..AnalyticsQuery::default() })
        .await?;
    let sum = &analytics.summary;
    println!("analytics of {}, {} to {}", tenant.id(), analytics.from, analytics.to);
    println!(
        "  requests {}, errors {}, tokens {}, cost {} USD",
        sum.total_requests, sum.errors, sum.total_tokens, sum.cost_usd
    );
    println!(
        "  latency ms p50 {} p95 {} p99 {}",
        shown(sum.p50_latency_ms),
        shown(sum.p95_latency_ms),
        shown(sum.p99_latency_ms)
    );
    for bucket in &analytics.timeseries {
        println!("  {}  {} requests", bucket.start, bucket.measures.total_requests);
    }
    println!();
    Ok(())
}

/// Serves the dashboard, with a key for it, until Ctrl-C.
#[cfg(feature = "dashboard")]
async fn serve(gateway: &Gateway) -> Done {
    use libgateway::{NewApiKey, ServeConfig};

    let key = gateway.create_admin_key(NewApiKey::default()).await?;
    let address = ([127, 0, 0, 1], 0).into();
    let server = gateway.serve(ServeConfig { address, ..ServeConfig::default() }).await?;
    println!("the dashboard of both tenants, until Ctrl-C");
    println!("  address   http://{}/dashboard", server.address());
    println!("  key       {}\n", key.secret.expose());
    tokio::signal::ctrl_c().await?;
    server.shutdown(Duration::from_secs(1)).await;
    Ok(())
}

fn shown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
