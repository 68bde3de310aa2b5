/* HTTP without a socket: whole answers, streams, errors, and requests that are started. */
#include "check.h"

static gateway_t *gateway;
static char authorization[128];

static void make_key(void)
{
    gateway_bytes_t key;
    const char *secret;

    OK(gateway_create_api_key(gateway, "acme", "{\"scopes\": [\"infer\", \"read\"]}", NUL, &key));
    secret = strstr(key.data, "\"secret\":\"") + 10;
    snprintf(authorization, sizeof authorization, "Bearer %.*s", (int)strcspn(secret, "\""), secret);
    gateway_bytes_free(&key);
}

static gateway_http_request_t request_of(const char *method, const char *target, const char *body)
{
    static gateway_header_t headers[2];
    gateway_http_request_t request = {0};

    headers[0].name = "Authorization";
    headers[0].value = authorization;
    headers[1].name = "x-request-id";
    headers[1].value = "mine-1";
    request.size = sizeof request;
    request.method = method;
    request.target = target;
    request.headers = headers;
    request.header_count = 2;
    request.body = body;
    request.body_len = NUL;
    return request;
}

/* Reads all that is left of a response and frees it. */
static void read_all(gateway_stream_t **response, char *body, size_t size)
{
    gateway_chunk_t chunk;
    size_t len = 0;

    for (;;) {
        OK(gateway_stream_next(*response, GATEWAY_FOREVER, &chunk));
        if (chunk.state == GATEWAY_END)
            break;
        CHECK(len + chunk.len < size);
        memcpy(body + len, chunk.data, chunk.len);
        len += chunk.len;
    }
    body[len] = '\0';
    gateway_stream_free(response);
}

static unsigned status_of(gateway_stream_t *response)
{
    return (unsigned)gateway_head_status(gateway_stream_head(response));
}

static void whole(void)
{
    gateway_http_request_t request = request_of("POST", "/v1/chat/completions", CHAT);
    gateway_stream_t *response;
    const gateway_head_t *head;
    static char body[1 << 16];
    size_t i, found = 0;

    OK(gateway_handle(gateway, &request, &response));
    head = gateway_stream_head(response);
    CHECK(status_of(response) == 200);
    CHECK(strcmp(gateway_head_header(head, "X-Request-Id"), "mine-1") == 0);
    CHECK(gateway_head_header(head, "x-gateway-trace-id"));
    CHECK(!gateway_head_header(head, "x-no-such-header"));
    for (i = 0; i < gateway_head_header_count(head); i++)
        found += strcmp(gateway_head_header_name(head, i), "x-request-id") == 0;
    CHECK(found == 1);
    read_all(&response, body, sizeof body);
    CHECK(strstr(body, "\"chat.completion\""));
}

static void streamed(void)
{
    gateway_http_request_t request = request_of(
        "POST", "/v1/chat/completions", "{\"model\": \"gpt-4o\", \"stream\": true, \"messages\": []}");
    gateway_stream_t *response;
    gateway_chunk_t chunk;
    static char body[1 << 16];

    OK(gateway_handle(gateway, &request, &response));
    CHECK(status_of(response) == 200);
    CHECK(strncmp(gateway_head_header(gateway_stream_head(response), "content-type"), "text/event-stream", 17) == 0);
    read_all(&response, body, sizeof body);
    CHECK(strncmp(body, "data: ", 6) == 0 && strstr(body, "data: [DONE]"));

    /* One that is left in the middle. */
    OK(gateway_handle(gateway, &request, &response));
    OK(gateway_stream_next(response, GATEWAY_FOREVER, &chunk));
    CHECK(chunk.state == GATEWAY_CHUNK);
    gateway_stream_free(&response);
}

static void refused(void)
{
    gateway_http_request_t request = request_of("POST", "/v1/chat/completions", "{}");
    gateway_stream_t *response;
    static char body[1 << 16];

    OK(gateway_handle(gateway, &request, &response));
    CHECK(status_of(response) == 400);
    read_all(&response, body, sizeof body);
    CHECK(strstr(body, "\"missing_field\""));
    request.header_count = 0;
    OK(gateway_handle(gateway, &request, &response));
    CHECK(status_of(response) == 401);
    gateway_stream_free(&response);
    request = request_of("DELETE", "/v1/traces", NULL);
    OK(gateway_handle(gateway, &request, &response));
    CHECK(status_of(response) == 405);
    gateway_stream_free(&response);
    request = request_of("POST", "/v1/admin/tenants", "{}");
    OK(gateway_handle(gateway, &request, &response));
    CHECK(status_of(response) == 403);
    gateway_stream_free(&response);
}

static void started(void)
{
    gateway_http_request_t request = request_of("GET", "/v1/traces?limit=1", NULL);
    gateway_call_t *call;
    gateway_stream_t *response;
    static char body[1 << 16];
    int32_t ended;

    OK(gateway_flush(gateway, 10000, NULL));
    OK(gateway_handle_start(gateway, &request, &call));
    OK(gateway_call_wait(call, GATEWAY_FOREVER, &ended));
    OK(gateway_call_stream(call, &response));
    gateway_call_free(&call);
    CHECK(status_of(response) == 200);
    read_all(&response, body, sizeof body);
    CHECK(strstr(body, "\"next_cursor\""));
}

int main(void)
{
    gateway = open_gateway(NULL);
    make_key();
    whole();
    streamed();
    refused();
    started();
    OK(gateway_close(gateway, 10000, NULL));
    gateway_free(&gateway);
    return EXIT_SUCCESS;
}
