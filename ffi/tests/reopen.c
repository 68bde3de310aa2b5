/* Opened and closed again and again, as often as the argument says: nothing stays behind. */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static long entries(const char *directory)
{
    long count = 0;
    DIR *opened = opendir(directory);

    CHECK(opened);
    while (readdir(opened))
        count++;
    closedir(opened);
    return count;
}

static long resident_kb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    CHECK(file && fscanf(file, "%*s %ld", &pages) == 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void once(void)
{
    gateway_t *gateway = open_gateway(NULL);
    gateway_bytes_t bytes;
    gateway_stream_t *stream;

    OK(gateway_chat(gateway, "acme", CHAT, NUL, &bytes));
    gateway_bytes_free(&bytes);
    OK(gateway_chat_stream(gateway, "acme", CHAT, NUL, &stream));
    gateway_free(&gateway);
    gateway_stream_free(&stream);
}

int main(int argc, char **argv)
{
    int times = argc > 1 ? atoi(argv[1]) : 20, warm = times / 5 + 1, i;
    long threads = entries("/proc/self/task"), descriptors, memory;

    for (i = 0; i < warm; i++)
        once();
    descriptors = entries("/proc/self/fd");
    memory = resident_kb();
    for (i = warm; i < times; i++)
        once();
    /* The last threads may still be on their way out. */
    for (i = 0; i < 2000 && entries("/proc/self/task") > threads; i++)
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    printf("%d times: %ld threads, then %ld; %ld descriptors, then %ld; %ld KiB, then %ld\n", times, threads,
           entries("/proc/self/task"), descriptors, entries("/proc/self/fd"), memory, resident_kb());
    CHECK(entries("/proc/self/task") <= threads);
    CHECK(entries("/proc/self/fd") <= descriptors);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what is freed for a while */
    CHECK(resident_kb() <= memory + 4096);
#endif
    return EXIT_SUCCESS;
}
