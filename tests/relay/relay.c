/* relay.c: a network of two machines on one. It makes a network device in each of two network
 * namespaces, and carries packets between them at a given rate and with a given delay, each way, as
 * tbf and netem do where the kernel has them. `tests/ranks_measured.sh` builds it and runs it.
 *
 *   relay NAMESPACE NAMESPACE BITS_PER_SECOND MICROSECONDS
 *
 * The devices are called relay0; the caller gives them addresses once "ready" is printed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PACKETS = 1024, BYTES = 65536, NANOSECONDS = 1000000000 };
struct packet {
    int64_t at; /* when it leaves */
    size_t n;
    char bytes[BYTES];
};
struct way { /* packets of one direction, in a ring */
    int from, to;
    struct packet *packets;
    unsigned first, next;
    int64_t free; /* when the line has sent all so far */
};

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * NANOSECONDS + t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Makes a device in the namespace of this name, in which the process then is. */
static int open_device(const char *name)
{
    struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
    char path[256];
    snprintf(path, sizeof path, "/run/netns/%s", name);
    const int space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0)
        fail(path);
    close(space);
    const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    snprintf(request.ifr_name, sizeof request.ifr_name, "relay0");
    if (device < 0 || ioctl(device, TUNSETIFF, &request) != 0)
        fail("/dev/net/tun");
    return device;
}

/* Takes packets while there is room; the others wait in the device, or are dropped there. */
static void take(struct way *w, double bits, int64_t delay)
{
    while (w->next - w->first < PACKETS) {
        struct packet *p = &w->packets[w->next % PACKETS];
        const ssize_t n = read(w->from, p->bytes, sizeof p->bytes);
        if (n <= 0)
            return;
        const int64_t begin = now() > w->free ? now() : w->free;
        w->free = begin + (int64_t)((double)n * 8 / bits * NANOSECONDS);
        p->n = (size_t)n;
        p->at = w->free + delay;
        w->next++;
    }
}

/* Gives what has arrived; returns the nanoseconds until the next packet does, -1: there is none. */
static int64_t give(struct way *w)
{
    while (w->first != w->next) {
        const struct packet *p = &w->packets[w->first % PACKETS];
        const int64_t left = p->at - now();
        if (left > 0)
            return left;
        if (write(w->to, p->bytes, p->n) < 0 && errno == EAGAIN)
            return 1000;
        w->first++;
    }
    return -1;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return fprintf(stderr, "relay NAMESPACE NAMESPACE BITS_PER_SECOND MICROSECONDS\n"), 2;
    const int a = open_device(argv[1]), b = open_device(argv[2]);
    const double bits = atof(argv[3]);
    const int64_t delay = (int64_t)atoi(argv[4]) * 1000;
    struct way ways[] = { { .from = a, .to = b }, { .from = b, .to = a } };
    for (int i = 0; i < 2; i++)
        if ((ways[i].packets = calloc(PACKETS, sizeof *ways[i].packets)) == NULL)
            fail("memory");
    puts("ready");
    fflush(stdout);
    for (;;) {
        int64_t wait = -1;
        struct pollfd files[2];
        for (int i = 0; i < 2; i++) {
            take(&ways[i], bits, delay);
            const int64_t left = give(&ways[i]);
            wait = left >= 0 && (wait < 0 || left < wait) ? left : wait;
            const int full = ways[i].next - ways[i].first == PACKETS;
            files[i] = (struct pollfd){ .fd = full ? -1 : ways[i].from, .events = POLLIN };
        }
        const struct timespec time = { wait / NANOSECONDS, wait % NANOSECONDS };
        if (ppoll(files, 2, wait >= 0 ? &time : NULL, NULL) < 0 && errno != EINTR)
            fail("poll");
    }
}
