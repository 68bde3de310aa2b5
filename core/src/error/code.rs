//! The one table of error codes. Every language's errors are made from it.

use std::fmt;

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

            /// What it means, in a sentence or two.
            pub const fn meaning(self) -> &'static str { match self { $(ErrorCode::$variant => concat!($($doc),+).trim_ascii()),+ } }

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
    // For bindings: the core always has a narrower one.
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
    // For bindings that call operations by name: the core has a method for each.
    /// There is no operation of that name.
    UnknownOperation = 115, "unknown_operation", 404, permanent;
    /// No provider of the tenant has a deployment of that model.
    ModelNotFound = 116, "model_not_found", 404, permanent;
    /// The path exists over HTTP, and not with that method.
    MethodNotAllowed = 117, "method_not_allowed", 405, permanent;
    /// A file of prices is damaged, or says what cannot be true; the message says where.
    InvalidPrices = 118, "invalid_prices", 400, permanent;
    /// A file of prices is older than the prices in force.
    PricesTooOld = 119, "prices_too_old", 409, permanent;
    /// A file of prices has a newer schema than this library reads.
    PricesTooNew = 120, "prices_too_new", 400, permanent;

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
    /// The provider has failed so often that it is passed over for a while: only attempts carry it.
    CircuitOpen = 411, "circuit_open", 503, temporary;

    /// No connection within `timeouts.connect_ms`.
    ConnectTimeout = 500, "connect_timeout", 504, temporary;
    /// No answer within `timeouts.first_byte_ms`.
    FirstByteTimeout = 501, "first_byte_timeout", 504, temporary;
    /// Nothing came for `timeouts.idle_ms` in the middle of an answer.
    IdleTimeout = 502, "idle_timeout", 504, temporary;
    /// The call took longer than `timeouts.total_ms`, retries and fallbacks included.
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
    /// The process ended before the request did: only traces carry it.
    Abandoned = 704, "abandoned", 500, permanent;
    /// The gateway was opened by the process this one was forked from; open one of its own.
    Forked = 705, "forked", 500, permanent;
    /// A call that waits was made inside a callback of the gateway, which would wait for ever.
    CalledFromCallback = 706, "called_from_callback", 500, permanent;
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
}
