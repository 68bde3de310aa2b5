/*
 * The shortest useful program: open a gateway, create a tenant with a provider, ask a model, print the answer.
 *
 *     cc chat.c $(pkg-config --cflags --libs libgateway) && OPENAI_API_KEY=sk-... ./a.out
 *
 * Without a key a built-in mock answers. GATEWAY_UPSTREAM names a server that is to be asked in OpenAI's place.
 */
#include <gateway.h>
#include <stdio.h>

#include "example.h"

static const char REQUEST[] = "{\"model\": \"gpt-4o-mini\", \"messages\": [{\"role\": \"user\", \"content\": \"Say hello.\"}]}";

int main(void)
{
    gateway_t *gateway = NULL;
    gateway_bytes_t reply = {0};
    gateway_error_t *error = example_open(&gateway, "acme");

    if (!error)
        error = gateway_chat(gateway, "acme", REQUEST, GATEWAY_NUL_TERMINATED, &reply);
    if (!error) {
        const gateway_head_t *head = gateway_bytes_head(&reply);
        printf("%s\n", reply.data);
        printf("answered by %s, trace %s\n", gateway_head_provider(head), gateway_head_trace_id(head));
    }
    gateway_bytes_free(&reply);
    gateway_free(&gateway);
    return example_result(&error);
}
