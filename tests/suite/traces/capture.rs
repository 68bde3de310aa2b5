//! What a trace keeps is decided by the gateway, the tenant and the call; whoever wants least wins over who comes
//! first, and what is not kept is not in the store.

use std::collections::BTreeMap;

use libgateway::{CallOptions, Capture, NewTenant, Request, TenantUpdate};
use libgateway_tests::{Backend, TestGateway, backend_tests};
use serde_json::json;
use upstream::Script;

const LEVELS: [Capture; 3] = [Capture::None, Capture::Metadata, Capture::Full];

fn rank(capture: Capture) -> usize {
    LEVELS.iter().position(|level| *level == capture).unwrap()
}

fn request(capture: Option<Capture>) -> Request {
    let options = CallOptions {
        user_id: Some("canary-user".to_owned()),
        session_id: Some("canary-session".to_owned()),
        request_id: Some("canary-request".to_owned()),
        metadata: BTreeMap::from([("canary-key".to_owned(), "canary-value".to_owned())]),
        capture,
        ..CallOptions::default()
    };
    Request::from(json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "canary-question"}]}))
        .with_options(options)
}

backend_tests! {
    async fn a_call_can_keep_less_than_its_tenant_and_never_more(backend: Backend) {
        let test = TestGateway::open(backend).await;
        for tenant in LEVELS {
            let id = format!("tenant-{}", rank(tenant));
            let new = NewTenant { id: Some(id.parse().unwrap()), capture: Some(tenant), provider: Some(TestGateway::provider(&test.upstream)), ..NewTenant::default() };
            test.gateway.create_tenant(new).await.unwrap();
            let handle = test.gateway.tenant(&id).unwrap();
            for call in [None, Some(Capture::None), Some(Capture::Metadata), Some(Capture::Full)] {
                test.upstream.push(Script::error(503, "busy"));
                test.upstream.push(Script::chat("canary-answer"));
                let trace_id = handle.chat(request(call)).await.unwrap().trace_id;
                test.flush().await;
                let detail = handle.get_trace(trace_id).await.unwrap();
                let kept = rank(tenant).min(call.map_or(2, rank));
                let case = format!("tenant {tenant:?}, call {call:?}");
                assert_eq!((detail.request.is_some(), detail.response.is_some(), detail.attempts.len()), if kept == 2 { (true, true, 2) } else { (false, false, 0) }, "{case}");
                let labels = (detail.trace.user_id.is_some(), detail.trace.session_id.is_some(), detail.trace.request_id.is_some(), detail.trace.metadata.len());
                assert_eq!(labels, if kept >= 1 { (true, true, true, 1) } else { (false, false, false, 0) }, "{case}");
                assert_eq!((detail.trace.attempt_count, detail.trace.status_code, detail.trace.model.as_deref()), (2, Some(200), Some("gpt-4o")), "{case}");
                assert!(detail.trace.total_tokens.is_some() && detail.trace.cost_usd.is_some(), "{case}");
            }
        }
    }

    async fn a_gateway_decides_for_tenants_that_say_nothing(backend: Backend) {
        let test = TestGateway::open_with(backend, |config| config.capture = Capture::Metadata).await;
        let id = test.chat(request(None)).await.unwrap().trace_id;
        test.flush().await;
        let detail = test.acme.get_trace(id).await.unwrap();
        assert!(detail.request.is_none() && detail.trace.user_id.is_some());
        let update = TenantUpdate { capture: Some(Capture::Full), ..TenantUpdate::default() };
        test.gateway.update_tenant(test.acme.id(), update).await.unwrap();
        let id = test.chat(request(None)).await.unwrap().trace_id;
        test.flush().await;
        assert!(test.acme.get_trace(id).await.unwrap().request.is_some(), "a change holds at once");
    }
}

#[test]
fn nothing_of_what_is_not_kept_is_in_the_files_of_the_store() {
    libgateway_tests::run(|| async {
        let test = TestGateway::open_with(Backend::Sqlite, |config| config.capture = Capture::None).await;
        for script in
            [Script::chat("canary-answer"), Script::error(400, "canary-error"), Script::text(200, "canary-text")]
        {
            test.upstream.push(script);
            drop(test.chat(request(None)).await);
        }
        test.upstream.push(Script::stream(["canary-", "stream"]));
        let mut stream = test.chat_stream(request(None)).await.unwrap();
        while stream.next_chunk().await.is_some() {}
        test.flush().await;
        assert_eq!(test.gateway.stats().persisted, 4);
        for file in libgateway_tests::files(test.store().directory().unwrap()) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(7).any(|part| part == b"canary-"), "{} holds what the caller wrote", file.display());
        }
    });
}
