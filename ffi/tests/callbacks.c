/* Calls and streams that call back, against an upstream whose models `hang` and `slow` do what they are called. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>

#include "check.h"

#define BODY(model) "{\"model\": \"" model "\", \"messages\": []}"
#define ARGUMENTS(model) "{\"tenant_id\": \"acme\", \"request\": " BODY(model) "}"

/* A flag that is waited for. */
struct flag {
    pthread_mutex_t lock;
    pthread_cond_t raised;
    int count;
};

#define FLAG {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}

static void raise_flag(struct flag *flag)
{
    pthread_mutex_lock(&flag->lock);
    flag->count++;
    pthread_cond_broadcast(&flag->raised);
    pthread_mutex_unlock(&flag->lock);
}

static void wait_for_flag(struct flag *flag, int count)
{
    pthread_mutex_lock(&flag->lock);
    while (flag->count < count)
        pthread_cond_wait(&flag->raised, &flag->lock);
    CHECK(flag->count == count);
    pthread_mutex_unlock(&flag->lock);
}

static gateway_t *gateway;

static void raise_for_call(gateway_call_t *call, void *user_data)
{
    CHECK(call);
    raise_flag(user_data);
}

static void raise_for_stream(gateway_stream_t *stream, void *user_data)
{
    CHECK(stream);
    raise_flag(user_data);
}

static void a_call_calls_back_once(void)
{
    static struct flag flag = FLAG;
    gateway_call_t *call;
    gateway_bytes_t bytes;

    OK(gateway_call_start(gateway, "chat", ARGUMENTS("gpt-4o"), NUL, &call));
    OK(gateway_call_on_done(call, raise_for_call, &flag));
    wait_for_flag(&flag, 1);
    OK(gateway_call_reply(call, &bytes));
    CHECK(gateway_head_status(gateway_bytes_head(&bytes)) == 200);
    gateway_bytes_free(&bytes);
    /* One that has ended calls back at once. */
    OK(gateway_call_on_done(call, raise_for_call, &flag));
    CHECK(flag.count == 2);
    gateway_call_free(&call);
}

static void a_cancelled_call_ends_as_cancelled(void)
{
    static struct flag flag = FLAG;
    gateway_call_t *call;
    gateway_bytes_t bytes;
    int32_t ended;

    OK(gateway_call_start(gateway, "chat", ARGUMENTS("hang"), NUL, &call));
    OK(gateway_call_on_done(call, raise_for_call, &flag));
    OK(gateway_call_wait(call, 0, &ended));
    CHECK(!ended);
    OK(gateway_call_wait(call, 20, &ended));
    CHECK(!ended);
    FAILS(GATEWAY_ERROR_INVALID_REQUEST, gateway_call_reply(call, &bytes));
    OK(gateway_call_cancel(call));
    wait_for_flag(&flag, 1);
    OK(gateway_call_wait(call, GATEWAY_FOREVER, &ended));
    CHECK(ended);
    FAILS(GATEWAY_ERROR_CANCELLED, gateway_call_reply(call, &bytes));
    gateway_call_free(&call);
}

static void a_freed_call_calls_nobody(void)
{
    static struct flag flag = FLAG;
    gateway_call_t *call;

    OK(gateway_call_start(gateway, "chat", ARGUMENTS("hang"), NUL, &call));
    OK(gateway_call_on_done(call, raise_for_call, &flag));
    gateway_call_free(&call);
    CHECK(flag.count == 0);
    /* Long enough for a call that comes after all. */
    OK(gateway_flush(gateway, 10000, NULL));
    CHECK(flag.count == 0);
}

/* What a callback may do, and what it may not. */
struct inside {
    struct flag flag;
    gateway_call_t *call;
    gateway_call_t *next;
};

static void work_inside(gateway_call_t *call, void *user_data)
{
    struct inside *inside = user_data;
    gateway_bytes_t bytes;
    gateway_call_t *other;
    gateway_stream_t *stream;
    int32_t ended;

    FAILS(GATEWAY_ERROR_CALLED_FROM_CALLBACK, gateway_chat(gateway, "acme", CHAT, NUL, &bytes));
    FAILS(GATEWAY_ERROR_CALLED_FROM_CALLBACK, gateway_chat_stream(gateway, "acme", CHAT, NUL, &stream));
    FAILS(GATEWAY_ERROR_CALLED_FROM_CALLBACK, gateway_flush(gateway, 1000, NULL));
    FAILS(GATEWAY_ERROR_CALLED_FROM_CALLBACK, gateway_close(gateway, 1000, NULL));
    OK(gateway_call_start(gateway, "chat", ARGUMENTS("hang"), NUL, &other));
    FAILS(GATEWAY_ERROR_CALLED_FROM_CALLBACK, gateway_call_wait(other, 1000, &ended));
    gateway_call_free(&other);
    OK(gateway_call_reply(call, &bytes));
    gateway_bytes_free(&bytes);
    OK(gateway_call_start(gateway, "chat", ARGUMENTS("gpt-4o"), NUL, &inside->next));
    /* The call whose callback this is. */
    gateway_call_free(&inside->call);
    raise_flag(&inside->flag);
}

static void a_callback_may_start_and_free_but_not_wait(void)
{
    static struct inside later = {FLAG, NULL, NULL}, now = {FLAG, NULL, NULL};
    int32_t ended;

    OK(gateway_call_start(gateway, "chat", ARGUMENTS("slow"), NUL, &later.call));
    OK(gateway_call_on_done(later.call, work_inside, &later));
    wait_for_flag(&later.flag, 1);
    CHECK(!later.call);
    OK(gateway_call_wait(later.next, GATEWAY_FOREVER, &ended));
    gateway_call_free(&later.next);

    /* The same where the callback comes at once, from inside gateway_call_on_done. */
    OK(gateway_call_start(gateway, "chat", ARGUMENTS("gpt-4o"), NUL, &now.call));
    OK(gateway_call_wait(now.call, GATEWAY_FOREVER, &ended));
    OK(gateway_call_on_done(now.call, work_inside, &now));
    CHECK(now.flag.count == 1 && !now.call);
    gateway_call_free(&now.next);
}

static void a_stream_calls_back_when_there_is_something(void)
{
    static struct flag flag = FLAG;
    gateway_stream_t *stream;
    gateway_chunk_t chunk = {GATEWAY_WAITING, NULL, 0};
    int chunks = 0, asked = 0;

    OK(gateway_chat_stream(gateway, "acme", BODY("slow"), NUL, &stream));
    while (chunk.state != GATEWAY_END) {
        OK(gateway_stream_next(stream, 0, &chunk));
        if (chunk.state == GATEWAY_CHUNK)
            chunks++;
        if (chunk.state == GATEWAY_WAITING) {
            OK(gateway_stream_on_ready(stream, raise_for_stream, &flag));
            wait_for_flag(&flag, ++asked);
        }
    }
    CHECK(chunks >= 3 && asked >= 2);
    gateway_stream_free(&stream);
}

static void a_cancelled_stream_ends_as_cancelled(void)
{
    static struct flag flag = FLAG;
    gateway_stream_t *stream;
    gateway_chunk_t chunk;

    OK(gateway_chat_stream(gateway, "acme", BODY("endless"), NUL, &stream));
    OK(gateway_stream_next(stream, GATEWAY_FOREVER, &chunk));
    CHECK(chunk.state == GATEWAY_CHUNK && chunk.len > 0);
    OK(gateway_stream_next(stream, 1, &chunk));
    CHECK(chunk.state == GATEWAY_WAITING && !chunk.data);
    OK(gateway_stream_on_ready(stream, raise_for_stream, &flag));
    OK(gateway_stream_cancel(stream));
    wait_for_flag(&flag, 1);
    FAILS(GATEWAY_ERROR_CANCELLED, gateway_stream_next(stream, GATEWAY_FOREVER, &chunk));
    OK(gateway_stream_next(stream, GATEWAY_FOREVER, &chunk));
    CHECK(chunk.state == GATEWAY_END);
    gateway_stream_free(&stream);

    OK(gateway_chat_stream(gateway, "acme", BODY("endless"), NUL, &stream));
    OK(gateway_stream_next(stream, GATEWAY_FOREVER, &chunk));
    OK(gateway_stream_on_ready(stream, raise_for_stream, &flag));
    gateway_stream_free(&stream);
    CHECK(flag.count == 1);
}

/* One thread waits for a chunk while another ends the wait. */
static void *wait_for_chunk(void *stream)
{
    gateway_chunk_t chunk;

    FAILS(GATEWAY_ERROR_CANCELLED, gateway_stream_next(stream, GATEWAY_FOREVER, &chunk));
    return NULL;
}

static void a_wait_ends_with_the_cancel_of_another_thread(void)
{
    gateway_stream_t *stream;
    gateway_chunk_t chunk;
    pthread_t thread;

    OK(gateway_chat_stream(gateway, "acme", BODY("endless"), NUL, &stream));
    OK(gateway_stream_next(stream, GATEWAY_FOREVER, &chunk));
    CHECK(pthread_create(&thread, NULL, wait_for_chunk, stream) == 0);
    OK(gateway_stream_cancel(stream));
    CHECK(pthread_join(thread, NULL) == 0);
    gateway_stream_free(&stream);
}

static void raise_for_log(gateway_log_level_t level, const char *target, const char *message, void *user_data)
{
    CHECK(level == GATEWAY_LOG_ERROR || level == GATEWAY_LOG_WARN);
    CHECK(strncmp(target, "libgateway", 10) == 0 && strlen(message) > 0);
    raise_flag(user_data);
}

/* A gateway that is freed inside one of its callbacks ends without waiting. */
static void free_gateway(gateway_call_t *call, void *user_data)
{
    (void)call;
    gateway_free(&gateway);
    raise_flag(user_data);
}

static void calls_end_with_their_gateway(void)
{
    static struct flag flag = FLAG;
    gateway_call_t *call, *other;
    gateway_bytes_t bytes;
    int32_t ended;

    OK(gateway_call_start(gateway, "chat", ARGUMENTS("hang"), NUL, &other));
    OK(gateway_call_start(gateway, "chat", ARGUMENTS("slow"), NUL, &call));
    OK(gateway_call_on_done(call, free_gateway, &flag));
    wait_for_flag(&flag, 1);
    CHECK(!gateway);
    OK(gateway_call_wait(other, GATEWAY_FOREVER, &ended));
    FAILS(GATEWAY_ERROR_CLOSED, gateway_call_reply(other, &bytes));
    gateway_call_free(&call);
    gateway_call_free(&other);
}

int main(int argc, char **argv)
{
    static struct flag logged = FLAG;

    CHECK(argc == 2);
    OK(gateway_set_log(GATEWAY_LOG_WARN, raise_for_log, &logged));
    gateway = open_gateway(argv[1]);
    a_call_calls_back_once();
    a_cancelled_call_ends_as_cancelled();
    a_freed_call_calls_nobody();
    a_callback_may_start_and_free_but_not_wait();
    a_stream_calls_back_when_there_is_something();
    a_cancelled_stream_ends_as_cancelled();
    a_wait_ends_with_the_cancel_of_another_thread();
    OK(gateway_set_log(GATEWAY_LOG_WARN, NULL, NULL));
    OK(gateway_close(gateway, 10000, NULL));
    gateway_free(&gateway);

    gateway = open_gateway(argv[1]);
    calls_end_with_their_gateway();
    return EXIT_SUCCESS;
}
