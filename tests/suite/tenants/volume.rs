//! Ten thousand tenants: what it takes to open a gateway on them, and to have used each of them once.

use std::{
    fs,
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use libgateway::{Config, Gateway};
use libgateway_tests::{Backend, MASTER_KEY, config, run_within};
use serde_json::{Value, json};

use crate::support::{
    mock_tenant,
    process::{Part, Process, answer, question},
};

const TENANTS: usize = 10_000;
/// A tenth of them is used before the memory is measured for the first time.
const WARM: usize = TENANTS / 10;
/// Twice the promise, since allocators differ.
const MOST_BYTES: u64 = 4_096;
/// Ten times the promise, since tests are not optimised and the machine is busy.
const OPENING: Duration = Duration::from_millis(500);

fn name(number: usize) -> String {
    format!("tenant-{number}")
}

#[test]
fn ten_thousand_tenants_cost_little_memory_and_no_time_to_open() {
    run_within(Duration::from_secs(150), || async {
        let store = Backend::Sqlite.fresh();
        let gateway = Gateway::open(config(&store)).await.unwrap();
        stream::iter(0..TENANTS)
            .for_each_concurrent(64, |number| {
                let gateway = gateway.clone();
                async move { drop(mock_tenant(&gateway, &name(number), "hi").await) }
            })
            .await;
        gateway.close(libgateway_tests::DEADLINE).await.unwrap();

        // A process of its own, so that nothing but the gateway is measured.
        let mut process = Process::start(Part::Volume, &[]);
        let measured = process.ask(json!({"store": store.url()})).await;
        process.end().await;
        let [opened_us, before, after, threads] =
            ["opened_us", "before_bytes", "after_bytes", "threads"].map(|key| measured[key].as_u64().unwrap());
        let each = after.saturating_sub(before) / u64::try_from(TENANTS - WARM).unwrap();
        eprintln!("{TENANTS} tenants: {each} bytes each, opened in {opened_us} us, {threads} threads");
        assert!(each <= MOST_BYTES, "{each} bytes for each tenant");
        assert!(Duration::from_micros(opened_us) <= OPENING, "opened in {opened_us} us");
        assert!(threads < 20, "{threads} threads");
    });
}

/// Opens the store it is told, uses every tenant once and says what that took.
pub(crate) async fn play() {
    let asked = question().expect("a question");
    let store = asked["store"].as_str().unwrap().to_owned();
    let begun = Instant::now();
    let gateway =
        Gateway::open(Config { store, master_key: Some(MASTER_KEY.into()), ..Config::default() }).await.unwrap();
    let opened = begun.elapsed();
    use_tenants(&gateway, 0..WARM).await;
    let before = status("VmRSS:") * 1_024;
    use_tenants(&gateway, WARM..TENANTS).await;
    let after = status("VmRSS:") * 1_024;
    let opened_us = u64::try_from(opened.as_micros()).unwrap();
    answer(
        &json!({"opened_us": opened_us, "before_bytes": before, "after_bytes": after, "threads": status("Threads:")}),
    );
    assert_eq!(question(), None::<Value>);
}

async fn use_tenants(gateway: &Gateway, numbers: std::ops::Range<usize>) {
    let uses = stream::iter(numbers)
        .map(|number| async move { gateway.tenant(name(number))?.get_provider_for_tenant(None).await });
    uses.buffer_unordered(8).try_for_each(|_| async { Ok(()) }).await.expect("every tenant");
}

/// A number of this process's status; memory in KiB.
fn status(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the status of this process");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("a line of the status");
    line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}
