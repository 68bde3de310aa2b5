//! Calls operations by their name. Where a binding or an HTTP route meets the methods of the gateway.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Operation, arguments::Arguments};
use crate::{
    error::{Error, ErrorCode, Result},
    gateway::{Gateway, ProviderHandle, TenantHandle},
    pipeline::Reply,
    stream::ReplyStream,
    types::{ids::TenantId, request::Request},
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
    let given = &mut arguments;
    match operation.name {
        "list_traces" => {
            let (tenant, query) = arguments.tenant_and_rest(gateway)?;
            answer(tenant.list_traces(query).await)
        }
        "get_trace" => {
            let (tenant, trace_id) = (given.tenant(gateway)?, given.required("trace_id")?);
            arguments.done()?;
            answer(tenant.get_trace(trace_id).await)
        }
        "analytics" => {
            let (tenant, query) = arguments.tenant_and_rest(gateway)?;
            answer(tenant.analytics(query).await)
        }
        "analytics_summary" => {
            let (tenant, query) = arguments.tenant_and_rest(gateway)?;
            answer(tenant.analytics_summary(query).await)
        }
        "analytics_timeseries" => {
            let (tenant, query) = arguments.tenant_and_rest(gateway)?;
            answer(tenant.analytics_timeseries(query).await)
        }
        "analytics_models" => {
            let (tenant, query) = arguments.tenant_and_rest(gateway)?;
            answer(tenant.analytics_models(query).await)
        }
        "create_tenant" => answer(gateway.create_tenant(arguments.rest()?).await),
        "get_tenant" => answer(gateway.get_tenant(&tenant_id(arguments)?).await),
        "list_tenants" => answer(gateway.list_tenants(arguments.rest()?).await),
        "update_tenant" => {
            let id: TenantId = given.required("tenant_id")?;
            answer(gateway.update_tenant(&id, arguments.rest()?).await)
        }
        "delete_tenant" => answer(gateway.delete_tenant(&tenant_id(arguments)?).await),
        "erase_tenant" => answer(gateway.erase_tenant(&tenant_id(arguments)?).await),
        "set_provider" => {
            let (tenant, config) = arguments.tenant_and_rest(gateway)?;
            answer(tenant.set_provider(config).await)
        }
        "list_providers" => {
            let tenant = given.tenant(gateway)?;
            arguments.done()?;
            answer(tenant.list_providers().await.map(|providers| json!({"providers": providers})))
        }
        "delete_provider" => {
            let (tenant, name) = (given.tenant(gateway)?, given.required("name")?);
            arguments.done()?;
            answer(tenant.delete_provider(&name).await)
        }
        "get_provider_for_tenant" => {
            let (tenant, name) = (given.tenant(gateway)?, given.optional("name")?);
            arguments.done()?;
            answer(tenant.get_provider_for_tenant(name.as_ref()).await.and_then(|provider| describe(&provider)))
        }
        "evict_provider" => {
            let (tenant, name) = (given.tenant(gateway)?, given.optional("name")?);
            arguments.done()?;
            answer(tenant.evict_provider(name.as_ref()).await.map(|evicted| json!({"evicted": evicted})))
        }
        "create_api_key" => {
            let (tenant, new) = arguments.tenant_and_rest(gateway)?;
            answer(tenant.create_api_key(new).await)
        }
        "list_api_keys" => {
            let tenant = given.tenant(gateway)?;
            arguments.done()?;
            answer(tenant.list_api_keys().await.map(|keys| json!({"api_keys": keys})))
        }
        "revoke_api_key" => {
            let (tenant, key_id) = (given.tenant(gateway)?, given.required::<String>("key_id")?);
            arguments.done()?;
            answer(tenant.revoke_api_key(&key_id).await)
        }
        "create_admin_key" => answer(gateway.create_admin_key(arguments.rest()?).await),
        "list_admin_keys" => {
            arguments.done()?;
            answer(gateway.list_admin_keys().await.map(|keys| json!({"api_keys": keys})))
        }
        "revoke_admin_key" => {
            let key_id: String = given.required("key_id")?;
            arguments.done()?;
            answer(gateway.revoke_admin_key(&key_id).await)
        }
        "rewrap_data_keys" => {
            arguments.done()?;
            answer(gateway.rewrap_data_keys().await)
        }
        "backup" => {
            let path: String = given.required("path")?;
            arguments.done()?;
            answer(gateway.backup(path).await)
        }
        "list_dead_letters" => {
            let limit = given.optional("limit")?.unwrap_or(50);
            arguments.done()?;
            answer(gateway.list_dead_letters(limit).await.map(|letters| json!({"dead_letters": letters})))
        }
        "flush" => answer(gateway.flush(timeout(arguments)?).await),
        "close" => answer(gateway.close(timeout(arguments)?).await),
        "verify" => {
            arguments.done()?;
            answer(gateway.verify().await)
        }
        "stats" => {
            arguments.done()?;
            answer(Ok(gateway.stats()))
        }
        "health" => {
            arguments.done()?;
            answer(Ok(gateway.health()))
        }
        name => Err(unknown(name)),
    }
}

/// A provider as it is shown: its configuration without the secret, and what it offers whether configured or built in.
pub(crate) fn describe(provider: &ProviderHandle) -> Result<Value> {
    let mut shown = json(provider.info())?;
    if let Value::Object(fields) = &mut shown {
        fields.insert("capabilities".to_owned(), json(&provider.capabilities())?);
    }
    Ok(shown)
}

fn answer<T: Serialize>(result: Result<T>) -> Result<Vec<u8>> {
    serde_json::to_vec(&result?).map_err(unwritable)
}

fn json<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::new(ErrorCode::Internal, "the answer cannot be written as JSON").with_source(error)
}

/// The one argument of operations on a tenant as a whole.
fn tenant_id(mut arguments: Arguments) -> Result<TenantId> {
    let id = arguments.required("tenant_id")?;
    arguments.done().map(|()| id)
}

/// How long a flush or a close may take; ten seconds unless it is said.
fn timeout(mut arguments: Arguments) -> Result<Duration> {
    let timeout_ms = arguments.optional("timeout_ms")?.unwrap_or(10_000);
    arguments.done().map(|()| Duration::from_millis(timeout_ms))
}

pub(crate) fn unknown(name: &str) -> Error {
    Error::new(ErrorCode::UnknownOperation, format!("there is no operation {name:?}"))
}
