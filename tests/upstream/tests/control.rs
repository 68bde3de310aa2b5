//! The control interface, the program and its log.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test is the report")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use common::{Client, SOON};
use serde_json::{Value, json};
use upstream::{Options, Script, Scripts, Upstream};

#[tokio::test]
async fn scripts_are_queued_and_requests_read_back_over_http() {
    let upstream = Upstream::start().unwrap();
    let mut client = Client::connect(&upstream).await;
    let scripts = json!({
        "queue": [{"status": 429}, {"body": {"chat": "hi"}, "match": {"model": "m"}}],
        "fallback": {"status": 500, "body": {"text": "down"}},
    });
    let answer = client.post("/__upstream/scripts", scripts).await;
    assert_eq!(answer.json(), json!({"queued": 2}));
    for status in [429, 200, 500] {
        let answer = client.post("/v1/chat/completions", json!({"model": "m"})).await;
        assert_eq!(answer.status, status);
    }
    client.send("POST /x HTTP/1.1\r\ncontent-length: 1\r\n\r\n").await;
    client.send([0xff]).await;
    client.response().await;

    let answer = client.exchange("GET", "/__upstream/requests", "").await;
    let requests = answer.json()["requests"].clone();
    assert_eq!(requests.as_array().unwrap().len(), 4);
    assert_eq!(requests[1]["body"], "{\"model\":\"m\"}");
    assert_eq!(requests[1]["outcome"], "complete");
    assert_eq!(requests[1]["headers"][0], json!(["Host", "x"]));
    assert_eq!(requests[3]["body"], json!({"base64": "/w=="}));

    let stats = client.exchange("GET", "/__upstream/stats", "").await.json();
    assert_eq!((&stats["requests"], &stats["queued"]), (&json!(4), &json!(0)));
    client.exchange("POST", "/__upstream/reset", "").await;
    assert!(upstream.requests().is_empty());
    assert_eq!(client.post("/v1/embeddings", json!({})).await.status, 200);
}

#[tokio::test]
async fn waits_over_http_see_requests_and_closes() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::chat("late").delay_ms(60_000));
    let mut control = Client::connect(&upstream).await;
    let mut client = Client::connect(&upstream).await;
    client.ask("POST", "/", "{}").await;
    let path = "/__upstream/wait";
    let answer = control.post(path, json!({"requests": 1})).await.json();
    assert_eq!(answer["requests"][0]["outcome"], "pending");
    let answer = control.post(path, json!({"ended": 0, "timeout_ms": 1})).await;
    assert_eq!(answer.status, 504);
    drop(client);
    let answer = control.post(path, json!({"closed": 0})).await.json();
    assert_eq!(answer["request"]["outcome"], "client_closed");
    assert!(answer["request"]["client_closed_after_ms"].is_u64());
    let answer = control.post(path, json!({"connections": 1})).await.json();
    assert_eq!(answer["stats"]["connections_open"], 1);
    let both = control.post(path, json!({"ended": 0, "closed": 0})).await;
    assert_eq!(both.status, 400);
}

#[tokio::test]
async fn a_wrong_script_is_refused_with_the_field_named() {
    let upstream = Upstream::start().unwrap();
    let mut client = Client::connect(&upstream).await;
    for (scripts, problem) in [
        (json!({"queue": [{"stauts": 1}]}), "unknown field `stauts`"),
        (json!({"fallback": {"body": {"xml": 1}}}), "unknown variant `xml`"),
        (json!({"fallback": {"body": {"base64": "?"}}}), "Invalid symbol"),
    ] {
        let answer = client.post("/__upstream/scripts", scripts).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains(problem), "{}", answer.text());
    }
    assert_eq!(client.exchange("GET", "/__upstream/x", "").await.status, 404);
}

#[test]
fn scripts_survive_json() {
    let scripts = Scripts::queue([
        Script::json(201, json!({"a": 1})).gzip().every(3).delay_at(2, 5),
        Script::raw(&b"\xff"[..]).reset_after(1).on_model("m"),
        Script::sse(["raw"]).done().gap_ms(1),
        Script::stream(["a", "b"]).model("x"),
        Script::repeat("x", 5).closing(),
    ]);
    let text = serde_json::to_string(&scripts).unwrap();
    assert_eq!(serde_json::from_str::<Scripts>(&text).unwrap(), scripts);
}

#[test]
fn the_examples_of_the_manual_are_scripts() {
    let examples = include_str!("../README.md").split("```json").skip(1);
    let mut count = 0;
    for example in examples {
        let text = example.split("```").next().unwrap();
        let parsed = serde_json::from_str::<Scripts>(text);
        assert!(parsed.is_ok(), "{parsed:?} in {text}");
        count += 1;
    }
    assert!(count > 5);
}

#[tokio::test]
async fn the_log_has_the_request_before_the_first_byte_of_its_answer() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log");
    let upstream = Upstream::start_with(Options::default().log(&file)).unwrap();
    upstream.push(Script::sse(["a", "b"]).delay_at(1, 60_000));
    let lines = || -> Vec<Value> {
        let text = std::fs::read_to_string(&file).unwrap();
        text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    let mut client = Client::connect(&upstream).await;
    client.ask("POST", "/v1/chat/completions", "{\"model\":\"m\"}").await;
    client.read(1).await;
    let logged = lines();
    assert_eq!(logged.len(), 1);
    assert_eq!(logged[0]["event"], "request");
    assert_eq!(logged[0]["model"], "m");
    assert_eq!(logged[0]["headers"][0], json!(["Host", "x"]));
    drop(client);
    upstream.wait_for_close(0, SOON).await.unwrap();
    drop(upstream);
    let logged = lines();
    assert_eq!(logged.len(), 2);
    assert_eq!(logged[1]["event"], "end");
    assert_eq!(logged[1]["outcome"], "client_closed");
    assert_eq!(logged[1]["writes"], 1);
}

fn program(arguments: &[&str]) -> (Child, BufReader<ChildStdout>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_upstream"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    (child, stdout, line)
}

#[test]
fn the_program_plays_a_file_and_ends_with_its_standard_input() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("scripts.json");
    std::fs::write(&file, r#"{"queue": {"status": 418, "reason": "I'm a teapot"}}"#).unwrap();
    let arguments = ["--script", file.to_str().unwrap(), "--record", "off", "--stdin-guard"];
    let (mut child, _stdout, line) = program(&arguments);
    let line: Value = serde_json::from_str(&line).unwrap();
    let address = line["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut status = String::new();
    BufReader::new(&stream).read_line(&mut status).unwrap();
    assert_eq!(status, "HTTP/1.1 418 I'm a teapot\r\n");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_program_refuses_what_it_does_not_know() {
    let output = Command::new(env!("CARGO_BIN_EXE_upstream")).arg("--colour").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown option --colour"));
}
