//! Runs one fixture through the Rust API. Every run has a tenant and an upstream of its own.

use std::time::Duration;

use bytes::Bytes;
use libgateway::{
    Error, Gateway, NewTenant, ProviderConfig, Reply, ReplyStream, Request, Result, TenantHandle, TraceId,
};
use libgateway_tests::TestGateway;
use serde_json::Value;
use upstream::Upstream;

use super::{
    fixture::{Call, CallOperation, Fixture, Source},
    judge::Differences,
};

/// How long a fixture may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What came of a call.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) head: Option<Head>,
    pub(super) body: Vec<u8>,
    pub(super) events: Option<Vec<Bytes>>,
    pub(super) trace_id: Option<TraceId>,
    pub(super) error: Option<Error>,
}

/// The status and the headers that the caller gets.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
}

/// How a stream is read.
#[derive(Clone, Copy)]
enum Reading {
    Bytes,
    Events,
}

/// Runs the fixture, a second time for the events of its stream if it lists them, and gives every difference.
pub(crate) async fn run(gateway: &Gateway, source: &Source) -> Vec<String> {
    let mut differences = Differences::default();
    let fixture = once(gateway, source, Reading::Bytes, &mut differences).await;
    if fixture.is_some_and(|fixture| fixture.lists_events()) {
        once(gateway, source, Reading::Events, &mut differences).await;
    }
    differences.0
}

/// `None` when nothing could be run.
async fn once(gateway: &Gateway, source: &Source, reading: Reading, found: &mut Differences) -> Option<Fixture> {
    let upstream = Upstream::start().expect("a mock upstream");
    let prepared = match source.parse(&upstream.url()) {
        Ok(fixture) => prepare(gateway, fixture, reading, &upstream).await,
        Err(problem) => Err(problem),
    };
    let (tenant, fixture) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => {
            found.add(problem);
            return None;
        }
    };
    let outcome = call(&tenant, &fixture.call, reading).await;
    let mut asked = upstream.requests();
    if matches!(fixture.call.operation, CallOperation::ListModels) {
        // Providers are asked at once: who comes first is chance.
        asked.sort_by(|left, right| left.path.cmp(&right.path));
    }
    found.requests(&fixture.expect.upstream_requests, &asked);
    if upstream.stats().queued > 0 {
        found.add(format!("upstream: {} scripts were not played", upstream.stats().queued));
    }
    found.outcome(&fixture.expect, &outcome);
    match gateway.flush(PATIENCE).await {
        Ok(_) => found.trace(&fixture.expect.trace, &tenant, outcome.trace_id).await,
        Err(error) => found.add(format!("trace: it is not in the store: {error:?}")),
    }
    Some(fixture)
}

/// The tenant with its providers, and the mock with its scripts.
async fn prepare(
    gateway: &Gateway,
    mut fixture: Fixture,
    reading: Reading,
    upstream: &Upstream,
) -> std::result::Result<(TenantHandle, Fixture), String> {
    let name = match reading {
        Reading::Bytes => fixture.name.clone(),
        Reading::Events => format!("{}:events", fixture.name),
    };
    upstream.load(std::mem::take(&mut fixture.upstream));
    let id = Some(name.parse().map_err(|error: Error| error.to_string())?);
    let tenant = NewTenant { id, ..std::mem::take(&mut fixture.tenant) };
    let providers = fixture.providers.take().unwrap_or_else(|| vec![TestGateway::provider(upstream)]);
    let tenant = create_tenant(gateway, tenant, providers).await;
    tenant.map(|tenant| (tenant, fixture)).map_err(|error| format!("the tenant cannot be created: {error:?}"))
}

async fn create_tenant(gateway: &Gateway, new: NewTenant, providers: Vec<ProviderConfig>) -> Result<TenantHandle> {
    let tenant = gateway.create_tenant(new).await?;
    let tenant = gateway.tenant(tenant.id.as_str())?;
    for provider in providers {
        tenant.set_provider(provider).await?;
    }
    Ok(tenant)
}

async fn call(tenant: &TenantHandle, call: &Call, reading: Reading) -> Outcome {
    let Call { body, body_text, options, operation } = call;
    let body = body_text.as_ref().map(|text| text.0.clone()).or_else(|| body.as_ref().map(Value::to_string));
    let request = Request::from(body.unwrap_or_default()).with_options(options.clone());
    match operation {
        CallOperation::Chat => Outcome::whole(tenant.chat(request).await),
        CallOperation::Responses => Outcome::whole(tenant.responses(request).await),
        CallOperation::Embeddings => Outcome::whole(tenant.embeddings(request).await),
        CallOperation::ListModels => Outcome::whole(tenant.list_models(options.clone()).await),
        CallOperation::ChatStream => Outcome::stream(tenant.chat_stream(request).await, reading).await,
        CallOperation::ResponsesStream => Outcome::stream(tenant.responses_stream(request).await, reading).await,
    }
}

impl Outcome {
    fn whole(result: Result<Reply>) -> Self {
        match result {
            Ok(reply) => Self {
                head: Some(Head::new(reply.status, &reply.headers)),
                body: reply.body.to_vec(),
                trace_id: Some(reply.trace_id),
                ..Self::default()
            },
            Err(error) => Self::failed(error),
        }
    }

    async fn stream(result: Result<ReplyStream>, reading: Reading) -> Self {
        match result {
            Ok(mut stream) => {
                let mut outcome = Self {
                    head: Some(Head::new(stream.status(), stream.headers())),
                    trace_id: Some(stream.trace_id()),
                    ..Self::default()
                };
                outcome.error = outcome.read(&mut stream, reading).await.err();
                outcome
            }
            Err(error) => Self::failed(error),
        }
    }

    fn failed(error: Error) -> Self {
        Self { error: Some(error), ..Self::default() }
    }

    /// Reads to the end. After an error nothing may come.
    async fn read(&mut self, stream: &mut ReplyStream, reading: Reading) -> Result<()> {
        let failed = loop {
            match reading {
                Reading::Bytes => match stream.next_chunk().await {
                    Some(Ok(bytes)) => self.body.extend_from_slice(&bytes),
                    Some(Err(error)) => break error,
                    None => return Ok(()),
                },
                Reading::Events => match stream.next_event().await {
                    Some(event) => self.events.get_or_insert_default().push(event?),
                    None => return Ok(()),
                },
            }
        };
        assert!(stream.next_chunk().await.is_none(), "a stream went on after its error");
        Err(failed)
    }
}

impl Head {
    fn new<'a, N: AsRef<str> + 'a, V: AsRef<[u8]> + 'a>(
        status: u16,
        headers: impl IntoIterator<Item = (&'a N, &'a V)>,
    ) -> Self {
        let text = |value: &V| String::from_utf8_lossy(value.as_ref()).into_owned();
        let headers = headers.into_iter().map(|(name, value)| (name.as_ref().to_owned(), text(value)));
        Self { status, headers: headers.collect() }
    }
}
