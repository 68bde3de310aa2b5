/*
 * What the gateway has kept: a page of traces, one trace with its content, and a table of what models cost.
 */
#include <gateway.h>
#include <stdio.h>
#include <string.h>

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

/* Copies the value of a field that follows; a program of your own has a JSON parser for that. */
static const char *field(const char *json, const char *name, char *to, size_t size)
{
    const char *at = strstr(json, name);
    size_t len = 0;

    at = at ? at + strlen(name) : "";
    at += *at == '"';
    while (at[len] && !strchr("\",}", at[len]) && len + 1 < size)
        len++;
    memcpy(to, at, len);
    to[len] = '\0';
    return to;
}

/* What each model was asked, and what it cost. */
static void show_models(gateway_bytes_t *reply)
{
    const char *row = reply->data ? strstr(reply->data, "{\"provider\":") : NULL;
    char model[40], requests[16], errors[16], tokens[16], latency[16], cost[24];

    printf("\n%-24s %8s %8s %8s %10s %12s\n", "model", "requests", "errors", "tokens", "ms", "USD");
    for (; row; row = strstr(row + 1, "{\"provider\":"))
        printf("%-24s %8s %8s %8s %10s %12s\n", field(row, "\"model\":", model, sizeof model),
               field(row, "\"total_requests\":", requests, sizeof requests),
               field(row, "\"errors\":", errors, sizeof errors), field(row, "\"total_tokens\":", tokens, sizeof tokens),
               field(row, "\"avg_latency_ms\":", latency, sizeof latency), field(row, "\"cost_usd\":", cost, sizeof cost));
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
    show_models(&reply);
    if (!error)
        error = gateway_stats(gateway, &reply);
    show("the gateway", &reply);
    gateway_free(&gateway);
    return example_result(&error);
}
