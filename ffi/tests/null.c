/* NULL in the place of every pointer of every function: an error where one is needed, and never a crash. */
#include "check.h"

#define MISSING(call) FAILS(GATEWAY_ERROR_MISSING_FIELD, call)

/* Outputs are emptied whatever happens: they begin as rubbish here, and are nothing afterwards. */
#define EMPTIES(slot, call)              \
    do {                                 \
        memset(&slot, 0xAA, sizeof slot); \
        MISSING(call);                   \
        CHECK(is_empty(&slot, sizeof slot)); \
    } while (0)

static int is_empty(const void *memory, size_t size)
{
    const unsigned char *bytes = memory;

    while (size > 0)
        if (bytes[--size] != 0)
            return 0;
    return 1;
}

static gateway_t *gateway;
static gateway_bytes_t bytes;
static gateway_stream_t *stream;
static gateway_call_t *call;
static gateway_provider_t *provider;
static gateway_server_t *server;
static gateway_chunk_t chunk;
static int32_t number;

static void accessors(void)
{
    size_t len = 7;

    CHECK(gateway_version() != NULL);
    CHECK(gateway_abi_version() == GATEWAY_ABI_VERSION);
    CHECK(gateway_error_code(NULL) == GATEWAY_OK);
    CHECK(!gateway_error_name(NULL));
    CHECK(!gateway_error_message(NULL));
    CHECK(gateway_error_status(NULL) == 0);
    CHECK(!gateway_error_param(NULL));
    CHECK(gateway_error_retry_after_ms(NULL) == -1);
    CHECK(!gateway_error_provider(NULL));
    CHECK(!gateway_error_request_id(NULL));
    CHECK(!gateway_error_body(NULL, &len) && len == 0);
    CHECK(!gateway_error_body(NULL, NULL));
    CHECK(!gateway_error_json(NULL));
    CHECK(!gateway_error_is_temporary(NULL));
    CHECK(!gateway_error_retries_spent(NULL));
    CHECK(!gateway_bytes_head(NULL));
    CHECK(!gateway_stream_head(NULL));
    CHECK(gateway_head_status(NULL) == 0);
    CHECK(!gateway_head_trace_id(NULL));
    CHECK(!gateway_head_provider(NULL));
    CHECK(!gateway_head_header(NULL, "x"));
    CHECK(gateway_head_header_count(NULL) == 0);
    CHECK(!gateway_head_header_name(NULL, 0));
    CHECK(!gateway_head_header_value(NULL, 0));
    CHECK(!gateway_provider_json(NULL));
}

static void frees(void)
{
    gateway_error_free(NULL);
    gateway_bytes_free(NULL);
    gateway_stream_free(NULL);
    gateway_provider_free(NULL);
    gateway_call_free(NULL);
    gateway_server_free(NULL);
    gateway_free(NULL);
}

static void models(void)
{
    gateway_request_t request = {0};

    EMPTIES(bytes, gateway_chat(NULL, "acme", CHAT, NUL, &bytes));
    EMPTIES(bytes, gateway_chat(gateway, NULL, CHAT, NUL, &bytes));
    EMPTIES(bytes, gateway_chat(gateway, "acme", NULL, NUL, &bytes));
    EMPTIES(bytes, gateway_chat(gateway, "acme", NULL, 0, &bytes));
    MISSING(gateway_chat(gateway, "acme", CHAT, NUL, NULL));
    EMPTIES(stream, gateway_chat_stream(NULL, "acme", CHAT, NUL, &stream));
    EMPTIES(stream, gateway_chat_stream(gateway, NULL, CHAT, NUL, &stream));
    EMPTIES(stream, gateway_chat_stream(gateway, "acme", NULL, NUL, &stream));
    MISSING(gateway_chat_stream(gateway, "acme", CHAT, NUL, NULL));
    EMPTIES(bytes, gateway_responses(NULL, "acme", CHAT, NUL, &bytes));
    EMPTIES(bytes, gateway_responses(gateway, NULL, CHAT, NUL, &bytes));
    EMPTIES(bytes, gateway_responses(gateway, "acme", NULL, NUL, &bytes));
    MISSING(gateway_responses(gateway, "acme", CHAT, NUL, NULL));
    EMPTIES(stream, gateway_responses_stream(NULL, "acme", CHAT, NUL, &stream));
    EMPTIES(stream, gateway_responses_stream(gateway, NULL, CHAT, NUL, &stream));
    EMPTIES(stream, gateway_responses_stream(gateway, "acme", NULL, NUL, &stream));
    MISSING(gateway_responses_stream(gateway, "acme", CHAT, NUL, NULL));
    EMPTIES(bytes, gateway_embeddings(NULL, "acme", CHAT, NUL, &bytes));
    EMPTIES(bytes, gateway_embeddings(gateway, NULL, CHAT, NUL, &bytes));
    EMPTIES(bytes, gateway_embeddings(gateway, "acme", NULL, NUL, &bytes));
    MISSING(gateway_embeddings(gateway, "acme", CHAT, NUL, NULL));
    EMPTIES(bytes, gateway_list_models(NULL, "acme", &bytes));
    EMPTIES(bytes, gateway_list_models(gateway, NULL, &bytes));
    MISSING(gateway_list_models(gateway, "acme", NULL));

    request.size = sizeof request;
    EMPTIES(bytes, gateway_send(NULL, &request, &bytes));
    EMPTIES(bytes, gateway_send(gateway, NULL, &bytes));
    EMPTIES(bytes, gateway_send(gateway, &request, &bytes)); /* no operation */
    request.operation = "chat";
    EMPTIES(bytes, gateway_send(gateway, &request, &bytes)); /* no tenant */
    MISSING(gateway_send(gateway, &request, NULL));
    request.operation = "chat_stream";
    EMPTIES(stream, gateway_send_stream(NULL, &request, &stream));
    EMPTIES(stream, gateway_send_stream(gateway, NULL, &stream));
    EMPTIES(stream, gateway_send_stream(gateway, &request, &stream));
    MISSING(gateway_send_stream(gateway, &request, NULL));
    EMPTIES(call, gateway_send_start(NULL, &request, &call));
    EMPTIES(call, gateway_send_start(gateway, NULL, &call));
    EMPTIES(call, gateway_send_start(gateway, &request, &call));
    MISSING(gateway_send_start(gateway, &request, NULL));
}

static void streams(void)
{
    memset(&chunk, 0xAA, sizeof chunk);
    MISSING(gateway_stream_next(NULL, 0, &chunk));
    CHECK(!chunk.data && chunk.len == 0 && chunk.state == GATEWAY_END); /* what lies between its fields is nobody's */
    MISSING(gateway_stream_on_ready(NULL, NULL, NULL));
    MISSING(gateway_stream_cancel(NULL));
    OK(gateway_chat_stream(gateway, "acme", CHAT, NUL, &stream));
    MISSING(gateway_stream_next(stream, 0, NULL));
    MISSING(gateway_stream_on_ready(stream, NULL, NULL));
    CHECK(!gateway_head_header(gateway_stream_head(stream), NULL));
    gateway_stream_free(&stream);
    gateway_stream_free(&stream);
}

static void calls(void)
{
    EMPTIES(bytes, gateway_call(NULL, "stats", NULL, 0, &bytes));
    EMPTIES(bytes, gateway_call(gateway, NULL, NULL, 0, &bytes));
    MISSING(gateway_call(gateway, "stats", NULL, 0, NULL));
    EMPTIES(call, gateway_call_start(NULL, "stats", NULL, 0, &call));
    EMPTIES(call, gateway_call_start(gateway, NULL, NULL, 0, &call));
    MISSING(gateway_call_start(gateway, "stats", NULL, 0, NULL));
    MISSING(gateway_call_on_done(NULL, NULL, NULL));
    EMPTIES(number, gateway_call_wait(NULL, 0, &number));
    EMPTIES(bytes, gateway_call_reply(NULL, &bytes));
    EMPTIES(stream, gateway_call_stream(NULL, &stream));
    MISSING(gateway_call_cancel(NULL));
    OK(gateway_call_start(gateway, "stats", NULL, NUL, &call));
    MISSING(gateway_call_on_done(call, NULL, NULL));
    MISSING(gateway_call_wait(call, GATEWAY_FOREVER, NULL));
    MISSING(gateway_call_reply(call, NULL));
    MISSING(gateway_call_stream(call, NULL));
    gateway_call_free(&call);
    gateway_call_free(&call);
}

static void http(void)
{
    gateway_http_request_t request = {0};
    gateway_header_t header = {NULL, NULL};

    request.size = sizeof request;
    EMPTIES(stream, gateway_handle(NULL, &request, &stream));
    EMPTIES(stream, gateway_handle(gateway, NULL, &stream));
    EMPTIES(stream, gateway_handle(gateway, &request, &stream)); /* no method */
    request.method = "GET";
    EMPTIES(stream, gateway_handle(gateway, &request, &stream)); /* no target */
    request.target = "/health";
    MISSING(gateway_handle(gateway, &request, NULL));
    EMPTIES(call, gateway_handle_start(NULL, &request, &call));
    EMPTIES(call, gateway_handle_start(gateway, NULL, &call));
    MISSING(gateway_handle_start(gateway, &request, NULL));
    request.headers = &header;
    request.header_count = 1;
    EMPTIES(stream, gateway_handle(gateway, &request, &stream)); /* no name */
    header.name = "x-request-id";
    EMPTIES(stream, gateway_handle(gateway, &request, &stream)); /* no value */
    request.headers = NULL;
    OK(gateway_handle(gateway, &request, &stream)); /* no headers, however many */
    gateway_stream_free(&stream);
}

static void servers(void)
{
    EMPTIES(server, gateway_serve(NULL, "{}", NUL, &server));
    MISSING(gateway_serve(gateway, "{}", NUL, NULL));
    MISSING(gateway_server_shutdown(NULL, 0));
    CHECK(!gateway_server_address(NULL));
    OK(gateway_serve(gateway, "{\"address\": \"127.0.0.1:0\"}", NUL, &server));
    gateway_server_free(&server);
    gateway_server_free(&server);
}

static void providers(void)
{
    EMPTIES(provider, gateway_get_provider_for_tenant(NULL, "acme", NULL, &provider));
    EMPTIES(provider, gateway_get_provider_for_tenant(gateway, NULL, NULL, &provider));
    MISSING(gateway_get_provider_for_tenant(gateway, "acme", NULL, NULL));
    EMPTIES(bytes, gateway_evict_provider(NULL, "acme", NULL, &bytes));
    EMPTIES(bytes, gateway_evict_provider(gateway, NULL, NULL, &bytes));
    OK(gateway_evict_provider(gateway, "acme", NULL, NULL));
    EMPTIES(bytes, gateway_provider_chat(NULL, CHAT, NUL, &bytes));
    EMPTIES(stream, gateway_provider_chat_stream(NULL, CHAT, NUL, &stream));
    OK(gateway_get_provider_for_tenant(gateway, "acme", NULL, &provider));
    CHECK(strstr(gateway_provider_json(provider), "\"mock\""));
    EMPTIES(bytes, gateway_provider_chat(provider, NULL, NUL, &bytes));
    MISSING(gateway_provider_chat(provider, CHAT, NUL, NULL));
    EMPTIES(stream, gateway_provider_chat_stream(provider, NULL, NUL, &stream));
    MISSING(gateway_provider_chat_stream(provider, CHAT, NUL, NULL));
    gateway_provider_free(&provider);
    gateway_provider_free(&provider);
}

static void tenants(void)
{
    EMPTIES(bytes, gateway_create_tenant(NULL, NULL, 0, &bytes));
    MISSING(gateway_create_tenant(gateway, NULL, 0, NULL));
    EMPTIES(bytes, gateway_get_tenant(NULL, "acme", &bytes));
    EMPTIES(bytes, gateway_get_tenant(gateway, NULL, &bytes));
    MISSING(gateway_get_tenant(gateway, "acme", NULL));
    EMPTIES(bytes, gateway_list_tenants(NULL, NULL, 0, &bytes));
    MISSING(gateway_list_tenants(gateway, NULL, 0, NULL));
    EMPTIES(bytes, gateway_update_tenant(NULL, "acme", "{}", NUL, &bytes));
    EMPTIES(bytes, gateway_update_tenant(gateway, NULL, "{}", NUL, &bytes));
    EMPTIES(bytes, gateway_update_tenant(gateway, "acme", NULL, NUL, &bytes));
    MISSING(gateway_update_tenant(gateway, "acme", "{}", NUL, NULL));
    MISSING(gateway_delete_tenant(NULL, "acme"));
    MISSING(gateway_delete_tenant(gateway, NULL));
    EMPTIES(bytes, gateway_set_provider(NULL, "acme", "{}", NUL, &bytes));
    EMPTIES(bytes, gateway_set_provider(gateway, NULL, "{}", NUL, &bytes));
    EMPTIES(bytes, gateway_set_provider(gateway, "acme", NULL, NUL, &bytes));
    MISSING(gateway_set_provider(gateway, "acme", "{}", NUL, NULL));
    EMPTIES(bytes, gateway_list_providers(NULL, "acme", &bytes));
    EMPTIES(bytes, gateway_list_providers(gateway, NULL, &bytes));
    MISSING(gateway_list_providers(gateway, "acme", NULL));
    MISSING(gateway_delete_provider(NULL, "acme", "mock"));
    MISSING(gateway_delete_provider(gateway, NULL, "mock"));
    MISSING(gateway_delete_provider(gateway, "acme", NULL));
    EMPTIES(bytes, gateway_create_api_key(NULL, "acme", NULL, 0, &bytes));
    EMPTIES(bytes, gateway_create_api_key(gateway, NULL, NULL, 0, &bytes));
    MISSING(gateway_create_api_key(gateway, "acme", NULL, 0, NULL));
    EMPTIES(bytes, gateway_list_api_keys(NULL, "acme", &bytes));
    EMPTIES(bytes, gateway_list_api_keys(gateway, NULL, &bytes));
    MISSING(gateway_list_api_keys(gateway, "acme", NULL));
    MISSING(gateway_revoke_api_key(NULL, "acme", "key"));
    MISSING(gateway_revoke_api_key(gateway, NULL, "key"));
    MISSING(gateway_revoke_api_key(gateway, "acme", NULL));
}

static void traces(void)
{
    EMPTIES(bytes, gateway_list_traces(NULL, "acme", NULL, 0, &bytes));
    EMPTIES(bytes, gateway_list_traces(gateway, NULL, NULL, 0, &bytes));
    MISSING(gateway_list_traces(gateway, "acme", NULL, 0, NULL));
    EMPTIES(bytes, gateway_get_trace(NULL, "acme", "x", &bytes));
    EMPTIES(bytes, gateway_get_trace(gateway, NULL, "x", &bytes));
    EMPTIES(bytes, gateway_get_trace(gateway, "acme", NULL, &bytes));
    MISSING(gateway_get_trace(gateway, "acme", "x", NULL));
    EMPTIES(bytes, gateway_analytics(NULL, "acme", NULL, 0, &bytes));
    EMPTIES(bytes, gateway_analytics(gateway, NULL, NULL, 0, &bytes));
    MISSING(gateway_analytics(gateway, "acme", NULL, 0, NULL));
    EMPTIES(bytes, gateway_analytics_summary(NULL, "acme", NULL, 0, &bytes));
    EMPTIES(bytes, gateway_analytics_summary(gateway, NULL, NULL, 0, &bytes));
    MISSING(gateway_analytics_summary(gateway, "acme", NULL, 0, NULL));
    EMPTIES(bytes, gateway_analytics_timeseries(NULL, "acme", NULL, 0, &bytes));
    EMPTIES(bytes, gateway_analytics_timeseries(gateway, NULL, NULL, 0, &bytes));
    MISSING(gateway_analytics_timeseries(gateway, "acme", NULL, 0, NULL));
    EMPTIES(bytes, gateway_analytics_models(NULL, "acme", NULL, 0, &bytes));
    EMPTIES(bytes, gateway_analytics_models(gateway, NULL, NULL, 0, &bytes));
    MISSING(gateway_analytics_models(gateway, "acme", NULL, 0, NULL));
    EMPTIES(bytes, gateway_flush(NULL, 0, &bytes));
    MISSING(gateway_flush(NULL, 0, NULL));
    OK(gateway_flush(gateway, 10000, NULL));
    EMPTIES(bytes, gateway_stats(NULL, &bytes));
    MISSING(gateway_stats(gateway, NULL));
    EMPTIES(bytes, gateway_health(NULL, &bytes));
    MISSING(gateway_health(gateway, NULL));
}

int main(void)
{
    EMPTIES(gateway, gateway_open(NULL, NUL, &gateway));
    EMPTIES(gateway, gateway_open(NULL, 0, &gateway));
    MISSING(gateway_open("{}", NUL, NULL));
    OK(gateway_set_log(GATEWAY_LOG_WARN, NULL, NULL));
    accessors();
    frees();
    gateway = open_gateway(NULL);
    models();
    streams();
    calls();
    http();
    servers();
    providers();
    tenants();
    traces();
    EMPTIES(bytes, gateway_close(NULL, 1000, &bytes));
    OK(gateway_close(gateway, 10000, NULL));
    gateway_free(&gateway);
    CHECK(!gateway);
    gateway_free(&gateway);
    return EXIT_SUCCESS;
}
