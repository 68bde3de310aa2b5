//! One provider of one tenant, chosen once.

use std::{fmt, sync::Arc};

use super::TenantHandle;
use crate::{
    error::Result,
    pipeline::{Call, Reply},
    provider::{Endpoint, Provider},
    stream::ReplyStream,
    types::{
        ids::TenantId,
        provider::{Capabilities, ProviderInfo},
        request::Request,
    },
};

/// A provider that describes itself, never its secret, and can be called; its fallbacks are not asked then. It stays
/// what it was when it was asked for: a later change of the configuration needs a new handle.
#[derive(Clone)]
pub struct ProviderHandle {
    pub(super) tenant: TenantHandle,
    pub(super) provider: Arc<Provider>,
}

impl ProviderHandle {
    /// Whose provider it is.
    pub fn tenant_id(&self) -> &TenantId {
        self.tenant.id()
    }

    /// Its configuration, without the secret.
    pub fn info(&self) -> &ProviderInfo {
        &self.provider.info
    }

    /// What it offers beyond chat.
    pub fn capabilities(&self) -> Capabilities {
        self.provider.capabilities()
    }

    /// Calls a model of this provider and waits for the whole answer.
    pub async fn chat(&self, request: impl Into<Request>) -> Result<Reply> {
        self.tenant.call(self.new_call(Endpoint::Chat, request)).await
    }

    /// Calls a model of this provider and streams the answer.
    pub async fn chat_stream(&self, request: impl Into<Request>) -> Result<ReplyStream> {
        self.tenant.stream(self.new_call(Endpoint::Chat, request)).await
    }

    /// OpenAI's `POST /v1/responses` of this provider.
    pub async fn responses(&self, request: impl Into<Request>) -> Result<Reply> {
        self.tenant.call(self.new_call(Endpoint::Responses, request)).await
    }

    /// OpenAI's `POST /v1/responses` of this provider, streamed.
    pub async fn responses_stream(&self, request: impl Into<Request>) -> Result<ReplyStream> {
        self.tenant.stream(self.new_call(Endpoint::Responses, request)).await
    }

    /// OpenAI's `POST /v1/embeddings` of this provider.
    pub async fn embeddings(&self, request: impl Into<Request>) -> Result<Reply> {
        self.tenant.call(self.new_call(Endpoint::Embeddings, request)).await
    }

    fn new_call(&self, endpoint: Endpoint, request: impl Into<Request>) -> Call {
        Call { provider: Some(Arc::clone(&self.provider)), ..self.tenant.new_call(endpoint, request) }
    }
}

impl fmt::Debug for ProviderHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderHandle")
            .field("tenant", &self.tenant.id)
            .field("info", &self.provider.info)
            .finish_non_exhaustive()
    }
}
