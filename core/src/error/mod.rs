//! The one error of the library, and the one table of its codes. Nothing here knows where an error came from.

mod body;
mod code;

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::HeaderMap;

pub use self::code::ErrorCode;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What every fallible call returns: a code, a message that names the thing and the fix, and what is known of
/// the upstream's answer. Never a secret, never an internal address.
#[derive(Clone, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(#[source] Box<Inner>);

#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}")]
struct Inner {
    code: ErrorCode,
    message: String,
    param: Option<String>,
    status: Option<u16>,
    retry_after: Option<Duration>,
    provider: Option<String>,
    request_id: Option<String>,
    body: Option<Bytes>,
    headers: HeaderMap,
    retries_spent: bool,
    #[source]
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with this code and message; the message is lower case and names the thing and the fix.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            param: None,
            status: None,
            retry_after: None,
            provider: None,
            request_id: None,
            body: None,
            headers: HeaderMap::new(),
            retries_spent: false,
            source: None,
        }))
    }

    /// An [`ErrorCode::InvalidField`] that names the parameter.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidField, message).with_param(param)
    }

    /// An [`ErrorCode::InvalidConfig`] that names the configuration key.
    pub fn config(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidConfig, message).with_param(param)
    }

    /// The [`ErrorCode::TenantNotFound`] of this tenant.
    pub(crate) fn tenant_not_found(tenant: &dyn fmt::Display) -> Self {
        Self::new(ErrorCode::TenantNotFound, format!("tenant {tenant} does not exist; create it with create_tenant"))
    }

    /// The error of a timeout of the upstream; it names the setting.
    pub(crate) fn timed_out(code: ErrorCode) -> Self {
        let message = match code {
            ErrorCode::FirstByteTimeout => "the provider did not answer within timeouts.first_byte_ms",
            ErrorCode::IdleTimeout => "the provider's answer stopped for longer than timeouts.idle_ms",
            _ => "the call took longer than timeouts.total_ms or its own timeout",
        };
        Self::new(code, message)
    }

    /// What went wrong.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The field, query parameter or configuration key at fault.
    pub fn param(&self) -> Option<&str> {
        self.0.param.as_deref()
    }

    /// The HTTP status a caller sees: the upstream's where that is what happened, else the code's own.
    pub fn status(&self) -> u16 {
        match (self.0.code, self.0.status) {
            (
                ErrorCode::UpstreamRejected | ErrorCode::UpstreamRateLimited | ErrorCode::UpstreamFailed,
                Some(status),
            ) => status,
            (code, _) => code.http_status(),
        }
    }

    /// The status the upstream answered with, if it answered.
    pub fn upstream_status(&self) -> Option<u16> {
        self.0.status
    }

    /// How long to wait before the next try, as the upstream asked.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The name of the provider that was called.
    pub fn provider(&self) -> Option<&str> {
        self.0.provider.as_deref()
    }

    /// The id of the request: the caller's own, or the trace's.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The upstream's error body, as it came.
    pub fn body(&self) -> Option<&Bytes> {
        self.0.body.as_ref()
    }

    /// The upstream's headers that are the caller's business: rate limits, request ids.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Whether the gateway has already retried; a client should not multiply the attempts.
    pub fn retries_spent(&self) -> bool {
        self.0.retries_spent
    }

    /// Names the field, query parameter or configuration key at fault.
    pub fn with_param(mut self, param: impl Into<String>) -> Self {
        self.0.param = Some(param.into());
        self
    }

    /// Keeps the error below for [`StdError::source`].
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    pub(crate) fn with_upstream_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    pub(crate) fn with_provider(mut self, provider: &str) -> Self {
        self.0.provider = Some(provider.to_owned());
        self
    }

    pub(crate) fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.0.request_id = Some(request_id.into());
        self
    }

    pub(crate) fn with_body(mut self, body: Bytes) -> Self {
        self.0.body = Some(body);
        self
    }

    pub(crate) fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.0.headers = headers;
        self
    }

    pub(crate) fn with_retries_spent(mut self, spent: bool) -> Self {
        self.0.retries_spent = spent;
        self
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("code", &self.0.code).field("message", &self.0.message);
        if let Some(param) = &self.0.param {
            out.field("param", param);
        }
        if let Some(status) = self.0.status {
            out.field("upstream_status", &status);
        }
        if let Some(source) = &self.0.source {
            out.field("source", source);
        }
        out.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_401_reaches_the_caller_as_502() {
        let error = Error::new(ErrorCode::UpstreamAuthFailed, "the provider refused its key").with_upstream_status(401);
        assert_eq!((error.status(), error.upstream_status()), (502, Some(401)));
    }
}
