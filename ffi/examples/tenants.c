/*
 * Tenants, their providers and their keys; and what a key is for: requests over HTTP, here without a socket.
 */
#include <gateway.h>
#include <stdio.h>
#include <string.h>

#include "example.h"

/* Prints an answer and frees it. */
static void show(const char *what, gateway_bytes_t *reply)
{
    if (reply->data)
        printf("%s: %s\n", what, reply->data);
    gateway_bytes_free(reply);
}

/* Copies the text behind `"name":"`: a program of your own has a JSON parser for that. */
static void copy_field(const char *json, const char *name, char *to, size_t size)
{
    const char *at = strstr(json, name);
    size_t len = 0;

    at = at ? at + strlen(name) : "";
    while (at[len] && at[len] != '"' && len + 1 < size)
        len++;
    memcpy(to, at, len);
    to[len] = '\0';
}

/* Sends a request with a key, as a web server would that has the gateway built in. */
static gateway_error_t *ask_over_http(gateway_t *gateway, const char *secret)
{
    gateway_http_request_t request = {0};
    gateway_header_t headers[2];
    gateway_stream_t *response = NULL;
    gateway_chunk_t chunk = {0};
    gateway_error_t *error;
    char authorization[128];

    snprintf(authorization, sizeof authorization, "Bearer %s", secret);
    headers[0].name = "authorization";
    headers[0].value = authorization;
    headers[1].name = "content-type";
    headers[1].value = "application/json";
    request.size = sizeof request;
    request.method = "POST";
    request.target = "/v1/chat/completions";
    request.headers = headers;
    request.header_count = 2;
    request.body = "{\"model\": \"gpt-4o-mini\", \"messages\": [{\"role\": \"user\", \"content\": \"Say hello.\"}]}";
    request.body_len = GATEWAY_NUL_TERMINATED;

    error = gateway_handle(gateway, &request, &response);
    if (!error)
        printf("HTTP status: %u\n", (unsigned)gateway_head_status(gateway_stream_head(response)));
    while (!error && !(error = gateway_stream_next(response, GATEWAY_FOREVER, &chunk)) && chunk.state == GATEWAY_CHUNK)
        printf("%s\n", chunk.data);
    gateway_stream_free(&response);
    return error;
}

int main(void)
{
    gateway_t *gateway = NULL;
    gateway_bytes_t reply = {0};
    char secret[80] = "", key_id[80] = "";
    gateway_error_t *error = example_open(&gateway, "acme");

    if (!error)
        error = gateway_set_provider(gateway, "acme", "{\"kind\": \"mock\", \"name\": \"spare\", \"models\": [\"test-*\"]}",
                                     GATEWAY_NUL_TERMINATED, &reply);
    show("a second provider", &reply);
    if (!error)
        error = gateway_list_providers(gateway, "acme", &reply);
    show("all of them", &reply);
    if (!error)
        error = gateway_update_tenant(gateway, "acme", "{\"name\": \"Acme Corp.\", \"concurrency\": 16}",
                                      GATEWAY_NUL_TERMINATED, &reply);
    show("the tenant", &reply);

    if (!error)
        error = gateway_create_api_key(gateway, "acme", "{\"name\": \"web\"}", GATEWAY_NUL_TERMINATED, &reply);
    if (!error) {
        copy_field(reply.data, "\"secret\":\"", secret, sizeof secret);
        copy_field(reply.data, "\"id\":\"", key_id, sizeof key_id);
        gateway_bytes_free(&reply);
        error = ask_over_http(gateway, secret);
    }
    if (!error)
        error = gateway_revoke_api_key(gateway, "acme", key_id);
    if (!error)
        error = ask_over_http(gateway, secret);
    gateway_free(&gateway);
    return example_result(&error);
}
