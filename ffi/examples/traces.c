/*
 * What the gateway has kept: a page of traces, one trace with its content, and a table of what models cost.
 */
#include <gateway.h>
#include <stdio.h>

#include "example.h"

static gateway_error_t *ask(gateway_t *gateway, const char *model, const char *user)
{
    gateway_request_t request = {0};
    gateway_bytes_t reply = {0};
    gateway_error_t *error;
    char body[256], options[128];

    snprintf(body, sizeof body, "{\"model\": \"%s\", \"messages\": [{\"role\": \"user\", \"content\": \"Say hello.\"}]}", model);
    snprintf(options, sizeof options, "{\"user_id\": \"%s\", \"metadata\": {\"example\": \"traces\"}, \"timeout_ms\": 30000}", user);
    request.size = sizeof request;
    request.operation = "chat";
    request.tenant_id = "acme";
    request.body = body;
    request.body_len = GATEWAY_NUL_TERMINATED;
    request.options = options;
    request.options_len = GATEWAY_NUL_TERMINATED;
    error = gateway_send(gateway, &request, &reply);
    if (!error)
        printf("trace %s\n", gateway_head_trace_id(gateway_bytes_head(&reply)));
    gateway_bytes_free(&reply);
    return error;
}

/* Prints an answer and frees it. */
static void show(const char *title, gateway_bytes_t *reply)
{
    if (reply->data)
        printf("\n%s\n%s\n", title, reply->data);
    gateway_bytes_free(reply);
}

int main(void)
{
    gateway_t *gateway = NULL;
    gateway_bytes_t reply = {0};
    gateway_error_t *error = example_open(&gateway, "acme");

    if (!error)
        error = ask(gateway, "gpt-4o-mini", "alice");
    if (!error)
        error = ask(gateway, "gpt-4o", "bob");
    /* Traces are written in the background: wait until they can be read. */
    if (!error)
        error = gateway_flush(gateway, 10000, NULL);
    if (!error)
        error = gateway_list_traces(gateway, "acme", "{\"limit\": 10, \"user_id\": \"bob\"}", GATEWAY_NUL_TERMINATED, &reply);
    show("traces of bob", &reply);
    if (!error)
        error = gateway_analytics_summary(gateway, "acme", "{\"window_hours\": 1}", GATEWAY_NUL_TERMINATED, &reply);
    show("the last hour", &reply);
    if (!error)
        error = gateway_analytics_models(gateway, "acme", NULL, 0, &reply);
    show("by model, the last day", &reply);
    if (!error)
        error = gateway_stats(gateway, &reply);
    show("the gateway", &reply);
    gateway_free(&gateway);
    return example_result(&error);
}
