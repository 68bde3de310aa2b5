//! What comes of a call.

use bytes::Bytes;
use http::HeaderMap;

use super::{Provider, Stream};
use crate::types::ids::{ProviderName, TraceId};

/// What comes of a call.
#[derive(Debug)]
pub enum Answer {
    /// The gateway's own answer as JSON; `null` where there is none.
    Json(Bytes),
    /// A provider's whole answer.
    Whole(Head, Bytes),
    /// A provider's answer as it comes.
    Stream(Head, Stream),
    /// A provider that can be called.
    Provider(Provider),
}

/// What is known of a provider's answer before its body. Answers to HTTP requests say the trace and the provider, where
/// there are any, in their headers.
#[derive(Clone, Debug)]
pub struct Head {
    /// The upstream's status, 200 to 299; to an HTTP request any status.
    pub status: u16,
    /// The headers that are the caller's business.
    pub headers: HeaderMap,
    /// The trace of the request.
    pub trace_id: Option<TraceId>,
    /// Who answers.
    pub provider: Option<ProviderName>,
}
