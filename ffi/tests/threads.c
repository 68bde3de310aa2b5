/* Many threads at once on one gateway: so many threads, and so many calls of each, as the arguments say. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>

#include "check.h"

#define MOST_THREADS 256

static gateway_t *gateway;
static gateway_provider_t *provider;
static int calls;

/* Every way to ask, in turns. */
static void ask(int turn)
{
    gateway_bytes_t bytes = {0};
    gateway_stream_t *stream = NULL;
    gateway_call_t *call = NULL;
    gateway_chunk_t chunk;
    int32_t ended;

    switch (turn % 8) {
    case 0:
        OK(gateway_chat(gateway, "acme", CHAT, NUL, &bytes));
        CHECK(gateway_head_status(gateway_bytes_head(&bytes)) == 200);
        break;
    case 1:
        OK(gateway_provider_chat(provider, CHAT, NUL, &bytes));
        CHECK(strcmp(gateway_head_provider(gateway_bytes_head(&bytes)), "mock") == 0);
        break;
    case 2:
        OK(gateway_chat_stream(gateway, "acme", CHAT, NUL, &stream));
        OK(gateway_stream_next(stream, GATEWAY_FOREVER, &chunk));
        CHECK(chunk.state == GATEWAY_CHUNK);
        break; /* and is left in the middle */
    case 3:
        OK(gateway_call_start(gateway, "health", NULL, 0, &call));
        OK(gateway_call_wait(call, GATEWAY_FOREVER, &ended));
        OK(gateway_call_reply(call, &bytes));
        break;
    case 4:
        OK(gateway_call_start(gateway, "chat", "{\"tenant_id\": \"acme\", \"request\": " CHAT "}", NUL, &call));
        break; /* and is cancelled */
    case 5:
        FAILS(GATEWAY_ERROR_INVALID_JSON, gateway_chat(gateway, "acme", "Hello", NUL, &bytes));
        break;
    case 6:
        FAILS(GATEWAY_ERROR_TENANT_NOT_FOUND, gateway_chat(gateway, "globex", CHAT, NUL, &bytes));
        break;
    default:
        OK(gateway_stats(gateway, &bytes));
        CHECK(bytes.data[bytes.len] == '\0');
    }
    gateway_bytes_free(&bytes);
    gateway_stream_free(&stream);
    gateway_call_free(&call);
}

static void *run(void *first)
{
    int turn;

    for (turn = 0; turn < calls; turn++)
        ask(*(int *)first + turn);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[MOST_THREADS];
    int first[MOST_THREADS];
    int count = argc > 1 ? atoi(argv[1]) : 8, i;

    calls = argc > 2 ? atoi(argv[2]) : 80;
    CHECK(count > 0 && count <= MOST_THREADS);
    gateway = open_gateway(NULL);
    OK(gateway_get_provider_for_tenant(gateway, "acme", NULL, &provider));
    for (i = 0; i < count; i++) {
        first[i] = i;
        CHECK(pthread_create(&threads[i], NULL, run, &first[i]) == 0);
    }
    for (i = 0; i < count; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    OK(gateway_close(gateway, 60000, NULL));
    gateway_provider_free(&provider);
    gateway_free(&gateway);
    return EXIT_SUCCESS;
}
