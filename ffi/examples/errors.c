/*
 * What can go wrong, and what the error says of it. Prints the library's own messages, too.
 */
#include <gateway.h>
#include <stdio.h>

#include "example.h"

static void log_to_stderr(gateway_log_level_t level, const char *target, const char *message, void *user_data)
{
    (void)user_data;
    fprintf(stderr, "[%d] %s: %s\n", (int)level, target, message);
}

/* What a program does with an error depends on its code, and on whether the same call may succeed later. */
static void explain(gateway_error_t **error)
{
    int64_t wait = gateway_error_retry_after_ms(*error);

    if (!*error) {
        printf("it worked\n");
        return;
    }
    printf("%d %s (HTTP %u): %s\n", (int)gateway_error_code(*error), gateway_error_name(*error),
           (unsigned)gateway_error_status(*error), gateway_error_message(*error));
    if (gateway_error_param(*error))
        printf("    at fault: %s\n", gateway_error_param(*error));
    if (gateway_error_provider(*error))
        printf("    provider: %s, request: %s\n", gateway_error_provider(*error), gateway_error_request_id(*error));
    if (wait >= 0)
        printf("    try again in %lld ms\n", (long long)wait);
    switch (gateway_error_code(*error)) {
    case GATEWAY_ERROR_TENANT_NOT_FOUND:
        printf("    create the tenant first\n");
        break;
    default:
        printf("    %s\n", gateway_error_is_temporary(*error) ? "it may work later" : "it will not work like this");
    }
    gateway_error_free(error);
}

int main(void)
{
    gateway_t *gateway = NULL;
    gateway_bytes_t reply = {0};
    gateway_error_t *error = gateway_set_log(GATEWAY_LOG_WARN, log_to_stderr, NULL);

    if (error)
        return example_result(&error);
    error = gateway_open("{\"stroe\": \"sqlite::memory:\"}", GATEWAY_NUL_TERMINATED, &gateway);
    explain(&error);
    error = example_open(&gateway, "acme");
    explain(&error);

    error = gateway_chat(gateway, "globex", "{\"model\": \"gpt-4o\", \"messages\": []}", GATEWAY_NUL_TERMINATED, &reply);
    explain(&error);
    error = gateway_chat(gateway, "acme", "{\"messages\": []}", GATEWAY_NUL_TERMINATED, &reply);
    explain(&error);
    error = gateway_chat(gateway, "acme", "Say hello.", GATEWAY_NUL_TERMINATED, &reply);
    explain(&error);
    error = gateway_chat(gateway, "acme", NULL, 0, &reply);
    explain(&error);
    error = gateway_call(gateway, "make_coffee", NULL, 0, &reply);
    explain(&error);

    gateway_bytes_free(&reply);
    gateway_free(&gateway);
    error = gateway_stats(gateway, &reply);
    explain(&error);
    return EXIT_SUCCESS;
}
