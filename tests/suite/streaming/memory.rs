//! A stream of any length is read in bounded memory.

use std::time::Duration;

use libgateway::{StatusClass, TraceFlag};
use libgateway_tests::{
    TestGateway,
    alone::{Limit, alone, peak_kib},
};
use upstream::{Body, Repeat, Script};

use super::support::{SQLITE, content_event, event, finish_event, usage_wanted};

/// The length of the stream: a gigabyte where the code is optimised, less where reading that much takes minutes.
const LENGTH: u64 = if cfg!(debug_assertions) { 128 << 20 } else { 1 << 30 };
/// What the process may grow by, however long the stream is: the content that is kept, buffers and threads' arenas.
const GROWTH_KIB: u64 = 64 << 10;

#[test]
fn a_stream_of_a_gigabyte_leaves_memory_flat() {
    alone(Limit::MostDescriptors, "", Duration::from_secs(300), |_| async {
        let test = TestGateway::open_with(SQLITE, |config| config.timeouts.total_ms = 280_000).await;
        // Whatever is made once is made now.
        read(&test, 1 << 20).await;
        let before = peak_kib();
        let length = read(&test, LENGTH).await;
        let grown = peak_kib() - before;
        assert!(grown < GROWTH_KIB, "a stream of {length} bytes needs {grown} KiB");
        let traces = test.traces().await;
        let detail = test.acme.get_trace(traces[0].id).await.unwrap();
        assert_eq!((detail.trace.status_class, detail.trace.output_tokens), (StatusClass::Ok, Some(7)));
        assert_eq!(detail.flags, [TraceFlag::ResponseCapped]);
        assert!(detail.response.is_some_and(|response| response.get().len() <= 2 << 20));
    });
}

/// Streams about so many bytes to a caller that forgets them.
async fn read(test: &TestGateway, length: u64) -> u64 {
    let chunk = content_event(&"0123456789abcdef".repeat(256));
    let times = length / chunk.len() as u64;
    let usage = event(
        &serde_json::json!({"choices": [], "usage": {"prompt_tokens": 8, "completion_tokens": 7, "total_tokens": 15}}),
    );
    let body = Repeat::new(chunk.clone(), times).after(format!("{}{usage}data: [DONE]\n\n", finish_event()));
    test.upstream.push(Script::new(Body::Repeat(body)).header("content-type", "text/event-stream"));
    let mut stream = test.chat_stream(usage_wanted()).await.unwrap();
    let mut read = 0;
    while let Some(chunk) = stream.next_chunk().await {
        read += chunk.unwrap().len() as u64;
    }
    assert!(read > times * chunk.len() as u64);
    read
}
