//! Calls that block the thread they are made on, and calls that call back.

use std::{
    io::{Read as _, Write as _},
    ops::ControlFlow,
    sync::mpsc,
    thread,
};

use libgateway::{
    ErrorCode,
    bindings::{Answer, Handle},
};
use serde_json::json;
use upstream::{BeforeHeaders, Script};

use super::support::{Host, PATIENCE, block_on, whole};

#[test]
fn calls_made_one_after_the_other_share_a_connection() {
    let host = Host::open();
    for _ in 0..20 {
        assert!(whole(host.handle.wait(host.chat(), None).unwrap()).starts_with(b"{"));
    }
    assert_eq!((host.upstream.stats().requests, host.upstream.stats().connections), (20, 1));
}

#[test]
fn calls_of_many_threads_run_at_once() {
    let host = Host::open();
    let threads = 16;
    for _ in 0..threads {
        host.upstream.push(Script::no_answer(BeforeHeaders::Hang));
    }
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let error = host.handle.wait(timed_chat(&host, 5_000), None).unwrap_err();
                assert_eq!(error.code(), ErrorCode::TotalTimeout);
            });
        }
        // None of them has ended when the last one arrives.
        let requests = block_on(host.upstream.wait_for_requests(threads, PATIENCE)).unwrap();
        assert!(requests.iter().all(|request| request.ended().is_none()));
    });
}

fn timed_chat(host: &Host, timeout_ms: u64) -> libgateway::bindings::Call {
    let body = libgateway_tests::hello().to_string();
    let options = json!({"timeout_ms": timeout_ms}).to_string();
    host.handle.call_model("chat", libgateway_tests::TENANT, body.into(), options.as_bytes()).unwrap()
}

#[test]
fn a_call_that_times_out_closes_its_connection() {
    let host = Host::open();
    host.upstream.push(Script::no_answer(BeforeHeaders::Hang));
    assert_eq!(host.handle.wait(timed_chat(&host, 1_000), None).unwrap_err().code(), ErrorCode::TotalTimeout);
    block_on(host.upstream.wait_for_close(0, PATIENCE)).unwrap();
}

#[test]
fn a_thread_that_waits_may_give_up() {
    let host = Host::open();
    host.upstream.push(Script::no_answer(BeforeHeaders::Hang));
    let mut asked = 0;
    let mut tick = || {
        asked += 1;
        if asked == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let error = host.handle.wait(host.chat(), Some(&mut tick)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled);
    block_on(host.upstream.wait_for_close(0, PATIENCE)).unwrap();
    assert_eq!(host.only_trace()["status_class"], "cancelled");
}

#[test]
fn a_started_call_calls_back_once() {
    let host = Host::open();
    let (started, answers) = host.start(host.chat());
    assert!(whole(answers.recv_timeout(PATIENCE).unwrap().unwrap()).starts_with(b"{"));
    drop(started);
    assert_eq!(answers.recv_timeout(PATIENCE).unwrap_err(), mpsc::RecvTimeoutError::Disconnected);
}

#[test]
fn a_started_call_that_is_cancelled_still_calls_back() {
    let host = Host::open();
    host.upstream.push(Script::no_answer(BeforeHeaders::Hang));
    let (started, answers) = host.start(host.chat());
    block_on(host.upstream.wait_for_requests(1, PATIENCE)).unwrap();
    started.cancel();
    assert_eq!(answers.recv_timeout(PATIENCE).unwrap().unwrap_err().code(), ErrorCode::Cancelled);
    block_on(host.upstream.wait_for_close(0, PATIENCE)).unwrap();
}

#[test]
fn a_close_ends_the_connections() {
    let host = Host::open();
    host.handle.wait(host.chat(), None).unwrap();
    assert_eq!(host.upstream.stats().connections_open, 1);
    host.handle.close(None).unwrap();
    block_on(host.upstream.wait_for_connections(0, PATIENCE)).unwrap();
}

#[test]
fn a_close_ends_what_was_started() {
    let host = Host::open();
    host.upstream.push(Script::no_answer(BeforeHeaders::Hang));
    let (_started, answers) = host.start(host.chat());
    block_on(host.upstream.wait_for_requests(1, PATIENCE)).unwrap();
    // Whether its traces are in the store by then is not the question.
    drop(host.handle.close(Some(50)));
    assert_eq!(answers.recv_timeout(PATIENCE).unwrap().unwrap_err().code(), ErrorCode::Closed);
    let error = host.handle.wait(host.chat(), None).unwrap_err();
    assert_eq!(error.code(), ErrorCode::Closed);
    let (_started, answers) = host.start(host.chat());
    assert_eq!(answers.recv_timeout(PATIENCE).unwrap().unwrap_err().code(), ErrorCode::Closed);
}

#[test]
fn a_callback_may_start_a_call_and_not_wait_for_one() {
    let host = Host::open();
    let (sender, results) = mpsc::channel();
    let handle = host.handle.clone();
    let (waits, starts) = (host.chat(), host.chat());
    let started = host.handle.start(host.chat(), move |_| {
        let waited = handle.wait(waits, None).map(drop);
        let opened = Handle::open("{}").map(drop);
        let done = sender.clone();
        let started = handle.start(starts, move |answer| done.send(answer.map(drop)).unwrap()).unwrap();
        sender.send(waited).unwrap();
        sender.send(opened).unwrap();
        // It is to end by itself.
        std::mem::forget(started);
    });
    let next = || results.recv_timeout(PATIENCE).unwrap().map_err(|error| error.code());
    assert_eq!((next(), next()), (Err(ErrorCode::CalledFromCallback), Err(ErrorCode::CalledFromCallback)));
    assert_eq!(next(), Ok(()));
    drop(started);
}

#[test]
fn a_callback_that_panics_hurts_nobody() {
    let host = Host::open();
    let started = host.handle.start(host.chat(), |_| panic!("a host's bug")).unwrap();
    block_on(host.upstream.wait_for_requests(1, PATIENCE)).unwrap();
    let (_started, answers) = host.start(host.chat());
    assert!(answers.recv_timeout(PATIENCE).unwrap().is_ok());
    drop(started);
}

#[test]
fn a_provider_that_was_looked_up_describes_itself_and_can_be_called() {
    let host = Host::open();
    let Answer::Provider(provider) = host.handle.wait(host.handle.get_provider("acme", None).unwrap(), None).unwrap()
    else {
        panic!("no provider");
    };
    let described: serde_json::Value = serde_json::from_slice(provider.description()).unwrap();
    assert_eq!((&described["name"], &described["capabilities"]["responses"]), (&json!("openai"), &json!(true)));
    assert!(!described.to_string().contains(libgateway_tests::API_KEY));
    let body = libgateway_tests::hello().to_string();
    let call = host.handle.call_provider("chat", &provider, body.clone().into(), b"").unwrap();
    whole(host.handle.wait(call, None).unwrap());
    let error = host.handle.call_provider("list_traces", &provider, body.into(), b"").unwrap_err();
    assert_eq!(error.code(), ErrorCode::UnknownOperation);
    let described = host.perform("get_provider_for_tenant", &json!({"tenant_id": "acme"}));
    assert_eq!(described["name"], "openai");
}

#[test]
fn a_head_is_admitted_or_refused_before_there_is_a_body() {
    let host = Host::open();
    let key = host.perform("create_api_key", &json!({"tenant_id": libgateway_tests::TENANT}));
    let secret = key["secret"].as_str().unwrap();
    let admit = |method: &str, path: &str, key: &str| {
        let head =
            http::Request::builder().method(method).uri(path).header("x-api-key", key).header("x-request-id", "r-1");
        host.handle.wait(host.handle.admit(head.body(()).unwrap()).unwrap(), None).unwrap()
    };
    match admit("POST", "/v1/chat/completions", secret) {
        Answer::Json(limit) => assert_eq!(limit, "100000000"),
        other => panic!("{other:?}"),
    }
    for (method, path, key, status) in [
        ("POST", "/v1/chat/completions", "gwk_no", 401),
        ("GET", "/v1/traces", secret, 403),
        ("PUT", "/v1/models", secret, 405),
        ("GET", "/v1/nowhere", secret, 404),
    ] {
        match admit(method, path, key) {
            Answer::Whole(head, body) => {
                assert_eq!((head.status, head.headers["x-request-id"].as_bytes()), (status, &b"r-1"[..]), "{path}");
                assert!(body.starts_with(br#"{"error":"#));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(host.upstream.stats().requests, 0);
}

#[test]
fn what_is_passed_on_over_http_comes_as_a_stream_however_it_is_asked_for() {
    let host = Host::open();
    let secret = host.perform("create_api_key", &json!({"tenant_id": "acme"}))["secret"].as_str().unwrap().to_owned();
    let request = || {
        let request = http::Request::builder().method("GET").uri("/v1/files").header("x-api-key", &secret);
        host.handle.handle(request.body(bytes::Bytes::new()).unwrap()).unwrap()
    };
    host.upstream.fallback(Script::json(200, json!({"data": []})));
    let (waited, started) = (host.open_stream(request()), host.start(request()));
    let Answer::Stream(head, stream) = started.1.recv_timeout(PATIENCE).unwrap().unwrap() else { panic!("no stream") };
    assert_eq!(head.status, 200);
    for stream in [waited, stream] {
        let (pieces, error) = super::support::read_all(&stream);
        assert_eq!((pieces.concat(), error.is_none()), (br#"{"data":[]}"#.to_vec(), true));
    }
}

#[test]
fn a_host_without_a_runtime_serves_too() {
    let host = Host::open();
    let secret = host.perform("create_api_key", &json!({"tenant_id": "acme"}))["secret"].as_str().unwrap().to_owned();
    let serving = host.handle.serve(r#"{"address": "127.0.0.1:0"}"#).unwrap();
    let ask = || {
        let mut stream = std::net::TcpStream::connect(serving.address())?;
        let head = format!("GET /v1/models HTTP/1.1\r\nhost: x\r\nx-api-key: {secret}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    };
    assert!(ask().unwrap().starts_with("HTTP/1.1 200 OK"));
    serving.shutdown(PATIENCE).unwrap();
    assert!(ask().is_err());
    serving.shutdown(PATIENCE).unwrap();
    assert_eq!(host.handle.serve(r#"{"adress": "127.0.0.1:0"}"#).unwrap_err().code(), ErrorCode::InvalidConfig);
    assert_eq!(host.handle.serve(r#"{"address": "192.0.2.1:1"}"#).unwrap_err().param(), Some("address"));
}
