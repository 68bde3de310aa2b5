//! Delays come where the script puts them, and the client's leaving is noticed
//! in the middle of anything.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test is the report")]

mod common;

use std::time::{Duration, Instant};

use common::{Client, SOON};
use upstream::{BeforeHeaders, Outcome, Script, Split, Upstream, WaitError};

const PROMPT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn delays_happen_in_order() {
    let upstream = Upstream::start().unwrap();
    let script = Script::sse(["a", "b", "c", "d"]).delay_ms(30).gap_ms(20).delay_at(0, 40).delay_at(2, 60);
    upstream.push(script);
    let mut client = Client::connect(&upstream).await;
    let start = Instant::now();
    client.ask("GET", "/", "").await;
    client.head().await;
    let mut times = vec![start.elapsed()];
    for event in ["a", "b", "c", "d"] {
        assert_eq!(&client.chunk().await[..], event.as_bytes());
        times.push(start.elapsed());
    }
    for (time, least) in times.iter().zip([30, 70, 90, 150, 170]) {
        assert!(*time >= Duration::from_millis(least), "{times:?}");
    }
    let record = upstream.wait_for_end(0, SOON).await.unwrap();
    assert_eq!(record.outcome, Outcome::Complete);
    // The head went out alone, before the wait of the first event.
    let first_byte_us = record.first_byte_us.unwrap();
    assert!(first_byte_us - record.received_us >= 30_000);
    assert!(record.ended_us.unwrap() - first_byte_us >= 140_000);
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed_wherever_the_answer_is() {
    let scripts = [
        Script::chat("late").delay_ms(60_000),
        Script::no_answer(BeforeHeaders::Hang),
        Script::text(200, "hello").hang_after(2),
        Script::text(200, "hello").hang_after(5),
        Script::sse(["a", "b"]).gap_ms(60_000),
        Script::repeat("x".repeat(1000), 1_000_000),
    ];
    for script in scripts {
        let upstream = Upstream::start().unwrap();
        upstream.push(script.clone());
        let mut client = Client::connect(&upstream).await;
        client.ask("POST", "/", "{}").await;
        upstream.wait_for_requests(1, SOON).await.unwrap();
        drop(client);
        let left = Instant::now();
        let record = upstream.wait_for_close(0, SOON).await.unwrap();
        assert!(left.elapsed() < PROMPT, "{script:?}");
        assert_eq!(record.outcome, Outcome::ClientClosed);
        let after_us = record.ended_us.unwrap() - record.arrived_us;
        assert_eq!(record.client_closed_after_ms, Some(after_us / 1_000));
        upstream.wait_for_connections(0, SOON).await.unwrap();
        assert_eq!(upstream.stats().client_closes, 1);
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_recorded_with_what_had_been_written() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::sse(["one", "two", "three"]).delay_at(2, 60_000));
    let mut client = Client::connect(&upstream).await;
    client.ask("GET", "/", "").await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let sent = head.len() + "3\r\none\r\n3\r\ntwo\r\n".len();
    client.read(sent).await;
    drop(client);
    let record = upstream.wait_for_close(0, SOON).await.unwrap();
    assert_eq!(record.writes, 2);
    assert_eq!(record.bytes_written, u64::try_from(sent).unwrap());
    assert_eq!(record.status, Some(200));
}

#[tokio::test]
async fn a_pipelined_request_is_not_taken_for_a_close() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::text(200, "first").delay_ms(20));
    upstream.push(Script::text(200, "second"));
    let mut client = Client::connect(&upstream).await;
    client.ask("GET", "/1", "").await;
    client.ask("GET", "/2", "").await;
    assert_eq!(client.response().await.text(), "first");
    assert_eq!(client.response().await.text(), "second");
}

#[tokio::test]
async fn waits_end_with_what_they_missed() {
    let upstream = Upstream::start().unwrap();
    let short = Duration::from_millis(5);
    let error = upstream.wait_for_requests(1, short).await.unwrap_err();
    assert_eq!(error.to_string(), "timed out waiting for 1 requests; 0 arrived");
    Client::connect(&upstream).await.exchange("GET", "/", "").await;
    assert_eq!(
        upstream.wait_for_close(0, SOON).await.unwrap_err(),
        WaitError::Ended { seq: 0, outcome: Outcome::Complete }
    );
}

#[test]
fn a_wait_needs_no_runtime() {
    let upstream = Upstream::start().unwrap();
    let address = upstream.address();
    let client = std::thread::spawn(move || {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        stream
    });
    let requests = upstream.wait_for_requests(1, SOON).blocking().unwrap();
    assert_eq!(requests[0].path, "/");
    client.join().unwrap();
}

#[tokio::test]
async fn dropping_the_upstream_ends_its_connections_at_once() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::repeat("x", u64::MAX).split(Split::Events));
    let mut client = Client::connect(&upstream).await;
    client.ask("GET", "/", "").await;
    client.head().await;
    let start = Instant::now();
    drop(upstream);
    assert!(start.elapsed() < PROMPT);
    let (_, _end) = client.rest().await;
}
