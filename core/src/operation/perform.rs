//! Calls operations by their name. Where a binding or an HTTP route meets the methods of the gateway.

use std::{pin::Pin, time::Duration};

use serde::Serialize;

use super::{
    Operation,
    arguments::Arguments,
    shapes::{
        ApiKeyList, BackupTarget, DeadLetterList, DeadLetterQuery, Eviction, KeyRef, NoArguments, PriceFile,
        ProviderChoice, ProviderDescription, ProviderList, ProviderRef, TenantRef, Timeout, TraceRef,
    },
};
use crate::{
    error::{Error, ErrorCode, Result},
    gateway::{Gateway, ProviderHandle, TenantHandle},
    pipeline::Reply,
    stream::ReplyStream,
    types::{export::ExportTarget, request::Request},
};

/// Who calls a model.
#[derive(Clone, Debug)]
pub(crate) enum Model {
    /// A tenant, whose provider is chosen by the call.
    Tenant(TenantHandle),
    /// A provider that was chosen before.
    Provider(ProviderHandle),
}

/// What a model answers.
pub(crate) enum Answer {
    Whole(Reply),
    Stream(Box<ReplyStream>),
}

/// Calls a model; `operation` is one of those that do.
pub(crate) async fn call_model(operation: &Operation, model: Model, request: Request) -> Result<Answer> {
    let whole = |reply: Result<Reply>| reply.map(Answer::Whole);
    let stream = |stream: Result<ReplyStream>| stream.map(|stream| Answer::Stream(Box::new(stream)));
    match (operation.name, model) {
        ("chat", Model::Tenant(tenant)) => whole(tenant.chat(request).await),
        ("chat", Model::Provider(provider)) => whole(provider.chat(request).await),
        ("chat_stream", Model::Tenant(tenant)) => stream(tenant.chat_stream(request).await),
        ("chat_stream", Model::Provider(provider)) => stream(provider.chat_stream(request).await),
        ("responses", Model::Tenant(tenant)) => whole(tenant.responses(request).await),
        ("responses", Model::Provider(provider)) => whole(provider.responses(request).await),
        ("responses_stream", Model::Tenant(tenant)) => stream(tenant.responses_stream(request).await),
        ("responses_stream", Model::Provider(provider)) => stream(provider.responses_stream(request).await),
        ("embeddings", Model::Tenant(tenant)) => whole(tenant.embeddings(request).await),
        ("embeddings", Model::Provider(provider)) => whole(provider.embeddings(request).await),
        ("list_models", Model::Tenant(tenant)) => whole(tenant.list_models(request.options).await),
        (name, _) => Err(unknown(name)),
    }
}

/// Performs an operation that calls no model; its answer as JSON, `null` where there is none.
pub(crate) async fn perform(gateway: &Gateway, operation: &Operation, mut arguments: Arguments) -> Result<Vec<u8>> {
    match operation.name {
        "list_traces" => {
            let (traces, query) = arguments.traces_and_rest(gateway)?;
            answer(boxed(|| traces.list_traces(query)).await)
        }
        "get_trace" => {
            let (traces, TraceRef { trace_id }) = arguments.traces_and_rest(gateway)?;
            answer(boxed(|| traces.get_trace(trace_id)).await)
        }
        "analytics" => {
            let (traces, query) = arguments.traces_and_rest(gateway)?;
            answer(boxed(|| traces.analytics(query)).await)
        }
        "analytics_summary" => {
            let (traces, query) = arguments.traces_and_rest(gateway)?;
            answer(boxed(|| traces.analytics_summary(query)).await)
        }
        "analytics_timeseries" => {
            let (traces, query) = arguments.traces_and_rest(gateway)?;
            answer(boxed(|| traces.analytics_timeseries(query)).await)
        }
        "analytics_models" => {
            let (traces, query) = arguments.traces_and_rest(gateway)?;
            answer(boxed(|| traces.analytics_models(query)).await)
        }
        "analytics_breakdown" => {
            let (traces, query) = arguments.traces_and_rest(gateway)?;
            answer(boxed(|| traces.analytics_breakdown(query)).await)
        }
        "analytics_comparison" => {
            let (traces, query) = arguments.traces_and_rest(gateway)?;
            answer(boxed(|| traces.analytics_comparison(query)).await)
        }
        "top_traces" => {
            let (traces, query) = arguments.traces_and_rest(gateway)?;
            answer(boxed(|| traces.top_traces(query)).await)
        }
        "analytics_tenants" => {
            let given = arguments.rest()?;
            answer(boxed(|| gateway.analytics_tenants(given)).await)
        }
        "export_to_file" => {
            let (tenant, ExportTarget { path, query }) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.export_to_file(query, path)).await)
        }
        "rebuild_rollups" => {
            let (tenant, range) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.rebuild_rollups(range)).await)
        }
        "create_tenant" => {
            let given = arguments.rest()?;
            answer(boxed(|| gateway.create_tenant(given)).await)
        }
        "get_tenant" => {
            let TenantRef { tenant_id } = arguments.rest()?;
            answer(boxed(|| gateway.get_tenant(&tenant_id)).await)
        }
        "list_tenants" => {
            let given = arguments.rest()?;
            answer(boxed(|| gateway.list_tenants(given)).await)
        }
        "update_tenant" => {
            let tenant_id = arguments.take("tenant_id")?;
            let update = arguments.rest()?;
            answer(boxed(|| gateway.update_tenant(&tenant_id, update)).await)
        }
        "delete_tenant" => {
            let TenantRef { tenant_id } = arguments.rest()?;
            answer(boxed(|| gateway.delete_tenant(&tenant_id)).await)
        }
        "erase_tenant" => {
            let TenantRef { tenant_id } = arguments.rest()?;
            answer(boxed(|| gateway.erase_tenant(&tenant_id)).await)
        }
        "set_provider" => {
            let (tenant, config) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.set_provider(config)).await)
        }
        "list_providers" => {
            let (tenant, NoArguments {}) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.list_providers()).await.map(|providers| ProviderList { providers }))
        }
        "delete_provider" => {
            let (tenant, ProviderRef { name }) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.delete_provider(&name)).await)
        }
        "get_provider_for_tenant" => {
            let (tenant, ProviderChoice { name }) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.get_provider_for_tenant(name.as_ref())).await.map(|provider| describe(&provider)))
        }
        "evict_provider" => {
            let (tenant, ProviderChoice { name }) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.evict_provider(name.as_ref())).await.map(|evicted| Eviction { evicted }))
        }
        "create_api_key" => {
            let (tenant, new) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.create_api_key(new)).await)
        }
        "list_api_keys" => {
            let (tenant, NoArguments {}) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.list_api_keys()).await.map(|api_keys| ApiKeyList { api_keys }))
        }
        "revoke_api_key" => {
            let (tenant, KeyRef { key_id }) = arguments.tenant_and_rest(gateway)?;
            answer(boxed(|| tenant.revoke_api_key(&key_id)).await)
        }
        "create_admin_key" => {
            let given = arguments.rest()?;
            answer(boxed(|| gateway.create_admin_key(given)).await)
        }
        "list_admin_keys" => {
            let NoArguments {} = arguments.rest()?;
            answer(boxed(|| gateway.list_admin_keys()).await.map(|api_keys| ApiKeyList { api_keys }))
        }
        "revoke_admin_key" => {
            let KeyRef { key_id } = arguments.rest()?;
            answer(boxed(|| gateway.revoke_admin_key(&key_id)).await)
        }
        "rewrap_data_keys" => {
            let NoArguments {} = arguments.rest()?;
            answer(boxed(|| gateway.rewrap_data_keys()).await)
        }
        "reprice" => {
            let given = arguments.rest()?;
            answer(boxed(|| gateway.reprice(given)).await)
        }
        "load_prices" => {
            let PriceFile { prices } = arguments.rest()?;
            answer(gateway.load_prices(prices.as_bytes()))
        }
        "backup" => {
            let BackupTarget { path } = arguments.rest()?;
            answer(boxed(|| gateway.backup(path)).await)
        }
        "list_dead_letters" => {
            let DeadLetterQuery { limit } = arguments.rest()?;
            let listed = boxed(|| gateway.list_dead_letters(limit.unwrap_or(50))).await;
            answer(listed.map(|dead_letters| DeadLetterList { dead_letters }))
        }
        "flush" => {
            let timeout = timeout(arguments)?;
            answer(boxed(|| gateway.flush(timeout)).await)
        }
        "close" => {
            let timeout = timeout(arguments)?;
            answer(boxed(|| gateway.close(timeout)).await)
        }
        "verify" => {
            let NoArguments {} = arguments.rest()?;
            answer(boxed(|| gateway.verify()).await)
        }
        "stats" => {
            let NoArguments {} = arguments.rest()?;
            answer(Ok(gateway.stats()))
        }
        "health" => {
            let NoArguments {} = arguments.rest()?;
            answer(Ok(gateway.health()))
        }
        name => Err(unknown(name)),
    }
}

/// A future in a place of its own, made in a frame of its own: what is as large as all operations together would not fit
/// on every stack.
fn boxed<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(make())
}

/// A provider as it is shown.
pub(crate) fn describe(provider: &ProviderHandle) -> ProviderDescription {
    let mut info = provider.info().clone();
    info.settings.capabilities = None;
    ProviderDescription { info, capabilities: provider.capabilities() }
}

/// An answer as JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    let unwritable = |error| Error::new(ErrorCode::Internal, "the answer cannot be written as JSON").with_source(error);
    serde_json::to_vec(value).map_err(unwritable)
}

fn answer<T: Serialize>(result: Result<T>) -> Result<Vec<u8>> {
    result.and_then(|value| to_json(&value))
}

/// How long a flush or a close may take.
fn timeout(arguments: Arguments) -> Result<Duration> {
    let Timeout { timeout_ms } = arguments.rest()?;
    Ok(Duration::from_millis(timeout_ms.unwrap_or(10_000)))
}

pub(crate) fn unknown(name: &str) -> Error {
    Error::new(ErrorCode::UnknownOperation, format!("there is no operation {name:?}"))
}
