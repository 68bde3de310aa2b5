"""The shapes of what goes in and comes out, for type checkers and for people. Nothing is checked here: the gateway
itself says what is wrong with a value. Written by `make gen` from include/gateway.schema.json."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired, Required

#: An instant that goes in: RFC 3339 as text, or a `datetime` with a time zone.
Time = str | datetime.datetime

ApiKeyStatus = Literal["active", "revoked"]
Capture = Literal["full", "metadata", "none"]
Dimension = str
Durability = Literal["spool", "sync", "memory"]
ErrorCode = Literal[
    "invalid_request",
    "invalid_json",
    "missing_field",
    "invalid_field",
    "duplicate_field",
    "body_too_large",
    "unknown_provider_kind",
    "invalid_provider_config",
    "forbidden_address",
    "unsupported_operation",
    "invalid_config",
    "already_exists",
    "provider_not_found",
    "trace_not_found",
    "api_key_not_found",
    "unknown_operation",
    "model_not_found",
    "method_not_allowed",
    "invalid_prices",
    "prices_too_old",
    "prices_too_new",
    "missing_api_key",
    "invalid_api_key",
    "insufficient_scope",
    "tenant_not_found",
    "tenant_disabled",
    "tenant_concurrency_limit",
    "gateway_concurrency_limit",
    "upstream_rejected",
    "upstream_auth_failed",
    "upstream_rate_limited",
    "upstream_failed",
    "upstream_unreachable",
    "upstream_dns_failed",
    "upstream_tls_failed",
    "upstream_disconnected",
    "upstream_invalid_response",
    "upstream_stream_error",
    "upstream_too_large",
    "circuit_open",
    "connect_timeout",
    "first_byte_timeout",
    "idle_timeout",
    "total_timeout",
    "store_unavailable",
    "store_failed",
    "schema_too_new",
    "schema_too_old",
    "wrong_master_key",
    "decryption_failed",
    "internal",
    "out_of_descriptors",
    "closed",
    "cancelled",
    "abandoned",
    "forked",
    "called_from_callback",
]
ExportContent = Literal["traces", "timeseries"]
ExportFormat = Literal["jsonl", "parquet"]
FallbackInput = str | Mapping[str, Any]
GroupOrder = Literal["requests", "cost", "tokens", "errors"]
HealthStatus = Literal["ok", "degraded", "failing"]
InstanceState = Literal["open", "closed", "killed"]
Metric = Literal["latency", "ttfb", "ttft", "overhead", "tokens_per_second"]
Migrate = Literal["auto", "check", "off"]
PriceQuantity = Literal["token", "thousand_tokens", "million_tokens"]
PriceSource = Literal["table", "gateway", "tenant"]
PrivateAddresses = Literal["deny", "allow"]
Ratio = str
Scope = Literal["infer", "read", "admin"]
StatusClass = Literal[
    "ok",
    "client_error",
    "upstream_error",
    "gateway_error",
    "timeout",
    "cancelled",
    "abandoned",
    "refused",
]
TenantStatus = Literal["active", "disabled"]
TopOrder = Literal["slowest", "most_expensive"]
TraceFlag = Literal[
    "stream_truncated",
    "request_capped",
    "response_capped",
    "usage_mismatch",
    "usage_unknown",
    "request_lost",
    "response_lost",
]
Unit = Literal[
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "audio_in",
    "image_in",
    "output",
    "reasoning",
    "audio_out",
    "image_out",
    "citation",
    "web_search",
    "request",
]
UsageSource = Literal["reported", "estimated", "none"]

_AnalyticsWords = TypedDict("_AnalyticsWords", {"from": str})


class Analytics(_AnalyticsWords):
    """The answer to `AnalyticsQuery`: the whole window, and bucket by bucket."""

    #: Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    complete: bool
    #: The whole window.
    summary: Measures
    #: One entry per bucket, empty ones included.
    timeseries: list[Bucket]
    #: The first instant that is not counted any more.
    to: str


_AnalyticsBreakdownWords = TypedDict("_AnalyticsBreakdownWords", {"from": str})


class AnalyticsBreakdown(_AnalyticsBreakdownWords):
    """The window, group by group."""

    #: Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    complete: bool
    #: The first groups in the order asked for.
    groups: list[GroupMeasures]
    #: The whole window: what is in no group of this answer is the rest.
    summary: Measures
    #: The first instant that is not counted any more.
    to: str


class AnalyticsComparison(TypedDict):
    """A window and the one before it, of the same length."""

    #: The window that was asked for.
    current: AnalyticsSummary
    #: The window that ends where that one begins.
    previous: AnalyticsSummary


_AnalyticsModelsWords = TypedDict("_AnalyticsModelsWords", {"from": str})


class AnalyticsModels(_AnalyticsModelsWords):
    """The window, model by model."""

    #: Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    complete: bool
    #: One entry per provider and model, most requests first.
    models: list[ModelMeasures]
    #: The first instant that is not counted any more.
    to: str


class AnalyticsQuery(TypedDict, total=False):
    """Which time to look at, cut how."""

    #: One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query.
    bucket_minutes: int | None
    #: What is measured in more detail, in `Measures::distributions`(super::Measures::distributions).
    distributions: Sequence[Metric]
    #: What went wrong.
    error_code: ErrorCode | None
    #: Every pair must be there.
    metadata: Mapping[str, str]
    #: The model that served.
    model: str | None
    #: The provider's name.
    provider: str | None
    #: The caller's id of the request.
    request_id: str | None
    #: The conversation.
    session_id: str | None
    #: The first instant, widened down to a 5-minute edge.
    since: Time | None
    #: How it ended.
    status_class: StatusClass | None
    #: The upstream's status.
    status_code: int | None
    #: The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
    #: 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
    time_zone: str | None
    #: The end, exclusive, widened up to a 5-minute edge; now when omitted.
    until: Time | None
    #: The end user.
    user_id: str | None
    #: The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`.
    window_hours: int | None


_AnalyticsSummaryWords = TypedDict("_AnalyticsSummaryWords", {"from": str})


class AnalyticsSummary(_AnalyticsSummaryWords):
    """The whole window."""

    #: Mean latency in milliseconds.
    avg_latency_ms: float | None
    #: Mean time spent in the gateway itself, in microseconds.
    avg_overhead_us: float | None
    #: Mean time to the first byte in milliseconds.
    avg_ttfb_ms: float | None
    #: Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    complete: bool
    #: The exact sum over the traces that have a cost.
    cost_usd: str
    #: What was asked for in `distributions`, and has any number.
    distributions: NotRequired[dict[str, Distribution]]
    #: `errors / total_requests`; 0 when there are none.
    error_rate: float
    #: Those of class `upstream_error`, `gateway_error` or `timeout`.
    errors: int
    #: Input tokens, cached ones included.
    input_tokens: int
    #: Output tokens, reasoning included.
    output_tokens: int
    #: Median latency in milliseconds.
    p50_latency_ms: float | None
    #: 95th percentile of latency in milliseconds.
    p95_latency_ms: float | None
    #: 99th percentile of latency in milliseconds.
    p99_latency_ms: float | None
    #: The first instant that is not counted any more.
    to: str
    #: All traces, refused and cancelled ones included.
    total_requests: int
    #: All tokens.
    total_tokens: int
    #: Traces that used tokens and have no cost, since their model has no price.
    unpriced_requests: int


_AnalyticsTenantsWords = TypedDict("_AnalyticsTenantsWords", {"from": str})


class AnalyticsTenants(_AnalyticsTenantsWords):
    """The window, tenant by tenant."""

    #: All tenants.
    summary: Measures
    #: The first tenants in the order asked for; those without a trace are left out.
    tenants: list[TenantMeasures]
    #: The first instant that is not counted any more.
    to: str


_AnalyticsTimeseriesWords = TypedDict("_AnalyticsTimeseriesWords", {"from": str})


class AnalyticsTimeseries(_AnalyticsTimeseriesWords):
    """The window, bucket by bucket."""

    #: Whether all traces were looked at; `false` where a filter that rollups do not know met too many.
    complete: bool
    #: One entry per bucket, empty ones included.
    timeseries: list[Bucket]
    #: The first instant that is not counted any more.
    to: str


class ApiKey(TypedDict):
    """A key as it is stored: everything but the secret, of which only a hash is kept."""

    #: When it was created.
    created_at: str
    #: From when on it is refused.
    expires_at: str | None
    #: The first characters of the secret, to recognise it by.
    hint: str
    #: Identifies the key in lists and for revocation; not the secret.
    id: str
    #: When it was last used, to the minute.
    last_used_at: str | None
    #: A label for people.
    name: str | None
    #: What it may do.
    scopes: list[Scope]
    #: Whether it works.
    status: ApiKeyStatus
    #: The tenant it belongs to; `None` for an admin key.
    tenant_id: str | None


class ApiKeyList(TypedDict):
    """Keys, oldest first."""

    #: Without their secrets.
    api_keys: list[ApiKey]


class Attempt(TypedDict):
    """One time an upstream was asked, or was to be asked and was passed over: then it took no time, and the error says
    why (`circuit_open`, `provider_not_found`, `unsupported_operation`, `model_not_found` and the like)."""

    #: The pause before it, in milliseconds.
    delay_ms: float
    #: How long it took, in milliseconds with microsecond precision.
    duration_ms: float
    #: Why it failed.
    error_code: ErrorCode | None
    #: The provider's name.
    provider: str
    #: The upstream's status; `None` when there was none.
    status_code: int | None


class BackupTarget(TypedDict, total=False):
    """Where a backup goes."""

    #: The file, which must not be there.
    path: Required[str]


class Billing(TypedDict, total=False):
    """What a provider's models are billed as, where their names or their kind do not say it."""

    #: What was asked of the upstream (Azure's deployment, else the model) → what it is billed as.
    deployments: Mapping[str, DeploymentBilling]
    #: What every line is multiplied by: `"1.1"` for Azure's data zones. 1 when omitted.
    multiplier: Ratio | None
    #: Whose prices of the table apply, such as `openai`; those of the kind when omitted.
    provider: str | None


class BreakdownQuery(TypedDict, total=False):
    """Which groups to tell apart, in which window."""

    #: One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query.
    bucket_minutes: int | None
    #: What traces are told apart by.
    by: Required[Dimension]
    #: What is measured in more detail, in `Measures::distributions`(super::Measures::distributions).
    distributions: Sequence[Metric]
    #: What went wrong.
    error_code: ErrorCode | None
    #: 1 to 1,000 groups; 100 when omitted.
    limit: int | None
    #: Every pair must be there.
    metadata: Mapping[str, str]
    #: The model that served.
    model: str | None
    #: What comes first; by value among equals.
    order: GroupOrder
    #: The provider's name.
    provider: str | None
    #: The caller's id of the request.
    request_id: str | None
    #: The conversation.
    session_id: str | None
    #: The first instant, widened down to a 5-minute edge.
    since: Time | None
    #: How it ended.
    status_class: StatusClass | None
    #: The upstream's status.
    status_code: int | None
    #: The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
    #: 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
    time_zone: str | None
    #: The end, exclusive, widened up to a 5-minute edge; now when omitted.
    until: Time | None
    #: The end user.
    user_id: str | None
    #: The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`.
    window_hours: int | None


class BreakerConfig(TypedDict, total=False):
    """When a provider is passed over for its fallbacks: there is one circuit breaker for each provider of a tenant. One
    that is alone, or that the caller named, is asked all the same. A request counts once, after its retries; a stream
    has succeeded once its head has arrived. What the caller did wrong (4xx but 401, 408, 409 and 429), and a timeout of
    its own, count neither way."""

    #: So many requests in a row that failed by the provider's fault open it: 5. 0 switches it off.
    failures: int
    #: How long it stays open at most, in milliseconds: 60,000.
    max_pause_ms: int
    #: How long it first stays open, in milliseconds: 10,000. It doubles each time that the request which then asks
    #: again fails.
    pause_ms: int


class BreakerOverrides(TypedDict, total=False):
    """Settings of the circuit breaker to override; what is `None` stays as the gateway has it."""

    #: Failed requests in a row that open it; 0 switches it off.
    failures: int | None
    #: How long it stays open at most, in milliseconds.
    max_pause_ms: int | None
    #: How long it first stays open, in milliseconds.
    pause_ms: int | None


class Bucket(TypedDict):
    """One bucket of a series."""

    #: Mean latency in milliseconds.
    avg_latency_ms: float | None
    #: Mean time spent in the gateway itself, in microseconds.
    avg_overhead_us: float | None
    #: Mean time to the first byte in milliseconds.
    avg_ttfb_ms: float | None
    #: The exact sum over the traces that have a cost.
    cost_usd: str
    #: What was asked for in `distributions`, and has any number.
    distributions: NotRequired[dict[str, Distribution]]
    #: `errors / total_requests`; 0 when there are none.
    error_rate: float
    #: Those of class `upstream_error`, `gateway_error` or `timeout`.
    errors: int
    #: Input tokens, cached ones included.
    input_tokens: int
    #: Output tokens, reasoning included.
    output_tokens: int
    #: Median latency in milliseconds.
    p50_latency_ms: float | None
    #: 95th percentile of latency in milliseconds.
    p95_latency_ms: float | None
    #: 99th percentile of latency in milliseconds.
    p99_latency_ms: float | None
    #: Where it begins; it ends where the next one begins.
    start: str
    #: All traces, refused and cancelled ones included.
    total_requests: int
    #: All tokens.
    total_tokens: int
    #: Traces that used tokens and have no cost, since their model has no price.
    unpriced_requests: int


class CallOptions(TypedDict, total=False):
    """Options of one call. They never reach the provider."""

    #: Keeps less than the tenant's `capture`; it cannot keep more.
    capture: Capture | None
    #: Stored with the trace: at most 16 keys, values of at most 512 characters.
    metadata: Mapping[str, str]
    #: The provider to use, instead of the one the model chooses; its fallbacks are not asked then.
    provider: str | None
    #: The caller's own id of this request, for filters; at most 256 characters.
    request_id: str | None
    #: The conversation, for filters; at most 256 characters.
    session_id: str | None
    #: Shortens `timeouts.total_ms` for this call.
    timeout_ms: int | None
    #: The end user, for filters; at most 256 characters.
    user_id: str | None


class Capabilities(TypedDict):
    """What an upstream supports beyond chat."""

    #: `/embeddings`.
    embeddings: bool
    #: `/models`.
    models: bool
    #: `/responses`.
    responses: bool
    #: `stream_options.include_usage` on streamed chats.
    stream_options: bool


class CapabilitiesInput(TypedDict, total=False):
    """What an upstream supports beyond chat."""

    #: `/embeddings`.
    embeddings: bool
    #: `/models`.
    models: bool
    #: `/responses`.
    responses: bool
    #: `stream_options.include_usage` on streamed chats.
    stream_options: bool


class Config(TypedDict, total=False):
    """How a gateway is opened."""

    #: When a provider that fails is passed over for its fallbacks.
    breaker: BreakerConfig
    #: What traces keep, unless a tenant or a call says less; `full` when omitted.
    capture: Capture
    #: What of a trace survives the end of the process before it is in the store: `spool` (default), `sync` or `memory`,
    #: which is the default of `sqlite::memory:`.
    durability: Durability | None
    #: What one gateway and one tenant may use.
    limits: Limits
    #: Short form of `master_keys` with one key, version 1: 64 hex digits. In-memory stores may omit it.
    master_key: str | None
    #: Version → 64 hex digits. The highest version encrypts; the others stay readable.
    master_keys: Mapping[str, str]
    #: Whether the store's schema may be changed: `auto` (default), `check` or `off`.
    migrate: Migrate
    #: How upstreams are reached.
    network: Network
    #: Prices that go before the table's, for tenants that have none of their own for a model.
    prices: Sequence[PriceOverride]
    #: Providers of tenants that have none; the first one, or the one with `default`, is the default.
    providers: Sequence[ProviderConfig]
    #: How traces wait for the store.
    recorder: RecorderConfig
    #: How long traces are kept, unless a tenant says otherwise; for ever when omitted. Gateways that share a store are
    #: to say the same.
    retention: RetentionInput
    #: How often to ask an upstream again.
    retry: Retry
    #: The directory of the spool, shared by all gateways of a store on this machine. Beside a SQLite file when omitted;
    #: with PostgreSQL it has to be named, or `durability` be `memory`.
    spool_dir: str | None
    #: How long cached keys and tenants serve while the store is away, in milliseconds; an hour when omitted.
    stale_limit_ms: int
    #: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`; `sqlite:gateway.db` when omitted.
    store: str
    #: How long to wait for an upstream.
    timeouts: Timeouts


class CreatedApiKey(TypedDict):
    """A key that was just created: the only time its secret is shown."""

    #: When it was created.
    created_at: str
    #: From when on it is refused.
    expires_at: str | None
    #: The first characters of the secret, to recognise it by.
    hint: str
    #: Identifies the key in lists and for revocation; not the secret.
    id: str
    #: When it was last used, to the minute.
    last_used_at: str | None
    #: A label for people.
    name: str | None
    #: What it may do.
    scopes: list[Scope]
    #: `gwk_` and 43 base-62 characters and a checksum.
    secret: str
    #: Whether it works.
    status: ApiKeyStatus
    #: The tenant it belongs to; `None` for an admin key.
    tenant_id: str | None


class DeadLetter(TypedDict):
    """A trace the store refused."""

    #: When the store refused it.
    failed_at: str
    #: What the store said.
    reason: str
    #: The row as JSON, its content encrypted and in base64.
    record: str
    #: Whose trace it is.
    tenant_id: str
    #: The trace it would have been.
    trace_id: str


class DeadLetterList(TypedDict):
    """Dead letters, newest first."""

    #: What the store refused.
    dead_letters: list[DeadLetter]


class DeadLetterQuery(TypedDict, total=False):
    """How many dead letters to list."""

    #: 1 to 200; 50 when omitted.
    limit: int | None


class DeploymentBilling(TypedDict, total=False):
    """What one deployment is billed as."""

    #: The model; the one that answers name when omitted.
    model: str | None
    #: In place of the provider's `multiplier`.
    multiplier: Ratio | None


class Distribution(TypedDict):
    """How numbers are distributed: by nearest rank, off by at most 0.78 %. The unit is the metric's."""

    #: How many there are.
    count: int
    #: Half of them are not above it.
    p50: float
    #: 90 of a hundred are not above it.
    p90: float
    #: 95 of a hundred are not above it.
    p95: float
    #: 99 of a hundred are not above it.
    p99: float


class ErasureReport(TypedDict):
    """What an erasure removed."""

    #: API keys, revoked ones among them.
    api_keys: int
    #: Traces the store had refused.
    dead_letters: int
    #: Requests of the tenant that ran meanwhile in this process; their traces are removed when they have ended.
    in_flight: int
    #: Providers with their secrets.
    providers: int
    #: Traces with their content.
    traces: int
    #: Traces of any tenant that were still on their way into the store; those of this one are removed later.
    waiting: int


class Eviction(TypedDict):
    """What an eviction did."""

    #: Whether the provider was cached.
    evicted: bool


_ExportReportWords = TypedDict("_ExportReportWords", {"from": str})


class ExportReport(_ExportReportWords):
    """How far an export has come."""

    #: Bytes so far.
    bytes: int
    #: When the last row began: traces come newest first, buckets oldest first.
    reached: str | None
    #: Rows so far: traces, or buckets.
    rows: int
    #: The first instant after it.
    to: str


class ExportTarget(TypedDict, total=False):
    """What to export, and where to."""

    #: One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query.
    bucket_minutes: int | None
    #: What of it.
    content: ExportContent
    #: What is measured in more detail, in `Measures::distributions`(super::Measures::distributions).
    distributions: Sequence[Metric]
    #: What went wrong.
    error_code: ErrorCode | None
    #: How it is written.
    format: ExportFormat
    #: Every pair must be there.
    metadata: Mapping[str, str]
    #: The model that served.
    model: str | None
    #: The file, which must not be there.
    path: Required[str]
    #: The provider's name.
    provider: str | None
    #: The caller's id of the request.
    request_id: str | None
    #: The conversation.
    session_id: str | None
    #: The first instant, widened down to a 5-minute edge.
    since: Time | None
    #: How it ended.
    status_class: StatusClass | None
    #: The upstream's status.
    status_code: int | None
    #: The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
    #: 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
    time_zone: str | None
    #: The end, exclusive, widened up to a 5-minute edge; now when omitted.
    until: Time | None
    #: The end user.
    user_id: str | None
    #: The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`.
    window_hours: int | None


class Fallback(TypedDict):
    """Another provider of the tenant, and what to ask it for. In JSON a bare string is the provider's name."""

    #: The model to ask it for, which its own aliases and deployments then apply to; the caller's when omitted.
    model: NotRequired[str | None]
    #: Its name. One that does not exist when it is needed is passed over.
    provider: str


class FlushReport(TypedDict):
    """What a flush or a close achieved."""

    #: Traces the store refused meanwhile, kept in its dead-letter table.
    dead_lettered: int
    #: Traces lost meanwhile.
    dropped: int
    #: What the store last said, while it is away.
    error: str | None
    #: Traces accepted before the call that are still waiting.
    pending: int
    #: Traces committed meanwhile.
    persisted: int
    #: Traces that are on disk only: after a close they wait there for the next gateway.
    spooled: int


class GroupMeasures(TypedDict):
    """One group."""

    #: Mean latency in milliseconds.
    avg_latency_ms: float | None
    #: Mean time spent in the gateway itself, in microseconds.
    avg_overhead_us: float | None
    #: Mean time to the first byte in milliseconds.
    avg_ttfb_ms: float | None
    #: The exact sum over the traces that have a cost.
    cost_usd: str
    #: What was asked for in `distributions`, and has any number.
    distributions: NotRequired[dict[str, Distribution]]
    #: `errors / total_requests`; 0 when there are none.
    error_rate: float
    #: Those of class `upstream_error`, `gateway_error` or `timeout`.
    errors: int
    #: Input tokens, cached ones included.
    input_tokens: int
    #: Output tokens, reasoning included.
    output_tokens: int
    #: Median latency in milliseconds.
    p50_latency_ms: float | None
    #: 95th percentile of latency in milliseconds.
    p95_latency_ms: float | None
    #: 99th percentile of latency in milliseconds.
    p99_latency_ms: float | None
    #: All traces, refused and cancelled ones included.
    total_requests: int
    #: All tokens.
    total_tokens: int
    #: Traces that used tokens and have no cost, since their model has no price.
    unpriced_requests: int
    #: What its traces have in common; `None` for those that have nothing there.
    value: str | None


class Health(TypedDict):
    """Whether the gateway is well, and why not."""

    #: What is wrong, in words.
    reasons: list[str]
    #: The verdict.
    status: HealthStatus


class InstanceReport(TypedDict):
    """What one opening of a gateway has accepted, and where it is. `accepted = persisted + spooled + expired + erased +
    dead_lettered + dropped + pending + missing`."""

    #: Requests that began, as far as is known: each has a number, from 1 on.
    accepted: int
    #: Traces the store refused, and kept as dead letters when it did.
    dead_lettered: int
    #: Traces whose number another one has.
    doubled: int
    #: Traces that were lost, by reason.
    dropped: dict[str, int]
    #: Traces that were removed with their tenants.
    erased: int
    #: Traces that retention removed.
    expired: int
    #: Whether it has a spool. Without one, what it had in memory when its process died is not known to anybody.
    has_spool: bool
    #: Its number, as in `Stats::instance`(crate::Stats::instance).
    instance: int
    #: Traces that should be there and are not: neither in the store nor in this gateway's spool directory.
    missing: int
    #: Their numbers, the first hundred ranges of them. Empty where traces were removed by retention or with their
    #: tenants: how many of the absent ones are missing is known then, and not which.
    missing_numbers: list[NumberRange]
    #: When it was opened.
    opened_at: str
    #: Requests that were not settled when the gateway last wrote down how far it is: of one that is open.
    pending: int
    #: Traces in the store.
    persisted: int
    #: Traces, and requests that have not ended, in the spool directory of the gateway that was asked.
    spooled: int
    #: How it ended, if it has.
    state: InstanceState


class KeyRef(TypedDict, total=False):
    """An API key."""

    #: Its id, not its secret.
    key_id: Required[str]


class Limits(TypedDict, total=False):
    """What one gateway and one tenant may use."""

    #: The largest request and the largest unstreamed answer, in bytes: 100,000,000.
    body_bytes: int
    #: Tenants, and API keys, kept in memory: 100,000 each.
    cache_entries: int
    #: Requests in flight in the whole gateway: 10,000.
    concurrency: int
    #: Requests in flight per tenant: 5,000.
    tenant_concurrency: int


class LoadedPrices(TypedDict):
    """The table of prices that is in force."""

    #: How many models it has.
    models: int
    #: The one before.
    previous_version: str
    #: Its day and digest, as traces carry it.
    version: str


class Measures(TypedDict):
    """What is measured over a set of traces. Latency, time to first byte and overhead are over the traces of class `ok`
    alone, so that failures do not flatter or spoil them. Percentiles are by nearest rank, off by at most 0.78 %; sums
    and means are exact. All are `None` where no trace of that class is, and percentiles by API key, too."""

    #: Mean latency in milliseconds.
    avg_latency_ms: float | None
    #: Mean time spent in the gateway itself, in microseconds.
    avg_overhead_us: float | None
    #: Mean time to the first byte in milliseconds.
    avg_ttfb_ms: float | None
    #: The exact sum over the traces that have a cost.
    cost_usd: str
    #: What was asked for in `distributions`, and has any number.
    distributions: NotRequired[dict[str, Distribution]]
    #: `errors / total_requests`; 0 when there are none.
    error_rate: float
    #: Those of class `upstream_error`, `gateway_error` or `timeout`.
    errors: int
    #: Input tokens, cached ones included.
    input_tokens: int
    #: Output tokens, reasoning included.
    output_tokens: int
    #: Median latency in milliseconds.
    p50_latency_ms: float | None
    #: 95th percentile of latency in milliseconds.
    p95_latency_ms: float | None
    #: 99th percentile of latency in milliseconds.
    p99_latency_ms: float | None
    #: All traces, refused and cancelled ones included.
    total_requests: int
    #: All tokens.
    total_tokens: int
    #: Traces that used tokens and have no cost, since their model has no price.
    unpriced_requests: int


class ModelCall(TypedDict, total=False):
    """A call of a model."""

    #: What the gateway is to do with it.
    options: CallOptions
    #: The body in OpenAI's format, which goes upstream byte for byte. There is none for the list of models.
    request: Any
    #: Whose call it is.
    tenant_id: Required[str]


class ModelMeasures(TypedDict):
    """One provider and model."""

    #: Mean latency in milliseconds.
    avg_latency_ms: float | None
    #: Mean time spent in the gateway itself, in microseconds.
    avg_overhead_us: float | None
    #: Mean time to the first byte in milliseconds.
    avg_ttfb_ms: float | None
    #: The exact sum over the traces that have a cost.
    cost_usd: str
    #: What was asked for in `distributions`, and has any number.
    distributions: NotRequired[dict[str, Distribution]]
    #: `errors / total_requests`; 0 when there are none.
    error_rate: float
    #: Those of class `upstream_error`, `gateway_error` or `timeout`.
    errors: int
    #: Input tokens, cached ones included.
    input_tokens: int
    #: The model that served.
    model: str | None
    #: Output tokens, reasoning included.
    output_tokens: int
    #: Median latency in milliseconds.
    p50_latency_ms: float | None
    #: 95th percentile of latency in milliseconds.
    p95_latency_ms: float | None
    #: 99th percentile of latency in milliseconds.
    p99_latency_ms: float | None
    #: The provider's name.
    provider: str | None
    #: All traces, refused and cancelled ones included.
    total_requests: int
    #: All tokens.
    total_tokens: int
    #: Traces that used tokens and have no cost, since their model has no price.
    unpriced_requests: int


class Network(TypedDict, total=False):
    """How upstreams are reached."""

    #: A file of PEM certificates that are trusted beside the system's.
    ca: str | None
    #: Whether private, loopback and link-local addresses may be called: `deny` (default) or `allow`.
    private: PrivateAddresses
    #: An HTTP proxy for all upstreams, `http://host:port`; the environment is not asked.
    proxy: str | None


class NewApiKey(TypedDict, total=False):
    """A key to be created."""

    #: From when on it is refused; never when omitted.
    expires_at: Time | None
    #: A label for people.
    name: str | None
    #: What it may do; `infer` when omitted.
    scopes: Sequence[Scope] | None


class NewTenant(TypedDict, total=False):
    """A tenant to be created."""

    #: What traces keep; the gateway's `capture` when omitted.
    capture: Capture | None
    #: Requests in flight at once; the gateway's `limits.tenant_concurrency` when omitted.
    concurrency: int | None
    #: Chosen by the host; a UUIDv7 when omitted.
    id: str | None
    #: A label for people.
    name: str | None
    #: Prices of its own; they go before the gateway's.
    prices: Sequence[PriceOverride]
    #: A first provider, which becomes the default.
    provider: ProviderConfig | None
    #: How long traces are kept; each value that is omitted is the gateway's.
    retention: RetentionInput


class NumberRange(TypedDict):
    """Numbers of requests, both ends included."""

    #: The first one.
    first: int
    #: The last one.
    last: int


class PriceFile(TypedDict, total=False):
    """A table of prices."""

    #: The file's text.
    prices: Required[str]


class PriceOverride(TypedDict, total=False):
    """A price of one's own for some models, instead of the table's. Amounts are decimal strings in dollars. `{"model":
    "gpt-4o*", "per": "million_tokens", "input": "2.50", "cache_read": "1.25", "output": "10"}` Refused where a rate is
    a hundred times what the table says, or a hundredth of it, or unheard of: then `per` is likely to be wrong.
    `unusual` insists."""

    #: Audio input tokens; without it a call that has some is unpriced.
    audio_in: str | None
    #: Audio output tokens; without it a call that has some is unpriced.
    audio_out: str | None
    #: Input tokens from the cache; as `input` when omitted.
    cache_read: str | None
    #: Input tokens written to the cache; as `input` when omitted.
    cache_write: str | None
    #: Input tokens written to a cache of an hour; as `cache_write` when omitted.
    cache_write_1h: str | None
    #: Image input tokens; as `input` when omitted.
    image_in: str | None
    #: Image output tokens; without it a call that has some is unpriced.
    image_out: str | None
    #: Input tokens.
    input: Required[str]
    #: The model that served, as answers name it: a name, or a pattern with `*`. Names win over patterns, longer
    #: patterns over shorter ones.
    model: Required[str]
    #: Output tokens; without it a call that has output is unpriced.
    output: str | None
    #: How many tokens an amount is for.
    per: Required[PriceQuantity]
    #: The name of the provider it is for; any when omitted.
    provider: str | None
    #: Reasoning tokens; as `output` when omitted.
    reasoning: str | None
    #: Dollars per request, whatever `per` is; none when omitted.
    request: str | None
    #: The service tier it is for; the standard one when omitted.
    tier: str | None
    #: These rates are meant, however odd they look.
    unusual: bool


class ProviderChoice(TypedDict, total=False):
    """A provider, the default one where none is named."""

    #: Its name.
    name: str | None


class ProviderConfig(TypedDict, total=False):
    """How to reach one provider on a tenant's behalf."""

    #: Names callers may use → the model that is really asked for.
    aliases: Mapping[str, str]
    #: The provider's key. Omitted in an update: the stored one stays.
    api_key: str | None
    #: Azure: `api-version` of the classic URLs (`2024-02-01`), or `v1` for the `/openai/v1` URLs.
    api_version: str | None
    #: Where it is; the kind's built-in URL when omitted, required where there is none.
    base_url: str | None
    #: What its models are billed as, where their names or the kind do not say it.
    billing: Billing | None
    #: Overrides the gateway's `breaker`, key by key.
    breaker: BreakerOverrides | None
    #: `custom`: what the endpoint supports beyond chat; nothing of it when omitted.
    capabilities: CapabilitiesInput | None
    #: Whether it serves models that no provider's pattern names. A tenant's first provider is its default.
    default: bool | None
    #: Azure: the deployment of models that `deployments` does not name.
    deployment: str | None
    #: Azure: model → deployment.
    deployments: Mapping[str, str]
    #: Who is asked instead, in this order, once this provider's own retries are spent: at most 8, before the answer
    #: began and within this provider's total timeout. Another is asked after a failure that it may not have: no
    #: connection, no answer in time, 401, 403, 404, 408, 409, 429, 5xx, and what is no HTTP. Where the upstream asks to
    #: be left alone for longer than `retry.max_ms`, the retries count as spent. Those of a fallback are not followed,
    #: and none is asked where the caller named the provider.
    fallbacks: Sequence[FallbackInput]
    #: HTTP/2 instead of HTTP/1.1, where the upstream offers it over TLS.
    http2: bool
    #: A kind of the provider table: `openai`, `azure`, `custom`, `mock`, or a vendor such as `groq`.
    kind: Required[str]
    #: Models it serves: exact names or patterns with `*`.
    models: Sequence[str]
    #: Unique within the tenant; the kind's name when omitted.
    name: str | None
    #: OpenAI: sent as `OpenAI-Organization`.
    organization: str | None
    #: OpenAI: sent as `OpenAI-Project`.
    project: str | None
    #: `mock`: the answer to every chat; `Hello from the mock provider.` when omitted.
    reply: str | None
    #: Overrides the gateway's `retry`, key by key.
    retry: RetryOverrides | None
    #: Overrides the gateway's `timeouts`, key by key.
    timeouts: TimeoutOverrides | None


class ProviderDescription(TypedDict):
    """A provider as it is shown."""

    #: Names callers may use → the model that is really asked for.
    aliases: NotRequired[dict[str, str]]
    #: Azure: `api-version` of the classic URLs (`2024-02-01`), or `v1` for the `/openai/v1` URLs.
    api_version: NotRequired[str | None]
    #: Where it is; the kind's built-in URL when omitted, required where there is none.
    base_url: NotRequired[str | None]
    #: What its models are billed as, where their names or the kind do not say it.
    billing: NotRequired[Billing | None]
    #: Overrides the gateway's `breaker`, key by key.
    breaker: NotRequired[BreakerOverrides | None]
    #: What it offers beyond chat, whether configured or built in.
    capabilities: Capabilities
    #: When it was first set; `None` for a provider of the gateway's configuration.
    created_at: str | None
    #: Whether it serves models that no provider's pattern names.
    default: bool
    #: Azure: the deployment of models that `deployments` does not name.
    deployment: NotRequired[str | None]
    #: Azure: model → deployment.
    deployments: NotRequired[dict[str, str]]
    #: Who is asked instead, in this order, once this provider's own retries are spent: at most 8, before the answer
    #: began and within this provider's total timeout. Another is asked after a failure that it may not have: no
    #: connection, no answer in time, 401, 403, 404, 408, 409, 429, 5xx, and what is no HTTP. Where the upstream asks to
    #: be left alone for longer than `retry.max_ms`, the retries count as spent. Those of a fallback are not followed,
    #: and none is asked where the caller named the provider.
    fallbacks: NotRequired[list[Fallback]]
    #: Whether a key of its own is stored.
    has_api_key: bool
    #: HTTP/2 instead of HTTP/1.1, where the upstream offers it over TLS.
    http2: NotRequired[bool]
    #: A kind of the provider table.
    kind: str
    #: Models it serves: exact names or patterns with `*`.
    models: NotRequired[list[str]]
    #: Unique within the tenant.
    name: str
    #: OpenAI: sent as `OpenAI-Organization`.
    organization: NotRequired[str | None]
    #: OpenAI: sent as `OpenAI-Project`.
    project: NotRequired[str | None]
    #: `mock`: the answer to every chat; `Hello from the mock provider.` when omitted.
    reply: NotRequired[str | None]
    #: Overrides the gateway's `retry`, key by key.
    retry: NotRequired[RetryOverrides | None]
    #: Overrides the gateway's `timeouts`, key by key.
    timeouts: NotRequired[TimeoutOverrides | None]
    #: When it was last set; `None` for a provider of the gateway's configuration.
    updated_at: str | None


class ProviderInfo(TypedDict):
    """A provider as it is stored: everything but its secret."""

    #: Names callers may use → the model that is really asked for.
    aliases: NotRequired[dict[str, str]]
    #: Azure: `api-version` of the classic URLs (`2024-02-01`), or `v1` for the `/openai/v1` URLs.
    api_version: NotRequired[str | None]
    #: Where it is; the kind's built-in URL when omitted, required where there is none.
    base_url: NotRequired[str | None]
    #: What its models are billed as, where their names or the kind do not say it.
    billing: NotRequired[Billing | None]
    #: Overrides the gateway's `breaker`, key by key.
    breaker: NotRequired[BreakerOverrides | None]
    #: `custom`: what the endpoint supports beyond chat; nothing of it when omitted.
    capabilities: NotRequired[Capabilities | None]
    #: When it was first set; `None` for a provider of the gateway's configuration.
    created_at: str | None
    #: Whether it serves models that no provider's pattern names.
    default: bool
    #: Azure: the deployment of models that `deployments` does not name.
    deployment: NotRequired[str | None]
    #: Azure: model → deployment.
    deployments: NotRequired[dict[str, str]]
    #: Who is asked instead, in this order, once this provider's own retries are spent: at most 8, before the answer
    #: began and within this provider's total timeout. Another is asked after a failure that it may not have: no
    #: connection, no answer in time, 401, 403, 404, 408, 409, 429, 5xx, and what is no HTTP. Where the upstream asks to
    #: be left alone for longer than `retry.max_ms`, the retries count as spent. Those of a fallback are not followed,
    #: and none is asked where the caller named the provider.
    fallbacks: NotRequired[list[Fallback]]
    #: Whether a key of its own is stored.
    has_api_key: bool
    #: HTTP/2 instead of HTTP/1.1, where the upstream offers it over TLS.
    http2: NotRequired[bool]
    #: A kind of the provider table.
    kind: str
    #: Models it serves: exact names or patterns with `*`.
    models: NotRequired[list[str]]
    #: Unique within the tenant.
    name: str
    #: OpenAI: sent as `OpenAI-Organization`.
    organization: NotRequired[str | None]
    #: OpenAI: sent as `OpenAI-Project`.
    project: NotRequired[str | None]
    #: `mock`: the answer to every chat; `Hello from the mock provider.` when omitted.
    reply: NotRequired[str | None]
    #: Overrides the gateway's `retry`, key by key.
    retry: NotRequired[RetryOverrides | None]
    #: Overrides the gateway's `timeouts`, key by key.
    timeouts: NotRequired[TimeoutOverrides | None]
    #: When it was last set; `None` for a provider of the gateway's configuration.
    updated_at: str | None


class ProviderList(TypedDict):
    """Providers by name."""

    #: The tenant's own.
    providers: list[ProviderInfo]


class ProviderRef(TypedDict, total=False):
    """A provider that is named."""

    #: Its name.
    name: Required[str]


_RebuildReportWords = TypedDict("_RebuildReportWords", {"from": str})


class RebuildReport(_RebuildReportWords):
    """What was made anew."""

    #: The first instant after the last day.
    to: str
    #: How many traces there are in between.
    traces: int


class Receipt(TypedDict):
    """How a cost came about: quantity × rate × multiplier = line, each rounded once, half to even. The lines add up to
    the cost exactly."""

    #: Rates of a longer context apply: there were more input tokens than this.
    above_input_tokens: int | None
    #: What was billed; nothing that was not counted.
    lines: list[ReceiptLine]
    #: The model of the table, or the pattern of the override.
    model: str
    #: What every line is multiplied by.
    multiplier: Ratio
    #: Which prices: the day and digest of a table, or the digest of an override.
    price_version: str
    #: The provider of the table; `None` for an override.
    provider: str | None
    #: Whose prices.
    source: PriceSource
    #: The service tier that the response named.
    tier: str | None


class ReceiptLine(TypedDict):
    """One line of a receipt."""

    #: The product.
    cost_usd: str
    #: How many.
    quantity: int
    #: Pico-dollars (10⁻¹² $) for each.
    rate_pico_usd: Ratio
    #: What is counted.
    unit: Unit


class RecorderConfig(TypedDict, total=False):
    """How traces wait for the store."""

    #: Traces written in one transaction: 100.
    batch_rows: int
    #: How long a trace waits for others at most, in milliseconds: 100.
    flush_ms: int
    #: Bytes they may hold: 256 MiB.
    queue_bytes: int
    #: Traces that may wait: 100,000. What comes on top is dropped and counted.
    queue_rows: int
    #: Bytes the gateway's spool may have on disk: 1 GiB. While it has them, traces wait in memory only.
    spool_bytes: int


class RecoveryStats(TypedDict):
    """What became of traces of gateways that had ended or were killed, since the gateway was opened."""

    #: Those of them whose requests had not ended: their status class is `abandoned`.
    abandoned: int
    #: Places that could not be read: torn ends, as a kill leaves them, and damage, whose files are kept in the folder
    #: `damaged` of the spool.
    damaged: int
    #: Those the store refused, kept in its dead-letter table.
    dead_lettered: int
    #: Those that could not be kept: the store refused them twice, or their tenant is gone.
    dropped: int
    #: How often the spool was looked through.
    passes: int
    #: Those that are in the store now and were not before.
    persisted: int


class RepriceQuery(TypedDict, total=False):
    """Which traces to price anew."""

    #: From here on; the first trace when omitted.
    since: Time | None
    #: One tenant; all when omitted.
    tenant_id: str | None
    #: Before here; now when omitted.
    until: Time | None


class RepriceReport(TypedDict):
    """What pricing anew has changed."""

    #: Those whose cost or price version is another now.
    changed: int
    #: By how much all costs together have grown; negative where they have shrunk.
    difference_usd: str
    #: Traces that were looked at.
    traces: int
    #: Those without a price, before and after.
    unpriced: int


class Retention(TypedDict):
    """How long traces are kept: what is older or more is removed in the background, the oldest first. Without either
    value they are kept for ever. Values are declared complete: there are no others."""

    #: Days of 24 hours since a request began: 1 to 36,500.
    days: int | None
    #: Traces of one tenant: 1 to 10¹².
    traces: int | None


class RetentionInput(TypedDict, total=False):
    """How long traces are kept: what is older or more is removed in the background, the oldest first. Without either
    value they are kept for ever. Values are declared complete: there are no others."""

    #: Days of 24 hours since a request began: 1 to 36,500.
    days: int | None
    #: Traces of one tenant: 1 to 10¹².
    traces: int | None


class Retry(TypedDict, total=False):
    """How often to ask an upstream again: on connection errors, 408, 409, 429 and 5xx, before the answer began."""

    #: The first pause, in milliseconds: 250. It doubles each time and is jittered.
    base_ms: int
    #: Attempts in all: 3. 1 means no retry.
    max_attempts: int
    #: The longest pause, in milliseconds: 10,000. An upstream's `retry-after` may ask for more.
    max_ms: int


class RetryOverrides(TypedDict, total=False):
    """Retry settings to override; what is `None` stays as the gateway has it."""

    #: The first pause, in milliseconds.
    base_ms: int | None
    #: Attempts in all; 1 means no retry.
    max_attempts: int | None
    #: The longest pause, in milliseconds.
    max_ms: int | None


class RewrapReport(TypedDict):
    """What a re-wrapping of data keys achieved."""

    #: Versions that nothing needs any more: take them out of every configuration.
    retired: list[int]
    #: Data keys that were wrapped anew by this call.
    rewrapped: int
    #: Data keys that could not be read, and stay as they are.
    unreadable: int
    #: The version of the master key that wraps now.
    version: int


class ServeConfig(TypedDict):
    """How to serve."""

    #: Where to listen: `127.0.0.1:8080` when omitted; port 0 takes a free one. Whoever reaches another address than
    #: loopback sees keys and contents unless there is TLS.
    address: NotRequired[str]
    #: Connections at once; more wait until one ends.
    connections: NotRequired[int]
    #: How long the head of a request, a TLS handshake and each piece of a request's body may take, in milliseconds.
    read_ms: NotRequired[int]
    #: A certificate, for HTTPS.
    tls: NotRequired[ServeTls | None]


class ServeTls(TypedDict):
    """A certificate and its key, as PEM files."""

    #: The certificate and what it is signed by.
    certificate: str
    #: Its private key.
    key: str


class Stats(TypedDict):
    """Counters since the gateway was opened. `accepted = persisted + pending + spooled + dead_lettered + dropped`, at
    every moment."""

    #: Requests that ended.
    accepted: int
    #: Those of them whose traces were digested, by class.
    by_class: dict[str, int]
    #: Traces the store refused, kept in its dead-letter table.
    dead_lettered: int
    #: Traces lost, by reason.
    dropped: dict[str, int]
    #: Requests that have not ended yet.
    in_flight: int
    #: The number of this opening of the gateway, by which `verify` names it.
    instance: int
    #: Traces waiting in memory to be committed; with `durability: memory` nowhere else.
    pending: int
    #: Bytes the waiting traces hold.
    pending_bytes: int
    #: Traces committed to the store.
    persisted: int
    #: What gateways that are gone had left in the spool: not among `accepted`.
    recovery: RecoveryStats
    #: Bytes of the spool on disk.
    spool_bytes: int
    #: What the disk of the spool last said, while it cannot be written: traces are in memory only.
    spool_error: str | None
    #: Files in the spool that a newer version of the library left, and that this one can neither read nor removes: open
    #: a gateway of that version.
    spool_foreign: int
    #: Traces waiting on disk only, since the store is away or slow.
    spooled: int
    #: What the store last said, while it is away.
    store_error: str | None
    #: Batches that had to be tried again because the store was away.
    store_retries: int
    #: Those of them whose usage had counts that this library does not know: their flag is `usage_unknown`.
    unknown_usage: int


class Tenant(TypedDict):
    """A tenant as it is stored."""

    #: What traces keep; `None` means the gateway's `capture`.
    capture: Capture | None
    #: Requests in flight at once; `None` means the gateway's `limits.tenant_concurrency`.
    concurrency: int | None
    #: When it was created.
    created_at: str
    #: The immutable id.
    id: str
    #: A label for people.
    name: str | None
    #: Prices of its own; they go before the gateway's.
    prices: NotRequired[list[PriceOverride]]
    #: How long traces are kept; a `None` in it means the gateway's.
    retention: Retention
    #: Whether it may call.
    status: TenantStatus
    #: When it was last changed.
    updated_at: str


class TenantMeasures(TypedDict):
    """One tenant."""

    #: Mean latency in milliseconds.
    avg_latency_ms: float | None
    #: Mean time spent in the gateway itself, in microseconds.
    avg_overhead_us: float | None
    #: Mean time to the first byte in milliseconds.
    avg_ttfb_ms: float | None
    #: The exact sum over the traces that have a cost.
    cost_usd: str
    #: What was asked for in `distributions`, and has any number.
    distributions: NotRequired[dict[str, Distribution]]
    #: `errors / total_requests`; 0 when there are none.
    error_rate: float
    #: Those of class `upstream_error`, `gateway_error` or `timeout`.
    errors: int
    #: Input tokens, cached ones included.
    input_tokens: int
    #: Output tokens, reasoning included.
    output_tokens: int
    #: Median latency in milliseconds.
    p50_latency_ms: float | None
    #: 95th percentile of latency in milliseconds.
    p95_latency_ms: float | None
    #: 99th percentile of latency in milliseconds.
    p99_latency_ms: float | None
    #: Whose traces they are.
    tenant_id: str
    #: All traces, refused and cancelled ones included.
    total_requests: int
    #: All tokens.
    total_tokens: int
    #: Traces that used tokens and have no cost, since their model has no price.
    unpriced_requests: int


class TenantPage(TypedDict):
    """One page of tenants, by id."""

    #: Where the next page begins; `None` on the last.
    next_cursor: str | None
    #: At most `limit` tenants.
    tenants: list[Tenant]


class TenantQuery(TypedDict, total=False):
    """Which tenants to list."""

    #: `next_cursor` of the page before.
    cursor: str | None
    #: 1 to 200; 50 when omitted.
    limit: int | None


class TenantRef(TypedDict, total=False):
    """A tenant."""

    #: Its id.
    tenant_id: Required[str]


class TenantUpdate(TypedDict, total=False):
    """Changes to a tenant: what is `None` stays as it is."""

    #: What traces keep.
    capture: Capture | None
    #: Requests in flight at once.
    concurrency: int | None
    #: A label for people.
    name: str | None
    #: Prices of its own, all at once: an empty list takes them away.
    prices: Sequence[PriceOverride] | None
    #: How long traces are kept, both values at once: one that it leaves out is the gateway's again.
    retention: RetentionInput | None
    #: Whether it may call.
    status: TenantStatus | None


class TenantsQuery(TypedDict, total=False):
    """Which tenants to show, in which window."""

    #: One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query.
    bucket_minutes: int | None
    #: What is measured in more detail, in `Measures::distributions`(super::Measures::distributions).
    distributions: Sequence[Metric]
    #: What went wrong.
    error_code: ErrorCode | None
    #: 1 to 1,000 tenants; 100 when omitted.
    limit: int | None
    #: Every pair must be there.
    metadata: Mapping[str, str]
    #: The model that served.
    model: str | None
    #: What comes first; by id among equals.
    order: GroupOrder
    #: The provider's name.
    provider: str | None
    #: The caller's id of the request.
    request_id: str | None
    #: The conversation.
    session_id: str | None
    #: The first instant, widened down to a 5-minute edge.
    since: Time | None
    #: How it ended.
    status_class: StatusClass | None
    #: The upstream's status.
    status_code: int | None
    #: The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
    #: 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
    time_zone: str | None
    #: The end, exclusive, widened up to a 5-minute edge; now when omitted.
    until: Time | None
    #: The end user.
    user_id: str | None
    #: The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`.
    window_hours: int | None


class TimeRange(TypedDict, total=False):
    """A stretch of time."""

    #: The first instant.
    since: Required[Time]
    #: The end, exclusive.
    until: Required[Time]


class Timeout(TypedDict, total=False):
    """How long to wait."""

    #: In milliseconds; 10,000 when omitted.
    timeout_ms: int | None


class TimeoutOverrides(TypedDict, total=False):
    """Timeouts to override; what is `None` stays as the gateway has it. Milliseconds."""

    #: Until the connection stands.
    connect_ms: int | None
    #: Until the answer begins.
    first_byte_ms: int | None
    #: Between two pieces of an answer.
    idle_ms: int | None
    #: From the call to its end, retries and fallbacks included.
    total_ms: int | None


class Timeouts(TypedDict, total=False):
    """How long to wait for an upstream, in milliseconds."""

    #: Until the connection stands: 5,000. Rounded up to one of 100, 250, 500, 1,000, 2,000, 5,000, 15,000 and 60,000,
    #: since connections with different limits are not shared.
    connect_ms: int
    #: Until the answer begins: 60,000.
    first_byte_ms: int
    #: Between two pieces of an answer: 60,000.
    idle_ms: int
    #: From the call to its end, retries and fallbacks included: 600,000.
    total_ms: int


class TopQuery(TypedDict, total=False):
    """Which traces to look for, in which window."""

    #: One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query.
    bucket_minutes: int | None
    #: What is measured in more detail, in `Measures::distributions`(super::Measures::distributions).
    distributions: Sequence[Metric]
    #: What went wrong.
    error_code: ErrorCode | None
    #: 1 to 200 traces; 50 when omitted.
    limit: int | None
    #: Every pair must be there.
    metadata: Mapping[str, str]
    #: The model that served.
    model: str | None
    #: What comes first.
    order: Required[TopOrder]
    #: The provider's name.
    provider: str | None
    #: The caller's id of the request.
    request_id: str | None
    #: The conversation.
    session_id: str | None
    #: The first instant, widened down to a 5-minute edge.
    since: Time | None
    #: How it ended.
    status_class: StatusClass | None
    #: The upstream's status.
    status_code: int | None
    #: The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
    #: 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
    time_zone: str | None
    #: The end, exclusive, widened up to a 5-minute edge; now when omitted.
    until: Time | None
    #: The end user.
    user_id: str | None
    #: The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`.
    window_hours: int | None


_TopTracesWords = TypedDict("_TopTracesWords", {"from": str})


class TopTraces(_TopTracesWords):
    """The traces of a window that stand out."""

    #: Whether all traces were looked at; `false` where there were too many.
    complete: bool
    #: The first instant that was not looked at any more.
    to: str
    #: The first ones in the order asked for.
    traces: list[Trace]


class Trace(TypedDict):
    """A row of a list: everything about one request but its content."""

    #: How many times an upstream was asked, that of every fallback included.
    attempt_count: int
    #: Input tokens served from the provider's cache.
    cached_tokens: int | None
    #: The exact cost; `None` when the model has no price or nothing is known of its usage.
    cost_usd: str | None
    #: When the request began, from the caller's side of the gateway.
    created_at: str
    #: When its last byte was handed over.
    ended_at: str
    #: The operation: `chat`, `responses`, `embeddings`, `list_models`.
    endpoint: str
    #: What went wrong.
    error_code: ErrorCode | None
    #: UUIDv7; its millisecond is `created_at`.
    id: str
    #: All input tokens, cached ones included.
    input_tokens: int | None
    #: From the call to its end, in milliseconds with microsecond precision.
    latency_ms: float
    #: What the caller attached.
    metadata: dict[str, str]
    #: The model that served: what the response names, else what was asked of the upstream.
    model: str | None
    #: All output tokens, reasoning included.
    output_tokens: int | None
    #: Time spent in the gateway itself, in microseconds: measured, not derived.
    overhead_us: int
    #: The name of the provider that answered, or else was asked last.
    provider: str | None
    #: Reasoning tokens.
    reasoning_tokens: int | None
    #: The caller's own id of the request (`x-request-id`).
    request_id: str | None
    #: The model the caller asked for.
    requested_model: str | None
    #: The conversation.
    session_id: str | None
    #: How it ended.
    status_class: StatusClass
    #: The upstream's status; `None` when there was none.
    status_code: int | None
    #: Whether the answer was streamed.
    stream: bool
    #: Whose request it was.
    tenant_id: str
    #: All tokens.
    total_tokens: int | None
    #: From the call to the first byte of the answer.
    ttfb_ms: float | None
    #: From the call to the first content token of a stream.
    ttft_ms: float | None
    #: The id the upstream gave in its response headers.
    upstream_request_id: str | None
    #: The end user.
    user_id: str | None


class TraceDetail(TypedDict):
    """One trace with its content, decrypted for its owner."""

    #: The API key the request came with; `None` for calls of the host itself.
    api_key_id: str | None
    #: How many times an upstream was asked, that of every fallback included.
    attempt_count: int
    #: Every attempt, the last one included, and every provider that was passed over; empty when the first attempt was
    #: answered, or content is not captured.
    attempts: list[Attempt]
    #: Input tokens served from the provider's cache.
    cached_tokens: int | None
    #: Events of a stream.
    chunk_count: int | None
    #: The exact cost; `None` when the model has no price or nothing is known of its usage.
    cost_usd: str | None
    #: When the request began, from the caller's side of the gateway.
    created_at: str
    #: What the upstream was asked for: the model after aliases, Azure's deployment.
    deployment: str | None
    #: When its last byte was handed over.
    ended_at: str
    #: The operation: `chat`, `responses`, `embeddings`, `list_models`.
    endpoint: str
    #: What went wrong.
    error_code: ErrorCode | None
    #: What is peculiar about it.
    flags: list[TraceFlag]
    #: UUIDv7; its millisecond is `created_at`.
    id: str
    #: All input tokens, cached ones included.
    input_tokens: int | None
    #: From the call to its end, in milliseconds with microsecond precision.
    latency_ms: float
    #: What the caller attached.
    metadata: dict[str, str]
    #: The model that served: what the response names, else what was asked of the upstream.
    model: str | None
    #: All output tokens, reasoning included.
    output_tokens: int | None
    #: Time spent in the gateway itself, in microseconds: measured, not derived.
    overhead_us: int
    #: Which prices `cost_usd` was made with.
    price_version: str | None
    #: The name of the provider that answered, or else was asked last.
    provider: str | None
    #: Reasoning tokens.
    reasoning_tokens: int | None
    #: How `cost_usd` came about; `None` where there is no cost.
    receipt: Receipt | None
    #: The request's body as JSON; large base64 payloads replaced by `{sha256, mime, length}`. `None` unless `capture`
    #: is `full`.
    request: Any
    #: The caller's own id of the request (`x-request-id`).
    request_id: str | None
    #: The model the caller asked for.
    requested_model: str | None
    #: The response's body as JSON, a stream rebuilt as the full response; text that is no JSON as a string.
    response: Any
    #: The conversation.
    session_id: str | None
    #: How it ended.
    status_class: StatusClass
    #: The upstream's status; `None` when there was none.
    status_code: int | None
    #: Whether the answer was streamed.
    stream: bool
    #: Whose request it was.
    tenant_id: str
    #: All tokens.
    total_tokens: int | None
    #: From the call to the first byte of the answer.
    ttfb_ms: float | None
    #: From the call to the first content token of a stream.
    ttft_ms: float | None
    #: The id the upstream gave in its response headers.
    upstream_request_id: str | None
    #: The leaves.
    usage: Usage
    #: Counts of the provider that no leaf has, by its own names: searches of the web, and what this library does not
    #: know. They are not part of the leaves' sums.
    usage_extra: dict[str, int]
    #: Where the leaves come from.
    usage_source: UsageSource
    #: The end user.
    user_id: str | None


class TracePage(TypedDict):
    """One page of traces, newest first."""

    #: Where the next page begins; `None` on the last.
    next_cursor: str | None
    #: At most `limit` rows; fewer when a scan budget cut the page.
    traces: list[Trace]


class TraceQuery(TypedDict, total=False):
    """Which traces to list, newest first."""

    #: `next_cursor` of the page before, with the same filters; a plain RFC 3339 time is accepted too.
    cursor: str | None
    #: What went wrong.
    error_code: ErrorCode | None
    #: 1 to 200; 50 when omitted.
    limit: int | None
    #: Every pair must be there.
    metadata: Mapping[str, str]
    #: The model that served.
    model: str | None
    #: The provider's name.
    provider: str | None
    #: The caller's id of the request.
    request_id: str | None
    #: The conversation.
    session_id: str | None
    #: From this instant on, inclusive.
    since: Time | None
    #: How it ended.
    status_class: StatusClass | None
    #: The upstream's status.
    status_code: int | None
    #: Up to this instant, exclusive.
    until: Time | None
    #: The end user.
    user_id: str | None


class TraceRef(TypedDict, total=False):
    """A trace."""

    #: Its id.
    trace_id: Required[str]


class Usage(TypedDict):
    """Tokens of one call, in leaves that do not overlap: their sum is the total. `None` means that the provider did not
    say; 0 is a count. Providers differ in what they include where: the adapters normalise. `input_tokens()` includes
    cached tokens, as OpenTelemetry's `gen_ai.usage.input_tokens` does."""

    #: Audio input tokens.
    audio_in: int | None
    #: Audio output tokens.
    audio_out: int | None
    #: Input tokens served from the provider's cache.
    cache_read: int | None
    #: Input tokens written to a cache that lives an hour.
    cache_write_1h: int | None
    #: Input tokens written to a cache that lives five minutes.
    cache_write_5m: int | None
    #: Image input tokens.
    image_in: int | None
    #: Image output tokens.
    image_out: int | None
    #: Input tokens read afresh.
    input_uncached: int | None
    #: Visible text output tokens.
    output_text: int | None
    #: Reasoning tokens, hidden or shown.
    reasoning: int | None


class VerifyReport(TypedDict):
    """Whether every request that was accepted is accounted for, by each opening of a gateway on the store."""

    #: Nothing is missing, and nothing is there twice.
    holds: bool
    #: One for each opening that has accepted something, the oldest first.
    instances: list[InstanceReport]
    #: Traces of library versions that did not number them: nothing is said about these.
    unnumbered: int
    #: Files of the spool that a newer version of the library wrote: what they hold is not known here.
    unread_segments: int
