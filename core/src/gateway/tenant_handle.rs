//! One tenant's calls, traces and analytics.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{Core, ProviderHandle};
use crate::{
    error::Result,
    pipeline::{Call, Reply},
    provider::{Endpoint, Passing},
    stream::ReplyStream,
    types::{
        ids::{ProviderName, TenantId, TraceId},
        request::{CallOptions, Request},
        trace::{TraceDetail, TracePage, TraceQuery},
    },
};

/// Reaches one tenant's data, and nothing else. Cheap to clone.
#[derive(Clone)]
pub struct TenantHandle {
    pub(super) core: Arc<Core>,
    pub(super) id: TenantId,
    /// The key the calls are made with, where they are made with one.
    pub(super) api_key_id: Option<Arc<str>>,
}

impl TenantHandle {
    /// Whose handle it is.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    /// Calls a model and waits for the whole answer. The body is OpenAI's `POST /v1/chat/completions`; it goes
    /// upstream as it is, but for an aliased model.
    ///
    /// Dropping the future cancels the call upstream.
    pub async fn chat(&self, request: impl Into<Request>) -> Result<Reply> {
        self.call(self.new_call(Endpoint::Chat, request)).await
    }

    /// Calls a model and streams the answer; `stream` is set in the body if it is not.
    pub async fn chat_stream(&self, request: impl Into<Request>) -> Result<ReplyStream> {
        self.stream(self.new_call(Endpoint::Chat, request)).await
    }

    /// OpenAI's `POST /v1/responses`: the bytes go through both ways.
    pub async fn responses(&self, request: impl Into<Request>) -> Result<Reply> {
        self.call(self.new_call(Endpoint::Responses, request)).await
    }

    /// OpenAI's `POST /v1/responses`, streamed.
    pub async fn responses_stream(&self, request: impl Into<Request>) -> Result<ReplyStream> {
        self.stream(self.new_call(Endpoint::Responses, request)).await
    }

    /// OpenAI's `POST /v1/embeddings`.
    pub async fn embeddings(&self, request: impl Into<Request>) -> Result<Reply> {
        self.call(self.new_call(Endpoint::Embeddings, request)).await
    }

    /// The models of the tenant's providers, in OpenAI's list format: what they list themselves, and what the
    /// tenant's configuration names.
    pub async fn list_models(&self, options: CallOptions) -> Result<Reply> {
        self.core.open()?;
        let request = Request { body: Bytes::new(), options };
        Box::pin(self.core.pipeline.list_models(self.new_call(Endpoint::Models, request))).await
    }

    /// The provider of that name, or the default one, ready to be called. A tenant without providers has the
    /// gateway's default.
    pub async fn get_provider_for_tenant(&self, name: Option<&ProviderName>) -> Result<ProviderHandle> {
        self.core.open()?;
        let tenant = self.core.registry.active(&self.id).await?;
        let provider = self.core.registry.provider(&tenant, name)?;
        Ok(ProviderHandle { tenant: self.clone(), provider })
    }

    /// Forgets the cached provider of that name, or the default one: the next call reads the store. Says whether
    /// one was cached.
    pub async fn evict_provider(&self, name: Option<&ProviderName>) -> Result<bool> {
        self.core.open()?;
        Ok(self.core.registry.evict(&self.id, name).await)
    }

    /// A page of traces, newest first, without their content.
    pub async fn list_traces(&self, query: TraceQuery) -> Result<TracePage> {
        self.reader().list_traces(query).await
    }

    /// One trace with its content, decrypted; `trace_not_found` when this tenant has none of that id.
    pub async fn get_trace(&self, trace_id: TraceId) -> Result<TraceDetail> {
        self.reader().get_trace(trace_id).await
    }

    /// Passes a request on as it is, to the provider its model or the options choose.
    pub(crate) async fn pass(&self, passing: Passing, request: Request) -> Result<ReplyStream> {
        let endpoint = Endpoint::Other(passing.family);
        self.stream(Call { passing: Some(passing), ..self.new_call(endpoint, request) }).await
    }

    pub(super) async fn call(&self, call: Call) -> Result<Reply> {
        self.core.open()?;
        // Boxed, so that the host's own futures stay small.
        Box::pin(self.core.pipeline.call(call)).await
    }

    pub(super) async fn stream(&self, call: Call) -> Result<ReplyStream> {
        self.core.open()?;
        Box::pin(self.core.pipeline.stream(call)).await
    }

    pub(super) fn new_call(&self, endpoint: Endpoint, request: impl Into<Request>) -> Call {
        let (tenant, api_key_id) = (self.id.clone(), self.api_key_id.clone());
        Call { tenant, api_key_id, endpoint, request: request.into(), provider: None, passing: None }
    }
}

impl fmt::Debug for TenantHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TenantHandle").field(&self.id).finish()
    }
}
