/*
 * A streamed answer, event by event, to standard output as it comes. Ctrl-C ends the program; freeing the stream ends the
 * call at the provider.
 */
#include <gateway.h>
#include <stdio.h>

#include "example.h"

static const char REQUEST[] = "{\"model\": \"gpt-4o-mini\", \"messages\": [{\"role\": \"user\", \"content\": \"Count to five.\"}]}";

int main(void)
{
    gateway_t *gateway = NULL;
    gateway_stream_t *stream = NULL;
    gateway_chunk_t chunk;
    gateway_error_t *error = example_open(&gateway, "acme");

    if (!error)
        error = gateway_chat_stream(gateway, "acme", REQUEST, GATEWAY_NUL_TERMINATED, &stream);
    while (!error && !(error = gateway_stream_next(stream, 30000, &chunk)) && chunk.state != GATEWAY_END) {
        if (chunk.state == GATEWAY_WAITING) {
            fprintf(stderr, "still waiting\n");
            continue;
        }
        fwrite(chunk.data, 1, chunk.len, stdout);
        putchar('\n');
        fflush(stdout);
    }
    gateway_stream_free(&stream);
    gateway_free(&gateway);
    return example_result(&error);
}
