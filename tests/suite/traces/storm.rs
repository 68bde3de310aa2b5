//! Hundreds of requests at once that end in every way there is: each leaves exactly one trace, of the class its caller
//! saw, and the counters add up whenever they are looked at.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use libgateway::{CallOptions, Error, NewTenant, Request, StatusClass, TenantHandle, TraceFilter};
use libgateway_tests::{TestGateway, backend_tests, hello};
use serde_json::json;
use upstream::{BeforeHeaders, Script};

use crate::support::{all_traces, assert_adds_up};

/// Times that every kind of request is made.
const ROUNDS: usize = 24;

/// How a caller behaves.
#[derive(Clone, Copy)]
enum Manner {
    Chat,
    Stream,
    /// Has this many milliseconds, as the gateway counts them.
    Hurried(u64),
    HurriedStream(u64),
    /// Drops the call, or the stream after its first piece.
    Leaves,
    LeavesStream,
    /// Sends what is no JSON.
    Garbled,
}

/// A model of the mock, named after what it does, and how it is called.
const KINDS: [(&str, Manner); 14] = [
    ("ok", Manner::Chat),
    ("bad", Manner::Chat),
    ("limited", Manner::Chat),
    ("failing", Manner::Chat),
    ("reset", Manner::Chat),
    ("hang", Manner::Hurried(150)),
    ("hang", Manner::Leaves),
    ("ok", Manner::Garbled),
    ("stream", Manner::Stream),
    ("cut", Manner::Stream),
    ("error_event", Manner::Stream),
    ("bad", Manner::Stream),
    ("endless", Manner::HurriedStream(150)),
    ("endless", Manner::LeavesStream),
];

fn scripts(test: &TestGateway) {
    let data = json!({"choices": [{"index": 0, "delta": {"content": "x"}}]});
    for script in [
        Script::chat("fine").on_model("ok"),
        Script::error(400, "no").on_model("bad"),
        Script::error(429, "later").on_model("limited"),
        Script::error(500, "broken").on_model("failing"),
        Script::no_answer(BeforeHeaders::Reset).on_model("reset"),
        Script::no_answer(BeforeHeaders::Hang).on_model("hang"),
        Script::stream(["a", "b", "c"]).on_model("stream"),
        Script::stream(["a", "b", "c"]).reset_after(300).on_model("cut"),
        Script::sse([data.clone(), json!({"error": {"message": "overloaded", "type": "server_error"}})])
            .on_model("error_event"),
        Script::sse([data]).hang_after(10_000).on_model("endless"),
    ] {
        test.upstream.fallback(script);
    }
}

/// Makes a request and says how it ended for its caller.
async fn caller(tenant: TenantHandle, model: &str, manner: Manner, id: String) -> (String, StatusClass) {
    let mut options = CallOptions { request_id: Some(id.clone()), ..CallOptions::default() };
    if let Manner::Hurried(ms) | Manner::HurriedStream(ms) = manner {
        options.timeout_ms = Some(ms);
    }
    let body = match manner {
        Manner::Garbled => "{\"model\": \"ok\"".to_owned(),
        _ => json!({"model": model, "messages": []}).to_string(),
    };
    let request = Request::from(body).with_options(options);
    let class = match manner {
        Manner::Chat | Manner::Hurried(_) | Manner::Garbled => class_of(tenant.chat(request).await.map(drop)),
        Manner::Stream | Manner::HurriedStream(_) => match read(&tenant, request).await {
            // An error event is bytes like any other.
            Ok(text) if text.contains("\"error\"") => StatusClass::UpstreamError,
            ended => class_of(ended.map(drop)),
        },
        Manner::Leaves => {
            let left = tokio::time::timeout(Duration::from_millis(100), tenant.chat(request)).await;
            assert!(left.is_err(), "a model that hangs answered");
            StatusClass::Cancelled
        }
        Manner::LeavesStream => {
            let mut stream = tenant.chat_stream(request).await.expect("a stream");
            stream.next_chunk().await.expect("a piece").expect("a piece");
            StatusClass::Cancelled
        }
    };
    (id, class)
}

async fn read(tenant: &TenantHandle, request: Request) -> Result<String, Error> {
    let mut stream = tenant.chat_stream(request).await?;
    let mut text = String::new();
    while let Some(chunk) = stream.next_chunk().await {
        text.push_str(&String::from_utf8_lossy(&chunk?));
    }
    Ok(text)
}

fn class_of(result: Result<(), Error>) -> StatusClass {
    result.map_or_else(|error| StatusClass::of_error(error.code()), |()| StatusClass::Ok)
}

backend_tests! {
    async fn every_request_of_a_storm_leaves_one_trace_of_the_class_its_caller_saw(backend: Backend) {
        let test = TestGateway::open(backend).await;
        scripts(&test);
        // The tenants are cached: a call that is dropped at once has begun.
        test.chat(json!({"model": "ok"})).await.unwrap();
        let capped = NewTenant { id: Some("capped".parse().unwrap()), concurrency: Some(1), provider: Some(TestGateway::provider(&test.upstream)), ..NewTenant::default() };
        test.gateway.create_tenant(capped).await.unwrap();
        let capped = test.gateway.tenant("capped").unwrap();
        let holder = capped.chat_stream(json!({"model": "endless"})).await.unwrap();

        let over = Arc::new(AtomicBool::new(false));
        let sampler = tokio::spawn({
            let (gateway, over) = (test.gateway.clone(), Arc::clone(&over));
            async move {
                let mut samples = 0;
                let mut pace = tokio::time::interval(Duration::from_micros(200));
                while !over.load(Ordering::Acquire) {
                    assert_adds_up(&gateway.stats());
                    samples += 1;
                    pace.tick().await;
                }
                samples
            }
        });
        let calls = (0..ROUNDS).flat_map(|round| {
            let acme = &test.acme;
            KINDS.iter().enumerate().map(move |(kind, (model, manner))| tokio::spawn(caller(acme.clone(), model, *manner, format!("{round}-{kind}"))))
        });
        let refused = (0..ROUNDS).map(|round| tokio::spawn(caller(capped.clone(), "ok", Manner::Chat, format!("{round}-capped"))));
        let calls: Vec<_> = calls.chain(refused).collect();
        assert!(calls.len() >= 300, "{} requests", calls.len());
        let seen: BTreeMap<String, StatusClass> = join_all(calls).await.into_iter().map(Result::unwrap).collect();
        drop(holder);
        test.flush().await;
        over.store(true, Ordering::Release);
        assert!(sampler.await.unwrap() > 10);

        let mut traces = all_traces(&test.acme, &TraceFilter::default()).await;
        traces.extend(all_traces(&capped, &TraceFilter::default()).await);
        assert_eq!(traces.len(), seen.len() + 2, "one trace each, and those of the first call and of the holder");
        let traced: BTreeMap<String, StatusClass> = traces.iter().filter_map(|trace| Some((trace.request_id.clone()?, trace.status_class))).collect();
        let different: Vec<_> = seen.iter().filter(|(id, class)| traced.get(*id) != Some(class)).map(|(id, class)| (id, class, traced.get(id))).collect();
        assert!(different.is_empty(), "seen by the caller, and traced: {different:?}");
        let stats = test.gateway.stats();
        for class in StatusClass::ALL {
            let count = traces.iter().filter(|trace| trace.status_class == class).count() as u64;
            assert_eq!(stats.by_class.get(&class).copied().unwrap_or_default(), count, "{class:?}");
        }
        for class in [StatusClass::Ok, StatusClass::ClientError, StatusClass::UpstreamError, StatusClass::Timeout, StatusClass::Cancelled, StatusClass::Refused] {
            assert!(seen.values().filter(|seen| **seen == class).count() >= ROUNDS, "{class:?} occurs");
        }
        assert_eq!((stats.accepted, stats.persisted, stats.pending, stats.in_flight), (traces.len() as u64, traces.len() as u64, 0, 0));
        assert_adds_up(&stats);
    }

    async fn a_request_that_no_tenant_owns_leaves_no_trace(backend: Backend) {
        let test = TestGateway::open(backend).await;
        let nobody = test.gateway.tenant("nobody").unwrap();
        assert_eq!(nobody.chat(hello()).await.unwrap_err().code(), libgateway::ErrorCode::TenantNotFound);
        test.flush().await;
        assert_eq!(test.gateway.stats().accepted, 0);
    }
}

libgateway_tests::pooled_tests! {
    every_request_of_a_storm_leaves_one_trace_of_the_class_its_caller_saw,
}
