/*
 * libgateway: an embedded, multi-tenant LLM gateway.
 *
 *     gateway_t *gateway;
 *     gateway_bytes_t reply;
 *     gateway_error_t *error = gateway_open("{\"store\":\"sqlite::memory:\"}", GATEWAY_NUL_TERMINATED, &gateway);
 *     if (!error) error = gateway_chat(gateway, "acme", request, GATEWAY_NUL_TERMINATED, &reply);
 *
 * The rules that hold for every function, unless its own text says otherwise:
 *
 * Errors. What can fail returns an error object, and NULL for success. The caller frees it with gateway_error_free. A NULL
 * where a pointer is needed, text that is not UTF-8 and JSON that is none are errors, and no crash.
 *
 * Outputs. Results go to the last parameters. They are emptied before anything else happens, so they are never left as they
 * were: what was not freed before is lost.
 *
 * Ownership. What a function hands out is the caller's, and has a function that frees it and empties the variable, so that
 * freeing it again is harmless. What a function is given stays the caller's, and is read only until the function returns.
 * Pointers that accessors return belong to the object they were got from, and are valid as long as that.
 *
 * Threads. An object may be used from any number of threads at once, but for a stream, which one thread at a time reads. An
 * object may be freed once no other thread is inside a function with it.
 *
 * Waiting. A function waits on the thread that calls it, for as long as the timeouts of the configuration and of the call
 * allow. Callbacks run on a thread of the library's: there, what would wait is GATEWAY_ERROR_CALLED_FROM_CALLBACK.
 *
 * Text. Ends with a NUL and is UTF-8. Requests and JSON have a length, which may be GATEWAY_NUL_TERMINATED.
 *
 * The binary interface never breaks within one GATEWAY_ABI_VERSION.
 *
 * Generated from ffi/src by `make gen`; edits here are lost.
 * Licensed under MIT or Apache-2.0, at your choice.
 */

#ifndef GATEWAY_H
#define GATEWAY_H

#include <stddef.h>
#include <stdint.h>

/* The length of what ends with a NUL. */
#define GATEWAY_NUL_TERMINATED SIZE_MAX

/* In the place of a tenant's id, for whoever operates the gateway: the traces of all tenants. Any other function refuses
 * it. */
#define GATEWAY_ALL_TENANTS ((const char *)UINTPTR_MAX)

/* Warns of a caller that drops an error without a look. */
#if defined(__GNUC__)
#define GATEWAY_MUST_USE __attribute__((warn_unused_result))
#else
#define GATEWAY_MUST_USE
#endif

/**
 * The version of this header.
 */
#define GATEWAY_VERSION_MAJOR 0

/**
 * The version of this header.
 */
#define GATEWAY_VERSION_MINOR 1

/**
 * The version of this header.
 */
#define GATEWAY_VERSION_PATCH 0

/**
 * The version of the binary interface, which is the number in the library's soname. Functions are only added to it, and
 * structures that a program fills say their size: a program that was linked with it runs with every later library of
 * the same number.
 */
#define GATEWAY_ABI_VERSION 1

/**
 * To wait as long as it takes, where a function takes a timeout in milliseconds.
 */
#define GATEWAY_FOREVER 4294967295

/**
 * What went wrong. Numbers never change, and codes are only added: a `switch` has a `default`.
 *
 * Hundreds group them: 1xx input, 2xx authentication, 3xx limits, 4xx upstream, 5xx timeouts, 6xx store, 7xx internal.
 */
typedef enum {
  /**
   * No error.
   */
  GATEWAY_OK = 0,
  /**
   * The request is wrong in a way that no narrower code names.
   */
  GATEWAY_ERROR_INVALID_REQUEST = 100,
  /**
   * The body is not JSON, or not a JSON object.
   */
  GATEWAY_ERROR_INVALID_JSON = 101,
  /**
   * A required field is missing; `param` names it.
   */
  GATEWAY_ERROR_MISSING_FIELD = 102,
  /**
   * A field has a value that is not accepted; `param` names it.
   */
  GATEWAY_ERROR_INVALID_FIELD = 103,
  /**
   * A top-level field the gateway decides by appears twice.
   */
  GATEWAY_ERROR_DUPLICATE_FIELD = 104,
  /**
   * The body is larger than `limits.body_bytes`.
   */
  GATEWAY_ERROR_BODY_TOO_LARGE = 105,
  /**
   * The provider kind is not in the table of kinds.
   */
  GATEWAY_ERROR_UNKNOWN_PROVIDER_KIND = 106,
  /**
   * A provider configuration is incomplete or contradicts itself; `param` names the field.
   */
  GATEWAY_ERROR_INVALID_PROVIDER_CONFIG = 107,
  /**
   * A base URL or a resolved name points to an address that the network policy refuses.
   */
  GATEWAY_ERROR_FORBIDDEN_ADDRESS = 108,
  /**
   * The provider does not offer this operation.
   */
  GATEWAY_ERROR_UNSUPPORTED_OPERATION = 109,
  /**
   * The gateway's own configuration is wrong; `param` names the key.
   */
  GATEWAY_ERROR_INVALID_CONFIG = 110,
  /**
   * Something of that name exists already.
   */
  GATEWAY_ERROR_ALREADY_EXISTS = 111,
  /**
   * The tenant has no such provider, and no default applies.
   */
  GATEWAY_ERROR_PROVIDER_NOT_FOUND = 112,
  /**
   * The tenant has no such trace.
   */
  GATEWAY_ERROR_TRACE_NOT_FOUND = 113,
  /**
   * There is no such API key.
   */
  GATEWAY_ERROR_API_KEY_NOT_FOUND = 114,
  /**
   * There is no operation of that name.
   */
  GATEWAY_ERROR_UNKNOWN_OPERATION = 115,
  /**
   * No provider of the tenant has a deployment of that model.
   */
  GATEWAY_ERROR_MODEL_NOT_FOUND = 116,
  /**
   * The path exists over HTTP, and not with that method.
   */
  GATEWAY_ERROR_METHOD_NOT_ALLOWED = 117,
  /**
   * A file of prices is damaged, or says what cannot be true; the message says where.
   */
  GATEWAY_ERROR_INVALID_PRICES = 118,
  /**
   * A file of prices is older than the prices in force.
   */
  GATEWAY_ERROR_PRICES_TOO_OLD = 119,
  /**
   * A file of prices has a newer schema than this library reads.
   */
  GATEWAY_ERROR_PRICES_TOO_NEW = 120,
  /**
   * No API key came with the request.
   */
  GATEWAY_ERROR_MISSING_API_KEY = 200,
  /**
   * The API key is unknown, revoked or expired.
   */
  GATEWAY_ERROR_INVALID_API_KEY = 201,
  /**
   * The API key does not carry the scope the operation needs.
   */
  GATEWAY_ERROR_INSUFFICIENT_SCOPE = 202,
  /**
   * There is no such tenant.
   */
  GATEWAY_ERROR_TENANT_NOT_FOUND = 203,
  /**
   * The tenant is disabled.
   */
  GATEWAY_ERROR_TENANT_DISABLED = 204,
  /**
   * The tenant has as many requests in flight as it may have.
   */
  GATEWAY_ERROR_TENANT_CONCURRENCY_LIMIT = 300,
  /**
   * The gateway has as many requests in flight as it may have.
   */
  GATEWAY_ERROR_GATEWAY_CONCURRENCY_LIMIT = 301,
  /**
   * The upstream refused the request with a 4xx of the caller's making.
   */
  GATEWAY_ERROR_UPSTREAM_REJECTED = 400,
  /**
   * The upstream refused the provider's own credentials; the caller's key is fine.
   */
  GATEWAY_ERROR_UPSTREAM_AUTH_FAILED = 401,
  /**
   * The upstream answered 429.
   */
  GATEWAY_ERROR_UPSTREAM_RATE_LIMITED = 402,
  /**
   * The upstream answered 408, 409 or 5xx.
   */
  GATEWAY_ERROR_UPSTREAM_FAILED = 403,
  /**
   * No connection to the upstream could be made.
   */
  GATEWAY_ERROR_UPSTREAM_UNREACHABLE = 404,
  /**
   * The upstream's name could not be resolved.
   */
  GATEWAY_ERROR_UPSTREAM_DNS_FAILED = 405,
  /**
   * The TLS handshake with the upstream failed.
   */
  GATEWAY_ERROR_UPSTREAM_TLS_FAILED = 406,
  /**
   * The upstream closed or reset the connection before the answer was complete.
   */
  GATEWAY_ERROR_UPSTREAM_DISCONNECTED = 407,
  /**
   * What the upstream sent is not HTTP, or not what was asked for.
   */
  GATEWAY_ERROR_UPSTREAM_INVALID_RESPONSE = 408,
  /**
   * An error event came inside a stream that had begun with 200.
   */
  GATEWAY_ERROR_UPSTREAM_STREAM_ERROR = 409,
  /**
   * One event of a stream, or one whole answer, is larger than the gateway accepts.
   */
  GATEWAY_ERROR_UPSTREAM_TOO_LARGE = 410,
  /**
   * The provider has failed so often that it is passed over for a while: only attempts carry it.
   */
  GATEWAY_ERROR_CIRCUIT_OPEN = 411,
  /**
   * No connection within `timeouts.connect_ms`.
   */
  GATEWAY_ERROR_CONNECT_TIMEOUT = 500,
  /**
   * No answer within `timeouts.first_byte_ms`.
   */
  GATEWAY_ERROR_FIRST_BYTE_TIMEOUT = 501,
  /**
   * Nothing came for `timeouts.idle_ms` in the middle of an answer.
   */
  GATEWAY_ERROR_IDLE_TIMEOUT = 502,
  /**
   * The call took longer than `timeouts.total_ms`, retries and fallbacks included.
   */
  GATEWAY_ERROR_TOTAL_TIMEOUT = 503,
  /**
   * The store cannot be reached and the answer is not cached.
   */
  GATEWAY_ERROR_STORE_UNAVAILABLE = 600,
  /**
   * The store refused a statement.
   */
  GATEWAY_ERROR_STORE_FAILED = 601,
  /**
   * The store's schema is newer than this library.
   */
  GATEWAY_ERROR_SCHEMA_TOO_NEW = 602,
  /**
   * The store's schema is older than this library and `migrate` does not allow to change it.
   */
  GATEWAY_ERROR_SCHEMA_TOO_OLD = 603,
  /**
   * The master key is not the one this store was made with.
   */
  GATEWAY_ERROR_WRONG_MASTER_KEY = 604,
  /**
   * Stored bytes do not decrypt: they were changed, moved or belong to another key.
   */
  GATEWAY_ERROR_DECRYPTION_FAILED = 605,
  /**
   * A fault of the library.
   */
  GATEWAY_ERROR_INTERNAL = 700,
  /**
   * The process has no file descriptor left; raise its limit or lower `limits.concurrency`.
   */
  GATEWAY_ERROR_OUT_OF_DESCRIPTORS = 701,
  /**
   * The gateway has been closed.
   */
  GATEWAY_ERROR_CLOSED = 702,
  /**
   * The caller went away.
   */
  GATEWAY_ERROR_CANCELLED = 703,
  /**
   * The process ended before the request did: only traces carry it.
   */
  GATEWAY_ERROR_ABANDONED = 704,
  /**
   * The gateway was opened by the process this one was forked from; open one of its own.
   */
  GATEWAY_ERROR_FORKED = 705,
  /**
   * A call that waits was made inside a callback of the gateway, which would wait for ever.
   */
  GATEWAY_ERROR_CALLED_FROM_CALLBACK = 706,
} gateway_error_code_t;

/**
 * What one look at a stream came to.
 */
typedef enum {
  /**
   * The answer was complete, or has failed before.
   */
  GATEWAY_END = 0,
  /**
   * There is a chunk.
   */
  GATEWAY_CHUNK = 1,
  /**
   * Nothing came within the time.
   */
  GATEWAY_WAITING = 2,
} gateway_chunk_state_t;

/**
 * How grave a message is.
 */
typedef enum {
  /**
   * Something was lost or does not work.
   */
  GATEWAY_LOG_ERROR = 1,
  /**
   * Something is wrong and goes on working.
   */
  GATEWAY_LOG_WARN = 2,
  /**
   * Worth knowing.
   */
  GATEWAY_LOG_INFO = 3,
  /**
   * For those who look for a fault.
   */
  GATEWAY_LOG_DEBUG = 4,
} gateway_log_level_t;

/**
 * In which pieces a stream comes.
 */
typedef enum {
  /**
   * The data of one event each: JSON, without `data:`, comments and `[DONE]`.
   */
  GATEWAY_READ_EVENTS = 0,
  /**
   * The provider's bytes, in the pieces they arrive in.
   */
  GATEWAY_READ_BYTES = 1,
} gateway_reading_t;

/**
 * A call that was started. Any number of threads may use it at once.
 */
typedef struct gateway_call_t gateway_call_t;

/**
 * Why a call failed. The caller's, to be freed with `gateway_error_free`; it never changes, and may be read from several
 * threads at once. All texts belong to it, end with a NUL and are UTF-8; they have no secrets in them.
 */
typedef struct gateway_error_t gateway_error_t;

/**
 * An open gateway. Any number of threads may use it at once: calls wait for their own answers and not for each other.
 */
typedef struct gateway_t gateway_t;

/**
 * What is known of an answer beside its body. It belongs to the reply or the stream it was got from, and is valid as long
 * as that; it never changes, and may be read from several threads at once. So it is with its texts, which end with a NUL.
 */
typedef struct gateway_head_t gateway_head_t;

/**
 * A provider of a tenant's, looked up once. Any number of threads may use it at once. It stays what it was when it was
 * looked up, whatever becomes of the tenant's configuration.
 */
typedef struct gateway_provider_t gateway_provider_t;

/**
 * What bytes belong to.
 */
typedef struct gateway_reply_t gateway_reply_t;

/**
 * A gateway that serves over HTTP. It needs no thread of the caller's.
 */
typedef struct gateway_server_t gateway_server_t;

/**
 * An answer that comes in pieces. It costs no thread: one thread of the gateway's reads all streams, each a little ahead
 * of whom it is for. One thread at a time may ask for chunks; any thread may cancel it.
 */
typedef struct gateway_stream_t gateway_stream_t;

/**
 * Bytes that a call hands back. They are the caller's, to be freed with `gateway_bytes_free`, and stay as they are until
 * then; several threads may read them at once. The gateway may be freed before them.
 */
typedef struct {
  /**
   * JSON for all but what a provider made otherwise. A NUL follows, which does not count in `len`; NULL where a call failed.
   */
  const char *data;
  /**
   * The number of bytes.
   */
  size_t len;
  /**
   * What the bytes belong to; not for the caller.
   */
  gateway_reply_t *owner;
} gateway_bytes_t;

/**
 * A call of a model with all that can be said about it. Set everything to zero, `size` to `sizeof(gateway_request_t)`, and
 * then what matters. The library reads it, and what it points to, only until the function returns.
 */
typedef struct {
  /**
   * `sizeof(gateway_request_t)`, so that later versions can add to the end.
   */
  size_t size;
  /**
   * `chat`, `chat_stream`, `responses`, `responses_stream`, `embeddings` or `list_models`.
   */
  const char *operation;
  /**
   * Whose providers are asked. NULL where `provider` is given.
   */
  const char *tenant_id;
  /**
   * One of `gateway_get_provider_for_tenant`, or NULL: then the tenant's routes choose.
   */
  const gateway_provider_t *provider;
  /**
   * The body in OpenAI's format, which goes upstream byte for byte; NULL for `list_models`.
   */
  const char *body;
  /**
   * Its length, or `GATEWAY_NUL_TERMINATED`.
   */
  size_t body_len;
  /**
   * What the gateway is to do with it, as a JSON object: `request_id`, `user_id`, `session_id`, `metadata`, `timeout_ms`,
   * `capture`, `provider`. May be NULL.
   */
  const char *options;
  /**
   * Its length, or `GATEWAY_NUL_TERMINATED`.
   */
  size_t options_len;
  /**
   * A `gateway_reading_t`: in which pieces a stream comes.
   */
  uint32_t reading;
} gateway_request_t;

/**
 * A piece of an answer.
 */
typedef struct {
  /**
   * Whether there is one.
   */
  gateway_chunk_state_t state;
  /**
   * The bytes of a chunk, which belong to the stream and are valid until the next call for it. A NUL follows, which does
   * not count in `len`. NULL where there is no chunk.
   */
  const char *data;
  /**
   * The number of bytes.
   */
  size_t len;
} gateway_chunk_t;

/**
 * Called when a stream has something. It may ask for chunks with a timeout of 0, write to a pipe or set a flag; it must
 * not wait for anything, throw or jump out.
 */
typedef void (*gateway_stream_fn)(gateway_stream_t *stream, void *user_data);

/**
 * Called when a call has ended. It may take the answer, free the call, start others, write to a pipe or set a flag; it
 * must not wait for anything, throw or jump out.
 */
typedef void (*gateway_call_fn)(gateway_call_t *call, void *user_data);

/**
 * A header. Both texts end with a NUL.
 */
typedef struct {
  /**
   * In letters of any case.
   */
  const char *name;
  /**
   * What it says.
   */
  const char *value;
} gateway_header_t;

/**
 * An HTTP request. Set everything to zero, `size` to `sizeof(gateway_http_request_t)`, and then what there is. The library
 * reads it, and what it points to, only until the function returns.
 */
typedef struct {
  /**
   * `sizeof(gateway_http_request_t)`, so that later versions can add to the end.
   */
  size_t size;
  /**
   * `GET`, `POST` and so on.
   */
  const char *method;
  /**
   * The path with its query, such as `/v1/traces?limit=10`.
   */
  const char *target;
  /**
   * The headers, the API key in `authorization` or `x-api-key` among them; may be NULL.
   */
  const gateway_header_t *headers;
  /**
   * How many.
   */
  size_t header_count;
  /**
   * The whole body, not chunked and not compressed; may be NULL.
   */
  const char *body;
  /**
   * Its length, or `GATEWAY_NUL_TERMINATED`.
   */
  size_t body_len;
} gateway_http_request_t;

/**
 * Takes a message: the module that says it, and what it says. Both texts are valid until it returns. It is called on any
 * thread, on several at once, and must not wait for a call of the gateway's, throw or jump out.
 */
typedef void (*gateway_log_fn)(gateway_log_level_t level,
                               const char *target,
                               const char *message,
                               void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Returns the version of the library that was loaded, as `MAJOR.MINOR.PATCH`.
 *
 * The text ends with a NUL, belongs to the library and is valid for as long as the library is loaded: do not free it.
 * Never fails; callable from any thread.
 */
const char *gateway_version(void);

/**
 * Returns the `GATEWAY_ABI_VERSION` of the library that was loaded.
 *
 * Never fails; callable from any thread.
 */
uint32_t gateway_abi_version(void);

/**
 * Returns what went wrong, as a number that never changes; `GATEWAY_OK` for NULL, which is no error.
 */
gateway_error_code_t gateway_error_code(const gateway_error_t *error);

/**
 * Returns the name of the code, such as `upstream_rate_limited`; NULL for NULL.
 */
const char *gateway_error_name(const gateway_error_t *error);

/**
 * Returns a sentence for people, which names the thing and the fix; NULL for NULL.
 */
const char *gateway_error_message(const gateway_error_t *error);

/**
 * Returns the HTTP status that goes with the error: the provider's where it refused the request, else the code's own; 0
 * for NULL.
 */
uint32_t gateway_error_status(const gateway_error_t *error);

/**
 * Returns the name of the argument, field or configuration key at fault; NULL where none is.
 */
const char *gateway_error_param(const gateway_error_t *error);

/**
 * Returns how many milliseconds the provider asks to wait before the next try; -1 where it asks nothing.
 */
int64_t gateway_error_retry_after_ms(const gateway_error_t *error);

/**
 * Returns the name of the provider that was called; NULL where none was.
 */
const char *gateway_error_provider(const gateway_error_t *error);

/**
 * Returns the id of the request: the caller's own, else that of its trace; NULL where nothing was requested.
 */
const char *gateway_error_request_id(const gateway_error_t *error);

/**
 * Returns the body of the provider's error as it came, and its length in `len`, unless that is NULL; NULL and 0 where
 * there is none. A NUL follows it, which does not count, and may be in it, too.
 */
const char *gateway_error_body(const gateway_error_t *error,
                               size_t *len);

/**
 * Returns the error as a JSON body in OpenAI's shape, `{"error": {"message", "type", "param", "code"}}`; NULL for NULL.
 */
const char *gateway_error_json(const gateway_error_t *error);

/**
 * Returns 1 where the same call may succeed later without a change, else 0.
 */
int32_t gateway_error_is_temporary(const gateway_error_t *error);

/**
 * Returns 1 where the gateway has asked again in vain already, so that the caller need not, else 0.
 */
int32_t gateway_error_retries_spent(const gateway_error_t *error);

/**
 * Frees an error, its texts included, and sets `*error` to NULL. NULL, and a NULL in it, is harmless.
 */
void gateway_error_free(gateway_error_t **error);

/**
 * Returns the status, headers, trace and provider of a provider's answer; NULL for the gateway's own answers. Valid until
 * the bytes are freed.
 */
const gateway_head_t *gateway_bytes_head(const gateway_bytes_t *bytes);

/**
 * Frees the bytes and sets all of `*bytes` to zero. NULL, and bytes that are freed or were never handed out, are
 * harmless; what was never initialised is not.
 */
void gateway_bytes_free(gateway_bytes_t *bytes);

/**
 * Opens a gateway; creates its database where there is none. Waits for the database.
 *
 * `config` is a JSON object, for example `{"store": "sqlite:gateway.db", "master_key": "<64 hex digits>"}`; unknown keys
 * are errors. `*gateway` is the caller's, to be freed with `gateway_free`.
 *
 * From here on a panic inside the library is an error of the call, and a message for `gateway_set_log`; it prints nothing.
 *
 * Not inside a callback. A gateway does not survive `fork`: in the child its use is the error `GATEWAY_ERROR_FORKED`,
 * and the child opens one of its own.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_open(const char *config,
                              size_t config_len,
                              gateway_t **gateway);

/**
 * Closes a gateway: waits at most `timeout_ms` until all traces are in the database, and ends its threads, which may take
 * some seconds more. Calls and streams
 * that are still open end with `GATEWAY_ERROR_CLOSED`, and so do all later ones.
 *
 * `*report` says what was achieved as a JSON object, and may be NULL. An error where traces are left: then they are in
 * the spool on disk, or lost where there is none. Closing twice is harmless. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_close(const gateway_t *gateway,
                               uint32_t timeout_ms,
                               gateway_bytes_t *report);

/**
 * Frees a gateway and sets `*gateway` to NULL. One that was not closed is closed first, which waits up to ten seconds for
 * its traces, or inside a callback does not wait; call `gateway_close` to hear what came of it. NULL, and a NULL in it, is
 * harmless.
 *
 * Not inside a callback, where it cannot wait and closes nothing. No other thread may be inside a call with this
 * gateway. Streams, calls, providers and bytes that it handed out are to be freed by themselves, before or after. In a
 * child after a fork it frees nothing that is the parent's.
 */
void gateway_free(gateway_t **gateway);

/**
 * Returns the HTTP status of the answer: of a provider 200 to 299, since others are errors; of `gateway_handle` any. 0 for
 * NULL.
 */
uint32_t gateway_head_status(const gateway_head_t *head);

/**
 * Returns the id of the request's trace, for `gateway_get_trace`; NULL where the headers say it, which they do for
 * `gateway_handle`.
 */
const char *gateway_head_trace_id(const gateway_head_t *head);

/**
 * Returns the name of the provider that answered; NULL where the headers say it, which they do for `gateway_handle`.
 */
const char *gateway_head_provider(const gateway_head_t *head);

/**
 * Returns the first value of the header of that name, in letters of any case; NULL where there is none.
 */
const char *gateway_head_header(const gateway_head_t *head,
                                const char *name);

/**
 * Returns the number of headers.
 */
size_t gateway_head_header_count(const gateway_head_t *head);

/**
 * Returns the name of the header at `index`, in lower case; NULL beyond the last.
 */
const char *gateway_head_header_name(const gateway_head_t *head, size_t index);

/**
 * Returns the value of the header at `index`; NULL beyond the last.
 */
const char *gateway_head_header_value(const gateway_head_t *head, size_t index);

/**
 * Asks a model of the tenant's for a chat completion, and waits for the whole answer.
 *
 * `request` is the body of OpenAI's `POST /v1/chat/completions`; it goes upstream byte for byte, and the answer comes back
 * so. Its length is `request_len`, or `GATEWAY_NUL_TERMINATED`. `*reply` is the caller's, to be freed with
 * `gateway_bytes_free`. Not inside a callback. See `gateway_send` for options of the call.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_chat(const gateway_t *gateway,
                              const char *tenant_id,
                              const char *request,
                              size_t request_len,
                              gateway_bytes_t *reply);

/**
 * Asks for a chat completion that comes in pieces, and waits until it has begun. The request need not say `stream`.
 *
 * `*stream` is the caller's, to be freed with `gateway_stream_free`. Not inside a callback. See `gateway_send_stream` for
 * options of the call, and for the provider's bytes in place of events.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_chat_stream(const gateway_t *gateway,
                                     const char *tenant_id,
                                     const char *request,
                                     size_t request_len,
                                     gateway_stream_t **stream);

/**
 * The same as `gateway_chat` for OpenAI's `POST /v1/responses`.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_responses(const gateway_t *gateway,
                                   const char *tenant_id,
                                   const char *request,
                                   size_t request_len,
                                   gateway_bytes_t *reply);

/**
 * The same as `gateway_chat_stream` for OpenAI's `POST /v1/responses`.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_responses_stream(const gateway_t *gateway,
                                          const char *tenant_id,
                                          const char *request,
                                          size_t request_len,
                                          gateway_stream_t **stream);

/**
 * The same as `gateway_chat` for OpenAI's `POST /v1/embeddings`.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_embeddings(const gateway_t *gateway,
                                    const char *tenant_id,
                                    const char *request,
                                    size_t request_len,
                                    gateway_bytes_t *reply);

/**
 * Lists the models of the tenant's providers, as OpenAI's `GET /v1/models` does. Waits for the providers.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_list_models(const gateway_t *gateway,
                                     const char *tenant_id,
                                     gateway_bytes_t *reply);

/**
 * Sends a request and waits for the whole answer.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_send(const gateway_t *gateway,
                              const gateway_request_t *request,
                              gateway_bytes_t *reply);

/**
 * Sends a request whose `operation` streams, and waits until the answer has begun.
 *
 * `*stream` is the caller's, to be freed with `gateway_stream_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_send_stream(const gateway_t *gateway,
                                     const gateway_request_t *request,
                                     gateway_stream_t **stream);

/**
 * Waits at most `timeout_ms` for the next piece of an answer; 0 does not wait, `GATEWAY_FOREVER` as long as it takes.
 *
 * `chunk->state` says what came of it. The bytes of a chunk are valid until the next call for this stream. An error ends
 * the stream, after all pieces that came before it; from then on it is at its end. One thread at a time; not inside a
 * callback, unless `timeout_ms` is 0.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_stream_next(const gateway_stream_t *stream,
                                     uint32_t timeout_ms,
                                     gateway_chunk_t *chunk);

/**
 * Calls `on_ready` once, as soon as `gateway_stream_next` would not wait: at once and on this thread where that is so
 * already, else on a thread of the gateway's. Ask again for the next time, once there is nothing left to take; a second
 * one replaces the first. It is not called after `gateway_stream_free`, which waits for one that is running.
 *
 * `user_data` is handed to it as it is. By the thread that reads the stream; also inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_stream_on_ready(gateway_stream_t *stream,
                                         gateway_stream_fn on_ready,
                                         void *user_data);

/**
 * Returns the status, headers, trace and provider of the answer, which are known from the start; NULL for NULL. Valid
 * until the stream is freed.
 */
const gateway_head_t *gateway_stream_head(const gateway_stream_t *stream);

/**
 * Ends the call upstream. What has come can still be taken; then comes `GATEWAY_ERROR_CANCELLED`, unless the end had come
 * before. Any thread, also while another waits for the next chunk; also inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_stream_cancel(const gateway_stream_t *stream);

/**
 * Frees a stream and sets `*stream` to NULL. One that has not ended is cancelled. NULL, and a NULL in it, is harmless. No
 * other thread may be inside a call with this stream; also inside a callback.
 */
void gateway_stream_free(gateway_stream_t **stream);

/**
 * Looks up a provider of a tenant's by its name, or with NULL the tenant's default; a tenant without providers has those
 * of the gateway. The answer is cached: only the first look-up waits for the database.
 *
 * `*provider` is the caller's, to be freed with `gateway_provider_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_get_provider_for_tenant(const gateway_t *gateway,
                                                 const char *tenant_id,
                                                 const char *name,
                                                 gateway_provider_t **provider);

/**
 * Forgets what is cached of a tenant's provider, or with NULL of its default one, so that the next call reads it anew.
 * Changes that are made through a gateway need no such thing. `*reply` is `{"evicted": true}` where something was cached,
 * and may be NULL. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_evict_provider(const gateway_t *gateway,
                                        const char *tenant_id,
                                        const char *name,
                                        gateway_bytes_t *reply);

/**
 * Returns what the provider is as a JSON object: its configuration without the secret, and its capabilities. The text
 * belongs to the provider, ends with a NUL and is valid until the provider is freed; NULL for NULL.
 */
const char *gateway_provider_json(const gateway_provider_t *provider);

/**
 * The same as `gateway_chat`, asked of this provider. For other operations see `gateway_send`.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_provider_chat(const gateway_provider_t *provider,
                                       const char *request,
                                       size_t request_len,
                                       gateway_bytes_t *reply);

/**
 * The same as `gateway_chat_stream`, asked of this provider.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_provider_chat_stream(const gateway_provider_t *provider,
                                              const char *request,
                                              size_t request_len,
                                              gateway_stream_t **stream);

/**
 * Frees a provider and sets `*provider` to NULL. NULL, and a NULL in it, is harmless. No other thread may be inside a call
 * with it.
 */
void gateway_provider_free(gateway_provider_t **provider);

/**
 * Creates a tenant. `tenant` is a JSON object, all of it optional: `id` (1 to 64 of `A-Za-z0-9._:-`; a new one when
 * omitted), `name`, `provider` (its first provider, with `kind`, `api_key` and what the kind needs), `capture`, `concurrency`,
 * `retention`.
 *
 * `*reply` is the tenant as a JSON object, and the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_create_tenant(const gateway_t *gateway,
                                       const char *tenant,
                                       size_t tenant_len,
                                       gateway_bytes_t *reply);

/**
 * Says what a tenant is, as a JSON object.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_get_tenant(const gateway_t *gateway,
                                    const char *tenant_id,
                                    gateway_bytes_t *reply);

/**
 * Lists tenants, a page at a time. `query` is a JSON object with `limit` and `cursor`, and may be NULL; the reply is
 * `{"tenants": [...], "next_cursor": ...}`.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_list_tenants(const gateway_t *gateway,
                                      const char *query,
                                      size_t query_len,
                                      gateway_bytes_t *reply);

/**
 * Changes what `update`, a JSON object, says of a tenant; the reply is the tenant.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_update_tenant(const gateway_t *gateway,
                                       const char *tenant_id,
                                       const char *update,
                                       size_t update_len,
                                       gateway_bytes_t *reply);

/**
 * Deletes a tenant. What it has stored cannot be read from then on, and is removed in the background; the operation
 * `erase_tenant` of `gateway_call` waits until it is. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_delete_tenant(const gateway_t *gateway,
                                       const char *tenant_id);

/**
 * Adds a provider to a tenant, or replaces the one of that name. `provider` is a JSON object with `kind`, `name` (the kind
 * when omitted), `api_key` and what the kind needs; the reply is the provider without its secret.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_set_provider(const gateway_t *gateway,
                                      const char *tenant_id,
                                      const char *provider,
                                      size_t provider_len,
                                      gateway_bytes_t *reply);

/**
 * Lists the providers of a tenant, without their secrets, as `{"providers": [...]}`.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_list_providers(const gateway_t *gateway,
                                        const char *tenant_id,
                                        gateway_bytes_t *reply);

/**
 * Deletes a provider of a tenant's. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_delete_provider(const gateway_t *gateway,
                                         const char *tenant_id,
                                         const char *name);

/**
 * Creates an API key of a tenant's, for `gateway_handle`. `key` is a JSON object with `name`, `scopes` (`infer`, `read`,
 * `admin`; `infer` when omitted) and `expires_at`, and may be NULL. The reply has the key itself in `secret`, this once.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_create_api_key(const gateway_t *gateway,
                                        const char *tenant_id,
                                        const char *key,
                                        size_t key_len,
                                        gateway_bytes_t *reply);

/**
 * Lists the API keys of a tenant, without their secrets, as `{"api_keys": [...]}`.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_list_api_keys(const gateway_t *gateway,
                                       const char *tenant_id,
                                       gateway_bytes_t *reply);

/**
 * Revokes an API key of a tenant's by its id. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_revoke_api_key(const gateway_t *gateway,
                                        const char *tenant_id,
                                        const char *key_id);

/**
 * Lists traces of a tenant, or with `GATEWAY_ALL_TENANTS` of all, newest first, without their content. `query` is a
 * JSON object, and may be NULL: `limit` (1 to 200; 50), `cursor`, `since`, `until`, `model`, `provider`,
 * `status_class`, `error_code`, `user_id`, `session_id`, `metadata` and other filters. The reply is `{"traces": [...],
 * "next_cursor": ...}`. A trace is there once it is stored, which takes a moment: see `gateway_flush`.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_list_traces(const gateway_t *gateway,
                                     const char *tenant_id,
                                     const char *query,
                                     size_t query_len,
                                     gateway_bytes_t *reply);

/**
 * Reads one trace with its attempts and its decrypted request and response. With `GATEWAY_ALL_TENANTS` it may be anybody's.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_get_trace(const gateway_t *gateway,
                                   const char *tenant_id,
                                   const char *trace_id,
                                   gateway_bytes_t *reply);

/**
 * Sums up the traces of a tenant, or with `GATEWAY_ALL_TENANTS` of all: totals, and a series over time. `query` is a
 * JSON object, and may be NULL: `window_hours` (24), or `since` and `until`; `bucket_minutes` (60), `time_zone`, and
 * the filters of `gateway_list_traces`. The reply is `{"from", "to", "summary", "timeseries"}`.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_analytics(const gateway_t *gateway,
                                   const char *tenant_id,
                                   const char *query,
                                   size_t query_len,
                                   gateway_bytes_t *reply);

/**
 * The totals of `gateway_analytics` alone.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_analytics_summary(const gateway_t *gateway,
                                           const char *tenant_id,
                                           const char *query,
                                           size_t query_len,
                                           gateway_bytes_t *reply);

/**
 * The series of `gateway_analytics` alone.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_analytics_timeseries(const gateway_t *gateway,
                                              const char *tenant_id,
                                              const char *query,
                                              size_t query_len,
                                              gateway_bytes_t *reply);

/**
 * The totals of `gateway_analytics` by model.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_analytics_models(const gateway_t *gateway,
                                          const char *tenant_id,
                                          const char *query,
                                          size_t query_len,
                                          gateway_bytes_t *reply);

/**
 * Waits at most `timeout_ms` until all traces so far are in the database. `*report` says what was achieved as a JSON object,
 * and may be NULL; an error where traces are left. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_flush(const gateway_t *gateway,
                               uint32_t timeout_ms,
                               gateway_bytes_t *report);

/**
 * Counts what the gateway has done since it was opened, as a JSON object. Asks no database.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE gateway_error_t *gateway_stats(const gateway_t *gateway, gateway_bytes_t *reply);

/**
 * Says how the gateway is: `{"status": "ok", "degraded" or "failing", "reasons": [...]}`. Asks no database.
 *
 * `*reply` is the caller's, to be freed with `gateway_bytes_free`. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_health(const gateway_t *gateway,
                                gateway_bytes_t *reply);

/**
 * Performs any operation by its name, and waits for it.
 *
 * `arguments` is a JSON object: for an operation on a tenant `tenant_id` and what the operation takes beside it; for one
 * that calls a model `tenant_id`, `request` (which goes upstream byte for byte) and `options`. NULL is `{}`. `*reply` is the
 * answer as JSON, `null` where there is none, and the caller's, to be freed with `gateway_bytes_free`. Operations that
 * stream have functions of their own. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_call(const gateway_t *gateway,
                              const char *operation,
                              const char *arguments,
                              size_t arguments_len,
                              gateway_bytes_t *reply);

/**
 * Starts any operation by its name, and does not wait; also one that streams. Arguments as for `gateway_call`.
 *
 * `*call` is the caller's, to be freed with `gateway_call_free`. Any thread; also inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_call_start(const gateway_t *gateway,
                                    const char *operation,
                                    const char *arguments,
                                    size_t arguments_len,
                                    gateway_call_t **call);

/**
 * Starts a request, and does not wait.
 *
 * `*call` is the caller's, to be freed with `gateway_call_free`. Any thread; also inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_send_start(const gateway_t *gateway,
                                    const gateway_request_t *request,
                                    gateway_call_t **call);

/**
 * Calls `on_done` once, as soon as the call has ended, in whatever way: at once and on this thread where it has already,
 * else on a thread of the gateway's. A second one replaces the first. It is not called after `gateway_call_free`, which
 * waits for one that is running.
 *
 * `user_data` is handed to it as it is. Any thread; also inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_call_on_done(gateway_call_t *call,
                                      gateway_call_fn on_done,
                                      void *user_data);

/**
 * Waits at most `timeout_ms` for the end of a call; 0 does not wait, `GATEWAY_FOREVER` as long as it takes. `*ended` is 1
 * once it has ended, in whatever way, else 0. Any thread; not inside a callback, unless `timeout_ms` is 0.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_call_wait(const gateway_call_t *call,
                                   uint32_t timeout_ms,
                                   int32_t *ended);

/**
 * Takes the answer of a call that has ended, or the error it ended with; does not wait. Once: the answer is the caller's
 * then, to be freed with `gateway_bytes_free`. Any thread; also inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_call_reply(const gateway_call_t *call,
                                    gateway_bytes_t *reply);

/**
 * The same for a call whose answer is a stream, which is to be freed with `gateway_stream_free`.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_call_stream(const gateway_call_t *call,
                                     gateway_stream_t **stream);

/**
 * Ends a call, upstream too: it ends with `GATEWAY_ERROR_CANCELLED`, unless it has ended before. Any thread; also inside a
 * callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_call_cancel(const gateway_call_t *call);

/**
 * Frees a call, with its answer unless that was taken, and sets `*call` to NULL. One that has not ended is cancelled. NULL,
 * and a NULL in it, is harmless. No other thread may be inside a call of a function with it; also inside a callback.
 */
void gateway_call_free(gateway_call_t **call);

/**
 * Answers an HTTP request as a server would: `POST /v1/chat/completions`, `GET /v1/traces` and the other paths,
 * authenticated by the API key that the request carries. Waits until the answer has begun.
 *
 * An answer comes whatever is asked: what is wrong with the request is its status and its body. So the error is only for
 * structures that make no request, and for a gateway that is closed. `*response` has the status and the headers in its
 * head; its chunks are the body, one where it comes at once, server-sent events as they come where it streams. It is the
 * caller's, to be freed with `gateway_stream_free`; freeing it early cancels the call. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_handle(const gateway_t *gateway,
                                const gateway_http_request_t *request,
                                gateway_stream_t **response);

/**
 * The same, and does not wait: the answer is taken with `gateway_call_stream`.
 *
 * `*call` is the caller's, to be freed with `gateway_call_free`. Any thread; also inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_handle_start(const gateway_t *gateway,
                                      const gateway_http_request_t *request,
                                      gateway_call_t **call);

/**
 * Begins to serve over HTTP/1.1 what `gateway_handle` answers, and does not wait for its end.
 *
 * `config` is a JSON object, and may be NULL: `{"address": "127.0.0.1:8080", "tls": {"certificate": "cert.pem", "key":
 * "key.pem"}, "connections": 10000, "read_ms": 30000}` says what holds where nothing else is said, but for `tls`, which
 * names two PEM files and makes it HTTPS. Port 0 takes a free one. Whoever reaches another address than loopback sees keys
 * and contents unless there is TLS.
 *
 * `*server` is the caller's, to be freed with `gateway_server_free`. It ends with the gateway, too. Not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_serve(const gateway_t *gateway,
                               const char *config,
                               size_t config_len,
                               gateway_server_t **server);

/**
 * Returns where the server listens, such as `127.0.0.1:8080`. Valid until the server is freed; NULL for NULL.
 */
const char *gateway_server_address(const gateway_server_t *server);

/**
 * Takes no new connection, waits at most `timeout_ms` until the requests that are running have ended, streams too, and
 * closes what is open then. The gateway stays open. A second call does nothing. Any thread, but not inside a callback.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_server_shutdown(const gateway_server_t *server,
                                         uint32_t timeout_ms);

/**
 * Frees a server and sets `*server` to NULL. One that was not shut down closes its connections at once. NULL, and a NULL
 * in it, is harmless. In a child after a fork it frees nothing that is the parent's.
 */
void gateway_server_free(gateway_server_t **server);

/**
 * Hands what the library has to say to `log`: messages of at least that `level`, a `gateway_log_level_t`. Without it the
 * library says nothing, and prints nothing in any case. One for all gateways of the process; the last one counts, NULL
 * ends it. The one before is not called any more once this returns; it waits for those that are running.
 *
 * `user_data` is handed to it as it is. Any thread; also inside a callback, but not inside `log` itself.
 */
GATEWAY_MUST_USE
gateway_error_t *gateway_set_log(uint32_t level,
                                 gateway_log_fn log,
                                 void *user_data);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GATEWAY_H */
