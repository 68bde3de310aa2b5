//! One tenant's slow upstream is its own business: concurrency is capped per tenant, refused at once and traced.

use futures_util::future::join_all;
use libgateway::{ErrorCode, NewTenant, StatusClass, TenantHandle};
use libgateway_tests::{TestGateway, hello};
use upstream::{BeforeHeaders, Script, Upstream};

use super::support::{PATIENCE, SQLITE, hello_to, usage_wanted};

/// A tenant with its own cap, on an upstream of its own.
async fn tenant(test: &TestGateway, id: &str, concurrency: u32) -> (TenantHandle, Upstream) {
    let upstream = Upstream::start().expect("a mock upstream");
    let tenant = NewTenant {
        id: Some(id.parse().unwrap()),
        concurrency: Some(concurrency),
        provider: Some(TestGateway::provider(&upstream)),
        ..NewTenant::default()
    };
    test.gateway.create_tenant(tenant).await.unwrap();
    (test.gateway.tenant(id).unwrap(), upstream)
}

sqlite_tests! {
    async fn a_tenant_whose_upstream_hangs_does_not_hold_up_another() {
        let test = TestGateway::open(SQLITE).await;
        let (slow, hanging) = tenant(&test, "slow", 20).await;
        hanging.fallback(Script::no_answer(BeforeHeaders::Hang));
        let calls = join_all((0..20).map(|_| slow.chat(hello())));
        let mut calls = std::pin::pin!(calls);
        tokio::select! {
            _ = &mut calls => panic!("the upstream does not answer"),
            () = async {
                hanging.wait_for_requests(20, PATIENCE).await.unwrap();
                let refused = slow.chat(hello()).await.expect_err("a call over the cap");
                assert_eq!(refused.code(), ErrorCode::TenantConcurrencyLimit);
                for answer in join_all((0..50).map(|_| test.chat(hello()))).await {
                    answer.unwrap();
                }
            } => {}
        }
        assert_eq!((test.gateway.stats().in_flight, hanging.requests().len()), (20, 20));
        assert_eq!(test.traces().await.len(), 50);
    }

    async fn a_call_over_the_tenants_cap_is_refused_and_traced_and_a_dropped_stream_makes_room() {
        let test = TestGateway::open(SQLITE).await;
        let (acme, upstream) = tenant(&test, "capped", 2).await;
        upstream.fallback(Script::stream(["Hel", "lo"]).hang_after(10));
        upstream.push(Script::stream(["Hello"]).on_model("quick"));
        let streams =
            [acme.chat_stream(usage_wanted()).await.unwrap(), acme.chat_stream(usage_wanted()).await.unwrap()];

        let error = acme.chat_stream(usage_wanted()).await.expect_err("a third stream");
        assert_eq!(
            (error.code(), error.status(), error.code().is_temporary()),
            (ErrorCode::TenantConcurrencyLimit, 429, true)
        );
        assert_eq!(acme.chat(hello()).await.expect_err("a third call").code(), ErrorCode::TenantConcurrencyLimit);
        assert_eq!((test.gateway.stats().in_flight, upstream.requests().len()), (2, 2));

        let [first, second] = streams;
        drop(first);
        assert_eq!(test.gateway.stats().in_flight, 1);
        let mut third = acme.chat_stream(hello_to("quick")).await.unwrap();
        assert!(third.next_chunk().await.unwrap().is_ok());
        // Read to its end, a stream makes room too, while it is still held.
        while third.next_chunk().await.is_some() {}
        assert_eq!(test.gateway.stats().in_flight, 1);
        drop(second);
        assert_eq!(test.gateway.stats().in_flight, 0);

        test.flush().await;
        let traces = acme.list_traces(libgateway::TraceQuery::default()).await.unwrap().traces;
        let mut classes: Vec<_> = traces.iter().map(|trace| trace.status_class).collect();
        classes.sort();
        let (ok, cancelled, refused) = (StatusClass::Ok, StatusClass::Cancelled, StatusClass::Refused);
        assert_eq!(classes, [ok, cancelled, cancelled, refused, refused]);
        for trace in traces.iter().filter(|trace| trace.status_class == refused) {
            assert_eq!((trace.status_code, trace.attempt_count), (None, 0));
            assert_eq!(trace.error_code, Some(ErrorCode::TenantConcurrencyLimit));
            assert_eq!(trace.requested_model.as_deref(), Some("gpt-4o"));
        }
    }

    async fn a_failed_call_makes_room() {
        let test = TestGateway::open(SQLITE).await;
        let (acme, upstream) = tenant(&test, "single", 1).await;
        for script in [
            Script::error(400, "no"),
            Script::no_answer(BeforeHeaders::Reset),
            Script::text(200, "{"),
            Script::stream(["a"]).reset_after(5),
        ] {
            upstream.push(script);
        }
        for _ in 0..4 {
            match acme.chat_stream(hello()).await {
                Ok(mut stream) => while stream.next_chunk().await.is_some() {},
                Err(error) => assert_ne!(error.code(), ErrorCode::TenantConcurrencyLimit),
            }
        }
        acme.chat(hello()).await.unwrap();
        assert_eq!(test.gateway.stats().in_flight, 0);
    }

    async fn the_gateways_own_cap_is_another_error() {
        let test = TestGateway::open_with(SQLITE, |config| config.limits.concurrency = 1).await;
        test.upstream.push(Script::stream(["Hello"]).hang_after(10));
        let stream = test.chat_stream(hello()).await.unwrap();
        let error = test.chat(hello()).await.expect_err("a call over the gateway's cap");
        assert_eq!((error.code(), error.status()), (ErrorCode::GatewayConcurrencyLimit, 429));
        drop(stream);
        test.chat(hello()).await.unwrap();
        assert_eq!(test.gateway.stats().in_flight, 0);
    }
}
