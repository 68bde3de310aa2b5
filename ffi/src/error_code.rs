//! The error codes. Generated from `core/src/error/code.rs` by `make gen`; edits here are lost.

use libgateway::ErrorCode as Core;

/// What went wrong. Numbers never change, and codes are only added: a `switch` has a `default`.
///
/// Hundreds group them: 1xx input, 2xx authentication, 3xx limits, 4xx upstream, 5xx timeouts, 6xx store, 7xx internal.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(non_camel_case_types, reason = "the names of C")]
pub enum ErrorCode {
    /// No error.
    GATEWAY_OK = 0,
    /// The request is wrong in a way that no narrower code names.
    GATEWAY_ERROR_INVALID_REQUEST = 100,
    /// The body is not JSON, or not a JSON object.
    GATEWAY_ERROR_INVALID_JSON = 101,
    /// A required field is missing; `param` names it.
    GATEWAY_ERROR_MISSING_FIELD = 102,
    /// A field has a value that is not accepted; `param` names it.
    GATEWAY_ERROR_INVALID_FIELD = 103,
    /// A top-level field the gateway decides by appears twice.
    GATEWAY_ERROR_DUPLICATE_FIELD = 104,
    /// The body is larger than `limits.body_bytes`.
    GATEWAY_ERROR_BODY_TOO_LARGE = 105,
    /// The provider kind is not in the table of kinds.
    GATEWAY_ERROR_UNKNOWN_PROVIDER_KIND = 106,
    /// A provider configuration is incomplete or contradicts itself; `param` names the field.
    GATEWAY_ERROR_INVALID_PROVIDER_CONFIG = 107,
    /// A base URL or a resolved name points to an address that the network policy refuses.
    GATEWAY_ERROR_FORBIDDEN_ADDRESS = 108,
    /// The provider does not offer this operation.
    GATEWAY_ERROR_UNSUPPORTED_OPERATION = 109,
    /// The gateway's own configuration is wrong; `param` names the key.
    GATEWAY_ERROR_INVALID_CONFIG = 110,
    /// Something of that name exists already.
    GATEWAY_ERROR_ALREADY_EXISTS = 111,
    /// The tenant has no such provider, and no default applies.
    GATEWAY_ERROR_PROVIDER_NOT_FOUND = 112,
    /// The tenant has no such trace.
    GATEWAY_ERROR_TRACE_NOT_FOUND = 113,
    /// There is no such API key.
    GATEWAY_ERROR_API_KEY_NOT_FOUND = 114,
    /// There is no operation of that name.
    GATEWAY_ERROR_UNKNOWN_OPERATION = 115,
    /// No provider of the tenant has a deployment of that model.
    GATEWAY_ERROR_MODEL_NOT_FOUND = 116,
    /// The path exists over HTTP, and not with that method.
    GATEWAY_ERROR_METHOD_NOT_ALLOWED = 117,
    /// A file of prices is damaged, or says what cannot be true; the message says where.
    GATEWAY_ERROR_INVALID_PRICES = 118,
    /// A file of prices is older than the prices in force.
    GATEWAY_ERROR_PRICES_TOO_OLD = 119,
    /// A file of prices has a newer schema than this library reads.
    GATEWAY_ERROR_PRICES_TOO_NEW = 120,
    /// No API key came with the request.
    GATEWAY_ERROR_MISSING_API_KEY = 200,
    /// The API key is unknown, revoked or expired.
    GATEWAY_ERROR_INVALID_API_KEY = 201,
    /// The API key does not carry the scope the operation needs.
    GATEWAY_ERROR_INSUFFICIENT_SCOPE = 202,
    /// There is no such tenant.
    GATEWAY_ERROR_TENANT_NOT_FOUND = 203,
    /// The tenant is disabled.
    GATEWAY_ERROR_TENANT_DISABLED = 204,
    /// The tenant has as many requests in flight as it may have.
    GATEWAY_ERROR_TENANT_CONCURRENCY_LIMIT = 300,
    /// The gateway has as many requests in flight as it may have.
    GATEWAY_ERROR_GATEWAY_CONCURRENCY_LIMIT = 301,
    /// The upstream refused the request with a 4xx of the caller's making.
    GATEWAY_ERROR_UPSTREAM_REJECTED = 400,
    /// The upstream refused the provider's own credentials; the caller's key is fine.
    GATEWAY_ERROR_UPSTREAM_AUTH_FAILED = 401,
    /// The upstream answered 429.
    GATEWAY_ERROR_UPSTREAM_RATE_LIMITED = 402,
    /// The upstream answered 408, 409 or 5xx.
    GATEWAY_ERROR_UPSTREAM_FAILED = 403,
    /// No connection to the upstream could be made.
    GATEWAY_ERROR_UPSTREAM_UNREACHABLE = 404,
    /// The upstream's name could not be resolved.
    GATEWAY_ERROR_UPSTREAM_DNS_FAILED = 405,
    /// The TLS handshake with the upstream failed.
    GATEWAY_ERROR_UPSTREAM_TLS_FAILED = 406,
    /// The upstream closed or reset the connection before the answer was complete.
    GATEWAY_ERROR_UPSTREAM_DISCONNECTED = 407,
    /// What the upstream sent is not HTTP, or not what was asked for.
    GATEWAY_ERROR_UPSTREAM_INVALID_RESPONSE = 408,
    /// An error event came inside a stream that had begun with 200.
    GATEWAY_ERROR_UPSTREAM_STREAM_ERROR = 409,
    /// One event of a stream, or one whole answer, is larger than the gateway accepts.
    GATEWAY_ERROR_UPSTREAM_TOO_LARGE = 410,
    /// The provider has failed so often that it is passed over for a while: only attempts carry it.
    GATEWAY_ERROR_CIRCUIT_OPEN = 411,
    /// No connection within `timeouts.connect_ms`.
    GATEWAY_ERROR_CONNECT_TIMEOUT = 500,
    /// No answer within `timeouts.first_byte_ms`.
    GATEWAY_ERROR_FIRST_BYTE_TIMEOUT = 501,
    /// Nothing came for `timeouts.idle_ms` in the middle of an answer.
    GATEWAY_ERROR_IDLE_TIMEOUT = 502,
    /// The call took longer than `timeouts.total_ms`, retries and fallbacks included.
    GATEWAY_ERROR_TOTAL_TIMEOUT = 503,
    /// The store cannot be reached and the answer is not cached.
    GATEWAY_ERROR_STORE_UNAVAILABLE = 600,
    /// The store refused a statement.
    GATEWAY_ERROR_STORE_FAILED = 601,
    /// The store's schema is newer than this library.
    GATEWAY_ERROR_SCHEMA_TOO_NEW = 602,
    /// The store's schema is older than this library and `migrate` does not allow to change it.
    GATEWAY_ERROR_SCHEMA_TOO_OLD = 603,
    /// The master key is not the one this store was made with.
    GATEWAY_ERROR_WRONG_MASTER_KEY = 604,
    /// Stored bytes do not decrypt: they were changed, moved or belong to another key.
    GATEWAY_ERROR_DECRYPTION_FAILED = 605,
    /// A fault of the library.
    GATEWAY_ERROR_INTERNAL = 700,
    /// The process has no file descriptor left; raise its limit or lower `limits.concurrency`.
    GATEWAY_ERROR_OUT_OF_DESCRIPTORS = 701,
    /// The gateway has been closed.
    GATEWAY_ERROR_CLOSED = 702,
    /// The caller went away.
    GATEWAY_ERROR_CANCELLED = 703,
    /// The process ended before the request did: only traces carry it.
    GATEWAY_ERROR_ABANDONED = 704,
    /// The gateway was opened by the process this one was forked from; open one of its own.
    GATEWAY_ERROR_FORKED = 705,
    /// A call that waits was made inside a callback of the gateway, which would wait for ever.
    GATEWAY_ERROR_CALLED_FROM_CALLBACK = 706,
}

/// The code as C knows it.
pub(crate) fn code_in_c(code: Core) -> ErrorCode {
    match code {
        Core::InvalidRequest => ErrorCode::GATEWAY_ERROR_INVALID_REQUEST,
        Core::InvalidJson => ErrorCode::GATEWAY_ERROR_INVALID_JSON,
        Core::MissingField => ErrorCode::GATEWAY_ERROR_MISSING_FIELD,
        Core::InvalidField => ErrorCode::GATEWAY_ERROR_INVALID_FIELD,
        Core::DuplicateField => ErrorCode::GATEWAY_ERROR_DUPLICATE_FIELD,
        Core::BodyTooLarge => ErrorCode::GATEWAY_ERROR_BODY_TOO_LARGE,
        Core::UnknownProviderKind => ErrorCode::GATEWAY_ERROR_UNKNOWN_PROVIDER_KIND,
        Core::InvalidProviderConfig => ErrorCode::GATEWAY_ERROR_INVALID_PROVIDER_CONFIG,
        Core::ForbiddenAddress => ErrorCode::GATEWAY_ERROR_FORBIDDEN_ADDRESS,
        Core::UnsupportedOperation => ErrorCode::GATEWAY_ERROR_UNSUPPORTED_OPERATION,
        Core::InvalidConfig => ErrorCode::GATEWAY_ERROR_INVALID_CONFIG,
        Core::AlreadyExists => ErrorCode::GATEWAY_ERROR_ALREADY_EXISTS,
        Core::ProviderNotFound => ErrorCode::GATEWAY_ERROR_PROVIDER_NOT_FOUND,
        Core::TraceNotFound => ErrorCode::GATEWAY_ERROR_TRACE_NOT_FOUND,
        Core::ApiKeyNotFound => ErrorCode::GATEWAY_ERROR_API_KEY_NOT_FOUND,
        Core::UnknownOperation => ErrorCode::GATEWAY_ERROR_UNKNOWN_OPERATION,
        Core::ModelNotFound => ErrorCode::GATEWAY_ERROR_MODEL_NOT_FOUND,
        Core::MethodNotAllowed => ErrorCode::GATEWAY_ERROR_METHOD_NOT_ALLOWED,
        Core::InvalidPrices => ErrorCode::GATEWAY_ERROR_INVALID_PRICES,
        Core::PricesTooOld => ErrorCode::GATEWAY_ERROR_PRICES_TOO_OLD,
        Core::PricesTooNew => ErrorCode::GATEWAY_ERROR_PRICES_TOO_NEW,
        Core::MissingApiKey => ErrorCode::GATEWAY_ERROR_MISSING_API_KEY,
        Core::InvalidApiKey => ErrorCode::GATEWAY_ERROR_INVALID_API_KEY,
        Core::InsufficientScope => ErrorCode::GATEWAY_ERROR_INSUFFICIENT_SCOPE,
        Core::TenantNotFound => ErrorCode::GATEWAY_ERROR_TENANT_NOT_FOUND,
        Core::TenantDisabled => ErrorCode::GATEWAY_ERROR_TENANT_DISABLED,
        Core::TenantConcurrencyLimit => ErrorCode::GATEWAY_ERROR_TENANT_CONCURRENCY_LIMIT,
        Core::GatewayConcurrencyLimit => ErrorCode::GATEWAY_ERROR_GATEWAY_CONCURRENCY_LIMIT,
        Core::UpstreamRejected => ErrorCode::GATEWAY_ERROR_UPSTREAM_REJECTED,
        Core::UpstreamAuthFailed => ErrorCode::GATEWAY_ERROR_UPSTREAM_AUTH_FAILED,
        Core::UpstreamRateLimited => ErrorCode::GATEWAY_ERROR_UPSTREAM_RATE_LIMITED,
        Core::UpstreamFailed => ErrorCode::GATEWAY_ERROR_UPSTREAM_FAILED,
        Core::UpstreamUnreachable => ErrorCode::GATEWAY_ERROR_UPSTREAM_UNREACHABLE,
        Core::UpstreamDnsFailed => ErrorCode::GATEWAY_ERROR_UPSTREAM_DNS_FAILED,
        Core::UpstreamTlsFailed => ErrorCode::GATEWAY_ERROR_UPSTREAM_TLS_FAILED,
        Core::UpstreamDisconnected => ErrorCode::GATEWAY_ERROR_UPSTREAM_DISCONNECTED,
        Core::UpstreamInvalidResponse => ErrorCode::GATEWAY_ERROR_UPSTREAM_INVALID_RESPONSE,
        Core::UpstreamStreamError => ErrorCode::GATEWAY_ERROR_UPSTREAM_STREAM_ERROR,
        Core::UpstreamTooLarge => ErrorCode::GATEWAY_ERROR_UPSTREAM_TOO_LARGE,
        Core::CircuitOpen => ErrorCode::GATEWAY_ERROR_CIRCUIT_OPEN,
        Core::ConnectTimeout => ErrorCode::GATEWAY_ERROR_CONNECT_TIMEOUT,
        Core::FirstByteTimeout => ErrorCode::GATEWAY_ERROR_FIRST_BYTE_TIMEOUT,
        Core::IdleTimeout => ErrorCode::GATEWAY_ERROR_IDLE_TIMEOUT,
        Core::TotalTimeout => ErrorCode::GATEWAY_ERROR_TOTAL_TIMEOUT,
        Core::StoreUnavailable => ErrorCode::GATEWAY_ERROR_STORE_UNAVAILABLE,
        Core::StoreFailed => ErrorCode::GATEWAY_ERROR_STORE_FAILED,
        Core::SchemaTooNew => ErrorCode::GATEWAY_ERROR_SCHEMA_TOO_NEW,
        Core::SchemaTooOld => ErrorCode::GATEWAY_ERROR_SCHEMA_TOO_OLD,
        Core::WrongMasterKey => ErrorCode::GATEWAY_ERROR_WRONG_MASTER_KEY,
        Core::DecryptionFailed => ErrorCode::GATEWAY_ERROR_DECRYPTION_FAILED,
        Core::Internal => ErrorCode::GATEWAY_ERROR_INTERNAL,
        Core::OutOfDescriptors => ErrorCode::GATEWAY_ERROR_OUT_OF_DESCRIPTORS,
        Core::Closed => ErrorCode::GATEWAY_ERROR_CLOSED,
        Core::Cancelled => ErrorCode::GATEWAY_ERROR_CANCELLED,
        Core::Abandoned => ErrorCode::GATEWAY_ERROR_ABANDONED,
        Core::Forked => ErrorCode::GATEWAY_ERROR_FORKED,
        Core::CalledFromCallback => ErrorCode::GATEWAY_ERROR_CALLED_FROM_CALLBACK,
        _ => ErrorCode::GATEWAY_ERROR_INTERNAL,
    }
}
