/**
 * An embedded, multi-tenant LLM gateway. Begin at `Gateway.open`.
 *
 * Fields of data are in snake case, as OpenAI has them and as every language of this library does.
 */

import type * as Data from './data.js';
import type {
    Analytics, AnalyticsBreakdown, AnalyticsComparison, AnalyticsModels, AnalyticsQuery, AnalyticsSummary, AnalyticsTenants,
    AnalyticsTimeseries, ApiKeyList, BreakdownQuery, Config, CreatedApiKey, DeadLetterList, Dimension, ErasureReport, ErrorCode,
    Eviction, ExportReport, ExportTarget, FlushReport, Health, LoadedPrices, NewApiKey, NewTenant, ProviderConfig,
    ProviderDescription, ProviderInfo, ProviderList, RebuildReport, RepriceQuery, RepriceReport, RewrapReport, ServeConfig, Stats, Tenant, TenantPage, TenantQuery,
    TenantsQuery, TenantUpdate, TopOrder, TopQuery, TopTraces, Trace, TraceDetail, TracePage, TraceQuery, VerifyReport,
} from './data.js';

export type * from './data.js';

/** The version of the library, as `MAJOR.MINOR.PATCH`. */
export const version: string;

/** In the place of a tenant's id, for whoever operates the gateway: the traces of all tenants. */
export const ALL_TENANTS: unique symbol;

/** Whose traces are meant: one tenant's, or all. */
export type Tenants = string | typeof ALL_TENANTS;

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
    listTraces(tenantId: Tenants, query?: TraceQuery, options?: Cancellable): Promise<TracePage>;
    /** All traces, newest first, page by page as they are asked for. */
    traces(tenantId: Tenants, query?: TraceQuery, options?: Cancellable): AsyncGenerator<Trace, void, undefined>;
    /** One trace with its content, decrypted. */
    getTrace(tenantId: Tenants, traceId: string, options?: Cancellable): Promise<TraceDetail>;
    /** What was measured over a window, as a whole and bucket by bucket. */
    analytics(tenantId: Tenants, query?: AnalyticsQuery, options?: Cancellable): Promise<Analytics>;
    /** What was measured over a window as a whole. */
    analyticsSummary(tenantId: Tenants, query?: AnalyticsQuery, options?: Cancellable): Promise<AnalyticsSummary>;
    /** What was measured over a window, bucket by bucket, empty ones included. */
    analyticsTimeseries(tenantId: Tenants, query?: AnalyticsQuery, options?: Cancellable): Promise<AnalyticsTimeseries>;
    /** What was measured over a window, model by model. */
    analyticsModels(tenantId: Tenants, query?: AnalyticsQuery, options?: Cancellable): Promise<AnalyticsModels>;
    /** What was measured over a window, told apart by `provider`, `api_key`, `metadata.team` and the like. */
    analyticsBreakdown(tenantId: Tenants, by: Dimension, query?: Omit<BreakdownQuery, 'by'>, options?: Cancellable): Promise<AnalyticsBreakdown>;
    /** What was measured over a window, and over the one before it. */
    analyticsComparison(tenantId: Tenants, query?: AnalyticsQuery, options?: Cancellable): Promise<AnalyticsComparison>;
    /** The slowest or the most expensive traces of a window. */
    topTraces(tenantId: Tenants, order: TopOrder, query?: Omit<TopQuery, 'order'>, options?: Cancellable): Promise<TopTraces>;
    /** What was measured over a window, tenant by tenant. */
    analyticsTenants(query?: TenantsQuery, options?: Cancellable): Promise<AnalyticsTenants>;
    /** Writes traces or a series as JSON lines to a new file. */
    exportToFile(tenantId: string, path: string, query?: Omit<ExportTarget, 'path'>, options?: Cancellable): Promise<ExportReport>;
    /** Makes the rollups of a range anew from its traces, in whole days. */
    rebuildRollups(tenantId: string, since: string, until: string, options?: Cancellable): Promise<RebuildReport>;

    /** Creates a tenant; its id is a UUIDv7 where none is given. */
    createTenant(id?: string | null, fields?: Omit<NewTenant, 'id'>, options?: Cancellable): Promise<Tenant>;
    getTenant(tenantId: string, options?: Cancellable): Promise<Tenant>;
    /** One page of tenants, by id. */
    listTenants(query?: TenantQuery, options?: Cancellable): Promise<TenantPage>;
    /** Changes what is given, and leaves the rest as it is. */
    updateTenant(tenantId: string, changes: TenantUpdate, options?: Cancellable): Promise<Tenant>;
    /** Destroys the tenant's data key first: the content of its traces is unreadable from then on. */
    deleteTenant(tenantId: string, options?: Cancellable): Promise<void>;
    /** Deletes a tenant and waits until nothing of it is left. */
    eraseTenant(tenantId: string, options?: Cancellable): Promise<ErasureReport>;
    /** Adds a provider, or replaces the one of that name. Without `api_key` the stored one stays. */
    setProvider(tenantId: string, provider: ProviderConfig, options?: Cancellable): Promise<ProviderInfo>;
    listProviders(tenantId: string, options?: Cancellable): Promise<ProviderList>;
    deleteProvider(tenantId: string, name: string, options?: Cancellable): Promise<void>;
    /** A provider of the tenant's, the default one without a name, as something that can be called. */
    getProviderForTenant(tenantId: string, name?: string | null, options?: Cancellable): Promise<Provider>;
    /** Forgets what is cached of the tenant's providers: the next call reads the store. */
    evictProvider(tenantId: string, name?: string | null, options?: Cancellable): Promise<Eviction>;
    /** Creates a key for HTTP and SDKs. Only this answer has its secret. */
    createApiKey(tenantId: string, fields?: NewApiKey, options?: Cancellable): Promise<CreatedApiKey>;
    listApiKeys(tenantId: string, options?: Cancellable): Promise<ApiKeyList>;
    revokeApiKey(tenantId: string, keyId: string, options?: Cancellable): Promise<void>;
    /** Creates a key of an operator's, which reaches every tenant. */
    createAdminKey(fields?: NewApiKey, options?: Cancellable): Promise<CreatedApiKey>;
    listAdminKeys(options?: Cancellable): Promise<ApiKeyList>;
    revokeAdminKey(keyId: string, options?: Cancellable): Promise<void>;

    /** Wraps the tenants' data keys with the newest version of the master key, while calls go on. */
    rewrapDataKeys(options?: Cancellable): Promise<RewrapReport>;
    /** Prices traces anew by the prices in force now, while calls go on. Doing it again changes nothing. */
    reprice(query?: RepriceQuery, options?: Cancellable): Promise<RepriceReport>;
    /** Exchanges the table of prices for a newer one, given as the text of its file; refused as a whole where it is damaged. */
    loadPrices(prices: string, options?: Cancellable): Promise<LoadedPrices>;
    /** Copies a SQLite store into a new file, while calls go on. */
    backup(path: string, options?: Cancellable): Promise<void>;
    /** Traces the store has refused, newest first; 50 of them when no limit is given. */
    listDeadLetters(limit?: number | null, options?: Cancellable): Promise<DeadLetterList>;
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

    /**
     * Begins to serve clients outside the process, on a thread of the library's: at `127.0.0.1:8080` unless told otherwise, at
     * a free port for port 0. `tls` names two PEM files and makes it HTTPS; other addresses than loopback are to have it.
     */
    serve(config?: ServeConfig): Promise<Server>;

    /** The same as a listener of `node:http`'s server, and for Express and Fastify. */
    nodeHandler(options?: NodeHandlerOptions): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

/** A gateway that serves. It keeps the process alive until it ends, which it does with its gateway, too. */
export class Server implements AsyncDisposable {
    private constructor();
    /** Where it listens, such as `127.0.0.1:8080`. */
    readonly address: string;
    /** What clients take as their base URL, without the `/v1` of OpenAI's SDKs. */
    readonly url: string;
    /** Takes no new connection, lets requests and streams end, for ten seconds at most unless it is said, and ends. */
    close(timeoutMs?: number): Promise<void>;
    /** Lets the process end while it serves. */
    unref(): this;
    /** {@link close}, for `await using`. */
    [Symbol.asyncDispose](): Promise<void>;
}

/** A provider that was looked up once: it describes itself, never its secret, and can be called. It stays what it was. */
export class Provider {
    private constructor();
    chat<Body = ChatCompletion>(request: Request, options?: CallOptions): Promise<Reply<Body>>;
    chatStream<Event = ChatCompletionChunk>(request: Request, options?: CallOptions): ReplyStream<Event>;
    responses<Body = JsonObject>(request: Request, options?: CallOptions): Promise<Reply<Body>>;
    responsesStream<Event = JsonObject>(request: Request, options?: CallOptions): ReplyStream<Event>;
    embeddings<Body = JsonObject>(request: Request, options?: CallOptions): Promise<Reply<Body>>;
}
export interface Provider extends Readonly<ProviderDescription> {}

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

/** JSON of a provider's. */
export type JsonObject = { [key: string]: any };

/** What goes upstream: an object, or its JSON, which goes there byte for byte. */
export type Request = object | string | Uint8Array;

export interface Cancellable {
    /** Ends the call, upstream too: it fails with `cancelled`, whose `cause` is the signal's reason. */
    signal?: AbortSignal;
}

/** Options of one call. They never reach the provider. */
export interface CallOptions extends Data.CallOptions, Cancellable {}

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
