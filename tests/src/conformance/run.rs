//! Runs one fixture. Every run has a tenant and an upstream of its own.

use serde_json::{Value, json};
use upstream::Upstream;

use super::{
    Language, Reading,
    fixture::{CallOperation, Fixture, Source},
    judge::Differences,
};

/// Runs the fixture, a second time for the events of its stream if it lists them, and gives every difference.
pub(super) async fn run(language: &impl Language, source: &Source) -> Vec<String> {
    let mut differences = Differences::default();
    let fixture = once(language, source, Reading::Bytes, &mut differences).await;
    if fixture.is_some_and(|fixture| fixture.lists_events()) {
        once(language, source, Reading::Events, &mut differences).await;
    }
    differences.0
}

/// `None` when nothing could be run.
async fn once(language: &impl Language, source: &Source, reading: Reading, found: &mut Differences) -> Option<Fixture> {
    let upstream = Upstream::start().expect("a mock upstream");
    let prepared = match source.parse(&upstream.url()) {
        Ok(fixture) => prepare(language, fixture, reading, &upstream).await,
        Err(problem) => Err(problem),
    };
    let (tenant, fixture) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => {
            found.add(problem);
            return None;
        }
    };
    let outcome = language.call(&tenant, &fixture.call, reading).await;
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
    match language.flush().await {
        Ok(()) => found.trace(language, &fixture.expect.trace, &tenant, outcome.trace_id.as_deref()).await,
        Err(error) => found.add(format!("trace: it is not in the store: {error}")),
    }
    Some(fixture)
}

/// The tenant with its providers, and the mock with its scripts.
async fn prepare(
    language: &impl Language,
    mut fixture: Fixture,
    reading: Reading,
    upstream: &Upstream,
) -> Result<(String, Fixture), String> {
    let id = match reading {
        Reading::Bytes => fixture.name.clone(),
        Reading::Events => format!("{}:events", fixture.name),
    };
    upstream.load(std::mem::take(&mut fixture.upstream));
    let mut tenant = fixture.tenant.take();
    tenant["id"] = json!(id);
    let providers = fixture.providers.take().unwrap_or_else(|| vec![provider(upstream)]);
    let created = language.create_tenant(&tenant, &providers).await;
    created.map_err(|error| format!("the tenant cannot be created: {error}"))?;
    Ok((id, fixture))
}

/// The provider of fixtures that name none.
fn provider(upstream: &Upstream) -> Value {
    json!({"kind": "openai", "base_url": format!("{}/v1", upstream.url()), "api_key": crate::API_KEY})
}
