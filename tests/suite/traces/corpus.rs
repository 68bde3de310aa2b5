//! A few dozen traces that differ in everything one can ask for, the same in every database: times and durations are
//! set in the store afterwards, by the number in their request id.

use std::{collections::BTreeMap, time::UNIX_EPOCH};

use libgateway::{CallOptions, ProviderConfig, Request, TimeRange, Timestamp};
use libgateway_tests::{Backend, TestGateway};
use serde_json::json;
use upstream::Script;

use crate::support::Direct;

pub(crate) const ROWS: i64 = 60;
/// 2026-03-01T10:00:00Z: when the first trace of the corpus begins.
pub(crate) const BASE_MS: i64 = 1_772_359_200_000;
/// What lies between two traces: seven minutes and a bit.
pub(crate) const STEP_MS: i64 = 427_013;

pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A gateway with the corpus in its store.
pub(crate) async fn open(backend: Backend) -> TestGateway {
    let test = TestGateway::open_with(backend, |config| config.retry.max_attempts = 1).await;
    let backup = ProviderConfig { name: Some("backup".parse().unwrap()), ..TestGateway::provider(&test.upstream) };
    test.acme.set_provider(backup).await.unwrap();
    for number in 0..ROWS {
        let model = ["gpt-4o", "gpt-4o-mini", "in-house-1", "o3"][(number % 4) as usize];
        test.upstream.push(script(number));
        // How it ends is up to the script.
        drop(test.chat(Request::from(json!({"model": model, "messages": []})).with_options(options(number))).await);
    }
    test.flush().await;
    settle(&test).await;
    test
}

fn script(number: i64) -> Script {
    match number % 10 {
        3 => Script::error(400, "no"),
        5 => Script::error(429, "later"),
        7 => Script::error(503, "busy"),
        8 => Script::text(200, "no JSON"),
        _ => {
            let (input, output) = (100 + number * 17, 3 + number * 5);
            let usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
                "prompt_tokens_details": {"cached_tokens": number * 3}, "completion_tokens_details": {"reasoning_tokens": number % 3}});
            Script::chat("x").usage(usage)
        }
    }
}

fn options(number: i64) -> CallOptions {
    let mut metadata =
        BTreeMap::from([("team".to_owned(), ["red", "green \"1\"", "ü\\n"][(number % 3) as usize].to_owned())]);
    if number % 4 == 0 {
        metadata.insert("stage".to_owned(), "live".to_owned());
    }
    CallOptions {
        request_id: Some(number.to_string()),
        user_id: (number % 5 != 0).then(|| format!("user-{}", number % 7)),
        session_id: (number % 2 == 0).then(|| format!("session-{}", number % 6)),
        provider: (number % 3 == 0).then(|| "backup".parse().unwrap()),
        metadata,
        ..CallOptions::default()
    }
}

/// Gives every trace times that follow from its number.
async fn settle(test: &TestGateway) {
    let number = "CAST(request_id AS BIGINT)";
    let ttfb = format!("CASE WHEN ttfb_us IS NULL THEN NULL ELSE {number} * 104729 % 400000 END");
    let update = format!(
        "UPDATE gw_traces SET created_ms = {BASE_MS} + {STEP_MS} * {number}, ended_ms = {BASE_MS} + {STEP_MS} * {number} + 900, \
         latency_us = {number} * 7919 % 900001 + 1, ttfb_us = {ttfb}, overhead_us = {number} * 31 % 997"
    );
    Direct::to(test.store()).await.execute(&update, &update).await;
    // The rollups know them where they were written.
    let written = Timestamp::from_millis(i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap());
    for (since, until) in [(written.plus_millis(-600_000), written), (at(BASE_MS), at(BASE_MS + STEP_MS * ROWS))] {
        test.acme.rebuild_rollups(TimeRange { since, until }).await.unwrap();
    }
}
