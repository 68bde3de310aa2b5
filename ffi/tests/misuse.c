/* What a caller may get wrong beside NULL: an error that says what, and never a crash. */
#include "check.h"

static gateway_t *gateway;
static gateway_bytes_t bytes;

static void frees_twice(void)
{
    gateway_error_t *error = gateway_call(gateway, "no_such", NULL, 0, &bytes);
    gateway_stream_t *stream;
    gateway_provider_t *provider;
    gateway_call_t *call;

    CHECK(gateway_error_code(error) == GATEWAY_ERROR_UNKNOWN_OPERATION);
    gateway_error_free(&error);
    gateway_error_free(&error);
    OK(gateway_stats(gateway, &bytes));
    gateway_bytes_free(&bytes);
    gateway_bytes_free(&bytes);
    CHECK(!bytes.data && !bytes.len && !bytes.owner);
    OK(gateway_chat_stream(gateway, "acme", CHAT, NUL, &stream));
    gateway_stream_free(&stream);
    gateway_stream_free(&stream);
    OK(gateway_get_provider_for_tenant(gateway, "acme", "mock", &provider));
    gateway_provider_free(&provider);
    gateway_provider_free(&provider);
    OK(gateway_call_start(gateway, "stats", NULL, 0, &call));
    gateway_call_free(&call);
    gateway_call_free(&call);
}

static void text_that_is_none(void)
{
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_chat(gateway, "ac\xffme", CHAT, NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_call(gateway, "st\xc3", NULL, 0, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_JSON, gateway_chat(gateway, "acme", "{\"model\": \"\xff\"}", NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_get_trace(gateway, "acme", "not-a-trace", &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_chat(gateway, "", CHAT, NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_chat(gateway, "../etc", CHAT, NUL, &bytes));
}

static void lengths_that_are_none(void)
{
    size_t huge = SIZE_MAX - 1;
    gateway_http_request_t http = {0};
    gateway_header_t header = {"a", "b"};
    gateway_stream_t *stream;
    gateway_t *other;

    /* Refused before a byte is read. */
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_open("{}", huge, &other));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_chat(gateway, "acme", CHAT, huge, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_chat(gateway, "acme", CHAT, SIZE_MAX / 2 + 1, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_call(gateway, "stats", "{}", huge, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_list_traces(gateway, "acme", "{}", huge, &bytes));
    http.size = sizeof http;
    http.method = "GET";
    http.target = "/health";
    http.headers = &header;
    http.header_count = SIZE_MAX / 2;
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_handle(gateway, &http, &stream));
    http.header_count = huge;
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_handle(gateway, &http, &stream));
    /* Nothing at all is no JSON. */
    FAILS(GATEWAY_ERROR_INVALID_JSON, gateway_chat(gateway, "acme", "", 0, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_JSON, gateway_chat(gateway, "acme", "", NUL, &bytes));
}

static void json_that_is_none(void)
{
    gateway_t *other;

    FAILS(GATEWAY_ERROR_INVALID_CONFIG, gateway_open("{", NUL, &other));
    FAILS(GATEWAY_ERROR_INVALID_CONFIG, gateway_open("{\"stroe\": \"x\"}", NUL, &other));
    CHECK(!other);
    FAILS(GATEWAY_ERROR_INVALID_JSON, gateway_create_tenant(gateway, "[]", NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_JSON, gateway_create_tenant(gateway, "{\"id\": \"x\"", NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_create_tenant(gateway, "{\"di\": \"x\"}", NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_list_traces(gateway, "acme", "{\"limit\": \"ten\"}", NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD,
          gateway_list_traces(gateway, "acme", "{\"tenant_id\": \"globex\"}", NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD,
          gateway_list_traces(gateway, "acme", "{\"tenants\": \"all\"}", NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_chat(gateway, GATEWAY_ALL_TENANTS, CHAT, NUL, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_delete_tenant(gateway, GATEWAY_ALL_TENANTS));
    OK(gateway_list_traces(gateway, GATEWAY_ALL_TENANTS, "{\"limit\": 1}", NUL, &bytes)); /* this is what it is for */
    CHECK(strstr(bytes.data, "\"traces\""));
    gateway_bytes_free(&bytes);
    OK(gateway_analytics_summary(gateway, GATEWAY_ALL_TENANTS, NULL, 0, &bytes));
    CHECK(strstr(bytes.data, "\"total_requests\""));
    gateway_bytes_free(&bytes);
    FAILS(GATEWAY_ERROR_TRACE_NOT_FOUND,
          gateway_get_trace(gateway, GATEWAY_ALL_TENANTS, "01890a5d-ac96-774b-bcce-b302099a8057", &bytes));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_call(gateway, "stats", "{\"tenant_id\": \"acme\"}", NUL, &bytes));
}

static void structures_that_are_none(void)
{
    gateway_request_t request = {0};
    gateway_http_request_t http = {0};
    gateway_stream_t *stream;
    gateway_provider_t *provider;

    request.operation = "chat";
    request.tenant_id = "acme";
    request.body = CHAT;
    request.body_len = NUL;
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_send(gateway, &request, &bytes)); /* no size */
    request.size = sizeof request + 8;
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_send(gateway, &request, &bytes)); /* another library's */
    request.size = sizeof request;
    request.reading = 7;
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_send(gateway, &request, &bytes));
    request.reading = GATEWAY_READ_EVENTS;
    request.operation = "list_traces";
    FAILS(GATEWAY_ERROR_UNKNOWN_OPERATION, gateway_send(gateway, &request, &bytes));
    request.operation = "chat";
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_send_stream(gateway, &request, &stream));
    request.operation = "chat_stream";
    FAILS(GATEWAY_ERROR_INVALID_REQUEST, gateway_send(gateway, &request, &bytes));
    FAILS(GATEWAY_ERROR_INVALID_REQUEST,
          gateway_call(gateway, "chat_stream", "{\"tenant_id\": \"acme\", \"request\": " CHAT "}", NUL, &bytes));
    OK(gateway_get_provider_for_tenant(gateway, "acme", NULL, &provider));
    request.operation = "chat";
    request.provider = provider;
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_send(gateway, &request, &bytes)); /* a tenant and a provider */
    request.tenant_id = NULL;
    OK(gateway_send(gateway, &request, &bytes));
    gateway_bytes_free(&bytes);
    gateway_provider_free(&provider);

    http.size = 1;
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_handle(gateway, &http, &stream));
    http.size = sizeof http;
    http.method = "GE T";
    http.target = "/health";
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_handle(gateway, &http, &stream));
    http.method = "GET";
    http.target = "not a path";
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_handle(gateway, &http, &stream));
    FAILS(GATEWAY_ERROR_INVALID_FIELD, gateway_set_log(9, (gateway_log_fn)abort, NULL));
}

static void answers_taken_wrongly(void)
{
    gateway_call_t *call;
    gateway_stream_t *stream;
    int32_t ended;

    OK(gateway_call_start(gateway, "stats", NULL, 0, &call));
    OK(gateway_call_wait(call, GATEWAY_FOREVER, &ended));
    CHECK(ended == 1);
    FAILS(GATEWAY_ERROR_INVALID_REQUEST, gateway_call_stream(call, &stream)); /* it stays */
    OK(gateway_call_reply(call, &bytes));
    CHECK(strstr(bytes.data, "accepted"));
    gateway_bytes_free(&bytes);
    FAILS(GATEWAY_ERROR_INVALID_REQUEST, gateway_call_reply(call, &bytes)); /* taken */
    OK(gateway_call_cancel(call));
    OK(gateway_call_cancel(call));
    gateway_call_free(&call);

    OK(gateway_call_start(gateway, "chat_stream", "{\"tenant_id\": \"acme\", \"request\": " CHAT "}", NUL, &call));
    OK(gateway_call_wait(call, GATEWAY_FOREVER, &ended));
    FAILS(GATEWAY_ERROR_INVALID_REQUEST, gateway_call_reply(call, &bytes)); /* it stays */
    OK(gateway_call_stream(call, &stream));
    gateway_call_free(&call);
    gateway_stream_free(&stream);
}

/* What a gateway has handed out outlives it, and says that it is closed. */
static void used_after_close(void)
{
    gateway_stream_t *stream;
    gateway_provider_t *provider;
    gateway_bytes_t stats;
    gateway_error_t *error;

    OK(gateway_stats(gateway, &stats));
    OK(gateway_chat_stream(gateway, "acme", CHAT, NUL, &stream));
    OK(gateway_get_provider_for_tenant(gateway, "acme", NULL, &provider));
    OK(gateway_close(gateway, 10000, &bytes));
    CHECK(strstr(bytes.data, "persisted"));
    gateway_bytes_free(&bytes);
    OK(gateway_close(gateway, 10000, NULL));
    FAILS(GATEWAY_ERROR_CLOSED, gateway_chat(gateway, "acme", CHAT, NUL, &bytes));
    FAILS(GATEWAY_ERROR_CLOSED, gateway_provider_chat(provider, CHAT, NUL, &bytes));
    error = gateway_get_tenant(gateway, "acme", &bytes);
    gateway_free(&gateway);
    CHECK(!gateway);
    CHECK(gateway_error_code(error) == GATEWAY_ERROR_CLOSED && strlen(gateway_error_message(error)) > 0);
    gateway_error_free(&error);
    CHECK(strstr(stats.data, "accepted") && stats.data[stats.len] == '\0');
    gateway_bytes_free(&stats);
    FAILS(GATEWAY_ERROR_CLOSED, gateway_provider_chat(provider, CHAT, NUL, &bytes));
    gateway_provider_free(&provider);
    gateway_stream_free(&stream);
}

int main(void)
{
    gateway = open_gateway(NULL);
    frees_twice();
    text_that_is_none();
    lengths_that_are_none();
    json_that_is_none();
    structures_that_are_none();
    answers_taken_wrongly();
    used_after_close();
    return EXIT_SUCCESS;
}
