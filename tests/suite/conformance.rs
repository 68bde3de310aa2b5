//! Every fixture on every database, through the Rust API.

use std::{collections::BTreeSet, fs, time::Duration};

use futures_util::{StreamExt as _, stream};
use libgateway::Gateway;
use libgateway_tests::{Backend, config, run};

use crate::support::{
    fixture::{self, Source},
    run::{PATIENCE, run as run_fixture},
};

/// Fixtures under way at once.
const AT_ONCE: usize = 8;
const URL: &str = "http://127.0.0.1:1";

#[test]
fn every_fixture_holds_on_sqlite() {
    run(|| every_fixture_holds(Backend::Sqlite));
}

#[test]
fn every_fixture_holds_on_postgres() {
    run(|| every_fixture_holds(Backend::Postgres));
}

async fn every_fixture_holds(backend: Backend) {
    let store = backend.fresh();
    let gateway = Gateway::open(config(&store)).await.expect("a gateway on a fresh store");
    let sources = fixture::sources();
    let one = |source: Source| {
        let gateway = gateway.clone();
        async move {
            let differences = tokio::time::timeout(PATIENCE, run_fixture(&gateway, &source)).await;
            (source.name, differences.unwrap_or_else(|_| vec![format!("it hangs: no end within {PATIENCE:?}")]))
        }
    };
    let ended: Vec<_> = stream::iter(sources).map(one).buffer_unordered(AT_ONCE).collect().await;

    let ran: BTreeSet<_> = ended.iter().map(|(name, _)| format!("{name}.json")).collect();
    assert_eq!(ran, files(), "every file of the directory is run");
    let mut failed: Vec<_> = ended.into_iter().filter(|(_, differences)| !differences.is_empty()).collect();
    failed.sort();
    let report: Vec<_> =
        failed.iter().map(|(name, differences)| format!("{name}.json\n    {}", differences.join("\n    "))).collect();
    assert!(report.is_empty(), "{} of {} fixtures differ on {}:\n{}", report.len(), ran.len(), backend.name(), report.join("\n"));
    gateway.close(Duration::from_secs(10)).await.expect("a close");
}

/// What the directory has, seen apart from the runner's own look at it.
fn files() -> BTreeSet<String> {
    let entries = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).expect("the directory of fixtures");
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    names.filter(|name| name != "README.md").collect()
}

#[test]
fn there_are_many_fixtures_and_each_is_well_formed() {
    let sources = fixture::sources();
    assert!(sources.len() >= 40, "{} fixtures", sources.len());
    for source in sources {
        if let Err(problem) = source.parse(URL) {
            panic!("{}.json: {problem}", source.name);
        }
    }
}

#[test]
fn a_malformed_fixture_is_refused() {
    let good = r#"{"name": "x", "description": "d", "call": {"operation": "chat", "body": {}},
        "expect": {"upstream_requests": [{}], "reply": {"status": 200}, "trace": {"stream": false}}}"#;
    let parse = |text: String| Source { name: "x".to_owned(), text }.parse(URL);
    parse(good.to_owned()).expect("a good fixture");
    for (good_part, bad_part) in [
        (r#""name": "x""#, r#""name": "y""#),
        (r#""description": "d","#, ""),
        (r#""description": "d""#, r#""description": "d", "skip": true"#),
        (r#""chat""#, r#""completions""#),
        (r#""body": {}"#, r#""body": {}, "body_text": "{}""#),
        (r#", "body": {}"#, ""),
        (r#""body": {}"#, r#""body": {}, "options": {"users": "u"}"#),
        (r#"[{}]"#, r#"[{"verb": "GET"}]"#),
        (r#""reply": {"status": 200}, "#, ""),
        (r#""reply": {"status": 200}"#, r#""reply": {"state": 200}"#),
        (r#""reply": {"status": 200}"#, r#""reply": {"events": []}"#),
        (r#""reply": {"status": 200}"#, r#""error": {"status": 400}"#),
        (r#"{"stream": false}"#, "{}"),
        (r#""expect""#, r#""upstream": {"queue": {"states": 200}}, "expect""#),
        (r#""expect""#, r#""providers": [{"kind": "openai", "url": "x"}], "expect""#),
    ] {
        assert!(good.contains(good_part), "{good_part}");
        assert!(parse(good.replacen(good_part, bad_part, 1)).is_err(), "{good_part} -> {bad_part}");
    }
}
