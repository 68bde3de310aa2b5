//! Streams that are read ahead of the host.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use libgateway::{
    ErrorCode, FlushReport,
    bindings::{Next, Reading},
};
use serde_json::{Value, json};
use upstream::Script;

use super::support::{Host, PATIENCE, block_on, read_all};

fn event(content: &str) -> String {
    let chunk = json!({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}]});
    format!("data: {chunk}\n\n")
}

#[test]
fn a_stream_is_read_by_events_or_byte_for_byte() {
    let host = Host::open();
    let sent = [event("Hel"), ": a comment\n\n".to_owned(), event("lo"), "data: [DONE]\n\n".to_owned()];
    let body = || host.handle.call_model("chat_stream", "acme", asks_for_usage(), b"").unwrap();

    host.upstream.push(Script::sse(sent.clone()));
    let (events, error) = read_all(&host.open_stream(body()));
    let contents: Vec<Value> = events.iter().map(|event| serde_json::from_slice(event).unwrap()).collect();
    let contents: Vec<_> =
        contents.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!((contents, error.is_none()), (vec!["Hel", "lo"], true));

    host.upstream.push(Script::sse(sent.clone()));
    let (bytes, error) = read_all(&host.open_stream(body().reading(Reading::Bytes)));
    assert_eq!((bytes.concat(), error.is_none()), (sent.concat().into_bytes(), true));
}

/// With the usage chunk wanted, the upstream's bytes come as they are.
fn asks_for_usage() -> Bytes {
    let body = json!({"model": "gpt-4o", "messages": [], "stream_options": {"include_usage": true}});
    body.to_string().into()
}

#[test]
fn all_that_is_ready_comes_in_one_go() {
    let host = Host::open();
    let events: Vec<_> = (0..200).map(|number| event(&number.to_string())).collect();
    host.upstream.push(Script::sse(events));
    let (stream, began) = (host.stream(), Instant::now());
    // The trace ends when the last byte has been read ahead: all is ready then.
    while host.perform("stats", &json!({}))["accepted"] == 0 {
        assert!(began.elapsed() < PATIENCE, "the stream is not read ahead");
        std::thread::yield_now();
    }
    let Next::Pieces(pieces) = stream.next(Some(PATIENCE)).unwrap() else { panic!("nothing is ready") };
    assert_eq!(pieces.len(), 200);
    assert!(matches!(stream.next(Some(PATIENCE)).unwrap(), Next::End));
}

#[test]
fn what_is_not_ready_is_waited_for_only_so_long() {
    let host = Host::open();
    let first = event("first");
    let sent = first.len().try_into().unwrap();
    host.upstream.push(Script::sse([first, event("never")]).hang_after(sent));
    let stream = host.stream();
    assert!(matches!(stream.next(Some(PATIENCE)).unwrap(), Next::Pieces(_)));
    assert!(matches!(stream.next(Some(Duration::ZERO)).unwrap(), Next::Waiting));
    assert!(matches!(stream.next(Some(Duration::from_millis(20))).unwrap(), Next::Waiting));
    stream.cancel().unwrap();
    block_on(host.upstream.wait_for_close(0, PATIENCE)).unwrap();
    assert_eq!(stream.next(Some(PATIENCE)).unwrap_err().code(), ErrorCode::Cancelled);
    assert!(matches!(stream.next(Some(PATIENCE)).unwrap(), Next::End));
    assert_eq!(host.only_trace()["status_class"], "cancelled");
}

#[test]
fn dropping_a_stream_closes_the_upstream() {
    let host = Host::open();
    let first = event("first");
    let sent = first.len().try_into().unwrap();
    host.upstream.push(Script::sse([first, event("never")]).hang_after(sent));
    drop(host.stream());
    block_on(host.upstream.wait_for_close(0, PATIENCE)).unwrap();
    assert_eq!(host.only_trace()["status_class"], "cancelled");
}

#[test]
fn a_host_can_be_told_when_something_is_there() {
    let host = Host::open();
    host.upstream.push(Script::sse([event("soon"), event("later")]).delay_at(0, 0).delay_at(1, 50));
    let stream = host.stream();
    let mut looked = 0;
    loop {
        let (sender, told) = mpsc::channel();
        stream.on_ready(move || sender.send(()).unwrap_or_default()).unwrap();
        told.recv_timeout(PATIENCE).unwrap();
        match stream.next(Some(Duration::ZERO)).unwrap() {
            Next::Pieces(_) => looked += 1,
            Next::End => break,
            Next::Waiting => panic!("told of nothing"),
        }
    }
    assert!(looked >= 1);
}

#[test]
fn a_host_that_does_not_read_holds_the_upstream_back() {
    let host = Host::open();
    // Far more than is read ahead and the sockets' buffers hold.
    let events: Vec<_> = (0..640).map(|_| event(&"x".repeat(64 << 10))).collect();
    let all: usize = events.iter().map(String::len).sum();
    host.upstream.push(Script::sse(events));
    let stream = host.stream();
    assert!(matches!(stream.next(Some(PATIENCE)).unwrap(), Next::Pieces(_)));
    let written = usize::try_from(host.upstream.stats().bytes_written).unwrap();
    assert_eq!(host.upstream.stats().answers_open, 1, "the upstream is still sending: {written} of {all}");
    let (_, error) = read_all(&stream);
    assert!(error.is_none(), "{error:?}");
}

#[test]
fn a_stream_that_breaks_gives_what_had_come_and_then_its_error() {
    let host = Host::open();
    let first = event("first");
    let sent = first.len().try_into().unwrap();
    host.upstream.push(Script::sse([first, event("never")]).reset_after(sent));
    let (pieces, error) = read_all(&host.stream());
    assert_eq!(error.unwrap().code(), ErrorCode::UpstreamDisconnected);
    assert!(pieces.len() <= 1);
}

#[test]
fn a_close_ends_a_stream_that_nobody_reads_and_keeps_its_trace() {
    let host = Host::open();
    let first = event("first");
    let sent = first.len().try_into().unwrap();
    host.upstream.push(Script::sse([first, event("never")]).hang_after(sent));
    let stream = host.stream();
    let report = host.handle.close(None).unwrap();
    let report: FlushReport = serde_json::from_slice(&report).unwrap();
    assert_eq!((report.persisted, report.dropped), (1, 0), "{report:?}");
    let (_, error) = read_all(&stream);
    assert_eq!(error.unwrap().code(), ErrorCode::Closed);
}
