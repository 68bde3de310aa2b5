//! How soon the upstream sees that a caller has gone.
//!
//! The mock upstream is in this process, whose clock both sides read.

use std::time::Duration;

use libgateway_tests::{Backend, TestGateway, hello};
use upstream::{BeforeHeaders, Script};

use crate::percentile;

const DROPS: u64 = 500;
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    line("drop of a stream after its first chunk → closed", &mut runtime.block_on(streams()));
    line("drop of a chat without an answer → closed", &mut runtime.block_on(chats()));
}

fn line(what: &str, closes: &mut [Duration]) {
    let (middle, slow) = (percentile(closes, 50) / 1e3, percentile(closes, 99) / 1e3);
    println!("{what:<52} p50 {middle:>10.3} ms   p99 {slow:.3} ms                      promise ≤ 100");
}

async fn streams() -> Vec<Duration> {
    let test = TestGateway::open(Backend::Sqlite).await;
    let first = "data: {\"choices\": [{\"index\": 0, \"delta\": {\"content\": \"Hel\"}}]}\n\n".to_owned();
    let sent = first.len() as u64;
    test.upstream.fallback(Script::sse([first, "data: never\n\n".to_owned()]).hang_after(sent));
    let mut closes = Vec::new();
    for seq in 0..DROPS {
        let mut stream = test.chat_stream(hello()).await.expect("a stream");
        stream.next_chunk().await.expect("a chunk").expect("a chunk");
        closes.push(test.time_to_close(seq, stream).await);
    }
    closes
}

async fn chats() -> Vec<Duration> {
    let test = TestGateway::open(Backend::Sqlite).await;
    test.upstream.fallback(Script::no_answer(BeforeHeaders::Hang));
    let mut closes = Vec::new();
    for seq in 0..DROPS {
        let mut chat = Box::pin(test.chat(hello()));
        tokio::select! {
            answer = &mut chat => panic!("the upstream does not answer: {answer:?}"),
            arrived = test.upstream.wait_for_requests(seq + 1, PATIENCE) => drop(arrived.expect("a request")),
        }
        closes.push(test.time_to_close(seq, chat).await);
    }
    closes
}
