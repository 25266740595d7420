/* child.c: the parent's side: starting a child, talking to it, and never waiting longer than it may
 * take. */
#include "child_wire.h"
#include "machine.h"
#include "program.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_SECONDS = 60, GRACE_MS = 2000, NAP_MS = 1 };

struct iso_child {
    pid_t pid;               /* 0: it has ended, and is reaped */
    int fd[ISO_CHILD_PIPES]; /* the parent's ends; -1: closed */
    double deadline;
    struct iso_child_verdict verdict;
};

/* ---- The end ------------------------------------------------------------------------------- */

enum state { RUNS, ENDED, LOST };

/* A process that has ended is not reaped yet, and its number still means it. It is lost where the
 * parent ignores SIGCHLD, or waits for children that are not its own. */
static enum state look(pid_t pid)
{
    siginfo_t info = { 0 };
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return LOST;
    return info.si_pid == pid ? ENDED : RUNS;
}

static bool ends_within(pid_t pid, int ms)
{
    const double until = iso_clock() + 1e-3 * ms;
    for (;;) {
        if (look(pid) != RUNS)
            return true;
        if (iso_clock() >= until)
            return false;
        nanosleep(&(struct timespec){ .tv_nsec = NAP_MS * 1000000L }, NULL);
    }
}

static void judge(struct iso_child_verdict *v, int status)
{
    if (v->end != ISO_CHILD_RUNS) /* known already */
        return;
    v->end = ISO_CHILD_CRASHED;
    if (WIFEXITED(status))
        v->status = WEXITSTATUS(status);
    if (!WIFSIGNALED(status))
        return;
    v->signal = WTERMSIG(status);
    if (v->signal == SIGXCPU || v->signal == SIGKILL)
        v->end = ISO_CHILD_LIMITED;
}

/* Ends the child for this reason, or ISO_CHILD_RUNS: it is about to end by itself. A process that
 * not even SIGKILL ends, because a driver holds it, is left behind. */
static void end(struct iso_child *c, enum iso_child_end why)
{
    int status = 0;
    if (c->pid == 0)
        return;
    if (why == ISO_CHILD_RUNS && !ends_within(c->pid, GRACE_MS))
        why = ISO_CHILD_LATE;
    if (c->verdict.end == ISO_CHILD_RUNS)
        c->verdict.end = why;
    if (look(c->pid) != LOST)
        kill(-c->pid, SIGKILL); /* and the processes that it has started */
    if (ends_within(c->pid, GRACE_MS))
        while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    iso_child_close(c->fd);
    c->pid = 0;
    judge(&c->verdict, status);
}

/* ---- Bytes --------------------------------------------------------------------------------- */

/* Waits until the descriptor is ready; a late child is ended. */
static bool is_ready(struct iso_child *c, int fd, short events)
{
    for (;;) {
        const double left = c->deadline - iso_clock();
        struct pollfd p = { .fd = fd, .events = events };
        const int ms = left <= 0 ? 0 : left < INT_MAX / 1000 ? (int)(1000 * left) + 1 : INT_MAX;
        const int n = poll(&p, 1, ms);
        if (n > 0)
            return true;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            end(c, ISO_CHILD_GARBLED);
        else if (iso_clock() >= c->deadline)
            end(c, ISO_CHILD_LATE);
        if (c->pid == 0)
            return false;
    }
}

static bool take(struct iso_child *c, void *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        if (c->pid == 0 || !is_ready(c, c->fd[ISO_CHILD_RESULTS], POLLIN))
            return false;
        const ssize_t got = read(c->fd[ISO_CHILD_RESULTS], (char *)data + done, n - done);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            end(c, ISO_CHILD_RUNS);
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* Writes without the SIGPIPE that a child which has ended would send to this thread. */
static ssize_t write_unsignalled(int fd, const void *data, size_t n)
{
    sigset_t pipe, before, pending;
    int number;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    const bool was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    const ssize_t wrote = write(fd, data, n);
    const int fault = errno;
    if (wrote < 0 && fault == EPIPE && !was_pending && sigpending(&pending) == 0 &&
        sigismember(&pending, SIGPIPE))
        sigwait(&pipe, &number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = fault;
    return wrote;
}

static void close_request(struct iso_child *c)
{
    if (c->fd[ISO_CHILD_REQUESTS] >= 0)
        close(c->fd[ISO_CHILD_REQUESTS]);
    c->fd[ISO_CHILD_REQUESTS] = -1;
}

/* Writes nothing to a child that has stopped reading. */
static void put(struct iso_child *c, const void *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        if (c->fd[ISO_CHILD_REQUESTS] < 0 || !is_ready(c, c->fd[ISO_CHILD_REQUESTS], POLLOUT))
            return;
        const ssize_t wrote =
            write_unsignalled(c->fd[ISO_CHILD_REQUESTS], (const char *)data + done, n - done);
        if (wrote < 0 && errno != EINTR && errno != EAGAIN)
            close_request(c); /* records that the child has sent can still be received */
        done += wrote > 0 ? (size_t)wrote : 0;
    }
}

/* ---- Records ------------------------------------------------------------------------------- */

void iso_child_send(struct iso_child *c, const void *data, size_t n)
{
    const struct iso_child_head head = { .kind = ISO_CHILD_RECORD, .bytes = n };
    put(c, &head, sizeof head);
    put(c, data, n);
}

static void take_ending(struct iso_child *c, uint64_t bytes)
{
    struct iso_child_ending ending;
    if (bytes != sizeof ending || !take(c, &ending, sizeof ending) || ending.rc > ISO_OK ||
        ending.rc < ISO_EPARITY) {
        end(c, ISO_CHILD_GARBLED);
        return;
    }
    ending.message[sizeof ending.message - 1] = '\0';
    c->verdict.rc = (iso_rc)ending.rc;
    memcpy(c->verdict.message, ending.message, sizeof ending.message);
    c->verdict.end = ending.rc == ISO_ENOMEM ? ISO_CHILD_LIMITED : ISO_CHILD_DONE;
    end(c, ISO_CHILD_RUNS);
}

/* False if what comes next is no record of this kind that has room. */
static bool take_record(struct iso_child *c, enum iso_child_kind kind, void *data, size_t room,
                        size_t *n)
{
    struct iso_child_head head;
    if (!take(c, &head, sizeof head))
        return false;
    if (head.kind == ISO_CHILD_ENDING)
        take_ending(c, head.bytes);
    else if (head.kind != (uint32_t)kind || head.bytes > room)
        end(c, ISO_CHILD_GARBLED);
    if (c->pid == 0)
        return false;
    *n = (size_t)head.bytes;
    return take(c, data, *n);
}

bool iso_child_receive(struct iso_child *c, void *data, size_t room, size_t *n)
{
    return take_record(c, ISO_CHILD_RECORD, data, room, n);
}

bool iso_child_waits(struct iso_child *c, double seconds)
{
    struct pollfd p = { .fd = c->fd[ISO_CHILD_RESULTS], .events = POLLIN };
    return c->pid == 0 || poll(&p, 1, (int)(1000 * seconds)) > 0 || iso_clock() >= c->deadline;
}

bool iso_child_receive_all(struct iso_child *c, void *data, size_t n)
{
    size_t got;
    if (!iso_child_receive(c, data, n, &got))
        return false;
    if (got != n)
        end(c, ISO_CHILD_GARBLED);
    return got == n;
}

void iso_child_finish(struct iso_child *c)
{
    char dropped[4096];
    struct iso_child_head head;
    close_request(c);
    while (c->pid != 0 && take(c, &head, sizeof head)) {
        if (head.kind == ISO_CHILD_ENDING)
            take_ending(c, head.bytes);
        for (uint64_t left = head.bytes; c->pid != 0 && left > 0;) {
            const size_t piece = left < sizeof dropped ? (size_t)left : sizeof dropped;
            take(c, dropped, piece);
            left -= piece;
        }
        if (iso_clock() >= c->deadline)
            end(c, ISO_CHILD_LATE);
    }
}

void iso_child_allow(struct iso_child *c, double seconds) { c->deadline = iso_clock() + seconds; }

const struct iso_child_verdict *iso_child_verdict(const struct iso_child *c) { return &c->verdict; }

const char *iso_child_text(const struct iso_child_verdict *v, char *buf, size_t n)
{
    switch (v->end) {
    case ISO_CHILD_RUNS: snprintf(buf, n, "still runs"); break;
    case ISO_CHILD_DONE:
        snprintf(buf, n, "is done: %s", *v->message ? v->message : iso_rc_text(v->rc));
        break;
    case ISO_CHILD_CRASHED:
        if (v->signal != 0)
            snprintf(buf, n, "crashed (signal %d, %s)", v->signal, strsignal(v->signal));
        else
            snprintf(buf, n, "exited with status %d", v->status);
        break;
    case ISO_CHILD_LATE: snprintf(buf, n, "took too long and was killed"); break;
    case ISO_CHILD_LIMITED:
        snprintf(buf, n, "%s",
                 v->signal == SIGXCPU   ? "took too much processor time"
                 : v->signal == SIGKILL ? "was killed by the system"
                                        : "ran out of memory");
        break;
    case ISO_CHILD_GARBLED: snprintf(buf, n, "sent something that makes no sense"); break;
    }
    return buf;
}

/* ---- The start ----------------------------------------------------------------------------- */

/* The program may be anything, also an isocl that knows no children. */
static iso_rc greet(struct iso_child *c, const char *program)
{
    struct iso_child_greeting greeting;
    char text[128];
    size_t n;
    if (!take_record(c, ISO_CHILD_GREETING, &greeting, sizeof greeting, &n))
        return iso_fail(ISO_EIO,
                        "%s %s instead of working for isocl " ISO_VERSION
                        ": set ISOCL_PROGRAM to the path of that program",
                        program, iso_child_text(&c->verdict, text, sizeof text));
    greeting.version[sizeof greeting.version - 1] = '\0';
    if (n != sizeof greeting || strcmp(greeting.version, ISO_VERSION) != 0)
        return iso_fail(ISO_EIO,
                        "%s is isocl %s, and isocl " ISO_VERSION
                        " is needed: set ISOCL_PROGRAM to the path of that program",
                        program, greeting.version);
    return ISO_OK;
}

iso_rc iso_child_start(const struct iso_child_job *job, struct iso_child **out)
{
    char program[ISO_PATH];
    if (getenv(ISO_CHILD_VARIABLE) != NULL)
        return iso_fail(ISO_EIO,
                        "this program was started to work for isocl and cannot: "
                        "its main does not call iso_child_main");
    ISO_TRY(iso_program_for_child(program));
    struct iso_child *c = iso_alloc(1, sizeof *c);
    if (c == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_child_spawn(program, job, c->fd, &c->pid);
    iso_child_allow(c, START_SECONDS);
    if (rc == ISO_OK)
        rc = greet(c, program);
    iso_child_allow(c, job->limits.seconds);
    if (rc != ISO_OK) {
        iso_child_free(c);
        return rc;
    }
    *out = c;
    return ISO_OK;
}

void iso_child_free(struct iso_child *c)
{
    if (c == NULL)
        return;
    end(c, ISO_CHILD_LATE);
    free(c);
}
