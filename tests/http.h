/* http.h: a web server for tests, on 127.0.0.1, in a child process. */
#ifndef ISO_TEST_HTTP_H
#define ISO_TEST_HTTP_H
#include <stddef.h>
#include <sys/types.h>

struct http {
    int port;
    pid_t child;
};
/* Serves every path with these bytes, or, of a request for a range, with the rest from there on.
 * The first answer ends after `cut` bytes, as a connection that breaks off; 0: it is whole. status:
 * of all answers, 200 or an error's. Returns false if there can be no server here. */
int http_start(struct http *, const void *bytes, size_t n, size_t cut, int status);
void http_stop(const struct http *);
#endif
