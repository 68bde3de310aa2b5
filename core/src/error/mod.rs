//! The one error of the library and the one table of its codes. Every language's errors are made from this
//! table; nothing here knows where an error came from.

mod body;

use std::{error::Error as StdError, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::HeaderMap;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $number:literal, $name:literal, $status:literal, $retry:ident;)+) => {
        /// What went wrong. Numbers and names are stable: codes are only ever added.
        ///
        /// Hundreds group them: 1xx input, 2xx authentication, 3xx limits, 4xx upstream, 5xx timeouts, 6xx store,
        /// 7xx internal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode { $($(#[doc = $doc])+ $variant,)+ }

        impl ErrorCode {
            /// Every code, in the order of its number.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant),+];

            /// The stable number.
            pub const fn number(self) -> u16 { match self { $(ErrorCode::$variant => $number),+ } }

            /// The stable name, as in the `code` field of an error body.
            pub const fn name(self) -> &'static str { match self { $(ErrorCode::$variant => $name),+ } }

            /// The HTTP status a caller sees when the upstream gave none.
            pub const fn http_status(self) -> u16 { match self { $(ErrorCode::$variant => $status),+ } }

            /// Whether the same call may succeed later without a change.
            pub const fn is_temporary(self) -> bool { match self { $(ErrorCode::$variant => error_codes!(@ $retry)),+ } }
        }
    };
    (@ temporary) => { true };
    (@ permanent) => { false };
}

error_codes! {
    /// The request is wrong in a way that no narrower code names.
    InvalidRequest = 100, "invalid_request", 400, permanent;
    /// The body is not JSON, or not a JSON object.
    InvalidJson = 101, "invalid_json", 400, permanent;
    /// A required field is missing; `param` names it.
    MissingField = 102, "missing_field", 400, permanent;
    /// A field has a value that is not accepted; `param` names it.
    InvalidField = 103, "invalid_field", 400, permanent;
    /// A top-level field the gateway decides by appears twice.
    DuplicateField = 104, "duplicate_field", 400, permanent;
    /// The body is larger than `limits.body_bytes`.
    BodyTooLarge = 105, "body_too_large", 413, permanent;
    /// The provider kind is not in the table of kinds.
    UnknownProviderKind = 106, "unknown_provider_kind", 400, permanent;
    /// A provider configuration is incomplete or contradicts itself; `param` names the field.
    InvalidProviderConfig = 107, "invalid_provider_config", 400, permanent;
    /// A base URL or a resolved name points to an address that the network policy refuses.
    ForbiddenAddress = 108, "forbidden_address", 400, permanent;
    /// The provider does not offer this operation.
    UnsupportedOperation = 109, "unsupported_operation", 400, permanent;
    /// The gateway's own configuration is wrong; `param` names the key.
    InvalidConfig = 110, "invalid_config", 400, permanent;
    /// Something of that name exists already.
    AlreadyExists = 111, "already_exists", 409, permanent;
    /// The tenant has no such provider, and no default applies.
    ProviderNotFound = 112, "provider_not_found", 404, permanent;
    /// The tenant has no such trace.
    TraceNotFound = 113, "trace_not_found", 404, permanent;
    /// There is no such API key.
    ApiKeyNotFound = 114, "api_key_not_found", 404, permanent;
    /// There is no operation of that name.
    UnknownOperation = 115, "unknown_operation", 404, permanent;
    /// No provider of the tenant has a deployment of that model.
    ModelNotFound = 116, "model_not_found", 404, permanent;

    /// No API key came with the request.
    MissingApiKey = 200, "missing_api_key", 401, permanent;
    /// The API key is unknown, revoked or expired.
    InvalidApiKey = 201, "invalid_api_key", 401, permanent;
    /// The API key does not carry the scope the operation needs.
    InsufficientScope = 202, "insufficient_scope", 403, permanent;
    /// There is no such tenant.
    TenantNotFound = 203, "tenant_not_found", 404, permanent;
    /// The tenant is disabled.
    TenantDisabled = 204, "tenant_disabled", 403, permanent;

    /// The tenant has as many requests in flight as it may have.
    TenantConcurrencyLimit = 300, "tenant_concurrency_limit", 429, temporary;
    /// The gateway has as many requests in flight as it may have.
    GatewayConcurrencyLimit = 301, "gateway_concurrency_limit", 429, temporary;

    /// The upstream refused the request with a 4xx of the caller's making.
    UpstreamRejected = 400, "upstream_rejected", 400, permanent;
    /// The upstream refused the provider's own credentials; the caller's key is fine.
    UpstreamAuthFailed = 401, "upstream_auth_failed", 502, permanent;
    /// The upstream answered 429.
    UpstreamRateLimited = 402, "upstream_rate_limited", 429, temporary;
    /// The upstream answered 408, 409 or 5xx.
    UpstreamFailed = 403, "upstream_failed", 502, temporary;
    /// No connection to the upstream could be made.
    UpstreamUnreachable = 404, "upstream_unreachable", 502, temporary;
    /// The upstream's name could not be resolved.
    UpstreamDnsFailed = 405, "upstream_dns_failed", 502, temporary;
    /// The TLS handshake with the upstream failed.
    UpstreamTlsFailed = 406, "upstream_tls_failed", 502, temporary;
    /// The upstream closed or reset the connection before the answer was complete.
    UpstreamDisconnected = 407, "upstream_disconnected", 502, temporary;
    /// What the upstream sent is not HTTP, or not what was asked for.
    UpstreamInvalidResponse = 408, "upstream_invalid_response", 502, temporary;
    /// An error event came inside a stream that had begun with 200.
    UpstreamStreamError = 409, "upstream_stream_error", 502, temporary;
    /// One event of a stream, or one whole answer, is larger than the gateway accepts.
    UpstreamTooLarge = 410, "upstream_too_large", 502, permanent;

    /// No connection within `timeouts.connect_ms`.
    ConnectTimeout = 500, "connect_timeout", 504, temporary;
    /// No answer within `timeouts.first_byte_ms`.
    FirstByteTimeout = 501, "first_byte_timeout", 504, temporary;
    /// Nothing came for `timeouts.idle_ms` in the middle of an answer.
    IdleTimeout = 502, "idle_timeout", 504, temporary;
    /// The call took longer than `timeouts.total_ms`, retries included.
    TotalTimeout = 503, "total_timeout", 504, temporary;

    /// The store cannot be reached and the answer is not cached.
    StoreUnavailable = 600, "store_unavailable", 503, temporary;
    /// The store refused a statement.
    StoreFailed = 601, "store_failed", 500, permanent;
    /// The store's schema is newer than this library.
    SchemaTooNew = 602, "schema_too_new", 500, permanent;
    /// The store's schema is older than this library and `migrate` does not allow to change it.
    SchemaTooOld = 603, "schema_too_old", 500, permanent;
    /// The master key is not the one this store was made with.
    WrongMasterKey = 604, "wrong_master_key", 500, permanent;
    /// Stored bytes do not decrypt: they were changed, moved or belong to another key.
    DecryptionFailed = 605, "decryption_failed", 500, permanent;

    /// A fault of the library.
    Internal = 700, "internal", 500, permanent;
    /// The process has no file descriptor left; raise its limit or lower `limits.concurrency`.
    OutOfDescriptors = 701, "out_of_descriptors", 503, temporary;
    /// The gateway has been closed.
    Closed = 702, "closed", 503, permanent;
    /// The caller went away.
    Cancelled = 703, "cancelled", 499, permanent;
}

impl ErrorCode {
    /// The code of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// The code of that number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown error code {name:?}")))
    }
}

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
    fn numbers_and_names_are_unique_and_numbers_ascend() {
        for pair in ErrorCode::ALL.windows(2) {
            if let [left, right] = pair {
                assert!(left.number() < right.number(), "{left} and {right}");
            }
        }
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_name(code.name()), Some(*code));
            assert_eq!(ErrorCode::from_number(code.number()), Some(*code));
        }
    }

    #[test]
    fn an_upstream_401_reaches_the_caller_as_502() {
        let error = Error::new(ErrorCode::UpstreamAuthFailed, "the provider refused its key").with_upstream_status(401);
        assert_eq!((error.status(), error.upstream_status()), (502, Some(401)));
    }
}
