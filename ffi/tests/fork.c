/* A child has no use of what it inherited, and is told so at once; its parent notices nothing. */
#define _POSIX_C_SOURCE 200809L

#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define FORKED(call) FAILS(GATEWAY_ERROR_FORKED, call)

static void child(gateway_t *gateway, gateway_stream_t *stream, gateway_provider_t *provider, gateway_call_t *call)
{
    gateway_bytes_t bytes;
    gateway_stream_t *other;
    gateway_call_t *another;
    gateway_chunk_t chunk;
    int32_t ended;

    alarm(20); /* nothing hangs */
    FORKED(gateway_chat(gateway, "acme", CHAT, NUL, &bytes));
    FORKED(gateway_chat_stream(gateway, "acme", CHAT, NUL, &other));
    FORKED(gateway_stats(gateway, &bytes));
    FORKED(gateway_call_start(gateway, "stats", NULL, 0, &another));
    FORKED(gateway_close(gateway, 1000, &bytes));
    FORKED(gateway_stream_next(stream, GATEWAY_FOREVER, &chunk));
    FORKED(gateway_stream_cancel(stream));
    FORKED(gateway_provider_chat(provider, CHAT, NUL, &bytes));
    FORKED(gateway_call_wait(call, GATEWAY_FOREVER, &ended));
    FORKED(gateway_call_reply(call, &bytes));
    FORKED(gateway_call_cancel(call));
    gateway_stream_free(&stream);
    gateway_provider_free(&provider);
    gateway_call_free(&call);
    gateway_free(&gateway);
    CHECK(!stream && !provider && !call && !gateway);

    /* One of its own works. */
    gateway = open_gateway(NULL);
    OK(gateway_chat(gateway, "acme", CHAT, NUL, &bytes));
    gateway_bytes_free(&bytes);
    OK(gateway_chat_stream(gateway, "acme", CHAT, NUL, &stream));
    OK(gateway_stream_next(stream, 10000, &chunk));
    CHECK(chunk.state == GATEWAY_CHUNK);
    gateway_stream_free(&stream);
    OK(gateway_close(gateway, 10000, NULL));
    gateway_free(&gateway);
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    gateway_t *gateway = open_gateway(argc > 1 ? argv[1] : NULL);
    gateway_bytes_t bytes;
    gateway_stream_t *stream;
    gateway_provider_t *provider;
    gateway_call_t *call;
    gateway_chunk_t chunk;
    int32_t ended;
    int status = 0;
    pid_t pid;

    OK(gateway_chat(gateway, "acme", CHAT, NUL, &bytes));
    gateway_bytes_free(&bytes);
    OK(gateway_chat_stream(gateway, "acme", CHAT, NUL, &stream));
    OK(gateway_get_provider_for_tenant(gateway, "acme", NULL, &provider));
    OK(gateway_call_start(gateway, "stats", NULL, 0, &call));
#ifdef __SANITIZE_ADDRESS__
    /* gcc's AddressSanitizer does not prepare its allocator for a fork as glibc does: a lock that a thread of the
     * library's holds in this moment is held in the child for ever. One that has nothing to do holds none. */
    sleep(1);
#endif
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        child(gateway, stream, provider, call);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);

    OK(gateway_stream_next(stream, 10000, &chunk));
    CHECK(chunk.state == GATEWAY_CHUNK);
    gateway_stream_free(&stream);
    OK(gateway_provider_chat(provider, CHAT, NUL, &bytes));
    gateway_bytes_free(&bytes);
    gateway_provider_free(&provider);
    OK(gateway_call_wait(call, 10000, &ended));
    CHECK(ended);
    gateway_call_free(&call);
    OK(gateway_close(gateway, 10000, NULL));
    gateway_free(&gateway);
    return EXIT_SUCCESS;
}
