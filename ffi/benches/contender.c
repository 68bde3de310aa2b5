/*
 * The C side of the benchmark: opens a gateway as it is told to, and then, for each line `chat N` or `stream N`, makes so many
 * calls one after the other and prints the nanoseconds of CPU that they took, of this thread and of the whole process.
 *
 *     contender CONFIG TENANT REQUEST STREAM_REQUEST
 */
#define _POSIX_C_SOURCE 200809L

#include <gateway.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void check(gateway_error_t *error)
{
    if (!error)
        return;
    fprintf(stderr, "%s: %s\n", gateway_error_name(error), gateway_error_message(error));
    exit(EXIT_FAILURE);
}

static long long cpu(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void chat(gateway_t *gateway, const char *request, size_t len)
{
    gateway_bytes_t reply;

    check(gateway_chat(gateway, "acme", request, len, &reply));
    if (reply.len == 0)
        abort();
    gateway_bytes_free(&reply);
}

static void stream(gateway_t *gateway, const char *request, size_t len)
{
    gateway_stream_t *stream;
    gateway_chunk_t chunk;
    size_t bytes = 0;

    check(gateway_chat_stream(gateway, "acme", request, len, &stream));
    for (;;) {
        check(gateway_stream_next(stream, GATEWAY_FOREVER, &chunk));
        if (chunk.state != GATEWAY_CHUNK)
            break;
        bytes += chunk.len;
    }
    if (bytes == 0)
        abort();
    gateway_stream_free(&stream);
}

int main(int argc, char **argv)
{
    gateway_t *gateway;
    gateway_bytes_t created;
    char what[16];
    int count;

    if (argc != 5)
        return EXIT_FAILURE;
    check(gateway_open(argv[1], GATEWAY_NUL_TERMINATED, &gateway));
    check(gateway_create_tenant(gateway, argv[2], GATEWAY_NUL_TERMINATED, &created));
    gateway_bytes_free(&created);
    printf("ready\n");
    fflush(stdout);
    while (scanf("%15s %d", what, &count) == 2) {
        int streams = strcmp(what, "stream") == 0;
        const char *request = argv[streams ? 4 : 3];
        size_t len = strlen(request);
        long long thread = cpu(CLOCK_THREAD_CPUTIME_ID), process = cpu(CLOCK_PROCESS_CPUTIME_ID);

        while (count-- > 0)
            (streams ? stream : chat)(gateway, request, len);
        thread = cpu(CLOCK_THREAD_CPUTIME_ID) - thread;
        check(gateway_flush(gateway, 60000, NULL));
        printf("%lld %lld\n", thread, cpu(CLOCK_PROCESS_CPUTIME_ID) - process);
        fflush(stdout);
    }
    gateway_free(&gateway);
    return EXIT_SUCCESS;
}
