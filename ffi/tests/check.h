/* What the test programs have in common. A program that finds something wrong says where, and fails. */
#ifndef CHECK_H
#define CHECK_H

#include <gateway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUL GATEWAY_NUL_TERMINATED

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(EXIT_FAILURE);                                                 \
        }                                                                       \
    } while (0)

/* A call that must succeed. */
#define OK(call) check_ok(call, __FILE__, __LINE__)

/* A call that must fail with that code. */
#define FAILS(code, call) check_fails(code, call, __FILE__, __LINE__)

static inline void check_ok(gateway_error_t *error, const char *file, int line)
{
    if (!error)
        return;
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, gateway_error_name(error), gateway_error_message(error));
    exit(EXIT_FAILURE);
}

static inline void check_fails(gateway_error_code_t code, gateway_error_t *error, const char *file, int line)
{
    if (!error || gateway_error_code(error) != code) {
        fprintf(stderr, "%s:%d: expected error %d, got %d: %s\n", file, line, (int)code, (int)gateway_error_code(error),
                error ? gateway_error_message(error) : "success");
        exit(EXIT_FAILURE);
    }
    gateway_error_free(&error);
    CHECK(!error);
}

#define CHAT "{\"model\": \"gpt-4o\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}"

/* A gateway in memory with a tenant, whose provider is a mock, or the server at `upstream`. */
static inline gateway_t *open_gateway(const char *upstream)
{
    gateway_t *gateway;
    gateway_bytes_t created;
    char tenant[512] = "{\"id\": \"acme\", \"provider\": {\"kind\": \"mock\"}}";

    if (upstream)
        snprintf(tenant, sizeof tenant,
                 "{\"id\": \"acme\", \"provider\": {\"kind\": \"openai\", \"api_key\": \"sk-test\", \"base_url\": \"%s/v1\"}}",
                 upstream);
    OK(gateway_open("{\"store\": \"sqlite::memory:\", \"network\": {\"private\": \"allow\"}}", NUL, &gateway));
    OK(gateway_create_tenant(gateway, tenant, NUL, &created));
    gateway_bytes_free(&created);
    return gateway;
}

#endif
