//! The bytes of an answer are those of the script, however they are cut.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed test is the report")]

mod common;

use std::io::Read;

use common::Client;
use flate2::read::GzDecoder;
use serde_json::json;
use upstream::{Body, Framing, LineEnd, Repeat, Script, Split, Sse, Upstream};

#[tokio::test]
async fn a_body_cut_at_every_byte_arrives_whole() {
    let upstream = Upstream::start().unwrap();
    let text = "data: {\"é\":\"\u{1f600}\"}\r\n\r\n";
    let mut client = Client::connect(&upstream).await;
    for cut in 0..=u64::try_from(text.len()).unwrap() {
        let script = Script::text(200, text).at([cut]).framing(Framing::Chunked);
        upstream.push(script);
        let response = client.exchange("GET", "/", "").await;
        assert_eq!(response.text(), text);
        let first = usize::try_from(cut).unwrap() % text.len();
        let expected = [first, text.len() - first];
        assert_eq!(response.chunks, &expected[usize::from(first == 0)..]);
    }
}

#[tokio::test]
async fn a_body_sent_byte_by_byte_arrives_whole_in_every_framing() {
    let upstream = Upstream::start().unwrap();
    for framing in [Framing::ContentLength, Framing::Chunked, Framing::CloseDelimited] {
        upstream.push(Script::text(200, "hello").every(1).framing(framing));
        let mut client = Client::connect(&upstream).await;
        let response = client.exchange("GET", "/", "").await;
        assert_eq!(response.text(), "hello");
        if framing == Framing::Chunked {
            assert_eq!(response.chunks, [1; 5]);
        }
    }
    let writes: Vec<u64> = upstream.requests().iter().map(|r| r.writes).collect();
    assert_eq!(writes, [5, 5, 5]);
}

#[tokio::test]
async fn events_end_their_lines_as_told() {
    let upstream = Upstream::start().unwrap();
    for (line_end, end) in [(LineEnd::Lf, "\n"), (LineEnd::CrLf, "\r\n"), (LineEnd::Cr, "\r")] {
        let sse = Sse::new([json!({"type": "x"}), json!(": raw\n\n"), json!([1])]);
        upstream.push(Script::new(Body::Sse(sse.line_end(line_end).named().done())));
        let mut client = Client::connect(&upstream).await;
        let response = client.exchange("GET", "/", "").await;
        assert_eq!(response.header("content-type"), Some("text/event-stream"));
        assert_eq!(
            response.text(),
            format!(
                "event: x{end}data: {{\"type\":\"x\"}}{end}{end}: raw\n\n\
                 data: [1]{end}{end}data: [DONE]{end}{end}"
            )
        );
        assert_eq!(response.chunks.len(), 4);
    }
}

#[tokio::test]
async fn each_event_of_a_compressed_stream_can_be_read_at_once() {
    let upstream = Upstream::start().unwrap();
    upstream.push(Script::sse(["data: one\n\n", "data: two\n\n"]).gzip());
    let mut client = Client::connect(&upstream).await;
    client.ask("GET", "/", "").await;
    assert_eq!(client.head().await.header("content-encoding"), Some("gzip"));
    let first = client.chunk().await;
    let mut text = [0; 11];
    GzDecoder::new(&first[..]).read_exact(&mut text).unwrap();
    assert_eq!(&text, b"data: one\n\n");

    let whole = [first, client.chunk().await].concat();
    let mut text = String::new();
    GzDecoder::new(&whole[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "data: one\n\ndata: two\n\n");
}

#[tokio::test]
async fn a_compressed_document_has_the_length_it_says() {
    let upstream = Upstream::start().unwrap();
    let value = json!({"text": "a".repeat(10_000)});
    upstream.push(Script::json(200, value.clone()).gzip());
    let mut client = Client::connect(&upstream).await;
    let response = client.exchange("GET", "/", "").await;
    assert!(response.body.len() < 1_000);
    let decoder = GzDecoder::new(&response.body[..]);
    let decoded: serde_json::Value = serde_json::from_reader(decoder).unwrap();
    assert_eq!(decoded, value);
}

#[tokio::test]
async fn a_repeat_has_its_bytes_around_it_and_blocks_of_whole_chunks() {
    let upstream = Upstream::start().unwrap();
    let repeat = Repeat::new("data: x\n\n", 100_000).before("<").after(">");
    upstream.push(Script::new(Body::Repeat(repeat.clone())));
    upstream.push(Script::new(Body::Repeat(repeat)).split(Split::Events));
    let mut client = Client::connect(&upstream).await;
    let expected = format!("<{}>", "data: x\n\n".repeat(100_000));

    let blocks = client.exchange("GET", "/", "").await;
    assert!(blocks.text() == expected);
    assert!(blocks.chunks.len() < 20 && blocks.chunks[1] % 9 == 0);
    let chunks = client.exchange("GET", "/", "").await;
    assert!(chunks.text() == expected);
    assert_eq!(chunks.chunks.len(), 100_002);
}

#[tokio::test]
async fn raw_bytes_are_the_whole_answer() {
    let upstream = Upstream::start().unwrap();
    let bytes: &[u8] = b"HTTP/9.9 what\r\n\xff\x00 no header\r\n\r\n";
    upstream.push(Script::raw(bytes).every(3));
    let mut client = Client::connect(&upstream).await;
    client.ask("GET", "/", "").await;
    let (all, end) = client.rest().await;
    assert_eq!(&all[..], bytes);
    end.unwrap();
}

#[tokio::test]
async fn headers_keep_their_order_case_and_values() {
    let upstream = Upstream::start().unwrap();
    let script = Script::text(299, "ab")
        .reason("Fine")
        .header("X-B", "2")
        .header("x-a", "1")
        .header("Content-Type", "text/plain")
        .header("x-b", "3");
    upstream.push(script);
    let mut client = Client::connect(&upstream).await;
    client.ask("GET", "/", "").await;
    let expected = "HTTP/1.1 299 Fine\r\nX-B: 2\r\nx-a: 1\r\nContent-Type: text/plain\r\n\
                    x-b: 3\r\ncontent-length: 2\r\n\r\nab";
    assert_eq!(&client.read(expected.len()).await[..], expected.as_bytes());
}

#[tokio::test]
async fn the_answer_to_head_has_no_body() {
    let upstream = Upstream::start().unwrap();
    upstream.fallback(Script::text(200, "hello"));
    let mut client = Client::connect(&upstream).await;
    client.ask("HEAD", "/", "").await;
    assert_eq!(client.head().await.header("content-length"), Some("5"));
    assert_eq!(client.exchange("GET", "/", "").await.text(), "hello");
}
