/*
 * A panic inside the library is an error of the call, and a message for who listens; nothing is printed. The clock is what
 * makes it panic: this program brings its own, which fails when it is told to.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static _Thread_local int clock_is_broken;

int clock_gettime(clockid_t clock, struct timespec *time)
{
    if (clock_is_broken) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_clock_gettime, clock, time);
}

static int said;

static void listen(gateway_log_level_t level, const char *target, const char *message, void *user_data)
{
    CHECK(level == GATEWAY_LOG_ERROR && target && user_data == &said);
    if (strstr(message, "panicked"))
        said++;
}

int main(void)
{
    gateway_t *gateway = open_gateway(NULL);
    gateway_bytes_t bytes;
    gateway_error_t *error;

    OK(gateway_set_log(GATEWAY_LOG_ERROR, listen, &said));
    clock_is_broken = 1;
    error = gateway_chat(gateway, "acme", CHAT, NUL, &bytes);
    clock_is_broken = 0;
    CHECK(gateway_error_code(error) == GATEWAY_ERROR_INTERNAL);
    CHECK(strstr(gateway_error_message(error), "panicked"));
    CHECK(!bytes.data && said == 1);
    gateway_error_free(&error);

    /* And it goes on working. */
    OK(gateway_chat(gateway, "acme", CHAT, NUL, &bytes));
    gateway_bytes_free(&bytes);
    OK(gateway_set_log(GATEWAY_LOG_ERROR, NULL, NULL));
    clock_is_broken = 1;
    FAILS(GATEWAY_ERROR_INTERNAL, gateway_chat(gateway, "acme", CHAT, NUL, &bytes));
    clock_is_broken = 0;
    CHECK(said == 1);
    OK(gateway_close(gateway, 10000, NULL));
    gateway_free(&gateway);
    return EXIT_SUCCESS;
}
