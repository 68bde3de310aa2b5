//! A whole answer.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::{
    error::{Error, ErrorCode, Result},
    types::ids::{ProviderName, TraceId},
};

/// A provider's answer: its bytes as they came, and where to find its trace.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The upstream's status, 200 to 299.
    pub status: u16,
    /// The upstream's headers that are the caller's business: content type, rate limits, request ids.
    pub headers: HeaderMap,
    /// The upstream's body, byte for byte.
    pub body: Bytes,
    /// The trace of this request.
    pub trace_id: TraceId,
    /// Who answered.
    pub provider: ProviderName,
}

impl Reply {
    /// The body read as JSON. [`ErrorCode::UpstreamInvalidResponse`] when it is something else.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            Error::new(ErrorCode::UpstreamInvalidResponse, "the provider's answer is not the JSON it should be")
                .with_provider(self.provider.as_str())
                .with_source(error)
        })
    }

    /// The text of a chat's first choice, if it has one.
    pub fn text(&self) -> Option<String> {
        let body: serde_json::Value = self.json().ok()?;
        Some(body.pointer("/choices/0/message/content")?.as_str()?.to_owned())
    }
}

impl fmt::Debug for Reply {
    /// Everything but the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, body, trace_id, provider, .. } = self;
        f.debug_struct("Reply")
            .field("status", status)
            .field("body_bytes", &body.len())
            .field("trace_id", trace_id)
            .field("provider", provider)
            .finish_non_exhaustive()
    }
}
