/*
 * The C library, driven from outside: reads requests from standard input and answers each on standard output, until the
 * input ends. Knows nothing of what is asked, and nothing of what is right.
 *
 * A message is a list of byte strings: their number on a line, then for each its length on a line and its bytes.
 *
 *     open CONFIG                                        ok
 *     call OPERATION ARGUMENTS                           ok JSON
 *     model OPERATION TENANT READING BODY OPTIONS        key, value, key, value ...
 *
 * and for each `error CODE MESSAGE` where it fails, but for `model`, whose errors are keys. The first argument of the
 * program says which functions are used: `short` those for one operation each, where there are no options; `send` those
 * that take a structure; `start` those that do not wait.
 */
#include <gateway.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FIELDS 8

struct message {
    size_t count;
    size_t len[MOST_FIELDS];
    char *data[MOST_FIELDS];
};

static void fail(const char *what)
{
    fprintf(stderr, "agent: %s\n", what);
    exit(EXIT_FAILURE);
}

static size_t read_number(void)
{
    size_t number;

    if (scanf("%zu", &number) != 1 || getchar() != '\n')
        fail("no number");
    return number;
}

/* Whether there is one; the input may end between messages. */
static int read_message(struct message *message)
{
    int first = getchar();
    size_t i;

    if (first == EOF)
        return 0;
    ungetc(first, stdin);
    message->count = read_number();
    if (message->count > MOST_FIELDS)
        fail("too many fields");
    for (i = 0; i < message->count; i++) {
        size_t len = message->len[i] = read_number();
        char *data = message->data[i] = malloc(len + 1);

        if (!data || fread(data, 1, len, stdin) != len)
            fail("a field is cut off");
        data[len] = '\0';
    }
    return 1;
}

static void free_message(struct message *message)
{
    while (message->count > 0)
        free(message->data[--message->count]);
}

/* The answer is gathered first, since its number of fields comes before them. */
static char *answer;
static size_t answer_len, answer_room, answer_fields;

static void append(const void *data, size_t len)
{
    if (answer_len + len > answer_room) {
        answer_room = (answer_len + len) * 2;
        answer = realloc(answer, answer_room);
        if (!answer)
            fail("no memory");
    }
    if (len > 0)
        memcpy(answer + answer_len, data, len);
    answer_len += len;
}

static void put_bytes(const char *data, size_t len)
{
    char line[32];

    append(line, (size_t)snprintf(line, sizeof line, "%zu\n", len));
    append(data, len);
    answer_fields++;
}

static void put(const char *text)
{
    put_bytes(text, strlen(text));
}

static void put_pair(const char *key, const char *value)
{
    if (value) {
        put(key);
        put(value);
    }
}

static void put_number(const char *key, int64_t number)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64, number);
    put_pair(key, text);
}

static void send_answer(void)
{
    printf("%zu\n", answer_fields);
    fwrite(answer, 1, answer_len, stdout);
    fflush(stdout);
    answer_len = answer_fields = 0;
}

/* Puts an error and frees it. */
static void put_error(gateway_error_t **error)
{
    put("error");
    put(gateway_error_name(*error));
    put(gateway_error_message(*error));
    gateway_error_free(error);
}

static void put_error_of_model(gateway_error_t **error)
{
    size_t len;
    const char *body = gateway_error_body(*error, &len);

    put_pair("error.code", gateway_error_name(*error));
    put_number("error.number", gateway_error_code(*error));
    put_number("error.status", gateway_error_status(*error));
    put_pair("error.param", gateway_error_param(*error));
    if (gateway_error_retry_after_ms(*error) >= 0)
        put_number("error.retry_after_ms", gateway_error_retry_after_ms(*error));
    put_number("error.retries_spent", gateway_error_retries_spent(*error));
    put_pair("error.provider", gateway_error_provider(*error));
    put_pair("error.request_id", gateway_error_request_id(*error));
    put_pair("error.message", gateway_error_message(*error));
    if (body) {
        put("error.body_text");
        put_bytes(body, len);
    }
    if (!gateway_error_json(*error))
        fail("an error without JSON");
    gateway_error_free(error);
}

static void put_head(const gateway_head_t *head)
{
    size_t i, count = gateway_head_header_count(head);

    put_number("status", gateway_head_status(head));
    put_pair("trace_id", gateway_head_trace_id(head));
    put_pair("provider", gateway_head_provider(head));
    for (i = 0; i < count; i++) {
        const char *name = gateway_head_header_name(head, i);

        put("header");
        put(name);
        put("value");
        put(gateway_head_header_value(head, i));
        if (!gateway_head_header(head, name))
            fail("a header that is listed is not found");
    }
    if (gateway_head_header_name(head, count))
        fail("a header beyond the last");
}

static void put_reply(gateway_bytes_t *reply)
{
    if (reply->data[reply->len] != '\0')
        fail("no NUL behind a reply");
    put_head(gateway_bytes_head(reply));
    put("body");
    put_bytes(reply->data, reply->len);
    gateway_bytes_free(reply);
    if (reply->data || reply->len || reply->owner)
        fail("bytes that are freed are not empty");
}

/* Reads a stream to its end, puts what comes, and frees it. */
static void put_stream(gateway_stream_t **stream, const char *piece)
{
    gateway_chunk_t chunk;
    gateway_error_t *error;

    put_head(gateway_stream_head(*stream));
    while (!(error = gateway_stream_next(*stream, 20000, &chunk)) && chunk.state == GATEWAY_CHUNK) {
        if (chunk.data[chunk.len] != '\0')
            fail("no NUL behind a chunk");
        put(piece);
        put_bytes(chunk.data, chunk.len);
    }
    if (error)
        put_error_of_model(&error);
    else if (chunk.state != GATEWAY_END)
        fail("a stream hangs");
    error = gateway_stream_next(*stream, 0, &chunk);
    if (error || chunk.state != GATEWAY_END)
        fail("a stream went on after its end");
    gateway_stream_free(stream);
}

static gateway_error_t *ask_short(gateway_t *gateway, const gateway_request_t *request, gateway_bytes_t *reply)
{
    const char *operation = request->operation;

    if (strcmp(operation, "chat") == 0)
        return gateway_chat(gateway, request->tenant_id, request->body, request->body_len, reply);
    if (strcmp(operation, "responses") == 0)
        return gateway_responses(gateway, request->tenant_id, request->body, request->body_len, reply);
    if (strcmp(operation, "embeddings") == 0)
        return gateway_embeddings(gateway, request->tenant_id, request->body, request->body_len, reply);
    return gateway_list_models(gateway, request->tenant_id, reply);
}

static gateway_error_t *open_short(gateway_t *gateway, const gateway_request_t *request, gateway_stream_t **stream)
{
    if (strcmp(request->operation, "chat_stream") == 0)
        return gateway_chat_stream(gateway, request->tenant_id, request->body, request->body_len, stream);
    return gateway_responses_stream(gateway, request->tenant_id, request->body, request->body_len, stream);
}

/* Starts a request and waits for its end. */
static gateway_call_t *start(gateway_t *gateway, const gateway_request_t *request, gateway_error_t **error)
{
    gateway_call_t *call = NULL;
    int32_t ended = 0;

    *error = gateway_send_start(gateway, request, &call);
    if (!*error)
        *error = gateway_call_wait(call, 20000, &ended);
    if (!*error && !ended)
        fail("a call hangs");
    return call;
}

static gateway_error_t *ask_started(gateway_t *gateway, const gateway_request_t *request, gateway_bytes_t *reply)
{
    gateway_error_t *error;
    gateway_call_t *call = start(gateway, request, &error);

    if (!error)
        error = gateway_call_reply(call, reply);
    gateway_call_free(&call);
    return error;
}

static gateway_error_t *open_started(gateway_t *gateway, const gateway_request_t *request, gateway_stream_t **stream)
{
    gateway_error_t *error;
    gateway_call_t *call = start(gateway, request, &error);

    if (!error)
        error = gateway_call_stream(call, stream);
    gateway_call_free(&call);
    return error;
}

static void model(gateway_t *gateway, const struct message *message, const char *way)
{
    gateway_request_t request = {0};
    gateway_bytes_t reply = {0};
    gateway_stream_t *stream = NULL;
    gateway_error_t *error;
    int events, streams;

    request.size = sizeof request;
    request.operation = message->data[1];
    request.tenant_id = message->data[2];
    events = strcmp(message->data[3], "events") == 0;
    request.reading = events ? GATEWAY_READ_EVENTS : GATEWAY_READ_BYTES;
    request.body = message->data[4];
    request.body_len = message->len[4];
    request.options = message->data[5];
    request.options_len = message->len[5];
    streams = strstr(request.operation, "stream") != NULL;
    if (strcmp(request.options, "{}") != 0 || (streams && !events)) {
        if (strcmp(way, "short") == 0)
            way = "send";
    }
    if (!streams) {
        error = strcmp(way, "short") == 0   ? ask_short(gateway, &request, &reply)
                : strcmp(way, "start") == 0 ? ask_started(gateway, &request, &reply)
                                            : gateway_send(gateway, &request, &reply);
        if (!error)
            put_reply(&reply);
    } else {
        error = strcmp(way, "short") == 0   ? open_short(gateway, &request, &stream)
                : strcmp(way, "start") == 0 ? open_started(gateway, &request, &stream)
                                            : gateway_send_stream(gateway, &request, &stream);
        if (!error)
            put_stream(&stream, events ? "event" : "body");
    }
    if (error)
        put_error_of_model(&error);
}

static void serve(gateway_t **gateway, const struct message *message, const char *way)
{
    gateway_error_t *error = NULL;
    gateway_bytes_t reply = {0};

    if (message->count == 2 && strcmp(message->data[0], "open") == 0) {
        error = gateway_open(message->data[1], message->len[1], gateway);
        if (!error)
            put("ok");
    } else if (message->count == 3 && strcmp(message->data[0], "call") == 0) {
        error = gateway_call(*gateway, message->data[1], message->data[2], message->len[2], &reply);
        if (!error) {
            put("ok");
            put_bytes(reply.data, reply.len);
        }
        gateway_bytes_free(&reply);
    } else if (message->count == 6 && strcmp(message->data[0], "model") == 0) {
        model(*gateway, message, way);
    } else {
        fail("no such request");
    }
    if (error)
        put_error(&error);
    send_answer();
}

int main(int argc, char **argv)
{
    gateway_t *gateway = NULL;
    gateway_error_t *error;
    struct message message;

    while (read_message(&message)) {
        serve(&gateway, &message, argc > 1 ? argv[1] : "send");
        free_message(&message);
    }
    error = gateway_close(gateway, 20000, NULL);
    if (error)
        fail(gateway_error_message(error));
    gateway_free(&gateway);
    free(answer);
    return EXIT_SUCCESS;
}
