/**
 * The data that crosses the boundary. Generated from `include/gateway.schema.json` by `make gen`; edits here are lost.
 */

/** The answer to `AnalyticsQuery`: the whole window, and bucket by bucket. */
export interface Analytics {
    /** Whether all traces were looked at; `false` where a filter that rollups do not know met too many. */
    complete: boolean;
    /** The first instant that is counted. */
    from: Timestamp;
    /** The whole window. */
    summary: Measures;
    /** One entry per bucket, empty ones included. */
    timeseries: Bucket[];
    /** The first instant that is not counted any more. */
    to: Timestamp;
}

/** The window, group by group. */
export interface AnalyticsBreakdown {
    /** Whether all traces were looked at; `false` where a filter that rollups do not know met too many. */
    complete: boolean;
    /** The first instant that is counted. */
    from: Timestamp;
    /** The first groups in the order asked for. */
    groups: GroupMeasures[];
    /** The whole window: what is in no group of this answer is the rest. */
    summary: Measures;
    /** The first instant that is not counted any more. */
    to: Timestamp;
}

/** A window and the one before it, of the same length. */
export interface AnalyticsComparison {
    /** The window that was asked for. */
    current: AnalyticsSummary;
    /** The window that ends where that one begins. */
    previous: AnalyticsSummary;
}

/** The window, model by model. */
export interface AnalyticsModels {
    /** Whether all traces were looked at; `false` where a filter that rollups do not know met too many. */
    complete: boolean;
    /** The first instant that is counted. */
    from: Timestamp;
    /** One entry per provider and model, most requests first. */
    models: ModelMeasures[];
    /** The first instant that is not counted any more. */
    to: Timestamp;
}

/**
 * Which time to look at, cut how.
 *
 * Filters by `model`, `provider` and `status_class` are answered from rollups: what that costs grows with the answer, not
 * with the traces. All others look at the traces themselves, the newest 100,000 at most; an answer for which that was too
 * few says `complete: false`.
 */
export interface AnalyticsQuery {
    /** One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query. */
    bucket_minutes?: number | null;
    /** What is measured in more detail, in `Measures::distributions`(super::Measures::distributions). */
    distributions?: Metric[];
    /** What went wrong. */
    error_code?: ErrorCode | null;
    /** Every pair must be there. */
    metadata?: Record<string, string>;
    /** The model that served. */
    model?: string | null;
    /** The provider's name. */
    provider?: string | null;
    /** The caller's id of the request. */
    request_id?: string | null;
    /** The conversation. */
    session_id?: string | null;
    /** The first instant, widened down to a 5-minute edge. */
    since?: Timestamp | null;
    /** How it ended. */
    status_class?: StatusClass | null;
    /** The upstream's status. */
    status_code?: number | null;
    /**
     * The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
     * 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
     */
    time_zone?: string | null;
    /** The end, exclusive, widened up to a 5-minute edge; now when omitted. */
    until?: Timestamp | null;
    /** The end user. */
    user_id?: string | null;
    /** The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`. */
    window_hours?: number | null;
}

/** The whole window. */
export interface AnalyticsSummary {
    /** Mean latency in milliseconds. */
    avg_latency_ms: number | null;
    /** Mean time spent in the gateway itself, in microseconds. */
    avg_overhead_us: number | null;
    /** Mean time to the first byte in milliseconds. */
    avg_ttfb_ms: number | null;
    /** Whether all traces were looked at; `false` where a filter that rollups do not know met too many. */
    complete: boolean;
    /** The exact sum over the traces that have a cost. */
    cost_usd: Usd;
    /** What was asked for in `distributions`, and has any number. */
    distributions?: Record<string, Distribution>;
    /** `errors / total_requests`; 0 when there are none. */
    error_rate: number;
    /** Those of class `upstream_error`, `gateway_error` or `timeout`. */
    errors: number;
    /** The first instant that is counted. */
    from: Timestamp;
    /** Input tokens, cached ones included. */
    input_tokens: number;
    /** Output tokens, reasoning included. */
    output_tokens: number;
    /** Median latency in milliseconds. */
    p50_latency_ms: number | null;
    /** 95th percentile of latency in milliseconds. */
    p95_latency_ms: number | null;
    /** 99th percentile of latency in milliseconds. */
    p99_latency_ms: number | null;
    /** The first instant that is not counted any more. */
    to: Timestamp;
    /** All traces, refused and cancelled ones included. */
    total_requests: number;
    /** All tokens. */
    total_tokens: number;
    /** Traces that used tokens and have no cost, since their model has no price. */
    unpriced_requests: number;
}

/** The window, tenant by tenant. */
export interface AnalyticsTenants {
    /** The first instant that is counted. */
    from: Timestamp;
    /** All tenants. */
    summary: Measures;
    /** The first tenants in the order asked for; those without a trace are left out. */
    tenants: TenantMeasures[];
    /** The first instant that is not counted any more. */
    to: Timestamp;
}

/** The window, bucket by bucket. */
export interface AnalyticsTimeseries {
    /** Whether all traces were looked at; `false` where a filter that rollups do not know met too many. */
    complete: boolean;
    /** The first instant that is counted. */
    from: Timestamp;
    /** One entry per bucket, empty ones included. */
    timeseries: Bucket[];
    /** The first instant that is not counted any more. */
    to: Timestamp;
}

/** A key as it is stored: everything but the secret, of which only a hash is kept. */
export interface ApiKey {
    /** When it was created. */
    created_at: Timestamp;
    /** From when on it is refused. */
    expires_at: Timestamp | null;
    /** The first characters of the secret, to recognise it by. */
    hint: string;
    /** Identifies the key in lists and for revocation; not the secret. */
    id: string;
    /** When it was last used, to the minute. */
    last_used_at: Timestamp | null;
    /** A label for people. */
    name: string | null;
    /** What it may do. */
    scopes: Scope[];
    /** Whether it works. */
    status: ApiKeyStatus;
    /** The tenant it belongs to; `null` for an admin key. */
    tenant_id: TenantId | null;
}

/** Keys, oldest first. */
export interface ApiKeyList {
    /** Without their secrets. */
    api_keys: ApiKey[];
}

/** Whether a key works. */
export type ApiKeyStatus = 'active' | 'revoked';

/**
 * One time an upstream was asked, or was to be asked and was passed over: then it took no time, and the error says
 * why (`circuit_open`, `provider_not_found`, `unsupported_operation`, `model_not_found` and the like).
 */
export interface Attempt {
    /** The pause before it, in milliseconds. */
    delay_ms: number;
    /** How long it took, in milliseconds with microsecond precision. */
    duration_ms: number;
    /** Why it failed. */
    error_code: ErrorCode | null;
    /** The provider's name. */
    provider: string;
    /** The upstream's status; `null` when there was none. */
    status_code: number | null;
}

/** What a provider's models are billed as, where their names or their kind do not say it. */
export interface Billing {
    /** What was asked of the upstream (Azure's deployment, else the model) → what it is billed as. */
    deployments?: Record<string, DeploymentBilling>;
    /** What every line is multiplied by: `"1.1"` for Azure's data zones. 1 when omitted. */
    multiplier?: Ratio | null;
    /** Whose prices of the table apply, such as `openai`; those of the kind when omitted. */
    provider?: string | null;
}

/** Which groups to tell apart, in which window. */
export interface BreakdownQuery {
    /** One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query. */
    bucket_minutes?: number | null;
    /** What traces are told apart by. */
    by: Dimension;
    /** What is measured in more detail, in `Measures::distributions`(super::Measures::distributions). */
    distributions?: Metric[];
    /** What went wrong. */
    error_code?: ErrorCode | null;
    /** 1 to 1,000 groups; 100 when omitted. */
    limit?: number | null;
    /** Every pair must be there. */
    metadata?: Record<string, string>;
    /** The model that served. */
    model?: string | null;
    /** What comes first; by value among equals. */
    order?: GroupOrder;
    /** The provider's name. */
    provider?: string | null;
    /** The caller's id of the request. */
    request_id?: string | null;
    /** The conversation. */
    session_id?: string | null;
    /** The first instant, widened down to a 5-minute edge. */
    since?: Timestamp | null;
    /** How it ended. */
    status_class?: StatusClass | null;
    /** The upstream's status. */
    status_code?: number | null;
    /**
     * The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
     * 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
     */
    time_zone?: string | null;
    /** The end, exclusive, widened up to a 5-minute edge; now when omitted. */
    until?: Timestamp | null;
    /** The end user. */
    user_id?: string | null;
    /** The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`. */
    window_hours?: number | null;
}

/**
 * When a provider is passed over for its fallbacks: there is one circuit breaker for each provider of a tenant. One that
 * is alone, or that the caller named, is asked all the same.
 *
 * A request counts once, after its retries; a stream has succeeded once its head has arrived. What the caller did wrong
 * (4xx but 401, 408, 409 and 429), and a timeout of its own, count neither way.
 */
export interface BreakerConfig {
    /** So many requests in a row that failed by the provider's fault open it: 5. 0 switches it off. */
    failures?: number;
    /** How long it stays open at most, in milliseconds: 60,000. */
    max_pause_ms?: number;
    /**
     * How long it first stays open, in milliseconds: 10,000. It doubles each time that the request which then asks
     * again fails.
     */
    pause_ms?: number;
}

/** Settings of the circuit breaker to override; what is `null` stays as the gateway has it. */
export interface BreakerOverrides {
    /** Failed requests in a row that open it; 0 switches it off. */
    failures?: number | null;
    /** How long it stays open at most, in milliseconds. */
    max_pause_ms?: number | null;
    /** How long it first stays open, in milliseconds. */
    pause_ms?: number | null;
}

/** One bucket of a series. */
export interface Bucket {
    /** Mean latency in milliseconds. */
    avg_latency_ms: number | null;
    /** Mean time spent in the gateway itself, in microseconds. */
    avg_overhead_us: number | null;
    /** Mean time to the first byte in milliseconds. */
    avg_ttfb_ms: number | null;
    /** The exact sum over the traces that have a cost. */
    cost_usd: Usd;
    /** What was asked for in `distributions`, and has any number. */
    distributions?: Record<string, Distribution>;
    /** `errors / total_requests`; 0 when there are none. */
    error_rate: number;
    /** Those of class `upstream_error`, `gateway_error` or `timeout`. */
    errors: number;
    /** Input tokens, cached ones included. */
    input_tokens: number;
    /** Output tokens, reasoning included. */
    output_tokens: number;
    /** Median latency in milliseconds. */
    p50_latency_ms: number | null;
    /** 95th percentile of latency in milliseconds. */
    p95_latency_ms: number | null;
    /** 99th percentile of latency in milliseconds. */
    p99_latency_ms: number | null;
    /** Where it begins; it ends where the next one begins. */
    start: Timestamp;
    /** All traces, refused and cancelled ones included. */
    total_requests: number;
    /** All tokens. */
    total_tokens: number;
    /** Traces that used tokens and have no cost, since their model has no price. */
    unpriced_requests: number;
}

/** Options of one call. They never reach the provider. */
export interface CallOptions {
    /** Keeps less than the tenant's `capture`; it cannot keep more. */
    capture?: Capture | null;
    /** Stored with the trace: at most 16 keys, values of at most 512 characters. */
    metadata?: Record<string, string>;
    /** The provider to use, instead of the one the model chooses; its fallbacks are not asked then. */
    provider?: ProviderName | null;
    /** The caller's own id of this request, for filters; at most 256 characters. */
    request_id?: string | null;
    /** The conversation, for filters; at most 256 characters. */
    session_id?: string | null;
    /** Shortens `timeouts.total_ms` for this call. */
    timeout_ms?: number | null;
    /** The end user, for filters; at most 256 characters. */
    user_id?: string | null;
}

/** What an upstream supports beyond chat. */
export interface Capabilities {
    /** `/embeddings`. */
    embeddings: boolean;
    /** `/models`. */
    models: boolean;
    /** `/responses`. */
    responses: boolean;
    /** `stream_options.include_usage` on streamed chats. */
    stream_options: boolean;
}

/** What an upstream supports beyond chat. */
export interface CapabilitiesInput {
    /** `/embeddings`. */
    embeddings?: boolean;
    /** `/models`. */
    models?: boolean;
    /** `/responses`. */
    responses?: boolean;
    /** `stream_options.include_usage` on streamed chats. */
    stream_options?: boolean;
}

/** What of a request's content a trace keeps. */
export type Capture = 'full' | 'metadata' | 'none';

/**
 * How a gateway is opened.
 *
 * From JSON unknown keys are refused.
 */
export interface Config {
    /** When a provider that fails is passed over for its fallbacks. */
    breaker?: BreakerConfig;
    /** What traces keep, unless a tenant or a call says less; `full` when omitted. */
    capture?: Capture;
    /**
     * What of a trace survives the end of the process before it is in the store: `spool` (default), `sync` or `memory`,
     * which is the default of `sqlite::memory:`.
     */
    durability?: Durability | null;
    /** What one gateway and one tenant may use. */
    limits?: Limits;
    /** Short form of `master_keys` with one key, version 1: 64 hex digits. In-memory stores may omit it. */
    master_key?: Secret | null;
    /** Version → 64 hex digits. The highest version encrypts; the others stay readable. */
    master_keys?: Record<string, any>;
    /** Whether the store's schema may be changed: `auto` (default), `check` or `off`. */
    migrate?: Migrate;
    /** How upstreams are reached. */
    network?: Network;
    /** Prices that go before the table's, for tenants that have none of their own for a model. */
    prices?: PriceOverride[];
    /** Providers of tenants that have none; the first one, or the one with `default`, is the default. */
    providers?: ProviderConfig[];
    /** How traces wait for the store. */
    recorder?: RecorderConfig;
    /**
     * How long traces are kept, unless a tenant says otherwise; for ever when omitted. Gateways that share a store are to
     * say the same.
     */
    retention?: RetentionInput;
    /** How often to ask an upstream again. */
    retry?: Retry;
    /**
     * The directory of the spool, shared by all gateways of a store on this machine. Beside a SQLite file when omitted;
     * with PostgreSQL it has to be named, or `durability` be `memory`.
     */
    spool_dir?: string | null;
    /** How long cached keys and tenants serve while the store is away, in milliseconds; an hour when omitted. */
    stale_limit_ms?: number;
    /** `sqlite:PATH`, `sqlite::memory:` or `postgres://…`; `sqlite:gateway.db` when omitted. */
    store?: string;
    /** How long to wait for an upstream. */
    timeouts?: Timeouts;
}

/** A key that was just created: the only time its secret is shown. */
export interface CreatedApiKey {
    /** When it was created. */
    created_at: Timestamp;
    /** From when on it is refused. */
    expires_at: Timestamp | null;
    /** The first characters of the secret, to recognise it by. */
    hint: string;
    /** Identifies the key in lists and for revocation; not the secret. */
    id: string;
    /** When it was last used, to the minute. */
    last_used_at: Timestamp | null;
    /** A label for people. */
    name: string | null;
    /** What it may do. */
    scopes: Scope[];
    /** `gwk_` and 43 base-62 characters and a checksum. */
    secret: Secret;
    /** Whether it works. */
    status: ApiKeyStatus;
    /** The tenant it belongs to; `null` for an admin key. */
    tenant_id: TenantId | null;
}

/** A trace the store refused. */
export interface DeadLetter {
    /** When the store refused it. */
    failed_at: Timestamp;
    /** What the store said. */
    reason: string;
    /** The row as JSON, its content encrypted and in base64. */
    record: string;
    /** Whose trace it is. */
    tenant_id: TenantId;
    /** The trace it would have been. */
    trace_id: TraceId;
}

/** Dead letters, newest first. */
export interface DeadLetterList {
    /** What the store refused. */
    dead_letters: DeadLetter[];
}

/** What one deployment is billed as. */
export interface DeploymentBilling {
    /** The model; the one that answers name when omitted. */
    model?: string | null;
    /** In place of the provider's `multiplier`. */
    multiplier?: Ratio | null;
}

/** What traces are told apart by; `metadata.` is followed by a key. */
export type Dimension = string;

/** How numbers are distributed: by nearest rank, off by at most 0.78 %. The unit is the metric's. */
export interface Distribution {
    /** How many there are. */
    count: number;
    /** Half of them are not above it. */
    p50: number;
    /** 90 of a hundred are not above it. */
    p90: number;
    /** 95 of a hundred are not above it. */
    p95: number;
    /** 99 of a hundred are not above it. */
    p99: number;
}

/** What of a trace survives the end of the process before it is in the store. */
export type Durability = 'spool' | 'sync' | 'memory';

/** What an erasure removed. */
export interface ErasureReport {
    /** API keys, revoked ones among them. */
    api_keys: number;
    /** Traces the store had refused. */
    dead_letters: number;
    /** Requests of the tenant that ran meanwhile in this process; their traces are removed when they have ended. */
    in_flight: number;
    /** Providers with their secrets. */
    providers: number;
    /** Traces with their content. */
    traces: number;
    /** Traces of any tenant that were still on their way into the store; those of this one are removed later. */
    waiting: number;
}

/** What went wrong; codes are only ever added. */
export type ErrorCode = 'invalid_request' | 'invalid_json' | 'missing_field' | 'invalid_field' | 'duplicate_field' | 'body_too_large' | 'unknown_provider_kind' | 'invalid_provider_config' | 'forbidden_address' | 'unsupported_operation' | 'invalid_config' | 'already_exists' | 'provider_not_found' | 'trace_not_found' | 'api_key_not_found' | 'unknown_operation' | 'model_not_found' | 'method_not_allowed' | 'invalid_prices' | 'prices_too_old' | 'prices_too_new' | 'missing_api_key' | 'invalid_api_key' | 'insufficient_scope' | 'tenant_not_found' | 'tenant_disabled' | 'tenant_concurrency_limit' | 'gateway_concurrency_limit' | 'upstream_rejected' | 'upstream_auth_failed' | 'upstream_rate_limited' | 'upstream_failed' | 'upstream_unreachable' | 'upstream_dns_failed' | 'upstream_tls_failed' | 'upstream_disconnected' | 'upstream_invalid_response' | 'upstream_stream_error' | 'upstream_too_large' | 'circuit_open' | 'connect_timeout' | 'first_byte_timeout' | 'idle_timeout' | 'total_timeout' | 'store_unavailable' | 'store_failed' | 'schema_too_new' | 'schema_too_old' | 'wrong_master_key' | 'decryption_failed' | 'internal' | 'out_of_descriptors' | 'closed' | 'cancelled' | 'abandoned' | 'forked' | 'called_from_callback';

/** What an eviction did. */
export interface Eviction {
    /** Whether the provider was cached. */
    evicted: boolean;
}

/** What an export is of. */
export type ExportContent = 'traces' | 'timeseries';

/** How it is written. */
export type ExportFormat = 'jsonl' | 'parquet';

/** How far an export has come. */
export interface ExportReport {
    /** Bytes so far. */
    bytes: number;
    /** The first instant of the window. */
    from: Timestamp;
    /** When the last row began: traces come newest first, buckets oldest first. */
    reached: Timestamp | null;
    /** Rows so far: traces, or buckets. */
    rows: number;
    /** The first instant after it. */
    to: Timestamp;
}

/** What to export, and where to. */
export interface ExportTarget {
    /** One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query. */
    bucket_minutes?: number | null;
    /** What of it. */
    content?: ExportContent;
    /** What is measured in more detail, in `Measures::distributions`(super::Measures::distributions). */
    distributions?: Metric[];
    /** What went wrong. */
    error_code?: ErrorCode | null;
    /** How it is written. */
    format?: ExportFormat;
    /** Every pair must be there. */
    metadata?: Record<string, string>;
    /** The model that served. */
    model?: string | null;
    /** The file, which must not be there. */
    path: string;
    /** The provider's name. */
    provider?: string | null;
    /** The caller's id of the request. */
    request_id?: string | null;
    /** The conversation. */
    session_id?: string | null;
    /** The first instant, widened down to a 5-minute edge. */
    since?: Timestamp | null;
    /** How it ended. */
    status_class?: StatusClass | null;
    /** The upstream's status. */
    status_code?: number | null;
    /**
     * The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
     * 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
     */
    time_zone?: string | null;
    /** The end, exclusive, widened up to a 5-minute edge; now when omitted. */
    until?: Timestamp | null;
    /** The end user. */
    user_id?: string | null;
    /** The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`. */
    window_hours?: number | null;
}

/** Another provider of the tenant, and what to ask it for. In JSON a bare string is the provider's name. */
export interface Fallback {
    /** The model to ask it for, which its own aliases and deployments then apply to; the caller's when omitted. */
    model?: string | null;
    /** Its name. One that does not exist when it is needed is passed over. */
    provider: ProviderName;
}

/** Another provider of the tenant, and what to ask it for. In JSON a bare string is the provider's name. */
export type FallbackInput = ProviderName | {
    /** The model to ask it for, which its own aliases and deployments then apply to; the caller's when omitted. */
    model?: string | null;
    /** Its name. One that does not exist when it is needed is passed over. */
    provider: ProviderName;
};

/** What a flush or a close achieved. */
export interface FlushReport {
    /** Traces the store refused meanwhile, kept in its dead-letter table. */
    dead_lettered: number;
    /** Traces lost meanwhile. */
    dropped: number;
    /** What the store last said, while it is away. */
    error: string | null;
    /** Traces accepted before the call that are still waiting. */
    pending: number;
    /** Traces committed meanwhile. */
    persisted: number;
    /** Traces that are on disk only: after a close they wait there for the next gateway. */
    spooled: number;
}

/** One group. */
export interface GroupMeasures {
    /** Mean latency in milliseconds. */
    avg_latency_ms: number | null;
    /** Mean time spent in the gateway itself, in microseconds. */
    avg_overhead_us: number | null;
    /** Mean time to the first byte in milliseconds. */
    avg_ttfb_ms: number | null;
    /** The exact sum over the traces that have a cost. */
    cost_usd: Usd;
    /** What was asked for in `distributions`, and has any number. */
    distributions?: Record<string, Distribution>;
    /** `errors / total_requests`; 0 when there are none. */
    error_rate: number;
    /** Those of class `upstream_error`, `gateway_error` or `timeout`. */
    errors: number;
    /** Input tokens, cached ones included. */
    input_tokens: number;
    /** Output tokens, reasoning included. */
    output_tokens: number;
    /** Median latency in milliseconds. */
    p50_latency_ms: number | null;
    /** 95th percentile of latency in milliseconds. */
    p95_latency_ms: number | null;
    /** 99th percentile of latency in milliseconds. */
    p99_latency_ms: number | null;
    /** All traces, refused and cancelled ones included. */
    total_requests: number;
    /** All tokens. */
    total_tokens: number;
    /** Traces that used tokens and have no cost, since their model has no price. */
    unpriced_requests: number;
    /** What its traces have in common; `null` for those that have nothing there. */
    value: string | null;
}

/** What comes first. */
export type GroupOrder = 'requests' | 'cost' | 'tokens' | 'errors';

/** Whether the gateway is well, and why not. */
export interface Health {
    /** What is wrong, in words. */
    reasons: string[];
    /** The verdict. */
    status: HealthStatus;
}

/** Whether the gateway is well. */
export type HealthStatus = 'ok' | 'degraded' | 'failing';

/**
 * What one opening of a gateway has accepted, and where it is.
 *
 * `accepted = persisted + spooled + expired + erased + dead_lettered + dropped + pending + missing`.
 */
export interface InstanceReport {
    /** Requests that began, as far as is known: each has a number, from 1 on. */
    accepted: number;
    /** Traces the store refused, and kept as dead letters when it did. */
    dead_lettered: number;
    /** Traces whose number another one has. */
    doubled: number;
    /** Traces that were lost, by reason. */
    dropped: Record<string, number>;
    /** Traces that were removed with their tenants. */
    erased: number;
    /** Traces that retention removed. */
    expired: number;
    /** Whether it has a spool. Without one, what it had in memory when its process died is not known to anybody. */
    has_spool: boolean;
    /** Its number, as in `Stats::instance`. */
    instance: number;
    /** Traces that should be there and are not: neither in the store nor in this gateway's spool directory. */
    missing: number;
    /**
     * Their numbers, the first hundred ranges of them. Empty where traces were removed by retention or with their
     * tenants: how many of the absent ones are missing is known then, and not which.
     */
    missing_numbers: NumberRange[];
    /** When it was opened. */
    opened_at: Timestamp;
    /** Requests that were not settled when the gateway last wrote down how far it is: of one that is open. */
    pending: number;
    /** Traces in the store. */
    persisted: number;
    /** Traces, and requests that have not ended, in the spool directory of the gateway that was asked. */
    spooled: number;
    /** How it ended, if it has. */
    state: InstanceState;
}

/** How far an opening of a gateway has come. */
export type InstanceState = 'open' | 'closed' | 'killed';

/** What one gateway and one tenant may use. */
export interface Limits {
    /** The largest request and the largest unstreamed answer, in bytes: 100,000,000. */
    body_bytes?: number;
    /** Tenants, and API keys, kept in memory: 100,000 each. */
    cache_entries?: number;
    /** Requests in flight in the whole gateway: 10,000. */
    concurrency?: number;
    /** Requests in flight per tenant: 5,000. */
    tenant_concurrency?: number;
}

/** The table of prices that is in force. */
export interface LoadedPrices {
    /** How many models it has. */
    models: number;
    /** The one before. */
    previous_version: string;
    /** Its day and digest, as traces carry it. */
    version: string;
}

/**
 * What is measured over a set of traces.
 *
 * Latency, time to first byte and overhead are over the traces of class `ok` alone, so that failures do not
 * flatter or spoil them. Percentiles are by nearest rank, off by at most 0.78 %; sums and means are exact. All are `null`
 * where no trace of that class is, and percentiles by API key, too.
 */
export interface Measures {
    /** Mean latency in milliseconds. */
    avg_latency_ms: number | null;
    /** Mean time spent in the gateway itself, in microseconds. */
    avg_overhead_us: number | null;
    /** Mean time to the first byte in milliseconds. */
    avg_ttfb_ms: number | null;
    /** The exact sum over the traces that have a cost. */
    cost_usd: Usd;
    /** What was asked for in `distributions`, and has any number. */
    distributions?: Record<string, Distribution>;
    /** `errors / total_requests`; 0 when there are none. */
    error_rate: number;
    /** Those of class `upstream_error`, `gateway_error` or `timeout`. */
    errors: number;
    /** Input tokens, cached ones included. */
    input_tokens: number;
    /** Output tokens, reasoning included. */
    output_tokens: number;
    /** Median latency in milliseconds. */
    p50_latency_ms: number | null;
    /** 95th percentile of latency in milliseconds. */
    p95_latency_ms: number | null;
    /** 99th percentile of latency in milliseconds. */
    p99_latency_ms: number | null;
    /** All traces, refused and cancelled ones included. */
    total_requests: number;
    /** All tokens. */
    total_tokens: number;
    /** Traces that used tokens and have no cost, since their model has no price. */
    unpriced_requests: number;
}

/** What there is a distribution of, over the traces of class `ok`. */
export type Metric = 'latency' | 'ttfb' | 'ttft' | 'overhead' | 'tokens_per_second';

/** Whether the store's schema may be changed. */
export type Migrate = 'auto' | 'check' | 'off';

/** One provider and model. */
export interface ModelMeasures {
    /** Mean latency in milliseconds. */
    avg_latency_ms: number | null;
    /** Mean time spent in the gateway itself, in microseconds. */
    avg_overhead_us: number | null;
    /** Mean time to the first byte in milliseconds. */
    avg_ttfb_ms: number | null;
    /** The exact sum over the traces that have a cost. */
    cost_usd: Usd;
    /** What was asked for in `distributions`, and has any number. */
    distributions?: Record<string, Distribution>;
    /** `errors / total_requests`; 0 when there are none. */
    error_rate: number;
    /** Those of class `upstream_error`, `gateway_error` or `timeout`. */
    errors: number;
    /** Input tokens, cached ones included. */
    input_tokens: number;
    /** The model that served. */
    model: string | null;
    /** Output tokens, reasoning included. */
    output_tokens: number;
    /** Median latency in milliseconds. */
    p50_latency_ms: number | null;
    /** 95th percentile of latency in milliseconds. */
    p95_latency_ms: number | null;
    /** 99th percentile of latency in milliseconds. */
    p99_latency_ms: number | null;
    /** The provider's name. */
    provider: string | null;
    /** All traces, refused and cancelled ones included. */
    total_requests: number;
    /** All tokens. */
    total_tokens: number;
    /** Traces that used tokens and have no cost, since their model has no price. */
    unpriced_requests: number;
}

/** How upstreams are reached. */
export interface Network {
    /** A file of PEM certificates that are trusted beside the system's. */
    ca?: string | null;
    /** Whether private, loopback and link-local addresses may be called: `deny` (default) or `allow`. */
    private?: PrivateAddresses;
    /** An HTTP proxy for all upstreams, `http://host:port`; the environment is not asked. */
    proxy?: Secret | null;
}

/** A key to be created. */
export interface NewApiKey {
    /** From when on it is refused; never when omitted. */
    expires_at?: Timestamp | null;
    /** A label for people. */
    name?: string | null;
    /** What it may do; `infer` when omitted. */
    scopes?: Scope[] | null;
}

/** A tenant to be created. */
export interface NewTenant {
    /** What traces keep; the gateway's `capture` when omitted. */
    capture?: Capture | null;
    /** Requests in flight at once; the gateway's `limits.tenant_concurrency` when omitted. */
    concurrency?: number | null;
    /** Chosen by the host; a UUIDv7 when omitted. */
    id?: TenantId | null;
    /** A label for people. */
    name?: string | null;
    /** Prices of its own; they go before the gateway's. */
    prices?: PriceOverride[];
    /** A first provider, which becomes the default. */
    provider?: ProviderConfig | null;
    /** How long traces are kept; each value that is omitted is the gateway's. */
    retention?: RetentionInput;
}

/** Numbers of requests, both ends included. */
export interface NumberRange {
    /** The first one. */
    first: number;
    /** The last one. */
    last: number;
}

/**
 * A price of one's own for some models, instead of the table's. Amounts are decimal strings in dollars.
 *
 * `{"model": "gpt-4o*", "per": "million_tokens", "input": "2.50", "cache_read": "1.25", "output": "10"}`
 *
 * Refused where a rate is a hundred times what the table says, or a hundredth of it, or unheard of: then `per` is likely
 * to be wrong. `unusual` insists.
 */
export interface PriceOverride {
    /** Audio input tokens; without it a call that has some is unpriced. */
    audio_in?: Usd | null;
    /** Audio output tokens; without it a call that has some is unpriced. */
    audio_out?: Usd | null;
    /** Input tokens from the cache; as `input` when omitted. */
    cache_read?: Usd | null;
    /** Input tokens written to the cache; as `input` when omitted. */
    cache_write?: Usd | null;
    /** Input tokens written to a cache of an hour; as `cache_write` when omitted. */
    cache_write_1h?: Usd | null;
    /** Image input tokens; as `input` when omitted. */
    image_in?: Usd | null;
    /** Image output tokens; without it a call that has some is unpriced. */
    image_out?: Usd | null;
    /** Input tokens. */
    input: Usd;
    /**
     * The model that served, as answers name it: a name, or a pattern with `*`. Names win over patterns, longer patterns
     * over shorter ones.
     */
    model: string;
    /** Output tokens; without it a call that has output is unpriced. */
    output?: Usd | null;
    /** How many tokens an amount is for. */
    per: PriceQuantity;
    /** The name of the provider it is for; any when omitted. */
    provider?: string | null;
    /** Reasoning tokens; as `output` when omitted. */
    reasoning?: Usd | null;
    /** Dollars per request, whatever `per` is; none when omitted. */
    request?: Usd | null;
    /** The service tier it is for; the standard one when omitted. */
    tier?: string | null;
    /** These rates are meant, however odd they look. */
    unusual?: boolean;
}

/** How many tokens an amount is for. There is no default: most wrong prices are right for another quantity. */
export type PriceQuantity = 'token' | 'thousand_tokens' | 'million_tokens';

/** Whose prices. */
export type PriceSource = 'table' | 'gateway' | 'tenant';

/** Whether private, loopback and link-local addresses may be called. */
export type PrivateAddresses = 'deny' | 'allow';

/** How to reach one provider on a tenant's behalf. */
export interface ProviderConfig {
    /** Names callers may use → the model that is really asked for. */
    aliases?: Record<string, string>;
    /** The provider's key. Omitted in an update: the stored one stays. */
    api_key?: Secret | null;
    /** Azure: `api-version` of the classic URLs (`2024-02-01`), or `v1` for the `/openai/v1` URLs. */
    api_version?: string | null;
    /** Where it is; the kind's built-in URL when omitted, required where there is none. */
    base_url?: string | null;
    /** What its models are billed as, where their names or the kind do not say it. */
    billing?: Billing | null;
    /** Overrides the gateway's `breaker`, key by key. */
    breaker?: BreakerOverrides | null;
    /** `custom`: what the endpoint supports beyond chat; nothing of it when omitted. */
    capabilities?: CapabilitiesInput | null;
    /** Whether it serves models that no provider's pattern names. A tenant's first provider is its default. */
    default?: boolean | null;
    /** Azure: the deployment of models that `deployments` does not name. */
    deployment?: string | null;
    /** Azure: model → deployment. */
    deployments?: Record<string, string>;
    /**
     * Who is asked instead, in this order, once this provider's own retries are spent: at most 8, before the answer
     * began and within this provider's total timeout. Another is asked after a failure that it may not have: no
     * connection, no answer in time, 401, 403, 404, 408, 409, 429, 5xx, and what is no HTTP. Where the upstream asks to
     * be left alone for longer than `retry.max_ms`, the retries count as spent.
     *
     * Those of a fallback are not followed, and none is asked where the caller named the provider.
     */
    fallbacks?: FallbackInput[];
    /** HTTP/2 instead of HTTP/1.1, where the upstream offers it over TLS. */
    http2?: boolean;
    /** A kind of the provider table: `openai`, `azure`, `custom`, `mock`, or a vendor such as `groq`. */
    kind: string;
    /** Models it serves: exact names or patterns with `*`. */
    models?: string[];
    /** Unique within the tenant; the kind's name when omitted. */
    name?: ProviderName | null;
    /** OpenAI: sent as `OpenAI-Organization`. */
    organization?: string | null;
    /** OpenAI: sent as `OpenAI-Project`. */
    project?: string | null;
    /** `mock`: the answer to every chat; `Hello from the mock provider.` when omitted. */
    reply?: string | null;
    /** Overrides the gateway's `retry`, key by key. */
    retry?: RetryOverrides | null;
    /** Overrides the gateway's `timeouts`, key by key. */
    timeouts?: TimeoutOverrides | null;
}

/** A provider as it is shown. */
export interface ProviderDescription {
    /** Names callers may use → the model that is really asked for. */
    aliases?: Record<string, string>;
    /** Azure: `api-version` of the classic URLs (`2024-02-01`), or `v1` for the `/openai/v1` URLs. */
    api_version?: string | null;
    /** Where it is; the kind's built-in URL when omitted, required where there is none. */
    base_url?: string | null;
    /** What its models are billed as, where their names or the kind do not say it. */
    billing?: Billing | null;
    /** Overrides the gateway's `breaker`, key by key. */
    breaker?: BreakerOverrides | null;
    /** What it offers beyond chat, whether configured or built in. */
    capabilities: Capabilities;
    /** When it was first set; `null` for a provider of the gateway's configuration. */
    created_at: Timestamp | null;
    /** Whether it serves models that no provider's pattern names. */
    default: boolean;
    /** Azure: the deployment of models that `deployments` does not name. */
    deployment?: string | null;
    /** Azure: model → deployment. */
    deployments?: Record<string, string>;
    /**
     * Who is asked instead, in this order, once this provider's own retries are spent: at most 8, before the answer
     * began and within this provider's total timeout. Another is asked after a failure that it may not have: no
     * connection, no answer in time, 401, 403, 404, 408, 409, 429, 5xx, and what is no HTTP. Where the upstream asks to
     * be left alone for longer than `retry.max_ms`, the retries count as spent.
     *
     * Those of a fallback are not followed, and none is asked where the caller named the provider.
     */
    fallbacks?: Fallback[];
    /** Whether a key of its own is stored. */
    has_api_key: boolean;
    /** HTTP/2 instead of HTTP/1.1, where the upstream offers it over TLS. */
    http2?: boolean;
    /** A kind of the provider table. */
    kind: string;
    /** Models it serves: exact names or patterns with `*`. */
    models?: string[];
    /** Unique within the tenant. */
    name: ProviderName;
    /** OpenAI: sent as `OpenAI-Organization`. */
    organization?: string | null;
    /** OpenAI: sent as `OpenAI-Project`. */
    project?: string | null;
    /** `mock`: the answer to every chat; `Hello from the mock provider.` when omitted. */
    reply?: string | null;
    /** Overrides the gateway's `retry`, key by key. */
    retry?: RetryOverrides | null;
    /** Overrides the gateway's `timeouts`, key by key. */
    timeouts?: TimeoutOverrides | null;
    /** When it was last set; `null` for a provider of the gateway's configuration. */
    updated_at: Timestamp | null;
}

/** A provider as it is stored: everything but its secret. */
export interface ProviderInfo {
    /** Names callers may use → the model that is really asked for. */
    aliases?: Record<string, string>;
    /** Azure: `api-version` of the classic URLs (`2024-02-01`), or `v1` for the `/openai/v1` URLs. */
    api_version?: string | null;
    /** Where it is; the kind's built-in URL when omitted, required where there is none. */
    base_url?: string | null;
    /** What its models are billed as, where their names or the kind do not say it. */
    billing?: Billing | null;
    /** Overrides the gateway's `breaker`, key by key. */
    breaker?: BreakerOverrides | null;
    /** `custom`: what the endpoint supports beyond chat; nothing of it when omitted. */
    capabilities?: Capabilities | null;
    /** When it was first set; `null` for a provider of the gateway's configuration. */
    created_at: Timestamp | null;
    /** Whether it serves models that no provider's pattern names. */
    default: boolean;
    /** Azure: the deployment of models that `deployments` does not name. */
    deployment?: string | null;
    /** Azure: model → deployment. */
    deployments?: Record<string, string>;
    /**
     * Who is asked instead, in this order, once this provider's own retries are spent: at most 8, before the answer
     * began and within this provider's total timeout. Another is asked after a failure that it may not have: no
     * connection, no answer in time, 401, 403, 404, 408, 409, 429, 5xx, and what is no HTTP. Where the upstream asks to
     * be left alone for longer than `retry.max_ms`, the retries count as spent.
     *
     * Those of a fallback are not followed, and none is asked where the caller named the provider.
     */
    fallbacks?: Fallback[];
    /** Whether a key of its own is stored. */
    has_api_key: boolean;
    /** HTTP/2 instead of HTTP/1.1, where the upstream offers it over TLS. */
    http2?: boolean;
    /** A kind of the provider table. */
    kind: string;
    /** Models it serves: exact names or patterns with `*`. */
    models?: string[];
    /** Unique within the tenant. */
    name: ProviderName;
    /** OpenAI: sent as `OpenAI-Organization`. */
    organization?: string | null;
    /** OpenAI: sent as `OpenAI-Project`. */
    project?: string | null;
    /** `mock`: the answer to every chat; `Hello from the mock provider.` when omitted. */
    reply?: string | null;
    /** Overrides the gateway's `retry`, key by key. */
    retry?: RetryOverrides | null;
    /** Overrides the gateway's `timeouts`, key by key. */
    timeouts?: TimeoutOverrides | null;
    /** When it was last set; `null` for a provider of the gateway's configuration. */
    updated_at: Timestamp | null;
}

/** Providers by name. */
export interface ProviderList {
    /** The tenant's own. */
    providers: ProviderInfo[];
}

/** The name of a provider within its tenant. */
export type ProviderName = string;

/** An exact number: whole, decimal, or a fraction; written as a fraction. */
export type Ratio = string;

/** What was made anew. */
export interface RebuildReport {
    /** The first instant of the first day. */
    from: Timestamp;
    /** The first instant after the last day. */
    to: Timestamp;
    /** How many traces there are in between. */
    traces: number;
}

/**
 * How a cost came about: quantity × rate × multiplier = line, each rounded once, half to even. The lines add up to the
 * cost exactly.
 */
export interface Receipt {
    /** Rates of a longer context apply: there were more input tokens than this. */
    above_input_tokens: number | null;
    /** What was billed; nothing that was not counted. */
    lines: ReceiptLine[];
    /** The model of the table, or the pattern of the override. */
    model: string;
    /** What every line is multiplied by. */
    multiplier: Ratio;
    /** Which prices: the day and digest of a table, or the digest of an override. */
    price_version: string;
    /** The provider of the table; `null` for an override. */
    provider: string | null;
    /** Whose prices. */
    source: PriceSource;
    /** The service tier that the response named. */
    tier: string | null;
}

/** One line of a receipt. */
export interface ReceiptLine {
    /** The product. */
    cost_usd: Usd;
    /** How many. */
    quantity: number;
    /** Pico-dollars (10⁻¹² $) for each. */
    rate_pico_usd: Ratio;
    /** What is counted. */
    unit: Unit;
}

/** How traces wait for the store. */
export interface RecorderConfig {
    /** Traces written in one transaction: 100. */
    batch_rows?: number;
    /** How long a trace waits for others at most, in milliseconds: 100. */
    flush_ms?: number;
    /** Bytes they may hold: 256 MiB. */
    queue_bytes?: number;
    /** Traces that may wait: 100,000. What comes on top is dropped and counted. */
    queue_rows?: number;
    /** Bytes the gateway's spool may have on disk: 1 GiB. While it has them, traces wait in memory only. */
    spool_bytes?: number;
}

/** What became of traces of gateways that had ended or were killed, since the gateway was opened. */
export interface RecoveryStats {
    /** Those of them whose requests had not ended: their status class is `abandoned`. */
    abandoned: number;
    /**
     * Places that could not be read: torn ends, as a kill leaves them, and damage, whose files are kept in the folder
     * `damaged` of the spool.
     */
    damaged: number;
    /** Those the store refused, kept in its dead-letter table. */
    dead_lettered: number;
    /** Those that could not be kept: the store refused them twice, or their tenant is gone. */
    dropped: number;
    /** How often the spool was looked through. */
    passes: number;
    /** Those that are in the store now and were not before. */
    persisted: number;
}

/** Which traces to price anew. */
export interface RepriceQuery {
    /** From here on; the first trace when omitted. */
    since?: Timestamp | null;
    /** One tenant; all when omitted. */
    tenant_id?: TenantId | null;
    /** Before here; now when omitted. */
    until?: Timestamp | null;
}

/** What pricing anew has changed. */
export interface RepriceReport {
    /** Those whose cost or price version is another now. */
    changed: number;
    /** By how much all costs together have grown; negative where they have shrunk. */
    difference_usd: Usd;
    /** Traces that were looked at. */
    traces: number;
    /** Those without a price, before and after. */
    unpriced: number;
}

/**
 * How long traces are kept: what is older or more is removed in the background, the oldest first. Without either value
 * they are kept for ever. Values are declared complete: there are no others.
 */
export interface Retention {
    /** Days of 24 hours since a request began: 1 to 36,500. */
    days: number | null;
    /** Traces of one tenant: 1 to 10¹². */
    traces: number | null;
}

/**
 * How long traces are kept: what is older or more is removed in the background, the oldest first. Without either value
 * they are kept for ever. Values are declared complete: there are no others.
 */
export interface RetentionInput {
    /** Days of 24 hours since a request began: 1 to 36,500. */
    days?: number | null;
    /** Traces of one tenant: 1 to 10¹². */
    traces?: number | null;
}

/** How often to ask an upstream again: on connection errors, 408, 409, 429 and 5xx, before the answer began. */
export interface Retry {
    /** The first pause, in milliseconds: 250. It doubles each time and is jittered. */
    base_ms?: number;
    /** Attempts in all: 3. 1 means no retry. */
    max_attempts?: number;
    /** The longest pause, in milliseconds: 10,000. An upstream's `retry-after` may ask for more. */
    max_ms?: number;
}

/** Retry settings to override; what is `null` stays as the gateway has it. */
export interface RetryOverrides {
    /** The first pause, in milliseconds. */
    base_ms?: number | null;
    /** Attempts in all; 1 means no retry. */
    max_attempts?: number | null;
    /** The longest pause, in milliseconds. */
    max_ms?: number | null;
}

/** What a re-wrapping of data keys achieved. */
export interface RewrapReport {
    /** Versions that nothing needs any more: take them out of every configuration. */
    retired: number[];
    /** Data keys that were wrapped anew by this call. */
    rewrapped: number;
    /** Data keys that could not be read, and stay as they are. */
    unreadable: number;
    /** The version of the master key that wraps now. */
    version: number;
}

/** What a key may do. */
export type Scope = 'infer' | 'read' | 'admin';

/** Never shown again. */
export type Secret = string;

/** How to serve. */
export interface ServeConfig {
    /**
     * Where to listen: `127.0.0.1:8080` when omitted; port 0 takes a free one. Whoever reaches another address than
     * loopback sees keys and contents unless there is TLS.
     */
    address?: string;
    /** Connections at once; more wait until one ends. */
    connections?: number;
    /** How long the head of a request, a TLS handshake and each piece of a request's body may take, in milliseconds. */
    read_ms?: number;
    /** A certificate, for HTTPS. */
    tls?: ServeTls | null;
}

/** A certificate and its key, as PEM files. */
export interface ServeTls {
    /** The certificate and what it is signed by. */
    certificate: string;
    /** Its private key. */
    key: string;
}

/**
 * Counters since the gateway was opened.
 *
 * `accepted = persisted + pending + spooled + dead_lettered + dropped`, at every moment.
 */
export interface Stats {
    /** Requests that ended. */
    accepted: number;
    /** Those of them whose traces were digested, by class. */
    by_class: Record<string, number>;
    /** Traces the store refused, kept in its dead-letter table. */
    dead_lettered: number;
    /** Traces lost, by reason. */
    dropped: Record<string, number>;
    /** Requests that have not ended yet. */
    in_flight: number;
    /** The number of this opening of the gateway, by which `verify` names it. */
    instance: number;
    /** Traces waiting in memory to be committed; with `durability: memory` nowhere else. */
    pending: number;
    /** Bytes the waiting traces hold. */
    pending_bytes: number;
    /** Traces committed to the store. */
    persisted: number;
    /** What gateways that are gone had left in the spool: not among `accepted`. */
    recovery: RecoveryStats;
    /** Bytes of the spool on disk. */
    spool_bytes: number;
    /** What the disk of the spool last said, while it cannot be written: traces are in memory only. */
    spool_error: string | null;
    /**
     * Files in the spool that a newer version of the library left, and that this one can neither read nor removes: open a
     * gateway of that version.
     */
    spool_foreign: number;
    /** Traces waiting on disk only, since the store is away or slow. */
    spooled: number;
    /** What the store last said, while it is away. */
    store_error: string | null;
    /** Batches that had to be tried again because the store was away. */
    store_retries: number;
    /** Those of them whose usage had counts that this library does not know: their flag is `usage_unknown`. */
    unknown_usage: number;
}

/** How a request ended. The classes are disjoint; errors are 2, 3 and 4. */
export type StatusClass = 'ok' | 'client_error' | 'upstream_error' | 'gateway_error' | 'timeout' | 'cancelled' | 'abandoned' | 'refused';

/** A tenant as it is stored. */
export interface Tenant {
    /** What traces keep; `null` means the gateway's `capture`. */
    capture: Capture | null;
    /** Requests in flight at once; `null` means the gateway's `limits.tenant_concurrency`. */
    concurrency: number | null;
    /** When it was created. */
    created_at: Timestamp;
    /** The immutable id. */
    id: TenantId;
    /** A label for people. */
    name: string | null;
    /** Prices of its own; they go before the gateway's. */
    prices?: PriceOverride[];
    /** How long traces are kept; a `null` in it means the gateway's. */
    retention: Retention;
    /** Whether it may call. */
    status: TenantStatus;
    /** When it was last changed. */
    updated_at: Timestamp;
}

/** A tenant, chosen by the host and immutable. */
export type TenantId = string;

/** One tenant. */
export interface TenantMeasures {
    /** Mean latency in milliseconds. */
    avg_latency_ms: number | null;
    /** Mean time spent in the gateway itself, in microseconds. */
    avg_overhead_us: number | null;
    /** Mean time to the first byte in milliseconds. */
    avg_ttfb_ms: number | null;
    /** The exact sum over the traces that have a cost. */
    cost_usd: Usd;
    /** What was asked for in `distributions`, and has any number. */
    distributions?: Record<string, Distribution>;
    /** `errors / total_requests`; 0 when there are none. */
    error_rate: number;
    /** Those of class `upstream_error`, `gateway_error` or `timeout`. */
    errors: number;
    /** Input tokens, cached ones included. */
    input_tokens: number;
    /** Output tokens, reasoning included. */
    output_tokens: number;
    /** Median latency in milliseconds. */
    p50_latency_ms: number | null;
    /** 95th percentile of latency in milliseconds. */
    p95_latency_ms: number | null;
    /** 99th percentile of latency in milliseconds. */
    p99_latency_ms: number | null;
    /** Whose traces they are. */
    tenant_id: TenantId;
    /** All traces, refused and cancelled ones included. */
    total_requests: number;
    /** All tokens. */
    total_tokens: number;
    /** Traces that used tokens and have no cost, since their model has no price. */
    unpriced_requests: number;
}

/** One page of tenants, by id. */
export interface TenantPage {
    /** Where the next page begins; `null` on the last. */
    next_cursor: string | null;
    /** At most `limit` tenants. */
    tenants: Tenant[];
}

/** Which tenants to list. */
export interface TenantQuery {
    /** `next_cursor` of the page before. */
    cursor?: string | null;
    /** 1 to 200; 50 when omitted. */
    limit?: number | null;
}

/** Whether a tenant may call. */
export type TenantStatus = 'active' | 'disabled';

/** Changes to a tenant: what is `null` stays as it is. */
export interface TenantUpdate {
    /** What traces keep. */
    capture?: Capture | null;
    /** Requests in flight at once. */
    concurrency?: number | null;
    /** A label for people. */
    name?: string | null;
    /** Prices of its own, all at once: an empty list takes them away. */
    prices?: PriceOverride[] | null;
    /** How long traces are kept, both values at once: one that it leaves out is the gateway's again. */
    retention?: RetentionInput | null;
    /** Whether it may call. */
    status?: TenantStatus | null;
}

/** Which tenants to show, in which window. */
export interface TenantsQuery {
    /** One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query. */
    bucket_minutes?: number | null;
    /** What is measured in more detail, in `Measures::distributions`(super::Measures::distributions). */
    distributions?: Metric[];
    /** What went wrong. */
    error_code?: ErrorCode | null;
    /** 1 to 1,000 tenants; 100 when omitted. */
    limit?: number | null;
    /** Every pair must be there. */
    metadata?: Record<string, string>;
    /** The model that served. */
    model?: string | null;
    /** What comes first; by id among equals. */
    order?: GroupOrder;
    /** The provider's name. */
    provider?: string | null;
    /** The caller's id of the request. */
    request_id?: string | null;
    /** The conversation. */
    session_id?: string | null;
    /** The first instant, widened down to a 5-minute edge. */
    since?: Timestamp | null;
    /** How it ended. */
    status_class?: StatusClass | null;
    /** The upstream's status. */
    status_code?: number | null;
    /**
     * The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
     * 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
     */
    time_zone?: string | null;
    /** The end, exclusive, widened up to a 5-minute edge; now when omitted. */
    until?: Timestamp | null;
    /** The end user. */
    user_id?: string | null;
    /** The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`. */
    window_hours?: number | null;
}

/** A stretch of time. */
export interface TimeRange {
    /** The first instant. */
    since: Timestamp;
    /** The end, exclusive. */
    until: Timestamp;
}

/** Timeouts to override; what is `null` stays as the gateway has it. Milliseconds. */
export interface TimeoutOverrides {
    /** Until the connection stands. */
    connect_ms?: number | null;
    /** Until the answer begins. */
    first_byte_ms?: number | null;
    /** Between two pieces of an answer. */
    idle_ms?: number | null;
    /** From the call to its end, retries and fallbacks included. */
    total_ms?: number | null;
}

/** How long to wait for an upstream, in milliseconds. */
export interface Timeouts {
    /**
     * Until the connection stands: 5,000. Rounded up to one of 100, 250, 500, 1,000, 2,000, 5,000, 15,000 and 60,000,
     * since connections with different limits are not shared.
     */
    connect_ms?: number;
    /** Until the answer begins: 60,000. */
    first_byte_ms?: number;
    /** Between two pieces of an answer: 60,000. */
    idle_ms?: number;
    /** From the call to its end, retries and fallbacks included: 600,000. */
    total_ms?: number;
}

/** RFC 3339, in answers in UTC with milliseconds. */
export type Timestamp = string;

/** Which traces stand out. */
export type TopOrder = 'slowest' | 'most_expensive';

/** Which traces to look for, in which window. */
export interface TopQuery {
    /** One of 5 10 15 30 60 120 180 360 720 1440; 60 when omitted. At most 3,000 buckets a query. */
    bucket_minutes?: number | null;
    /** What is measured in more detail, in `Measures::distributions`(super::Measures::distributions). */
    distributions?: Metric[];
    /** What went wrong. */
    error_code?: ErrorCode | null;
    /** 1 to 200 traces; 50 when omitted. */
    limit?: number | null;
    /** Every pair must be there. */
    metadata?: Record<string, string>;
    /** The model that served. */
    model?: string | null;
    /** What comes first. */
    order: TopOrder;
    /** The provider's name. */
    provider?: string | null;
    /** The caller's id of the request. */
    request_id?: string | null;
    /** The conversation. */
    session_id?: string | null;
    /** The first instant, widened down to a 5-minute edge. */
    since?: Timestamp | null;
    /** How it ended. */
    status_class?: StatusClass | null;
    /** The upstream's status. */
    status_code?: number | null;
    /**
     * The IANA name of the zone that buckets are aligned to, such as `Europe/Berlin`; UTC when omitted. A bucket of
     * 1,440 minutes is a day of that zone, of 23 to 25 hours where clocks change.
     */
    time_zone?: string | null;
    /** The end, exclusive, widened up to a 5-minute edge; now when omitted. */
    until?: Timestamp | null;
    /** The end user. */
    user_id?: string | null;
    /** The last so many hours, up to now; 24 when omitted, at most 8,784 (a leap year). Not together with `since`. */
    window_hours?: number | null;
}

/** The traces of a window that stand out. */
export interface TopTraces {
    /** Whether all traces were looked at; `false` where there were too many. */
    complete: boolean;
    /** The first instant that was looked at. */
    from: Timestamp;
    /** The first instant that was not looked at any more. */
    to: Timestamp;
    /** The first ones in the order asked for. */
    traces: Trace[];
}

/** A row of a list: everything about one request but its content. */
export interface Trace {
    /** How many times an upstream was asked, that of every fallback included. */
    attempt_count: number;
    /** Input tokens served from the provider's cache. */
    cached_tokens: number | null;
    /** The exact cost; `null` when the model has no price or nothing is known of its usage. */
    cost_usd: Usd | null;
    /** When the request began, from the caller's side of the gateway. */
    created_at: Timestamp;
    /** When its last byte was handed over. */
    ended_at: Timestamp;
    /** The operation: `chat`, `responses`, `embeddings`, `list_models`. */
    endpoint: string;
    /** What went wrong. */
    error_code: ErrorCode | null;
    /** UUIDv7; its millisecond is `created_at`. */
    id: TraceId;
    /** All input tokens, cached ones included. */
    input_tokens: number | null;
    /** From the call to its end, in milliseconds with microsecond precision. */
    latency_ms: number;
    /** What the caller attached. */
    metadata: Record<string, string>;
    /** The model that served: what the response names, else what was asked of the upstream. */
    model: string | null;
    /** All output tokens, reasoning included. */
    output_tokens: number | null;
    /** Time spent in the gateway itself, in microseconds: measured, not derived. */
    overhead_us: number;
    /** The name of the provider that answered, or else was asked last. */
    provider: string | null;
    /** Reasoning tokens. */
    reasoning_tokens: number | null;
    /** The caller's own id of the request (`x-request-id`). */
    request_id: string | null;
    /** The model the caller asked for. */
    requested_model: string | null;
    /** The conversation. */
    session_id: string | null;
    /** How it ended. */
    status_class: StatusClass;
    /** The upstream's status; `null` when there was none. */
    status_code: number | null;
    /** Whether the answer was streamed. */
    stream: boolean;
    /** Whose request it was. */
    tenant_id: TenantId;
    /** All tokens. */
    total_tokens: number | null;
    /** From the call to the first byte of the answer. */
    ttfb_ms: number | null;
    /** From the call to the first content token of a stream. */
    ttft_ms: number | null;
    /** The id the upstream gave in its response headers. */
    upstream_request_id: string | null;
    /** The end user. */
    user_id: string | null;
}

/** One trace with its content, decrypted for its owner. */
export interface TraceDetail {
    /** The API key the request came with; `null` for calls of the host itself. */
    api_key_id: string | null;
    /** How many times an upstream was asked, that of every fallback included. */
    attempt_count: number;
    /**
     * Every attempt, the last one included, and every provider that was passed over; empty when the first attempt was
     * answered, or content is not captured.
     */
    attempts: Attempt[];
    /** Input tokens served from the provider's cache. */
    cached_tokens: number | null;
    /** Events of a stream. */
    chunk_count: number | null;
    /** The exact cost; `null` when the model has no price or nothing is known of its usage. */
    cost_usd: Usd | null;
    /** When the request began, from the caller's side of the gateway. */
    created_at: Timestamp;
    /** What the upstream was asked for: the model after aliases, Azure's deployment. */
    deployment: string | null;
    /** When its last byte was handed over. */
    ended_at: Timestamp;
    /** The operation: `chat`, `responses`, `embeddings`, `list_models`. */
    endpoint: string;
    /** What went wrong. */
    error_code: ErrorCode | null;
    /** What is peculiar about it. */
    flags: TraceFlag[];
    /** UUIDv7; its millisecond is `created_at`. */
    id: TraceId;
    /** All input tokens, cached ones included. */
    input_tokens: number | null;
    /** From the call to its end, in milliseconds with microsecond precision. */
    latency_ms: number;
    /** What the caller attached. */
    metadata: Record<string, string>;
    /** The model that served: what the response names, else what was asked of the upstream. */
    model: string | null;
    /** All output tokens, reasoning included. */
    output_tokens: number | null;
    /** Time spent in the gateway itself, in microseconds: measured, not derived. */
    overhead_us: number;
    /** Which prices `cost_usd` was made with. */
    price_version: string | null;
    /** The name of the provider that answered, or else was asked last. */
    provider: string | null;
    /** Reasoning tokens. */
    reasoning_tokens: number | null;
    /** How `cost_usd` came about; `null` where there is no cost. */
    receipt: Receipt | null;
    /**
     * The request's body as JSON; large base64 payloads replaced by `{sha256, mime, length}`. `null` unless `capture`
     * is `full`.
     */
    request: any;
    /** The caller's own id of the request (`x-request-id`). */
    request_id: string | null;
    /** The model the caller asked for. */
    requested_model: string | null;
    /** The response's body as JSON, a stream rebuilt as the full response; text that is no JSON as a string. */
    response: any;
    /** The conversation. */
    session_id: string | null;
    /** How it ended. */
    status_class: StatusClass;
    /** The upstream's status; `null` when there was none. */
    status_code: number | null;
    /** Whether the answer was streamed. */
    stream: boolean;
    /** Whose request it was. */
    tenant_id: TenantId;
    /** All tokens. */
    total_tokens: number | null;
    /** From the call to the first byte of the answer. */
    ttfb_ms: number | null;
    /** From the call to the first content token of a stream. */
    ttft_ms: number | null;
    /** The id the upstream gave in its response headers. */
    upstream_request_id: string | null;
    /** The leaves. */
    usage: Usage;
    /**
     * Counts of the provider that no leaf has, by its own names: searches of the web, and what this library does not know.
     * They are not part of the leaves' sums.
     */
    usage_extra: Record<string, number>;
    /** Where the leaves come from. */
    usage_source: UsageSource;
    /** The end user. */
    user_id: string | null;
}

/** What is peculiar about a trace. */
export type TraceFlag = 'stream_truncated' | 'request_capped' | 'response_capped' | 'usage_mismatch' | 'usage_unknown' | 'request_lost' | 'response_lost';

/** A trace: a UUIDv7 whose millisecond is the trace's `created_at`; those of one process sort as they were made. */
export type TraceId = string;

/** One page of traces, newest first. */
export interface TracePage {
    /** Where the next page begins; `null` on the last. */
    next_cursor: string | null;
    /** At most `limit` rows; fewer when a scan budget cut the page. */
    traces: Trace[];
}

/** Which traces to list, newest first. */
export interface TraceQuery {
    /** `next_cursor` of the page before, with the same filters; a plain RFC 3339 time is accepted too. */
    cursor?: string | null;
    /** What went wrong. */
    error_code?: ErrorCode | null;
    /** 1 to 200; 50 when omitted. */
    limit?: number | null;
    /** Every pair must be there. */
    metadata?: Record<string, string>;
    /** The model that served. */
    model?: string | null;
    /** The provider's name. */
    provider?: string | null;
    /** The caller's id of the request. */
    request_id?: string | null;
    /** The conversation. */
    session_id?: string | null;
    /** From this instant on, inclusive. */
    since?: Timestamp | null;
    /** How it ended. */
    status_class?: StatusClass | null;
    /** The upstream's status. */
    status_code?: number | null;
    /** Up to this instant, exclusive. */
    until?: Timestamp | null;
    /** The end user. */
    user_id?: string | null;
}

/** What a line of a receipt counts. The first ten are the leaves of a usage, in their order. */
export type Unit = 'input' | 'cache_read' | 'cache_write' | 'cache_write_1h' | 'audio_in' | 'image_in' | 'output' | 'reasoning' | 'audio_out' | 'image_out' | 'citation' | 'web_search' | 'request';

/**
 * Tokens of one call, in leaves that do not overlap: their sum is the total. `null` means that the provider
 * did not say; 0 is a count.
 *
 * Providers differ in what they include where: the adapters normalise. `input_tokens()` includes cached tokens,
 * as OpenTelemetry's `gen_ai.usage.input_tokens` does.
 */
export interface Usage {
    /** Audio input tokens. */
    audio_in: number | null;
    /** Audio output tokens. */
    audio_out: number | null;
    /** Input tokens served from the provider's cache. */
    cache_read: number | null;
    /** Input tokens written to a cache that lives an hour. */
    cache_write_1h: number | null;
    /** Input tokens written to a cache that lives five minutes. */
    cache_write_5m: number | null;
    /** Image input tokens. */
    image_in: number | null;
    /** Image output tokens. */
    image_out: number | null;
    /** Input tokens read afresh. */
    input_uncached: number | null;
    /** Visible text output tokens. */
    output_text: number | null;
    /** Reasoning tokens, hidden or shown. */
    reasoning: number | null;
}

/** Where the counts come from. */
export type UsageSource = 'reported' | 'estimated' | 'none';

/** An exact decimal amount of US dollars. */
export type Usd = string;

/** Whether every request that was accepted is accounted for, by each opening of a gateway on the store. */
export interface VerifyReport {
    /** Nothing is missing, and nothing is there twice. */
    holds: boolean;
    /** One for each opening that has accepted something, the oldest first. */
    instances: InstanceReport[];
    /** Traces of library versions that did not number them: nothing is said about these. */
    unnumbered: number;
    /** Files of the spool that a newer version of the library wrote: what they hold is not known here. */
    unread_segments: number;
}
