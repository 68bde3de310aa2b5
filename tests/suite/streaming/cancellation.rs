//! The caller goes away: the upstream's socket closes, and one trace says so.

use std::time::Duration;

use libgateway::{ErrorCode, StatusClass, TraceFlag};
use libgateway_tests::{TestGateway, backend_tests, hello};
use serde_json::json;
use upstream::{BeforeHeaders, Script};

use super::support::{
    PATIENCE, SQLITE, content_event, event, finish_event, hello_to, next, read_until, traced_content, usage_wanted,
};

/// How soon the upstream is to see that a caller has gone.
const PROMPT: Duration = Duration::from_millis(100);
/// Calls that are dropped one after the other to measure that.
const DROPS: u64 = 10;

backend_tests! {
    async fn dropping_a_stream_midway_closes_the_upstream_and_keeps_what_had_come(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let usage =
            event(&json!({"choices": [], "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}}));
        let events = [content_event("Hel"), content_event("lo"), usage, content_event("never")];
        let sent = events[..3].concat().len();
        test.upstream.push(Script::sse(events).hang_after(sent.try_into().unwrap()));

        let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
        read_until(&mut stream, "total_tokens").await;
        let id = stream.trace_id();
        drop(stream);

        let closed = test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        assert!(closed.client_closed_after_ms.is_some());
        let detail = test.only_trace().await;
        let trace = &detail.trace;
        assert_eq!((trace.id, trace.status_class), (id, StatusClass::Cancelled));
        assert_eq!((trace.error_code, trace.status_code), (Some(ErrorCode::Cancelled), Some(200)));
        assert_eq!((trace.input_tokens, trace.output_tokens, trace.total_tokens), (Some(8), Some(2), Some(10)));
        assert_eq!((detail.chunk_count, traced_content(detail.response.as_deref())), (Some(3), "Hello".to_owned()));
        assert!(!detail.flags.contains(&TraceFlag::StreamTruncated), "the caller cut it, not the upstream");
        assert_eq!(test.gateway.stats().in_flight, 0);
    }

    async fn dropping_a_chat_whose_upstream_hangs_closes_it(backend: Backend) {
        let test = TestGateway::open(backend).await;
        test.upstream.push(Script::no_answer(BeforeHeaders::Hang));
        {
            let mut chat = std::pin::pin!(test.chat(hello()));
            tokio::select! {
                answer = &mut chat => panic!("the upstream does not answer: {answer:?}"),
                arrived = test.upstream.wait_for_requests(1, PATIENCE) => drop(arrived.unwrap()),
            }
            assert_eq!(test.gateway.stats().in_flight, 1);
        }
        assert_eq!(test.gateway.stats().in_flight, 0);
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        let trace = test.only_trace().await.trace;
        assert_eq!((trace.status_class, trace.status_code), (StatusClass::Cancelled, None));
        assert_eq!((trace.ttfb_ms, trace.attempt_count), (None, 1));
    }
}

/// Polls a call that does not end until the event has come, and drops it.
macro_rules! dropped_when {
    ($chat:expr, $event:expr) => {{
        let mut chat = std::pin::pin!($chat);
        tokio::select! {
            answer = &mut chat => panic!("there is no answer to come: {answer:?}"),
            () = $event => {}
        }
    }};
}

/// The quickest counts: a timer in the way would delay every close alike, while a machine that is busy with other
/// things delays some of them by anything.
fn assert_prompt(closes: &[Duration]) {
    assert!(closes.iter().min().is_some_and(|quickest| *quickest < PROMPT), "no close was prompt: {closes:?}");
}

sqlite_tests! {
    async fn no_timer_stands_between_the_drop_of_a_stream_and_the_close() {
        let test = TestGateway::open(SQLITE).await;
        let first = content_event("Hel");
        let sent = first.len() as u64;
        test.upstream.fallback(Script::sse([first, content_event("lo")]).hang_after(sent));
        let mut closes = Vec::new();
        for seq in 0..DROPS {
            let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
            next(&mut stream).await;
            closes.push(test.time_to_close(seq, stream).await);
        }
        assert_prompt(&closes);
        test.flush().await;
        assert_eq!(test.gateway.stats().by_class.get(&StatusClass::Cancelled), Some(&DROPS));
    }

    async fn no_timer_stands_between_the_drop_of_a_chat_and_the_close() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.fallback(Script::no_answer(BeforeHeaders::Hang));
        let mut closes = Vec::new();
        for seq in 0..DROPS {
            let mut chat = Box::pin(test.chat(hello()));
            tokio::select! {
                answer = &mut chat => panic!("the upstream does not answer: {answer:?}"),
                arrived = test.upstream.wait_for_requests(seq + 1, PATIENCE) => drop(arrived.unwrap()),
            }
            closes.push(test.time_to_close(seq, chat).await);
        }
        assert_prompt(&closes);
        test.flush().await;
        assert_eq!(test.gateway.stats().by_class.get(&StatusClass::Cancelled), Some(&DROPS));
    }

    async fn dropping_a_chat_in_the_middle_of_its_answer_closes_the_upstream() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.push(Script::chat("Hello").every(10).delay_at(0, 0).hang_after(20));
        // The head is there once the upstream has begun to answer, the rest never comes.
        dropped_when!(test.chat(hello()), async {
            test.upstream.wait_for_requests(1, PATIENCE).await.map(drop).unwrap();
        });
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        assert_eq!(test.only_trace().await.trace.status_class, StatusClass::Cancelled);
    }

    async fn dropping_a_chat_between_two_attempts_asks_no_more() {
        let test = TestGateway::open_with(SQLITE, |config| {
            (config.retry.base_ms, config.retry.max_ms) = (20_000, 20_000);
        })
        .await;
        test.upstream.push(Script::error(503, "overloaded"));
        dropped_when!(test.chat(hello()), async {
            test.upstream.wait_for_end(0, PATIENCE).await.map(drop).unwrap();
            // Once another call gets the connection of the first one, that one has its answer and waits.
            loop {
                test.chat(hello_to("other")).await.unwrap();
                if test.upstream.requests().last().is_some_and(|request| request.connection == 0) {
                    return;
                }
            }
        });
        let traces = test.traces().await;
        let [trace] =
            traces.iter().filter(|trace| trace.requested_model.as_deref() == Some("gpt-4o")).collect::<Vec<_>>()[..]
        else {
            panic!("one trace was expected: {traces:?}")
        };
        assert_eq!((trace.status_class, trace.attempt_count), (StatusClass::Cancelled, 1));
        let detail = test.acme.get_trace(trace.id).await.unwrap();
        assert_eq!(detail.attempts.iter().map(|attempt| attempt.status_code).collect::<Vec<_>>(), [Some(503)]);
        assert_eq!(test.upstream.requests().iter().filter(|request| request.json()["model"] == "gpt-4o").count(), 1);
    }

    async fn dropping_a_stream_that_has_said_it_is_done_is_no_cancellation() {
        let test = TestGateway::open(SQLITE).await;
        let events = [content_event("Hello"), finish_event(), "data: [DONE]\n\n".to_owned()];
        let sent = events.concat().len();
        test.upstream.push(Script::sse(events).hang_after(sent.try_into().unwrap()));
        let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
        read_until(&mut stream, "[DONE]").await;
        drop(stream);
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        let detail = test.only_trace().await;
        assert_eq!((detail.trace.status_class, detail.trace.error_code), (StatusClass::Ok, None));
        assert_eq!((detail.flags, traced_content(detail.response.as_deref())), (vec![], "Hello".to_owned()));
    }

    async fn dropping_a_stream_before_its_first_chunk_is_a_cancellation() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.push(Script::sse([content_event("never")]).delay_at(0, 0).hang_after(0));
        drop(test.chat_stream(hello()).await.unwrap());
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        let detail = test.only_trace().await;
        assert_eq!((detail.trace.status_class, detail.trace.status_code), (StatusClass::Cancelled, Some(200)));
        assert_eq!((detail.trace.ttft_ms, detail.chunk_count), (None, Some(0)));
        assert!(detail.trace.ttfb_ms.is_some());
    }

    async fn dropping_a_request_for_a_stream_before_its_head_is_a_cancellation() {
        let test = TestGateway::open(SQLITE).await;
        test.upstream.push(Script::no_answer(BeforeHeaders::Hang));
        dropped_when!(test.chat_stream(hello()), async {
            test.upstream.wait_for_requests(1, PATIENCE).await.map(drop).unwrap();
        });
        test.upstream.wait_for_close(0, PATIENCE).await.unwrap();
        let trace = test.only_trace().await.trace;
        assert_eq!((trace.status_class, trace.status_code, trace.stream), (StatusClass::Cancelled, None, true));
    }

    async fn after_an_error_a_stream_of_events_has_ended() {
        let test = TestGateway::open(SQLITE).await;
        let whole = content_event("Hel");
        let cut = whole.len() + 40;
        test.upstream.push(Script::sse([whole, content_event("lo")]).close_after(cut.try_into().unwrap()));
        let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
        assert!(stream.next_event().await.unwrap().is_ok());
        let error = stream.next_event().await.unwrap().expect_err("the upstream left within an event");
        assert_eq!(error.code(), ErrorCode::UpstreamDisconnected);
        assert!(stream.next_event().await.is_none(), "half an event is none");
    }
}
