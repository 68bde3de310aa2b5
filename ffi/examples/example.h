/*
 * What the examples have in common: a gateway in memory with a tenant whose provider is OpenAI, a server that GATEWAY_UPSTREAM
 * names, or a mock.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <gateway.h>
#include <stdio.h>
#include <stdlib.h>

/* Opens a gateway whose store is memory. A real one has {"store": "sqlite:gateway.db", "master_key": "<64 hex digits>"}. */
static inline gateway_error_t *example_open(gateway_t **gateway, const char *tenant_id)
{
    const char *key = getenv("OPENAI_API_KEY");
    const char *upstream = getenv("GATEWAY_UPSTREAM");
    char tenant[1024];
    int len;
    gateway_bytes_t created = {0};
    /* Loopback addresses are refused unless the configuration allows them. */
    gateway_error_t *error = gateway_open("{\"store\": \"sqlite::memory:\", \"network\": {\"private\": \"allow\"}}",
                                          GATEWAY_NUL_TERMINATED, gateway);
    if (error)
        return error;
    if (upstream)
        len = snprintf(tenant, sizeof tenant,
                       "{\"id\": \"%s\", \"provider\": {\"kind\": \"openai\", \"api_key\": \"sk-test\", \"base_url\": \"%s/v1\"}}",
                       tenant_id, upstream);
    else if (key)
        len = snprintf(tenant, sizeof tenant, "{\"id\": \"%s\", \"provider\": {\"kind\": \"openai\", \"api_key\": \"%s\"}}",
                       tenant_id, key);
    else
        len = snprintf(tenant, sizeof tenant, "{\"id\": \"%s\", \"provider\": {\"kind\": \"mock\"}}", tenant_id);
    error = gateway_create_tenant(*gateway, tenant, (size_t)len, &created);
    gateway_bytes_free(&created);
    return error;
}

/* Prints an error, if there is one, and frees it; what main returns. */
static inline int example_result(gateway_error_t **error)
{
    if (!*error)
        return EXIT_SUCCESS;
    fprintf(stderr, "%s: %s\n", gateway_error_name(*error), gateway_error_message(*error));
    gateway_error_free(error);
    return EXIT_FAILURE;
}

#endif
