//! A host in another process: opens a gateway, and does with it what it is told.

use std::time::Duration;

use futures_util::future::try_join_all;
use libgateway::{Config, Gateway, NewApiKey, Result, TenantHandle, TenantStatus, TenantUpdate, TraceQuery};
use libgateway_tests::{FreshStore, MASTER_KEY};
use serde_json::{Value, json};

use super::{
    chat, mock, mock_tenant,
    process::{Part, Process, answer, question},
    text,
};

/// Starts a host, and lets it open a gateway on the store.
pub(crate) async fn on(store: &FreshStore) -> Process {
    let mut host = Process::start(Part::Host, &[]);
    assert_eq!(host.ask(open(store)).await, json!({"ok": "open"}));
    host
}

/// What makes a host open a gateway on the store.
pub(crate) fn open(store: &FreshStore) -> Value {
    let config = json!({
        "store": store.url(), "spool_dir": store.spool_dir(), "master_key": MASTER_KEY,
        "network": {"private": "allow"}, "recorder": {"flush_ms": 10},
    });
    json!({"do": "open", "config": config.to_string()})
}

/// Obeys until there are no more questions: `{"do": ...}` is answered with `{"ok": ...}` or `{"error": ...}`.
pub(crate) async fn play() {
    let mut gateway = None;
    while let Some(asked) = question() {
        let done = match obey(&mut gateway, &asked).await {
            Ok(value) => json!({"ok": value}),
            Err(error) => json!({"error": error.code(), "param": error.param(), "message": error.to_string()}),
        };
        answer(&done);
    }
    if let Some(gateway) = gateway {
        gateway.close(Duration::from_secs(20)).await.expect("a close");
    }
}

async fn obey(open: &mut Option<Gateway>, asked: &Value) -> Result<Value> {
    let field = |name: &str| asked[name].as_str().unwrap_or_default();
    let config = match field("do") {
        "open" => Some(Config::from_json(field("config"))?),
        "open_from_env" => Some(Config::from_env()?),
        "read_env" => return Config::from_env().map(|config| described(&config)),
        _ => None,
    };
    if let Some(config) = config {
        *open = Some(Gateway::open(config).await?);
        return Ok("open".into());
    }
    let gateway = open.as_ref().expect("an open gateway");
    if field("do") == "authenticate" {
        return Ok(gateway.authenticate(Some(field("secret"))).await?.api_key_id.into());
    }
    let tenant = gateway.tenant(field("tenant"))?;
    match field("do") {
        "create_tenant" => Ok(mock_tenant(gateway, field("tenant"), field("reply")).await.id().as_str().into()),
        "call" => Ok(text(&tenant.chat(chat("gpt-4o")).await?).into()),
        "be_busy" => be_busy(&tenant, asked["calls"].as_u64().unwrap_or_default()).await.map(Value::from),
        "create_key" => Ok(json!(tenant.create_api_key(NewApiKey::default()).await?)),
        "revoke_key" => tenant.revoke_api_key(field("id")).await.map(Value::from),
        "set_reply" => tenant.set_provider(mock(field("reply"))).await.map(|info| json!(info)),
        "disable" => {
            let update = TenantUpdate { status: Some(TenantStatus::Disabled), ..TenantUpdate::default() };
            Ok(json!(gateway.update_tenant(tenant.id(), update).await?))
        }
        other => panic!("a host cannot do {other:?}"),
    }
}

/// Calls, and pages of traces, all at once: how many of each.
async fn be_busy(tenant: &TenantHandle, count: u64) -> Result<u64> {
    let calls = (0..count).map(|_| tenant.chat(chat("gpt-4o")));
    let pages = (0..count).map(|_| tenant.list_traces(TraceQuery::default()));
    let (answers, _) = tokio::try_join!(try_join_all(calls), try_join_all(pages))?;
    Ok(answers.len() as u64)
}

/// What is not secret of a configuration.
fn described(config: &Config) -> Value {
    let providers: Vec<_> =
        config.providers.iter().map(|provider| json!([provider.kind, provider.api_key.is_some()])).collect();
    json!({
        "store": config.store, "master_key": config.master_key.is_some(), "migrate": format!("{:?}", config.migrate),
        "capture": config.capture, "providers": providers, "total_ms": config.timeouts.total_ms,
        "max_attempts": config.retry.max_attempts, "failures": config.breaker.failures,
        "stale_limit_ms": config.stale_limit_ms,
        "versions": config.master_keys.keys().collect::<Vec<_>>(), "flush_ms": config.recorder.flush_ms,
        "body_bytes": config.limits.body_bytes,
    })
}
