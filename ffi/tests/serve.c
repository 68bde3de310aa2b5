/* A server of the library's own, asked over a real socket. */
#include "check.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

static gateway_t *gateway;
static char secret[128];

static void make_key(void)
{
    gateway_bytes_t key;
    const char *found;

    OK(gateway_create_api_key(gateway, "acme", NULL, 0, &key));
    found = strstr(key.data, "\"secret\":\"") + 10;
    snprintf(secret, sizeof secret, "%.*s", (int)strcspn(found, "\""), found);
    gateway_bytes_free(&key);
}

/* A connection, or -1 where nobody listens. */
static int connected(const char *address)
{
    struct sockaddr_in to = {0};
    const char *port = strchr(address, ':');
    int connection = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(port && connection >= 0);
    to.sin_family = AF_INET;
    to.sin_port = htons((unsigned short)atoi(port + 1));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection, (struct sockaddr *)&to, sizeof to) == 0)
        return connection;
    close(connection);
    return -1;
}

/* Sends a request and reads the answer to its end. */
static void ask(const char *address, const char *body, char *answer, size_t size)
{
    static char request[2048];
    int connection = connected(address);
    size_t len = 0;
    ssize_t got;

    CHECK(connection >= 0);
    snprintf(request, sizeof request,
             "POST /v1/chat/completions HTTP/1.1\r\nhost: %s\r\nconnection: close\r\nauthorization: Bearer %s\r\n"
             "content-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
             address, secret, strlen(body), body);
    CHECK(send(connection, request, strlen(request), 0) == (ssize_t)strlen(request));
    while ((got = recv(connection, answer + len, size - 1 - len, 0)) > 0)
        len += (size_t)got;
    CHECK(got == 0);
    answer[len] = '\0';
    close(connection);
}

int main(void)
{
    static char answer[1 << 16];
    gateway_server_t *server, *second;
    char address[64], config[96];

    gateway = open_gateway(NULL);
    make_key();
    OK(gateway_serve(gateway, "{\"address\": \"127.0.0.1:0\"}", NUL, &server));
    snprintf(address, sizeof address, "%s", gateway_server_address(server));

    ask(address, CHAT, answer, sizeof answer);
    CHECK(strncmp(answer, "HTTP/1.1 200 ", 13) == 0 && strstr(answer, "\"chat.completion\""));
    ask(address, "{\"model\": \"gpt-4o\", \"stream\": true, \"messages\": []}", answer, sizeof answer);
    CHECK(strstr(answer, "text/event-stream") && strstr(answer, "data: [DONE]"));

    /* What is wrong is told, and leaves nothing behind. */
    FAILS(GATEWAY_ERROR_INVALID_CONFIG, gateway_serve(gateway, "{\"port\": 1}", NUL, &second));
    snprintf(config, sizeof config, "{\"address\": \"%s\"}", address);
    FAILS(GATEWAY_ERROR_INVALID_CONFIG, gateway_serve(gateway, config, NUL, &second));
    CHECK(!second);
    FAILS(GATEWAY_ERROR_INVALID_CONFIG,
          gateway_serve(gateway, "{\"tls\": {\"certificate\": \"nowhere.pem\", \"key\": \"nowhere.pem\"}}", NUL, &second));

    OK(gateway_server_shutdown(server, 10000));
    OK(gateway_server_shutdown(server, 10000));
    CHECK(connected(address) == -1);
    gateway_server_free(&server);
    CHECK(!server);

    /* One that nobody shuts down ends with the gateway, whichever is freed first. */
    OK(gateway_serve(gateway, "{\"address\": \"127.0.0.1:0\"}", NUL, &server));
    snprintf(address, sizeof address, "%s", gateway_server_address(server));
    OK(gateway_close(gateway, 10000, NULL));
    CHECK(connected(address) == -1);
    FAILS(GATEWAY_ERROR_CLOSED, gateway_serve(gateway, NULL, 0, &second));
    gateway_free(&gateway);
    gateway_server_free(&server);
    return EXIT_SUCCESS;
}
