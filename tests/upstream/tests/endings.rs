//! An answer ends as the script wants: FIN is FIN, RST is RST.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test is the report")]

mod common;

use std::io::ErrorKind;

use common::{Client, SOON};
use upstream::{BeforeHeaders, Framing, Outcome, Script, Upstream};

#[tokio::test]
async fn a_reset_is_a_reset_after_exactly_so_many_bytes() {
    let upstream = Upstream::start().unwrap();
    for (seq, kept) in (0..=5).zip(0..) {
        let script = Script::text(200, "hello").framing(Framing::ContentLength);
        upstream.push(script.reset_after(seq));
        let mut client = Client::connect(&upstream).await;
        client.ask("GET", "/", "").await;
        assert_eq!(client.head().await.header("content-length"), Some("5"));
        let (rest, end) = client.rest().await;
        assert_eq!(&rest[..], &b"hello"[..kept]);
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
        let record = upstream.wait_for_end(seq, SOON).await.unwrap();
        assert_eq!(record.outcome, Outcome::Reset);
    }
    assert_eq!(upstream.stats().answers_cut, 6);
}

#[tokio::test]
async fn an_early_close_is_a_fin_without_the_end_of_the_body() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::sse(["one", "two"]).close_after(4));
    let mut client = Client::connect(&upstream).await;
    client.ask("GET", "/", "").await;
    client.head().await;
    let (rest, end) = client.rest().await;
    assert_eq!(&rest[..], b"3\r\none\r\n1\r\nt\r\n");
    end.unwrap();
    let record = upstream.wait_for_end(0, SOON).await.unwrap();
    assert_eq!((record.outcome, record.writes), (Outcome::Closed, 2));
}

#[tokio::test]
async fn a_limit_beyond_the_body_cuts_only_its_end() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::sse(["one"]).close_after(u64::MAX));
    let mut client = Client::connect(&upstream).await;
    client.ask("GET", "/", "").await;
    client.head().await;
    assert_eq!(&client.rest().await.0[..], b"3\r\none\r\n");
}

#[tokio::test]
async fn a_large_body_ends_at_the_byte_it_should() {
    let upstream = Upstream::start().unwrap();
    let script = Script::repeat("0123456789", 1_000_000).framing(Framing::CloseDelimited);
    upstream.push(script.close_after(7_654_321));
    let mut client = Client::connect(&upstream).await;
    client.ask("GET", "/", "").await;
    client.head().await;
    let (rest, end) = client.rest().await;
    assert_eq!(rest.len(), 7_654_321);
    end.unwrap();
}

#[tokio::test]
async fn nothing_at_all_is_an_answer_too() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::no_answer(BeforeHeaders::Close));
    upstream.push(Script::no_answer(BeforeHeaders::Reset).delay_ms(1));
    for reset in [false, true] {
        let mut client = Client::connect(&upstream).await;
        client.ask("GET", "/", "").await;
        let (bytes, end) = client.rest().await;
        assert!(bytes.is_empty());
        assert_eq!(end.is_err(), reset);
    }
    let record = upstream.wait_for_end(1, SOON).await.unwrap();
    assert_eq!((record.status, record.bytes_written), (None, 0));
}

#[tokio::test]
async fn a_connection_serves_many_requests_until_it_is_told_not_to() {
    let upstream = Upstream::start().unwrap();
    for _ in 0..3 {
        upstream.push(Script::chat("again"));
    }
    upstream.push(Script::chat("the last").closing());
    let mut client = Client::connect(&upstream).await;
    for _ in 0..4 {
        let response = client.exchange("POST", "/v1/chat/completions", "{}").await;
        assert_eq!(response.header("connection"), None);
    }
    let (rest, end) = client.rest().await;
    assert!(rest.is_empty());
    end.unwrap();
    assert!(upstream.requests().iter().all(|r| r.connection == 0));

    let mut client = Client::connect(&upstream).await;
    client.send("GET / HTTP/1.1\r\nconnection: Close\r\n\r\n").await;
    client.response().await;
    client.rest().await.1.unwrap();
    assert_eq!(upstream.requests()[4].connection, 1);
}
