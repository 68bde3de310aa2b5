//! A gateway with a history, served with its dashboard, for the tests of that (`tests/dashboard`): thousands of traces of
//! all kinds on a PostgreSQL server of its own.
//!
//! With a number, all of them so many times more, for `bench.mjs` there. Prints one line of JSON with its address and keys, then does what the lines of its standard input say, each of which
//! it answers with one line, and ends with it.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's program"
)]

use std::{collections::BTreeMap, io::BufRead as _, time::UNIX_EPOCH};

use libgateway::{
    CallOptions, Config, Durability, NewApiKey, NewTenant, Request, Scope, ServeConfig, TenantHandle, TimeRange,
    Timestamp,
};
use libgateway_tests::{Backend, TestGateway, postgres::PrivateServer};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use upstream::Script;

/// How many traces `acme` has before the conversation.
const TRACES: usize = 5_000;
/// How many calls run at once.
const WORKERS: usize = 8;
/// How many hours the traces are spread over.
const HOURS: usize = 20;
/// What o3's provider is made to fail with.
const FAILURE: u16 = 503;

#[tokio::main]
async fn main() {
    let mut postgres = PrivateServer::start();
    let test = TestGateway::open_with(Backend::Sqlite, |config| adjust(config, postgres.url())).await;
    test.upstream.fallback(Script::error(FAILURE, "o3 is busy").on_model("o3"));
    fill(&test.acme).await;
    test.flush().await;
    let copies = std::env::args().nth(1).map_or(0, |copies| copies.parse().expect("a number of copies"));
    spread(&test, postgres.url(), copies).await;
    other_tenant(&test).await;
    converse(&test).await;
    test.flush().await;

    let served = ServeConfig { address: ([127, 0, 0, 1], 0).into(), ..ServeConfig::default() };
    let server = test.gateway.serve(served).await.unwrap();
    let key = async |scopes: &[Scope]| {
        let new = NewApiKey { scopes: Some(scopes.to_vec()), ..NewApiKey::default() };
        test.acme.create_api_key(new).await.unwrap().secret.expose().to_owned()
    };
    let admin = test.gateway.create_admin_key(NewApiKey::default()).await.unwrap();
    let ready = json!({
        "url": format!("http://{}", server.address()),
        "traces": TRACES * (copies + 1) + 1,
        "hours": HOURS,
        "read": key(&[Scope::Read]).await,
        "infer": key(&[Scope::Infer]).await,
        "both": key(&[Scope::Infer, Scope::Read]).await,
        "admin": admin.secret.expose(),
    });
    println!("{ready}");

    for line in std::io::stdin().lock().lines() {
        match line.unwrap().as_str() {
            "chat" => {
                test.chat(chat("gpt-4o", "one more")).await.unwrap();
                test.flush().await;
            }
            "stop the store" => postgres.stop(),
            "start the store" => postgres.resume(),
            other => panic!("{other:?} is no command"),
        }
        println!("done");
    }
}

fn adjust(config: &mut Config, store: &str) {
    config.store = store.to_owned();
    config.durability = Some(Durability::Memory);
    config.retry.max_attempts = 2;
    config.breaker.failures = 0;
}

fn chat(model: &str, text: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": text}]})
}

/// Calls of three models, of which one always fails.
async fn fill(acme: &TenantHandle) {
    let workers = (0..WORKERS).map(|worker| {
        let acme = acme.clone();
        tokio::spawn(async move {
            for number in (worker..TRACES).step_by(WORKERS) {
                let model = ["gpt-4o", "gpt-4o", "gpt-4o-mini", "o3"][number % 4];
                let options = CallOptions {
                    request_id: Some(number.to_string()),
                    user_id: Some(format!("user-{}", number % 50)),
                    metadata: BTreeMap::from([("team".to_owned(), ["red", "blue"][number % 2].to_owned())]),
                    ..CallOptions::default()
                };
                let request = Request::from(chat(model, &format!("question {number}"))).with_options(options);
                // That o3 fails is meant.
                drop(acme.chat(request).await);
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
}

/// Moves traces back by whole hours, by the number in their request id, and copies them to the minutes before; past the
/// library, which counts them anew.
async fn spread(test: &TestGateway, url: &str, copies: usize) {
    let back = format!("(CAST(request_id AS BIGINT) % {HOURS}) * 3600000");
    let update = format!("UPDATE gw_traces SET created_ms = created_ms - {back}, ended_ms = ended_ms - {back}");
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    connection.execute(sqlx::AssertSqlSafe(update)).await.unwrap();
    if copies > 0 {
        let columns = "SELECT string_agg(column_name, ', ') FROM information_schema.columns \
                       WHERE table_name = 'gw_traces' AND column_name NOT IN ('id', 'created_ms', 'ended_ms')";
        let columns: String = sqlx::query_scalar(columns).fetch_one(&mut connection).await.unwrap();
        let insert = format!(
            "INSERT INTO gw_traces (id, created_ms, ended_ms, {columns}) \
             SELECT gen_random_uuid(), created_ms - n * 60000, ended_ms - n * 60000, {columns} \
             FROM gw_traces, generate_series(1, {copies}) AS n"
        );
        connection.execute(sqlx::AssertSqlSafe(insert)).await.unwrap();
        connection.execute("ANALYZE gw_traces").await.unwrap();
    }
    let now = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let since = Timestamp::from_millis(now - 2 * 24 * 3_600_000);
    test.acme.rebuild_rollups(TimeRange { since, until: Timestamp::from_millis(now) }).await.unwrap();
}

/// A second tenant, for an operator to look at: one chat.
async fn other_tenant(test: &TestGateway) {
    let provider = TestGateway::provider(&test.upstream);
    let new = NewTenant { id: Some("globex".parse().unwrap()), provider: Some(provider), ..NewTenant::default() };
    test.gateway.create_tenant(new).await.unwrap();
    test.gateway.tenant("globex").unwrap().chat(chat("gpt-4o-mini", "hello from globex")).await.unwrap();
}

/// One request with all that a conversation may have, answered with a call of a tool at the second attempt.
async fn converse(test: &TestGateway) {
    let image = format!("data:image/png;base64,{}", "iVBORw0KGgoAAAANSUhEUgAA".repeat(40));
    let request = json!({
        "model": "gpt-4o",
        "seed": 9_007_199_254_740_993_u64,
        "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
        "messages": [
            {"role": "system", "content": "You are a <b>careful</b> assistant."},
            {"role": "user", "content": [
                {"type": "text", "text": "What is on this picture, and how is the weather there?"},
                {"type": "image_url", "image_url": {"url": image}},
            ]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "locate", "arguments": "{\"place\":\"harbour\"}"}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "Hamburg"},
        ],
    });
    test.upstream.push(Script::error(429, "later"));
    test.upstream.push(Script::json(200, json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": "It is the harbour of Hamburg.",
            "tool_calls": [{"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Hamburg\"}"}}],
        }}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    })));
    let options = CallOptions {
        request_id: Some("the-conversation".to_owned()),
        user_id: Some("ada".to_owned()),
        session_id: Some("s-1".to_owned()),
        metadata: BTreeMap::from([("team".to_owned(), "green".to_owned())]),
        ..CallOptions::default()
    };
    test.chat_with(request, options).await.unwrap();
}
