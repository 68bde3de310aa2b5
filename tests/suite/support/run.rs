//! Runs one fixture through the Rust API and says what differs. Every fixture has a tenant and an upstream of its own.

use std::time::Duration;

use bytes::Bytes;
use libgateway::{
    CallOptions, Error, Gateway, NewTenant, Reply, ReplyStream, Request, TenantHandle, TraceId, TraceQuery,
};
use libgateway_tests::{TestGateway, compare};
use serde_json::{Map, Value, json};
use upstream::{Recorded, Upstream};

use super::fixture::{Call, CallOperation, ExpectedReply, ExpectedRequest, Fixture, Source, Text};

/// How long a fixture may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What came of a call.
#[derive(Default)]
struct Outcome {
    head: Option<Head>,
    body: Vec<u8>,
    events: Vec<Bytes>,
    trace_id: Option<TraceId>,
    error: Option<Error>,
}

struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

/// How a stream is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Bytes,
    Events,
}

/// Runs the fixture, a second time for the events of its stream if it lists them, and gives every difference.
pub(crate) async fn run(gateway: &Gateway, source: &Source) -> Vec<String> {
    let (has_events, mut differences) = pass(gateway, source, Reading::Bytes).await;
    if has_events {
        differences.extend(pass(gateway, source, Reading::Events).await.1);
    }
    differences
}

async fn pass(gateway: &Gateway, source: &Source, reading: Reading) -> (bool, Vec<String>) {
    let upstream = Upstream::start().expect("a mock upstream");
    let mut fixture = match source.parse(&upstream.url()) {
        Ok(fixture) => fixture,
        Err(problem) => return (false, vec![problem]),
    };
    upstream.load(std::mem::take(&mut fixture.upstream));
    let tenant = match create_tenant(gateway, &mut fixture, &upstream, reading).await {
        Ok(tenant) => tenant,
        Err(error) => return (false, vec![format!("the tenant cannot be created: {error:?}")]),
    };
    let outcome = call(&tenant, &fixture.call, reading).await;
    let mut differences = Vec::new();
    compare_requests(&fixture.expect.upstream_requests, &upstream.requests(), &mut differences);
    if upstream.stats().queued > 0 {
        differences.push(format!("upstream: {} scripts were not played", upstream.stats().queued));
    }
    compare_reply(fixture.expect.reply.as_ref(), &outcome, reading, &mut differences);
    compare_error(fixture.expect.error.as_ref(), outcome.error.as_ref(), &mut differences);
    match trace(gateway, &tenant, outcome.trace_id).await {
        Ok(actual) => differences.extend(compare::subset("trace", &Value::Object(fixture.expect.trace), &actual)),
        Err(problem) => differences.push(problem),
    }
    let has_events = fixture.expect.reply.is_some_and(|reply| reply.events.is_some());
    (has_events, differences)
}

async fn create_tenant(
    gateway: &Gateway,
    fixture: &mut Fixture,
    upstream: &Upstream,
    reading: Reading,
) -> Result<TenantHandle, Error> {
    let id = match reading {
        Reading::Bytes => fixture.name.clone(),
        Reading::Events => format!("{}:events", fixture.name),
    };
    let providers = fixture.providers.take().unwrap_or_else(|| vec![TestGateway::provider(upstream)]);
    let tenant = NewTenant { id: Some(id.parse()?), ..std::mem::take(&mut fixture.tenant) };
    gateway.create_tenant(tenant).await?;
    let handle = gateway.tenant(&id)?;
    for provider in providers {
        handle.set_provider(provider).await?;
    }
    Ok(handle)
}

async fn call(tenant: &TenantHandle, call: &Call, reading: Reading) -> Outcome {
    let Call { body, body_text, options, operation } = call;
    let body = body_text.as_ref().map(|text| text.0.clone()).or_else(|| body.as_ref().map(Value::to_string));
    let request = Request::from(body.unwrap_or_default()).with_options(options.clone());
    match operation {
        CallOperation::Chat => Outcome::whole(tenant.chat(request).await),
        CallOperation::Responses => Outcome::whole(tenant.responses(request).await),
        CallOperation::Embeddings => Outcome::whole(tenant.embeddings(request).await),
        CallOperation::ListModels => Outcome::whole(tenant.list_models(CallOptions::clone(options)).await),
        CallOperation::ChatStream => Outcome::stream(tenant.chat_stream(request).await, reading).await,
        CallOperation::ResponsesStream => Outcome::stream(tenant.responses_stream(request).await, reading).await,
    }
}

impl Outcome {
    fn whole(result: Result<Reply, Error>) -> Self {
        match result {
            Ok(reply) => Self {
                head: Some(Head::new(reply.status, &reply.headers)),
                body: reply.body.to_vec(),
                trace_id: Some(reply.trace_id),
                ..Self::default()
            },
            Err(error) => Self { error: Some(error), ..Self::default() },
        }
    }

    async fn stream(result: Result<ReplyStream, Error>, reading: Reading) -> Self {
        let mut stream = match result {
            Ok(stream) => stream,
            Err(error) => return Self { error: Some(error), ..Self::default() },
        };
        let head = Head::new(stream.status(), stream.headers());
        let mut outcome = Self { head: Some(head), trace_id: Some(stream.trace_id()), ..Self::default() };
        loop {
            let next = match reading {
                Reading::Bytes => stream.next_chunk().await,
                Reading::Events => stream.next_event().await,
            };
            match (next, reading) {
                (None, _) => return outcome,
                (Some(Err(error)), _) => outcome.error = Some(error),
                (Some(Ok(bytes)), Reading::Bytes) => outcome.body.extend_from_slice(&bytes),
                (Some(Ok(event)), Reading::Events) => outcome.events.push(event),
            }
        }
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

fn compare_requests(expected: &[ExpectedRequest], actual: &[Recorded], differences: &mut Vec<String>) {
    if expected.len() != actual.len() {
        let paths: Vec<_> = actual.iter().map(|request| &request.path).collect();
        differences.push(format!("upstream_requests: expected {}, got {}: {paths:?}", expected.len(), actual.len()));
    }
    for (at, (expected, actual)) in expected.iter().zip(actual).enumerate() {
        let path = format!("upstream_requests[{at}]");
        let line = json!({"method": actual.method, "path": actual.path});
        let wanted = [("method", &expected.method), ("path", &expected.path)];
        let wanted = wanted.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Value::from(value.clone()?))));
        differences.extend(compare::subset(&path, &Value::Object(wanted.collect()), &line));
        let headers: Vec<_> =
            actual.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        for (name, value) in &expected.headers {
            compare_header(&path, name, Some(value), &headers, differences);
        }
        for name in &expected.no_headers {
            compare_header(&path, name, None, &headers, differences);
        }
        if let Some(names) = &expected.header_names {
            let mut present: Vec<_> = headers.iter().map(|(name, _)| name.clone()).collect();
            present.sort();
            differences.extend(compare::equal(&format!("{path}.header_names"), &json!(names), &json!(present)));
        }
        compare_body(&path, expected.body.as_ref(), &actual.body, differences);
        if let Some(text) = &expected.body_text {
            differences.extend(compare::text(&format!("{path}.body_text"), text.0.as_bytes(), &actual.body));
        }
    }
}

fn compare_reply(
    expected: Option<&ExpectedReply>,
    outcome: &Outcome,
    reading: Reading,
    differences: &mut Vec<String>,
) {
    let (expected, head) = match (expected, &outcome.head) {
        (Some(expected), Some(head)) => (expected, head),
        (None, None) => return,
        (Some(_), None) => return differences.push(format!("reply: there is none, but {:?}", outcome.error)),
        (None, Some(head)) => return differences.push(format!("reply: not expected, got status {}", head.status)),
    };
    if expected.status.is_some_and(|status| status != head.status) {
        differences.push(format!("reply.status: expected {:?}, got {}", expected.status, head.status));
    }
    for (name, value) in &expected.headers {
        compare_header("reply", name, Some(value), &head.headers, differences);
    }
    for name in &expected.no_headers {
        compare_header("reply", name, None, &head.headers, differences);
    }
    if reading == Reading::Events {
        let events: Vec<_> = outcome.events.iter().map(|event| Value::from(String::from_utf8_lossy(event))).collect();
        return compare_events(expected.events.as_deref().unwrap_or_default(), &events, differences);
    }
    compare_body("reply", expected.body.as_ref(), &outcome.body, differences);
    if let Some(text) = &expected.body_text {
        differences.extend(compare::text("reply.body_text", text.0.as_bytes(), &outcome.body));
    }
    if let Some(Text(start)) = &expected.body_starts_with {
        let actual = outcome.body.get(..start.len()).unwrap_or(&outcome.body);
        differences.extend(compare::text("reply.body_starts_with", start.as_bytes(), actual));
    }
}

/// A text is compared as it is, anything else with the event read as JSON.
fn compare_events(expected: &[Value], actual: &[Value], differences: &mut Vec<String>) {
    let read = |at: usize, event: &Value| match expected.get(at) {
        Some(expected) if !expected.is_string() => event.as_str().and_then(|text| serde_json::from_str(text).ok()),
        _ => None,
    };
    let actual = actual.iter().enumerate().map(|(at, event)| read(at, event).unwrap_or_else(|| event.clone()));
    differences.extend(compare::equal("reply.events", &json!(expected), &Value::Array(actual.collect())));
}

fn compare_error(expected: Option<&Map<String, Value>>, actual: Option<&Error>, differences: &mut Vec<String>) {
    let (expected, error) = match (expected, actual) {
        (Some(expected), Some(error)) => (expected, error),
        (None, None) => return,
        (Some(_), None) => return differences.push("error: there is none".to_owned()),
        (None, Some(error)) => return differences.push(format!("error: not expected, got {error:?}")),
    };
    let message = error.to_string();
    let actual = json!({
        "code": error.code(),
        "number": error.code().number(),
        "status": error.status(),
        "param": error.param(),
        "retry_after_ms": error.retry_after().map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        "retries_spent": error.retries_spent(),
        "provider": error.provider(),
        "message": message,
    });
    let mut fields = expected.clone();
    for (key, wanted) in [("message_contains", true), ("message_lacks", false)] {
        let Some(part) = fields.remove(key) else { continue };
        if part.as_str().is_none_or(|part| message.contains(part) != wanted) {
            differences.push(format!("error.{key}: {part}, got {message:?}"));
        }
    }
    differences.extend(compare::subset("error", &Value::Object(fields), &actual));
}

/// The tenant's one trace as JSON; its row says the same as the list, which never has content.
async fn trace(gateway: &Gateway, tenant: &TenantHandle, id: Option<TraceId>) -> Result<Value, String> {
    let failed = |error: Error| format!("trace: it cannot be read: {error:?}");
    gateway.flush(PATIENCE).await.map_err(failed)?;
    let page = tenant.list_traces(TraceQuery::default()).await.map_err(failed)?;
    let [row] = page.traces.as_slice() else {
        return Err(format!("trace: expected exactly one, got {}", page.traces.len()));
    };
    if id.is_some_and(|id| id != row.id) {
        return Err(format!("trace: the reply names {id:?}, and the store has {}", row.id));
    }
    let detail = tenant.get_trace(row.id).await.map_err(failed)?;
    let listed = serde_json::to_value(row).expect("a row as JSON");
    if ["request", "response", "attempts"].iter().any(|key| listed.get(key).is_some()) {
        return Err("trace: a row of the list has content".to_owned());
    }
    // Through text, as every other language reads it.
    let text = serde_json::to_string(&detail).expect("a trace as JSON");
    let detail = serde_json::from_str(&text).expect("a trace as JSON");
    match compare::subset("trace", &listed, &detail).first() {
        Some(difference) => Err(format!("get_trace and list_traces differ: {difference}")),
        None => Ok(detail),
    }
}

fn compare_body(path: &str, expected: Option<&Value>, actual: &[u8], differences: &mut Vec<String>) {
    let Some(expected) = expected else { return };
    match serde_json::from_slice(actual) {
        Ok(actual) => differences.extend(compare::equal(&format!("{path}.body"), expected, &actual)),
        Err(error) => differences.push(format!("{path}.body: it is no JSON: {error}")),
    }
}

fn compare_header(
    path: &str,
    name: &str,
    expected: Option<&String>,
    headers: &[(String, String)],
    differences: &mut Vec<String>,
) {
    let actual = headers.iter().find(|(listed, _)| listed == name).map(|(_, value)| value);
    if actual != expected {
        differences.push(format!("{path}.headers.{name}: expected {expected:?}, got {actual:?}"));
    }
}
