//! Every fixture on every database, through the Rust API.

use libgateway::Gateway;
use libgateway_tests::{
    Backend, config,
    conformance::{
        self, DEADLINE, PATIENCE, Rust,
        fixture::{self, Source},
    },
    run_within,
};

/// An upstream that is never called.
const URL: &str = "http://127.0.0.1:1";

#[test]
fn every_fixture_holds_on_sqlite() {
    run_within(DEADLINE, || every_fixture_holds(Backend::Sqlite));
}

#[test]
fn every_fixture_holds_on_postgres() {
    run_within(DEADLINE, || every_fixture_holds(Backend::Postgres));
}

async fn every_fixture_holds(backend: Backend) {
    let store = backend.fresh();
    let rust = Rust(Gateway::open(config(&store)).await.expect("a gateway on a fresh store"));
    conformance::every_fixture_holds(&rust, backend.name()).await;
    rust.0.close(PATIENCE).await.expect("a close");
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
