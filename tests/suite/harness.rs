//! The harness itself: what every other test takes for granted.

use libgateway_tests::{TENANT, TestGateway, backend_tests, hello};

backend_tests! {
    async fn a_call_leaves_one_trace(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let reply = test.chat(hello()).await.expect("an answer");
        let trace = test.only_trace().await.trace;
        assert_eq!((trace.id, trace.tenant_id.as_str()), (reply.trace_id, TENANT));
        assert_eq!(test.upstream.requests().len(), 1);
    }

    async fn every_test_has_a_store_of_its_own(backend: Backend) {
        let (first, second) = (TestGateway::open(backend).await, TestGateway::open(backend).await);
        first.chat(hello()).await.expect("an answer");
        assert_eq!((first.traces().await.len(), second.traces().await.len()), (1, 0));
        assert_ne!(first.store().url(), second.store().url());
    }

    async fn a_gateway_reopens_on_its_store(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let reply = test.chat(hello()).await.expect("an answer");
        let test = test.reopen().await;
        assert_eq!(test.only_trace().await.trace.id, reply.trace_id);
        test.chat(hello()).await.expect("an answer of the same provider");
        assert_eq!((test.traces().await.len(), test.upstream.requests().len()), (2, 2));
    }

    async fn a_second_gateway_shares_the_store(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let second = test.second().await;
        let reply = second.tenant(TENANT).expect("a handle").chat(hello()).await.expect("an answer");
        second.flush(std::time::Duration::from_secs(20)).await.expect("a flush");
        assert_eq!(test.only_trace().await.trace.id, reply.trace_id);
    }

    async fn the_configuration_can_be_adjusted(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| config.limits.body_bytes = 10).await;
        let error = test.chat(hello()).await.expect_err("a body over the limit");
        assert_eq!(error.code(), libgateway::ErrorCode::BodyTooLarge);
    }
}
