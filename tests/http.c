#include "http.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads the head of a request; returns where the range begins that it asks for, 0 for none. */
static size_t read_request(int connection)
{
    char text[4096];
    size_t n = 0;
    while (n < sizeof text - 1) {
        const ssize_t got = read(connection, text + n, sizeof text - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
        text[n] = '\0';
        if (strstr(text, "\r\n\r\n") != NULL)
            break;
    }
    text[n] = '\0';
    const char *range = strstr(text, "Range: bytes=");
    return range != NULL ? strtoul(range + 13, NULL, 10) : 0;
}

static void send_all(int connection, const void *data, size_t n)
{
    const char *at = data;
    while (n > 0) {
        const ssize_t sent = write(connection, at, n);
        if (sent <= 0)
            return;
        at += sent;
        n -= (size_t)sent;
    }
}

static void answer(int connection, const char *bytes, size_t n, size_t cut, int status)
{
    char head[256];
    const size_t from = read_request(connection);
    if (status != 200)
        snprintf(head, sizeof head, "HTTP/1.1 %d Refused\r\nContent-Length: 0\r\n", status);
    else if (from >= n && n > 0 && from > 0)
        snprintf(head, sizeof head, "HTTP/1.1 416 No Range\r\nContent-Length: 0\r\n");
    else if (from > 0)
        snprintf(
            head, sizeof head,
            "HTTP/1.1 206 Partial\r\nContent-Length: %zu\r\nContent-Range: bytes %zu-%zu/%zu\r\n",
            n - from, from, n - 1, n);
    else
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n", n);
    strcat(head, "Connection: close\r\n\r\n");
    send_all(connection, head, strlen(head));
    if (status == 200 && from < n)
        send_all(connection, bytes + from, cut > 0 ? cut : n - from);
}

/* Waits for a request; ends the server when the test that started it is gone. */
static int accept_while(pid_t parent, int listener)
{
    struct pollfd wait = { .fd = listener, .events = POLLIN };
    while (poll(&wait, 1, 500) == 0)
        if (getppid() != parent)
            _exit(1);
    return accept(listener, NULL, NULL);
}

int http_start(struct http *server, const void *bytes, size_t n, size_t cut, int status)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, size) != 0 ||
        listen(listener, 8) != 0 || getsockname(listener, (struct sockaddr *)&at, &size) != 0)
        return 0;
    server->port = ntohs(at.sin_port);
    const pid_t parent = getpid();
    server->child = fork();
    if (server->child == 0) {
        signal(SIGPIPE, SIG_IGN);
        for (;; cut = 0) {
            const int connection = accept_while(parent, listener);
            if (connection < 0)
                _exit(1);
            answer(connection, bytes, n, cut, status);
            shutdown(connection, SHUT_WR);
            close(connection);
        }
    }
    close(listener);
    return server->child > 0;
}

void http_stop(const struct http *server)
{
    kill(server->child, SIGKILL);
    waitpid(server->child, NULL, 0);
}
