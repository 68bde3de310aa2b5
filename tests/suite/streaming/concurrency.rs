//! Many requests at once: none is refused within the limits, and none gets what belongs to another.

use std::time::Duration;

use futures_util::{StreamExt as _, future::join_all, stream::FuturesUnordered};
use libgateway::{Config, ErrorCode, Limits, StatusClass, Timeouts};
use libgateway_tests::{
    TestGateway,
    alone::{Limit, alone},
};
use serde_json::json;
use tokio::task::JoinSet;
use upstream::{Outcome, Script};

use super::support::{PATIENCE, SQLITE, hello_to, manual::Manual, next, read_all, traced_content};

/// Streams at once.
const STREAMS: usize = 1_200;
/// Chats at once: as many as one tenant may have by default.
const CHATS: usize = 5_000;
/// How long either may take: they are bound by the processor, and other tests run beside.
const TIME: Duration = Duration::from_secs(180);

/// What so many connections to an upstream within the process need, two descriptors each, and all else it has open.
const fn room(connections: usize) -> Limit {
    Limit::Descriptors(2 * connections as u32 + 200)
}

/// Time enough for all of them on a slow machine.
fn patient(config: &mut Config) {
    let ms = u64::try_from(TIME.as_millis()).unwrap();
    config.timeouts = Timeouts { connect_ms: ms, first_byte_ms: ms, idle_ms: ms, total_ms: ms };
}

#[test]
fn interleaved_streams_get_their_own_bytes() {
    alone(room(STREAMS), "", TIME, |_| async {
        let test = TestGateway::open_with(SQLITE, patient).await;
        test.upstream.fallback(Script::stream(["one ", "two ", "three ", "four"]).gap_ms(5));
        let model = |number: usize| format!("model-{number}");
        let opened = join_all((0..STREAMS).map(|number| test.chat_stream(hello_to(&model(number))))).await;
        let mut reading = JoinSet::new();
        for (number, stream) in opened.into_iter().enumerate() {
            let mut stream = stream.unwrap();
            reading.spawn(async move {
                let first = next(&mut stream).await;
                let (rest, error) = read_all(&mut stream).await;
                assert!(error.is_none(), "{error:?}");
                (number, String::from_utf8([&first[..], &rest].concat()).unwrap(), stream.trace_id())
            });
        }
        let mut ids = Vec::new();
        while let Some(read) = reading.join_next().await {
            let (number, text, id) = read.unwrap();
            let own = format!("\"model\":\"{}\"", model(number));
            assert_eq!(
                text.matches("\"model\":").count(),
                text.matches(&own).count(),
                "stream {number} has another's: {text}"
            );
            assert!(
                text.ends_with("data: [DONE]\n\n")
                    && text.matches("\"id\":").count() == text.matches(id_of(&text)).count()
            );
            ids.push((number, id));
        }
        test.flush().await;
        for (number, id) in ids {
            let detail = test.acme.get_trace(id).await.unwrap();
            assert_eq!((detail.trace.model, detail.trace.status_class), (Some(model(number)), StatusClass::Ok));
            assert_eq!(traced_content(detail.response.as_deref()), "one two three four");
        }
        assert!(test.upstream.requests().iter().all(|request| request.outcome == Outcome::Complete));
    });
}

/// The id of the first chunk, as it is written in every chunk of one answer.
fn id_of(text: &str) -> &str {
    text.split(['{', ',']).find(|field| field.starts_with("\"id\":")).expect("an id")
}

#[test]
fn as_many_chats_as_a_tenant_may_have_at_once_all_succeed() {
    alone(room(CHATS), "", TIME, |_| async {
        let test = TestGateway::open_with(SQLITE, patient).await;
        assert_eq!(test.config().limits, Limits::default());
        let upstream = Manual::start();
        test.acme.set_provider(upstream.provider()).await.unwrap();
        let mut chats: FuturesUnordered<_> = (0..CHATS)
            .map(|number| {
                let chat = test.chat(hello_to(&format!("model-{number}")));
                async move { (number, chat.await) }
            })
            .collect();
        // Nobody is answered before everybody has asked.
        let exchanges = tokio::select! {
            (number, answer) = async { chats.next().await.expect("a chat") } => panic!("chat {number} ended: {answer:?}"),
            exchanges = async {
                let mut exchanges = Vec::with_capacity(CHATS);
                while exchanges.len() < CHATS {
                    exchanges.push(upstream.accept().await);
                }
                exchanges
            } => exchanges,
        };
        assert_eq!(test.gateway.stats().in_flight, CHATS as u64);
        let error = test.chat(hello_to("one more")).await.expect_err("a chat over the limit");
        assert_eq!(error.code(), ErrorCode::TenantConcurrencyLimit);
        let answering = async {
            for mut exchange in exchanges {
                let message = json!({"role": "assistant", "content": exchange.body["model"]});
                exchange.answer(&json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})).await;
            }
        };
        let reading = async {
            while let Some((number, answer)) = chats.next().await {
                assert_eq!(answer.unwrap().text(), Some(format!("model-{number}")));
            }
        };
        tokio::join!(answering, reading);
        test.gateway.flush(PATIENCE).await.unwrap();
        let stats = test.gateway.stats();
        assert_eq!((stats.by_class.get(&StatusClass::Ok), stats.in_flight), (Some(&(CHATS as u64)), 0));
        assert_eq!(stats.persisted, stats.accepted);
    });
}
