/*
 * An event loop: several streams at once on one thread, which sleeps in poll() and is woken through a pipe by callbacks.
 * The callbacks run on a thread of the gateway's and do nothing but write a byte.
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <gateway.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "example.h"

#define STREAMS 4

static const char ARGUMENTS[] = "{\"tenant_id\": \"acme\", \"request\": {\"model\": \"gpt-4o-mini\","
                                " \"messages\": [{\"role\": \"user\", \"content\": \"Count to five.\"}]}}";

/* One conversation: first a call that opens a stream, then the stream. */
struct conversation {
    gateway_call_t *call;
    gateway_stream_t *stream;
    int pipe;
    unsigned char number;
    int chunks;
    int over;
};

static void wake(struct conversation *conversation)
{
    /* The pipe holds one byte for each conversation at most, so it never fills up. */
    while (write(conversation->pipe, &conversation->number, 1) < 0 && errno == EINTR)
        ;
}

static void call_has_ended(gateway_call_t *call, void *user_data)
{
    (void)call;
    wake(user_data);
}

static void stream_is_ready(gateway_stream_t *stream, void *user_data)
{
    (void)stream;
    wake(user_data);
}

/* Takes what is there, and asks to be woken for what is not. */
static gateway_error_t *go_on(struct conversation *conversation)
{
    gateway_chunk_t chunk;
    gateway_error_t *error = NULL;

    if (!conversation->stream) {
        error = gateway_call_stream(conversation->call, &conversation->stream);
        gateway_call_free(&conversation->call);
    }
    while (!error && !(error = gateway_stream_next(conversation->stream, 0, &chunk)) && chunk.state == GATEWAY_CHUNK)
        conversation->chunks++;
    if (!error && chunk.state == GATEWAY_WAITING)
        return gateway_stream_on_ready(conversation->stream, stream_is_ready, conversation);
    conversation->over = 1;
    return error;
}

static gateway_error_t *loop(struct conversation *conversations, int from)
{
    gateway_error_t *error = NULL;
    int left = STREAMS;

    while (!error && left > 0) {
        struct pollfd ready = {from, POLLIN, 0};
        unsigned char number;

        /* A program of your own waits for its sockets in the same place. */
        if (poll(&ready, 1, -1) < 0 || read(from, &number, 1) != 1)
            continue;
        error = go_on(&conversations[number]);
        if (conversations[number].over)
            left--;
    }
    return error;
}

int main(void)
{
    struct conversation conversations[STREAMS] = {{0}};
    gateway_t *gateway = NULL;
    int ends[2], i;
    gateway_error_t *error = example_open(&gateway, "acme");

    if (pipe(ends) != 0) {
        perror("pipe");
        return EXIT_FAILURE;
    }
    for (i = 0; i < STREAMS && !error; i++) {
        struct conversation *conversation = &conversations[i];

        conversation->pipe = ends[1];
        conversation->number = (unsigned char)i;
        error = gateway_call_start(gateway, "chat_stream", ARGUMENTS, GATEWAY_NUL_TERMINATED, &conversation->call);
        if (!error)
            error = gateway_call_on_done(conversation->call, call_has_ended, conversation);
    }
    if (!error)
        error = loop(conversations, ends[0]);
    for (i = 0; i < STREAMS; i++) {
        printf("stream %d: %d chunks\n", i, conversations[i].chunks);
        /* From here on nothing is called back any more, and the pipe can be closed. */
        gateway_call_free(&conversations[i].call);
        gateway_stream_free(&conversations[i].stream);
    }
    gateway_free(&gateway);
    close(ends[0]);
    close(ends[1]);
    return example_result(&error);
}
