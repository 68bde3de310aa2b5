/**
 * An embedded, multi-tenant LLM gateway. Begin at `Gateway.open`.
 *
 * Fields of data are in snake case, as OpenAI has them and as every language of this library does.
 */

/** The version of the library, as `MAJOR.MINOR.PATCH`. */
export const version: string;

/**
 * An open gateway. It keeps the process alive only while something is waited for; `close` it to have every trace in the
 * store.
 *
 * Every method that returns a promise fails with a {@link GatewayError}, and takes a `signal` last, which ends the call.
 */
export class Gateway implements AsyncDisposable {
    private constructor();

    /** Opens a gateway. Waits for the store, and brings its schema up to date. */
    static open(config?: Config): Promise<Gateway>;

    /** Calls a model of the tenant's and waits for the whole answer. */
    chat<Body = ChatCompletion>(tenantId: string, request: Request, options?: CallOptions): Promise<Reply<Body>>;
    /** Calls a model of the tenant's and streams the answer. Nothing is asked before the first look at the stream. */
    chatStream<Event = ChatCompletionChunk>(tenantId: string, request: Request, options?: CallOptions): ReplyStream<Event>;
    /** Calls OpenAI's responses API and waits for the whole answer. */
    responses<Body = JsonObject>(tenantId: string, request: Request, options?: CallOptions): Promise<Reply<Body>>;
    /** Calls OpenAI's responses API and streams the answer. */
    responsesStream<Event = JsonObject>(tenantId: string, request: Request, options?: CallOptions): ReplyStream<Event>;
    /** Asks for embeddings. */
    embeddings<Body = JsonObject>(tenantId: string, request: Request, options?: CallOptions): Promise<Reply<Body>>;
    /** The models of all providers of the tenant. */
    listModels<Body = JsonObject>(tenantId: string, options?: CallOptions): Promise<Reply<Body>>;

    /** One page of traces, newest first. Their content comes with {@link getTrace}. */
    listTraces(tenantId: string, query?: TraceQuery, options?: Cancellable): Promise<TracePage>;
    /** All traces, newest first, page by page as they are asked for. */
    traces(tenantId: string, query?: TraceQuery, options?: Cancellable): AsyncGenerator<Trace, void, undefined>;
    /** One trace with its content, decrypted. */
    getTrace(tenantId: string, traceId: string, options?: Cancellable): Promise<TraceDetail>;
    /** What was measured over a window, as a whole and bucket by bucket. */
    analytics(tenantId: string, query?: AnalyticsQuery, options?: Cancellable): Promise<Analytics>;
    /** What was measured over a window as a whole. */
    analyticsSummary(tenantId: string, query?: AnalyticsQuery, options?: Cancellable): Promise<AnalyticsSummary>;
    /** What was measured over a window, bucket by bucket, empty ones included. */
    analyticsTimeseries(tenantId: string, query?: AnalyticsQuery, options?: Cancellable): Promise<AnalyticsTimeseries>;
    /** What was measured over a window, model by model. */
    analyticsModels(tenantId: string, query?: AnalyticsQuery, options?: Cancellable): Promise<AnalyticsModels>;

    /** Creates a tenant; its id is a UUIDv7 where none is given. */
    createTenant(id?: string | null, fields?: NewTenant, options?: Cancellable): Promise<Tenant>;
    getTenant(tenantId: string, options?: Cancellable): Promise<Tenant>;
    /** One page of tenants, by id. */
    listTenants(query?: PageQuery, options?: Cancellable): Promise<TenantPage>;
    /** Changes what is given, and leaves the rest as it is. */
    updateTenant(tenantId: string, changes: TenantUpdate, options?: Cancellable): Promise<Tenant>;
    /** Destroys the tenant's data key first: the content of its traces is unreadable from then on. */
    deleteTenant(tenantId: string, options?: Cancellable): Promise<void>;
    /** Deletes a tenant and waits until nothing of it is left. */
    eraseTenant(tenantId: string, options?: Cancellable): Promise<ErasureReport>;
    /** Adds a provider, or replaces the one of that name. Without `api_key` the stored one stays. */
    setProvider(tenantId: string, provider: ProviderConfig, options?: Cancellable): Promise<ProviderInfo>;
    listProviders(tenantId: string, options?: Cancellable): Promise<{ providers: ProviderInfo[] }>;
    deleteProvider(tenantId: string, name: string, options?: Cancellable): Promise<void>;
    /** A provider of the tenant's, the default one without a name, as something that can be called. */
    getProviderForTenant(tenantId: string, name?: string | null, options?: Cancellable): Promise<Provider>;
    /** Forgets what is cached of the tenant's providers: the next call reads the store. */
    evictProvider(tenantId: string, name?: string | null, options?: Cancellable): Promise<{ evicted: boolean }>;
    /** Creates a key for HTTP and SDKs. Only this answer has its secret. */
    createApiKey(tenantId: string, fields?: NewApiKey, options?: Cancellable): Promise<CreatedApiKey>;
    listApiKeys(tenantId: string, options?: Cancellable): Promise<{ api_keys: ApiKey[] }>;
    revokeApiKey(tenantId: string, keyId: string, options?: Cancellable): Promise<void>;
    /** Creates a key of an operator's, which reaches every tenant. */
    createAdminKey(fields?: NewApiKey, options?: Cancellable): Promise<CreatedApiKey>;
    listAdminKeys(options?: Cancellable): Promise<{ api_keys: ApiKey[] }>;
    revokeAdminKey(keyId: string, options?: Cancellable): Promise<void>;

    /** Wraps the tenants' data keys with the newest version of the master key, while calls go on. */
    rewrapDataKeys(options?: Cancellable): Promise<RewrapReport>;
    /** Exchanges the table of prices for a newer one, given as the text of its file; refused as a whole where it is damaged. */
    loadPrices(prices: string, options?: Cancellable): Promise<LoadedPrices>;
    /** Copies a SQLite store into a new file, while calls go on. */
    backup(path: string, options?: Cancellable): Promise<void>;
    /** Traces the store has refused, newest first; 50 of them when no limit is given. */
    listDeadLetters(limit?: number | null, options?: Cancellable): Promise<{ dead_letters: DeadLetter[] }>;
    /** Waits until every trace so far is in the store, ten seconds at most unless it is said. Fails where some are left. */
    flush(timeoutMs?: number | null, options?: Cancellable): Promise<FlushReport>;
    /** Counters since the gateway was opened. */
    stats(options?: Cancellable): Promise<Stats>;
    /** Whether every request that was accepted is accounted for, by each opening of a gateway on the store. */
    verify(options?: Cancellable): Promise<VerifyReport>;
    /** Whether the gateway is well, and why not. */
    health(options?: Cancellable): Promise<Health>;
    /**
     * Ends the gateway: what is running fails with `closed`, and every trace is written to the store, ten seconds at most
     * unless it is said. Fails where traces are left; with a spool they wait there for the next gateway.
     */
    close(timeoutMs?: number | null): Promise<FlushReport>;
    /** {@link close}, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>;

    /**
     * The web's `fetch`, answered by this gateway without a socket. The host of the URL is not looked at; the path is one of
     * `/v1/chat/completions`, `/v1/responses`, `/v1/embeddings`, `/v1/models`, `/v1/traces` and so on, and the API key comes
     * in `authorization` or `x-api-key`. It needs no `this`: pass it to SDKs, and to servers that are made of a `fetch`.
     */
    readonly fetch: (input: string | URL | globalThis.Request, init?: RequestInit) => Promise<Response>;

    /** The same as a listener of `node:http`'s server, and for Express and Fastify. */
    nodeHandler(options?: NodeHandlerOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** A provider that was looked up once: it describes itself, never its secret, and can be called. It stays what it was. */
export class Provider implements ProviderInfo {
    private constructor();
    chat<Body = ChatCompletion>(request: Request, options?: CallOptions): Promise<Reply<Body>>;
    chatStream<Event = ChatCompletionChunk>(request: Request, options?: CallOptions): ReplyStream<Event>;
    responses<Body = JsonObject>(request: Request, options?: CallOptions): Promise<Reply<Body>>;
    responsesStream<Event = JsonObject>(request: Request, options?: CallOptions): ReplyStream<Event>;
    embeddings<Body = JsonObject>(request: Request, options?: CallOptions): Promise<Reply<Body>>;

    /** What it offers beyond chat. */
    readonly capabilities: Required<Capabilities>;
    readonly name: string;
    readonly kind: string;
    readonly default: boolean;
    readonly has_api_key: boolean;
    readonly created_at: string | null;
    readonly updated_at: string | null;
}
export interface Provider extends ProviderSettings {}

/** What a provider has said before its body. */
export interface Head {
    /** The upstream's status, 200 to 299. */
    readonly status: number;
    /** The upstream's headers that are the caller's business: content type, rate limits, request ids. */
    readonly headers: Headers;
    /** Where to find the trace of this request. */
    readonly traceId: string;
    /** Who answers. */
    readonly provider: string;
}

/** A provider's whole answer. */
export class Reply<Body = JsonObject> implements Head {
    private constructor();
    readonly status: number;
    readonly headers: Headers;
    readonly traceId: string;
    readonly provider: string;
    /** The body, read as JSON when it is first looked at; `upstream_invalid_response` where it is something else. */
    readonly body: Body;
    /** The body, byte for byte. */
    readonly bytes: Buffer;
    /** The text of a chat's first choice. */
    readonly text: string | null;
}

/**
 * A provider's answer as it comes: the events of it, `[DONE]` left out. Nothing is asked before the first look at it. Leaving
 * a `for await` early, `cancel`, and letting it be collected end the call upstream.
 */
export class ReplyStream<Event = JsonObject> implements AsyncIterableIterator<Event>, AsyncDisposable {
    private constructor();
    /** What the provider has said before the first event; asks, where nothing has yet. */
    head(): Promise<Head>;
    next(): Promise<IteratorResult<Event, undefined>>;
    return(value?: undefined): Promise<IteratorResult<Event, undefined>>;
    [Symbol.asyncIterator](): this;
    [Symbol.asyncDispose](): Promise<void>;
    /** The events as the provider wrote them, for numbers beyond 2⁵³ and for passing them on. */
    raw(): AsyncGenerator<string, void, undefined>;
    /** The provider's bytes as they come, for `new Response(…)`. Instead of the events, not beside them. */
    toReadableStream(): ReadableStream<Uint8Array>;
    /** Ends the call upstream. */
    cancel(): void;
}

/** What every operation fails with. */
export class GatewayError extends Error {
    private constructor();
    readonly name: 'GatewayError';
    /** What went wrong: a stable name, such as `upstream_rate_limited`. */
    readonly code: ErrorCode;
    /** The stable number of the code. */
    readonly number: number;
    /** The HTTP status that a caller sees. */
    readonly status: number;
    /** The status the upstream answered with, if it answered. */
    readonly upstreamStatus: number | null;
    /** Whether the same call may succeed later without a change. */
    readonly temporary: boolean;
    /** How long the upstream asks to be left alone. */
    readonly retryAfterMs: number | null;
    /** Whether the gateway has asked again in vain: do not multiply the attempts. */
    readonly retriesSpent: boolean;
    /** The field, query parameter or configuration key at fault. */
    readonly param: string | null;
    /** The name of the provider that was called. */
    readonly provider: string | null;
    /** The caller's own id of the request, or the trace's. */
    readonly requestId: string | null;
    /** The upstream's error body, as it came. */
    readonly body: string | null;
    /** The upstream's headers that are the caller's business. */
    readonly headers: Record<string, string>;
    /** What lies below; of a cancelled call the signal's reason. */
    readonly cause?: unknown;
}

/**
 * Hands what the library has to say to `listener`, or to nobody any more. There is one listener for the process, and it does
 * not keep it alive.
 */
export function setLog(listener: ((record: LogRecord) => void) | null, options?: { level?: LogLevel }): void;

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface LogRecord {
    level: LogLevel;
    module: string;
    message: string;
}

/** The part of `node:http` that is needed; `@types/node` has the whole of it. */
type IncomingMessage = import('node:http').IncomingMessage;
type ServerResponse = import('node:http').ServerResponse;

export interface NodeHandlerOptions {
    /** What comes before `/v1` in the paths, where the server has not taken it off itself. */
    prefix?: string;
}

export type JsonObject = { [key: string]: any };

/** What goes upstream: an object, or its JSON, which goes there byte for byte. */
export type Request = object | string | Uint8Array;

export interface Cancellable {
    /** Ends the call, upstream too: it fails with `cancelled`, whose `cause` is the signal's reason. */
    signal?: AbortSignal;
}

/** Options of one call. They never reach the provider. */
export interface CallOptions extends Cancellable {
    /** Shortens `timeouts.total_ms` for this call. */
    timeout_ms?: number;
    /** Stored with the trace: at most 16 keys, values of at most 512 characters. */
    metadata?: Record<string, string>;
    /** The end user, for filters; at most 256 characters. */
    user_id?: string;
    /** The conversation, for filters; at most 256 characters. */
    session_id?: string;
    /** The caller's own id of this request, for filters; at most 256 characters. */
    request_id?: string;
    /** Keeps less than the tenant's `capture`; it cannot keep more. */
    capture?: Capture;
    /** The provider to use, instead of the one the model chooses; its fallbacks are not asked then. */
    provider?: string;
}

/** A chat completion, as far as most look at it. OpenAI's own types fit too: `chat<OpenAI.ChatCompletion>(…)`. */
export interface ChatCompletion {
    id: string;
    object: string;
    created: number;
    model: string;
    choices: { index: number; message: ChatMessage; finish_reason: string | null; [key: string]: any }[];
    usage?: { prompt_tokens: number; completion_tokens: number; total_tokens: number; [key: string]: any };
    [key: string]: any;
}

/** A piece of a chat completion. */
export interface ChatCompletionChunk {
    id: string;
    object: string;
    created: number;
    model: string;
    choices: { index: number; delta: Partial<ChatMessage>; finish_reason?: string | null; [key: string]: any }[];
    [key: string]: any;
}

export interface ChatMessage {
    role: string;
    content: string | null;
    [key: string]: any;
}

/** How a gateway is opened. Unknown keys are refused. */
export interface Config {
    /** `sqlite:FILE`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST/DATABASE`; `sqlite:gateway.db` when omitted. */
    store?: string;
    /** 64 hex digits: `openssl rand -hex 32`. In-memory stores may omit it. */
    master_key?: string;
    /** Version → 64 hex digits. The highest version encrypts; the others stay readable. */
    master_keys?: Record<number, string>;
    /** Whether the store's schema may be changed. */
    migrate?: 'auto' | 'check' | 'off';
    /** What of a trace survives the end of the process before it is in the store. */
    durability?: 'spool' | 'sync' | 'memory';
    /** Required with PostgreSQL, unless `durability` is `memory`: a local directory. */
    spool_dir?: string;
    /** What traces keep, unless a tenant or a call says less. */
    capture?: Capture;
    /** How long traces are kept, unless a tenant says otherwise; for ever when omitted. */
    retention?: Retention;
    /** Prices that go before the table's. */
    prices?: PriceOverride[];
    /** Providers of tenants that have none of their own. */
    providers?: ProviderConfig[];
    timeouts?: Timeouts;
    retry?: Retry;
    breaker?: Breaker;
    network?: {
        /** Whether private, loopback and link-local addresses may be called: `deny` when omitted. */
        private?: 'deny' | 'allow';
        /** An HTTP proxy for all upstreams; the environment is not asked. */
        proxy?: string;
        /** A file of PEM certificates that are trusted beside the system's. */
        ca?: string;
    };
    limits?: {
        /** The largest request and the largest unstreamed answer: 100,000,000. */
        body_bytes?: number;
        /** Requests in flight in the whole gateway: 10,000. */
        concurrency?: number;
        /** Requests in flight per tenant: 5,000. */
        tenant_concurrency?: number;
        /** Tenants, and API keys, kept in memory: 100,000 each. */
        cache_entries?: number;
    };
    recorder?: {
        /** Traces that may wait in memory: 100,000. */
        queue_rows?: number;
        /** Bytes they may hold: 256 MiB. */
        queue_bytes?: number;
        /** How long a trace waits for others at most: 100. */
        flush_ms?: number;
        /** Traces written in one transaction: 100. */
        batch_rows?: number;
        /** Bytes the spool may have on disk: 1 GiB. */
        spool_bytes?: number;
    };
    /** How long cached keys and tenants serve while the store is away; an hour when omitted. */
    stale_limit_ms?: number;
}

/** How long to wait for an upstream. */
export interface Timeouts {
    /** Until the connection stands: 5,000. */
    connect_ms?: number;
    /** Until the answer begins: 60,000. */
    first_byte_ms?: number;
    /** Between two pieces of an answer: 60,000. */
    idle_ms?: number;
    /** From the call to its end, retries and fallbacks included: 600,000. */
    total_ms?: number;
}

/** How often to ask an upstream again. */
export interface Retry {
    /** Attempts in all: 3. 1 means no retry. */
    max_attempts?: number;
    /** The first pause: 250. */
    base_ms?: number;
    /** The longest pause: 10,000. */
    max_ms?: number;
}

/** When a provider that fails is passed over for its fallbacks. */
export interface Breaker {
    /** Failed requests in a row that open it: 5. 0 switches it off. */
    failures?: number;
    /** How long it first stays open: 10,000. */
    pause_ms?: number;
    /** How long it stays open at most: 60,000. */
    max_pause_ms?: number;
}

/** What of a request's content a trace keeps: everything, no content, or nothing that the caller wrote. */
export type Capture = 'full' | 'metadata' | 'none';

/** How long traces are kept; what is older or more is removed. */
export interface Retention {
    /** Days of 24 hours since a request began. */
    days?: number | null;
    /** Traces of one tenant. */
    traces?: number | null;
}

export interface PageQuery {
    /** 1 to 200; 50 when omitted. */
    limit?: number;
    /** `next_cursor` of the page before, with the same filters. */
    cursor?: string;
}

export interface NewTenant {
    /** A label for people. */
    name?: string | null;
    capture?: Capture | null;
    /** Requests in flight at once. */
    concurrency?: number | null;
    retention?: Retention;
    /** Prices of its own; they go before the gateway's. */
    prices?: PriceOverride[];
    /** A first provider, which becomes the default. */
    provider?: ProviderConfig;
}

export interface TenantUpdate {
    name?: string;
    status?: TenantStatus;
    capture?: Capture;
    concurrency?: number;
    /** Both values at once: one that it leaves out is the gateway's again. */
    retention?: Retention;
    /** Prices of its own, all at once: an empty list takes them away. */
    prices?: PriceOverride[];
}

/** Whether a tenant may call. The traces of a disabled one stay readable. */
export type TenantStatus = 'active' | 'disabled';

export interface Tenant {
    id: string;
    name: string | null;
    status: TenantStatus;
    /** `null` means the gateway's. */
    capture: Capture | null;
    /** `null` means the gateway's. */
    concurrency: number | null;
    /** A `null` in it means the gateway's. */
    retention: Required<Retention>;
    /** Prices of its own; left out where it has none. */
    prices?: PriceOverride[];
    /** RFC 3339, as every time. */
    created_at: string;
    updated_at: string;
}

export interface TenantPage {
    tenants: Tenant[];
    next_cursor: string | null;
}

/** How to reach a provider on a tenant's behalf. */
export interface ProviderConfig extends ProviderSettings {
    /** `openai`, `azure`, `custom`, `mock`, or a vendor such as `groq`. */
    kind: string;
    /** Unique within the tenant; the kind's name when omitted. */
    name?: string;
    /** Omitted in an update: the stored one stays. */
    api_key?: string;
    /** Whether it serves models that no provider's pattern names. A tenant's first provider is its default. */
    default?: boolean;
}

/** What is no secret of a provider's configuration. */
export interface ProviderSettings {
    /** The kind's built-in URL when omitted. */
    base_url?: string;
    /** Models it serves: names, or patterns with `*`. */
    models?: string[];
    /** Names callers may use → the model to ask for. */
    aliases?: Record<string, string>;
    /** Azure: the deployment of models that `deployments` does not name. */
    deployment?: string;
    /** Azure: model → deployment. */
    deployments?: Record<string, string>;
    /** Azure: `2024-02-01` and the like, or `v1`. */
    api_version?: string;
    /** OpenAI: sent as `OpenAI-Organization`. */
    organization?: string;
    /** OpenAI: sent as `OpenAI-Project`. */
    project?: string;
    /** HTTP/2 instead of HTTP/1.1, where the upstream offers it over TLS. */
    http2?: boolean;
    timeouts?: Timeouts;
    retry?: Retry;
    /** Who is asked instead, in this order; at most 8. */
    fallbacks?: (string | { provider: string; model?: string })[];
    breaker?: Breaker;
    /** What its models are billed as, where their names or the kind do not say it. */
    billing?: Billing;
    /** `custom`: what the endpoint supports beyond chat. */
    capabilities?: Capabilities;
    /** `mock`: the answer to every chat. */
    reply?: string;
}

export interface Capabilities {
    stream_options?: boolean;
    embeddings?: boolean;
    models?: boolean;
    responses?: boolean;
}

export interface ProviderInfo extends ProviderSettings {
    name: string;
    kind: string;
    default: boolean;
    /** Whether a key of its own is stored. */
    has_api_key: boolean;
    /** `null` for a provider of the gateway's configuration. */
    created_at: string | null;
    updated_at: string | null;
}

/** What a key may do: call models, read traces and analytics, manage everything. */
export type Scope = 'infer' | 'read' | 'admin';

export interface NewApiKey {
    /** A label for people. */
    name?: string;
    /** `infer` when omitted. */
    scopes?: Scope[];
    /** RFC 3339; never when omitted. */
    expires_at?: string;
}

export interface ApiKey {
    /** For lists and revocation; not the secret. */
    id: string;
    /** `null` for a key of an operator's. */
    tenant_id: string | null;
    name: string | null;
    /** The first characters of the secret, to recognise it by. */
    hint: string;
    scopes: Scope[];
    status: 'active' | 'revoked';
    expires_at: string | null;
    created_at: string;
    /** To the minute. */
    last_used_at: string | null;
}

export interface CreatedApiKey extends ApiKey {
    /** `gwk_…`: shown this once. */
    secret: string;
}

/** What must hold of a trace. */
export interface TraceFilter {
    /** The model that served. */
    model?: string;
    provider?: string;
    status_class?: StatusClass;
    /** The upstream's status. */
    status_code?: number;
    error_code?: ErrorCode;
    request_id?: string;
    user_id?: string;
    session_id?: string;
    /** Every pair must be there. */
    metadata?: Record<string, string>;
}

export interface TraceQuery extends TraceFilter, PageQuery {
    /** RFC 3339, inclusive. */
    since?: string;
    /** RFC 3339, exclusive. */
    until?: string;
}

/** How a request ended. */
export type StatusClass =
    | 'ok' | 'client_error' | 'upstream_error' | 'gateway_error' | 'timeout' | 'cancelled' | 'abandoned' | 'refused';

/** A row of a list: everything about one request but its content. */
export interface Trace {
    /** UUIDv7. */
    id: string;
    tenant_id: string;
    request_id: string | null;
    upstream_request_id: string | null;
    provider: string | null;
    requested_model: string | null;
    /** The model that served. */
    model: string | null;
    endpoint: string;
    stream: boolean;
    status_class: StatusClass;
    status_code: number | null;
    error_code: ErrorCode | null;
    created_at: string;
    ended_at: string;
    latency_ms: number;
    /** To the first byte. */
    ttfb_ms: number | null;
    /** To the first content token of a stream. */
    ttft_ms: number | null;
    /** Spent in the gateway itself. */
    overhead_us: number;
    input_tokens: number | null;
    cached_tokens: number | null;
    output_tokens: number | null;
    reasoning_tokens: number | null;
    total_tokens: number | null;
    /** An exact decimal; `null` where the model has no price. */
    cost_usd: string | null;
    attempt_count: number;
    user_id: string | null;
    session_id: string | null;
    metadata: Record<string, string>;
}

export interface TracePage {
    traces: Trace[];
    /** `null` on the last page. */
    next_cursor: string | null;
}

/** One trace with its content. */
export interface TraceDetail extends Trace {
    /** `null` for calls of the host itself. */
    api_key_id: string | null;
    deployment: string | null;
    usage: Record<
        | 'input_uncached' | 'cache_read' | 'cache_write_5m' | 'cache_write_1h' | 'audio_in' | 'image_in'
        | 'output_text' | 'reasoning' | 'audio_out' | 'image_out',
        number | null
    >;
    usage_source: 'reported' | 'estimated' | 'none';
    /** Counts of the provider that no leaf has, by its own names. */
    usage_extra: Record<string, number>;
    price_version: string | null;
    /** How `cost_usd` came about. */
    receipt: Receipt | null;
    /** Events of a stream. */
    chunk_count: number | null;
    flags: string[];
    attempts: Attempt[];
    /** The request's body; `null` unless `capture` is `full`. */
    request: any;
    /** The response's body, a stream rebuilt as the full response. */
    response: any;
}

export interface Attempt {
    provider: string;
    status_code: number | null;
    error_code: ErrorCode | null;
    duration_ms: number;
    /** The pause before it. */
    delay_ms: number;
}

export interface AnalyticsQuery extends TraceFilter {
    /** The last so many hours; 24 when omitted. Not together with `since`. */
    window_hours?: number;
    /** RFC 3339, widened down to a 5-minute edge. */
    since?: string;
    /** RFC 3339, widened up to a 5-minute edge; now when omitted. */
    until?: string;
    bucket_minutes?: 5 | 10 | 15 | 30 | 60 | 120 | 180 | 360 | 720 | 1440;
    /** The zone buckets are aligned to. */
    time_zone?: string;
}

/** The window that was looked at, as widened. */
export interface Window {
    from: string;
    to: string;
}

/** What is measured over a set of traces. Latencies and overhead are over those of class `ok`. */
export interface Measures {
    total_requests: number;
    errors: number;
    error_rate: number;
    total_tokens: number;
    input_tokens: number;
    output_tokens: number;
    /** An exact decimal. */
    cost_usd: string;
    unpriced_requests: number;
    avg_latency_ms: number | null;
    p50_latency_ms: number | null;
    p95_latency_ms: number | null;
    p99_latency_ms: number | null;
    avg_ttfb_ms: number | null;
    avg_overhead_us: number | null;
}

export interface Bucket extends Measures {
    start: string;
}

export interface Analytics extends Window {
    summary: Measures;
    timeseries: Bucket[];
}

export interface AnalyticsSummary extends Window, Measures {}

export interface AnalyticsTimeseries extends Window {
    timeseries: Bucket[];
}

export interface AnalyticsModels extends Window {
    models: (Measures & { provider: string | null; model: string | null })[];
}

/** What a flush or a close achieved. */
export interface FlushReport {
    persisted: number;
    pending: number;
    /** On disk only: after a close they wait there for the next gateway. */
    spooled: number;
    dead_lettered: number;
    dropped: number;
    /** What the store last said, while it is away. */
    error: string | null;
}

/** `accepted = persisted + pending + spooled + dead_lettered + dropped`, at every moment. */
export interface Stats {
    /** The number of this opening of the gateway, as in {@link VerifyReport}. */
    instance: number;
    accepted: number;
    by_class: Partial<Record<StatusClass, number>>;
    in_flight: number;
    persisted: number;
    pending: number;
    pending_bytes: number;
    spooled: number;
    spool_bytes: number;
    dead_lettered: number;
    dropped: Record<string, number>;
    /** What gateways that are gone had left in the spool: not among `accepted`. */
    recovery: { persisted: number; abandoned: number; dead_lettered: number; dropped: number; damaged: number };
    spool_error: string | null;
    store_retries: number;
    store_error: string | null;
}

/** Whether every request that was accepted is accounted for. */
export interface VerifyReport {
    /** Nothing is missing, and nothing is there twice. */
    holds: boolean;
    /** One for each opening that has accepted something, the oldest first. */
    instances: InstanceReport[];
    /** Traces of library versions that did not number them. */
    unnumbered: number;
    /** Files of the spool that a newer version of the library wrote. */
    unread_segments: number;
}

/** `accepted = persisted + spooled + expired + erased + dead_lettered + dropped + pending + missing`. */
export interface InstanceReport {
    instance: number;
    opened_at: string;
    state: 'open' | 'closed' | 'killed';
    has_spool: boolean;
    accepted: number;
    persisted: number;
    spooled: number;
    /** Traces that retention removed. */
    expired: number;
    /** Traces that were removed with their tenants. */
    erased: number;
    dead_lettered: number;
    dropped: Record<string, number>;
    /** Requests that were not settled when the gateway last wrote down how far it is. */
    pending: number;
    missing: number;
    /** The first hundred ranges of missing ones, both ends included. */
    missing_numbers: { first: number; last: number }[];
    doubled: number;
}

export interface Health {
    status: 'ok' | 'degraded';
    reasons: string[];
}

export interface DeadLetter {
    tenant_id: string;
    trace_id: string;
    failed_at: string;
    reason: string;
    record: string;
}

export interface ErasureReport {
    traces: number;
    dead_letters: number;
    providers: number;
    api_keys: number;
    in_flight: number;
    waiting: number;
}

/** A price of one's own. Amounts are decimal strings in dollars, each for so many tokens as `per` says. */
export interface PriceOverride {
    /** The name of the provider it is for; any when omitted. */
    provider?: string;
    /** The model that served: a name, or a pattern with `*`. */
    model: string;
    /** The service tier it is for; the standard one when omitted. */
    tier?: string;
    per: 'token' | 'thousand_tokens' | 'million_tokens';
    input: string;
    cache_read?: string;
    cache_write?: string;
    cache_write_1h?: string;
    audio_in?: string;
    image_in?: string;
    output?: string;
    reasoning?: string;
    audio_out?: string;
    image_out?: string;
    /** For each request, whatever `per` is. */
    request?: string;
    /** These rates are meant, however odd they look. */
    unusual?: boolean;
}

/** What a provider's models are billed as. Multipliers are decimals or fractions as text: `"1.1"`, `"11/10"`. */
export interface Billing {
    /** Whose prices of the table apply; those of the kind when omitted. */
    provider?: string;
    multiplier?: string;
    /** What was asked of the upstream → what it is billed as. */
    deployments?: Record<string, { model?: string; multiplier?: string }>;
}

/** How a cost came about: quantity × rate × multiplier = line, each rounded once. */
export interface Receipt {
    price_version: string;
    source: 'table' | 'gateway' | 'tenant';
    provider: string | null;
    model: string;
    tier: string | null;
    above_input_tokens: number | null;
    multiplier: string;
    lines: Array<{ unit: string; quantity: number; rate_pico_usd: string; cost_usd: string }>;
}

export interface LoadedPrices {
    version: string;
    previous_version: string;
    models: number;
}

export interface RewrapReport {
    version: number;
    rewrapped: number;
    unreadable: number;
    /** Versions that nothing needs any more. */
    retired: number[];
}

/** The table of error codes. Codes are only ever added. */
export type ErrorCode =
    | 'invalid_request' | 'invalid_json' | 'missing_field' | 'invalid_field' | 'duplicate_field' | 'body_too_large'
    | 'unknown_provider_kind' | 'invalid_provider_config' | 'forbidden_address' | 'unsupported_operation'
    | 'invalid_config' | 'already_exists' | 'provider_not_found' | 'trace_not_found' | 'api_key_not_found'
    | 'unknown_operation' | 'model_not_found' | 'method_not_allowed'
    | 'invalid_prices' | 'prices_too_old' | 'prices_too_new'
    | 'missing_api_key' | 'invalid_api_key' | 'insufficient_scope' | 'tenant_not_found' | 'tenant_disabled'
    | 'tenant_concurrency_limit' | 'gateway_concurrency_limit'
    | 'upstream_rejected' | 'upstream_auth_failed' | 'upstream_rate_limited' | 'upstream_failed'
    | 'upstream_unreachable' | 'upstream_dns_failed' | 'upstream_tls_failed' | 'upstream_disconnected'
    | 'upstream_invalid_response' | 'upstream_stream_error' | 'upstream_too_large' | 'circuit_open'
    | 'connect_timeout' | 'first_byte_timeout' | 'idle_timeout' | 'total_timeout'
    | 'store_unavailable' | 'store_failed' | 'schema_too_new' | 'schema_too_old' | 'wrong_master_key'
    | 'decryption_failed'
    | 'internal' | 'out_of_descriptors' | 'closed' | 'cancelled' | 'abandoned' | 'forked' | 'called_from_callback';
