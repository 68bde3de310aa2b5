//! Requests are recorded as they were sent, and get the script meant for them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test is the report")]

mod common;

use common::{Client, SOON};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use upstream::{Options, Outcome, Recording, Script, Scripts, Upstream};

#[tokio::test]
async fn a_request_is_recorded_as_it_was_sent() {
    let upstream = Upstream::start().unwrap();
    let mut client = Client::connect(&upstream).await;
    client
        .send("PUT /a%20b?c=d&c HTTP/1.1\r\nX-Z: 1\r\nx-A:  two \r\nX-Z: 3\r\ncontent-length: 3\r\n\r\n\0\u{ff}")
        .await;
    client.response().await;
    let request = upstream.requests().remove(0);
    assert_eq!(request.method, "PUT");
    assert_eq!(request.path, "/a%20b?c=d&c");
    let headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("X-Z", "1"), ("x-A", "two"), ("X-Z", "3"), ("content-length", "3")]);
    assert_eq!(request.header("x-a"), Some("two"));
    assert_eq!(&request.body[..], b"\0\xc3\xbf");
}

#[tokio::test]
async fn a_chunked_body_is_recorded_without_its_framing() {
    let upstream = Upstream::start().unwrap();
    let mut client = Client::connect(&upstream).await;
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    for byte in format!("{head}3\r\n{{\"a\r\n4;ext\r\n\":1}}\r\n0\r\nx: y\r\n\r\n").bytes() {
        client.send([byte]).await;
    }
    client.response().await;
    let response = client.exchange("POST", "/", "next").await;
    assert_eq!(response.status, 404);
    let requests = upstream.requests();
    assert_eq!(requests[0].json(), json!({"a": 1}));
    assert_eq!(requests[1].text(), "next");
    assert!(requests[0].arrived_us <= requests[0].received_us);
}

#[tokio::test]
async fn a_large_body_arrives_whole() {
    let upstream = Upstream::start().unwrap();
    let body = "0123456789abcdef".repeat(1_000_000);
    let mut client = Client::connect(&upstream).await;
    client.exchange("POST", "/", &body).await;
    assert!(upstream.requests()[0].body == body);
}

#[tokio::test]
async fn a_client_that_expects_100_gets_it_before_its_body() {
    let upstream = Upstream::start().unwrap();
    let mut client = Client::connect(&upstream).await;
    client.send("POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n").await;
    assert_eq!(client.head().await.status, 100);
    client.send("{}").await;
    assert_eq!(client.response().await.status, 404);
}

#[tokio::test]
async fn a_request_cut_within_its_body_is_recorded_and_takes_no_script() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::chat("kept"));
    let mut client = Client::connect(&upstream).await;
    client.send("POST / HTTP/1.1\r\ncontent-length: 10\r\n\r\nhalf").await;
    client.stream.shutdown().await.unwrap();
    let record = upstream.wait_for_close(0, SOON).await.unwrap();
    assert_eq!(record.outcome, Outcome::RequestCut);
    assert_eq!(record.text(), "half");
    assert_eq!(upstream.stats().queued, 1);
}

#[tokio::test]
async fn what_is_not_http_is_refused_and_counted() {
    let upstream = Upstream::start().unwrap();
    let mut client = Client::connect(&upstream).await;
    client.send("\x16\x03\x01 hello\r\n\r\n").await;
    assert_eq!(client.response().await.status, 400);
    assert_eq!(upstream.stats().bad_requests, 1);
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn the_queue_is_played_in_order_before_the_fallback() {
    let upstream = Upstream::start().unwrap();
    upstream.fallback(Script::error(500, "replaced"));
    upstream.fallback(Script::error(503, "always"));
    upstream.push(Script::error(429, "first").header("retry-after", "1"));
    upstream.push(Script::chat("second"));
    let mut client = Client::connect(&upstream).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.exchange("POST", "/", "{}").await.status);
    }
    assert_eq!(statuses, [429, 200, 503, 503]);
    let seqs: Vec<u64> = upstream.requests().iter().map(|r| r.seq).collect();
    assert_eq!(seqs, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_script_waits_for_the_request_it_is_for() {
    let upstream = Upstream::start().unwrap();
    let mut scripts = Scripts::queue([
        Script::text(201, "").on_model("gpt-b"),
        Script::text(202, "").on_path("/v1/emb").on_method("POST"),
    ]);
    scripts.fallback = vec![Script::text(203, "").on_method("GET"), Script::text(204, "x")];
    upstream.load(scripts);
    let mut client = Client::connect(&upstream).await;
    let mut status = async |method: &str, path: &str, model: &str| {
        let body = json!({"model": model}).to_string();
        client.exchange(method, path, &body).await.status
    };
    assert_eq!(status("POST", "/v1/chat/completions", "gpt-a").await, 204);
    assert_eq!(status("GET", "/v1/embeddings", "gpt-a").await, 203);
    assert_eq!(status("POST", "/v1/embeddings", "gpt-a").await, 202);
    assert_eq!(status("POST", "/v1/embeddings", "gpt-b").await, 201);
    assert_eq!(status("POST", "/v1/embeddings", "gpt-b").await, 204);
}

#[tokio::test]
async fn recording_is_bounded_or_off_and_counters_go_on() {
    for (recording, kept) in [(Recording::Last(2), vec![3, 4]), (Recording::Off, vec![])] {
        let upstream = Upstream::start_with(Options::default().recording(recording)).unwrap();
        let mut client = Client::connect(&upstream).await;
        for _ in 0..5 {
            client.exchange("POST", "/v1/embeddings", "{}").await;
        }
        let records = upstream.wait_for_requests(5, SOON).await.unwrap();
        let seqs: Vec<u64> = records.iter().map(|record| record.seq).collect();
        assert_eq!(seqs, kept);
        assert_eq!(upstream.stats().requests, 5);
    }
}

#[tokio::test]
async fn a_reset_begins_anew_and_is_not_disturbed_by_old_answers() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::chat("old").delay_ms(60_000));
    upstream.push(Script::chat("never"));
    let mut old = Client::connect(&upstream).await;
    old.ask("POST", "/", "{}").await;
    upstream.wait_for_requests(1, SOON).await.unwrap();
    upstream.reset();
    let mut client = Client::connect(&upstream).await;
    assert_eq!(client.exchange("POST", "/", "{}").await.status, 404);
    drop(old);
    upstream.wait_for_connections(1, SOON).await.unwrap();
    let stats = upstream.stats();
    assert_eq!((stats.requests, stats.client_closes, stats.queued), (1, 0, 0));
    assert_eq!(upstream.requests()[0].outcome, Outcome::Complete);
}
