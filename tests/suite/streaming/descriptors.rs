//! Running out of file descriptors is an error with a name, for those who get none, and no more than that.

use std::time::Duration;

use futures_util::future::join_all;
use libgateway::{ErrorCode, StatusClass};
use libgateway_tests::{
    TestGateway,
    alone::{Limit, alone},
};
use upstream::{Script, Upstream};

use super::support::{PATIENCE, SQLITE, content_event, hello_to, usage_wanted};

/// What the process may open, and how many streams it tries to have.
const LIMIT: u32 = 96;
const STREAMS: usize = 150;

#[test]
fn a_process_without_descriptors_gets_an_error_that_says_so_and_recovers() {
    // The upstream has descriptors enough: it lives in the process that starts the other one.
    let upstream = Upstream::start().expect("a mock upstream");
    let first = content_event("Hel");
    let sent = first.len() as u64;
    upstream.fallback(Script::sse([first, content_event("lo")]).hang_after(sent));
    upstream.fallback(Script::chat("Hello").on_model("gpt-4o-mini"));
    alone(Limit::Descriptors(LIMIT), &upstream.url(), Duration::from_secs(60), |url| async move {
        let test = TestGateway::open_with(SQLITE, |config| config.retry.max_attempts = 1).await;
        let mut provider = TestGateway::provider(&test.upstream);
        provider.settings.base_url = Some(format!("{url}/v1"));
        test.acme.set_provider(provider).await.unwrap();

        let (opened, refused): (Vec<_>, Vec<_>) =
            join_all((0..STREAMS).map(|_| test.chat_stream(usage_wanted()))).await.into_iter().partition(Result::is_ok);
        assert!(!opened.is_empty() && !refused.is_empty(), "{} were opened, {} refused", opened.len(), refused.len());
        for error in refused.iter().map(|refused| refused.as_ref().expect_err("a refusal")) {
            assert_eq!((error.code(), error.status()), (ErrorCode::OutOfDescriptors, 503), "{error:?}");
            assert!(error.code().is_temporary() && error.to_string().contains("limits.concurrency"), "{error}");
        }
        assert_eq!(test.gateway.stats().in_flight, opened.len() as u64);

        let cancelled = opened.len() as u64;
        drop(opened);
        // A connection is closed by its own task, soon after its stream is dropped.
        let again = async {
            while let Err(error) = test.chat(hello_to("gpt-4o-mini")).await {
                assert_eq!(error.code(), ErrorCode::OutOfDescriptors, "{error:?}");
            }
        };
        tokio::time::timeout(PATIENCE, again).await.expect("descriptors after the streams are gone");
        // The store may have had none either: what was traced meanwhile has waited for them.
        test.flush().await;
        let stats = test.gateway.stats();
        assert!(stats.by_class[&StatusClass::GatewayError] >= refused.len() as u64);
        assert_eq!(stats.by_class.get(&StatusClass::Cancelled), Some(&cancelled));
        assert_eq!((stats.in_flight, stats.persisted, stats.dead_lettered), (0, stats.accepted, 0));
    });
}
