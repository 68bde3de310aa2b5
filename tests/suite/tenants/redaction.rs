//! A redactor decides what of a body is stored: what it takes out is nowhere on disk, and reaches upstream and caller all
//! the same.

use std::borrow::Cow;

use libgateway::{
    BodyPart, Gateway, Hooks, NewTenant, Redactor, TenantHandle, TenantId, TraceDetail, TraceFlag, TraceQuery,
};
use libgateway_tests::{
    DEADLINE, FreshStore, TestGateway, backend_tests, config,
    upstream::{Script, Upstream},
};
use serde_json::json;

use crate::support::{
    contains,
    raw::{everything, hex},
};

/// What must not be stored.
const CANARY: &str = "canary-4242-4242-4242-4242";

/// Takes the canary out of the bodies of the tenant `masked`, keeps nothing of those of `silent`, and fails on the
/// responses of `broken`.
struct Mask;

impl Redactor for Mask {
    fn redact<'a>(&self, tenant: &TenantId, part: BodyPart, body: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match (tenant.as_str(), part) {
            ("silent", _) => None,
            ("broken", BodyPart::Response) => panic!("a fault of the host's"),
            ("masked", _) => {
                let text = std::str::from_utf8(body).expect("JSON");
                Some(Cow::Owned(text.replace(CANARY, "[card]").into_bytes()))
            }
            _ => Some(Cow::Borrowed(body)),
        }
    }
}

async fn open(store: &FreshStore) -> Gateway {
    Gateway::open_with(config(store), Hooks::default().with_redactor(Mask)).await.expect("a gateway")
}

async fn tenant(gateway: &Gateway, id: &str, upstream: &Upstream) -> TenantHandle {
    let provider = Some(TestGateway::provider(upstream));
    let new = NewTenant { id: Some(id.parse().unwrap()), provider, ..NewTenant::default() };
    gateway.create_tenant(new).await.expect("a tenant");
    gateway.tenant(id).unwrap()
}

/// A chat and a stream whose request and response hold the canary.
async fn talk(tenant: &TenantHandle) {
    let question =
        json!({"model": "gpt-4o", "messages": [{"role": "user", "content": format!("My card is {CANARY}.")}]});
    tenant.chat(question.clone()).await.expect("an answer");
    let mut stream = tenant.chat_stream(question).await.expect("a stream");
    while let Some(chunk) = stream.next_chunk().await {
        chunk.expect("a chunk");
    }
}

/// Both traces with their content.
async fn details(tenant: &TenantHandle) -> Vec<TraceDetail> {
    let mut details = Vec::new();
    for trace in tenant.list_traces(TraceQuery::default()).await.unwrap().traces {
        details.push(tenant.get_trace(trace.id).await.unwrap());
    }
    assert_eq!(details.len(), 2);
    details
}

backend_tests! {
    async fn what_a_redactor_takes_out_is_nowhere_on_disk(backend: Backend) {
        let (store, upstream) = (backend.fresh(), Upstream::start().unwrap());
        upstream.fallback(Script::chat(format!("Your card is {CANARY}.")));
        let gateway = open(&store).await;
        for id in ["masked", "silent"] {
            talk(&tenant(&gateway, id, &upstream).await).await;
        }
        let asked = upstream.requests();
        assert_eq!(asked.len(), 4);
        assert!(asked.iter().all(|request| String::from_utf8_lossy(&request.body).contains(CANARY)), "upstream gets it");
        gateway.flush(DEADLINE).await.expect("a flush");

        let masked = gateway.tenant("masked").unwrap();
        for detail in details(&masked).await {
            for body in [detail.request.expect("a request"), detail.response.expect("a response")] {
                assert!(body.get().contains("[card]") && !body.get().contains(CANARY), "{body}");
            }
            assert!(detail.flags.is_empty());
        }
        let silent = gateway.tenant("silent").unwrap();
        for detail in details(&silent).await {
            assert!(detail.request.is_none() && detail.response.is_none() && detail.flags.is_empty());
            assert!(detail.trace.total_tokens.is_some(), "usage is read before");
        }
        let running = everything(&store);
        gateway.close(DEADLINE).await.expect("a close");
        for bytes in [running, everything(&store)] {
            assert!(contains(&bytes, b"masked"), "everything is searched");
            assert!(!contains(&bytes, CANARY.as_bytes()) && !contains(&bytes, hex(CANARY.as_bytes()).as_bytes()));
        }
    }

    async fn a_redactor_that_panics_costs_the_body_and_not_the_trace(backend: Backend) {
        let (store, upstream) = (backend.fresh(), Upstream::start().unwrap());
        let gateway = open(&store).await;
        let (broken, plain) = (tenant(&gateway, "broken", &upstream).await, tenant(&gateway, "plain", &upstream).await);
        talk(&broken).await;
        talk(&plain).await;
        gateway.flush(DEADLINE).await.expect("a flush");
        for detail in details(&broken).await {
            assert!(detail.request.is_some() && detail.response.is_none());
            assert_eq!((detail.flags, detail.trace.status_code), (vec![TraceFlag::ResponseLost], Some(200)));
        }
        for detail in details(&plain).await {
            assert!(detail.request.unwrap().get().contains(CANARY) && detail.response.is_some());
        }
        let stats = gateway.stats();
        assert_eq!((stats.persisted, stats.dropped.len()), (4, 0));
    }
}
