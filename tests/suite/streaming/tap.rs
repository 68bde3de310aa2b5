//! Reading a stream beside its caller never holds the caller up: what has arrived is there, before anything else comes.

use libgateway_tests::{TestGateway, hello};

use super::support::{PATIENCE, SQLITE, content_event, finish_event, manual::Manual, next, usage_wanted};

sqlite_tests! {
    async fn every_chunk_reaches_the_caller_before_the_next_one_is_sent() {
        let test = TestGateway::open(SQLITE).await;
        let upstream = Manual::start();
        test.acme.set_provider(upstream.provider()).await.unwrap();
        let (mut exchange, mut stream) = open(&test, &upstream, usage_wanted()).await;
        // Any cut will do, within an event or a character too: the bytes are passed on as they come.
        let first = content_event("Hello");
        let (head, tail) = first.split_at(30);
        let numbered: Vec<_> = (0..50).map(|number| content_event(&format!("{number} "))).collect();
        let chunks = [head, tail].into_iter().chain(numbered.iter().map(String::as_str));
        for chunk in chunks.chain([&*finish_event(), ": a comment\n\n", "data: [DONE]\n\n"]) {
            exchange.send(chunk).await;
            assert_eq!(std::str::from_utf8(&within(next(&mut stream)).await), Ok(chunk));
        }
        exchange.end().await;
        assert!(within(stream.next_chunk()).await.is_none());
        assert_eq!(test.only_trace().await.chunk_count, Some(52));
    }

    async fn every_event_reaches_a_caller_from_whom_usage_is_hidden_before_the_next_one_is_sent() {
        let test = TestGateway::open(SQLITE).await;
        let upstream = Manual::start();
        test.acme.set_provider(upstream.provider()).await.unwrap();
        let (mut exchange, mut stream) = open(&test, &upstream, hello()).await;
        assert_eq!(exchange.body["stream_options"]["include_usage"], true);
        let numbered = (0..50).map(|number| content_event(&format!("{number} ")));
        for event in numbered.chain([finish_event()]) {
            let (head, tail) = event.split_at(event.len() / 2);
            exchange.send(head).await;
            exchange.send(tail).await;
            assert_eq!(std::str::from_utf8(&within(next(&mut stream)).await), Ok(&*event));
        }
        exchange.end().await;
        assert!(within(stream.next_chunk()).await.is_none());
    }

    async fn the_head_of_a_stream_reaches_the_caller_before_its_first_event_is_sent() {
        let test = TestGateway::open(SQLITE).await;
        let upstream = Manual::start();
        test.acme.set_provider(upstream.provider()).await.unwrap();
        let (mut exchange, mut stream) = open(&test, &upstream, usage_wanted()).await;
        assert_eq!((stream.status(), stream.provider().as_str()), (200, "openai"));
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        exchange.send("data: [DONE]\n\n").await;
        assert_eq!(&within(next(&mut stream)).await[..], b"data: [DONE]\n\n");
    }

    async fn events_are_given_one_by_one_as_they_are_sent() {
        let test = TestGateway::open(SQLITE).await;
        let upstream = Manual::start();
        test.acme.set_provider(upstream.provider()).await.unwrap();
        let (mut exchange, mut stream) = open(&test, &upstream, usage_wanted()).await;
        for number in 0..10 {
            let event = content_event(&number.to_string());
            exchange.send(&event).await;
            let data = within(stream.next_event()).await.unwrap().unwrap();
            assert_eq!(format!("data: {}\n\n", std::str::from_utf8(&data).unwrap()), event);
        }
    }
}

/// A stream whose head has come, and nothing else.
async fn open(
    test: &TestGateway,
    upstream: &Manual,
    request: serde_json::Value,
) -> (super::support::manual::Exchange, libgateway::ReplyStream) {
    let (exchange, stream) = within(async {
        tokio::join!(
            async {
                let mut exchange = upstream.accept().await;
                exchange.begin().await;
                exchange
            },
            test.chat_stream(request)
        )
    })
    .await;
    (exchange, stream.expect("a stream"))
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("what was sent is passed on")
}
