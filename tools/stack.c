#define _GNU_SOURCE /* pthread_setattr_default_np */
#include "stack.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

enum { LEAST = 2 << 20, STACK = 8 << 20 };

struct program {
    int (*run)(int argc, char **argv);
    int argc, code;
    char **argv;
};

static void *run_program(void *self)
{
    struct program *p = self;
    p->code = p->run(p->argc, p->argv);
    return NULL;
}

static bool is_small(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           limit.rlim_cur < LEAST;
}

/* If a thread cannot be had, the small stack has to do. */
int iso_with_stack(int (*run)(int argc, char **argv), int argc, char **argv)
{
    struct program p = { run, argc, 0, argv };
    pthread_attr_t how;
    pthread_t thread;
    if (!is_small() || pthread_attr_init(&how) != 0)
        return run(argc, argv);
    pthread_attr_setstacksize(&how, STACK);
#ifdef __GLIBC__
    (void)pthread_setattr_default_np(&how);
#endif
    const bool started = pthread_create(&thread, &how, run_program, &p) == 0;
    pthread_attr_destroy(&how);
    if (!started)
        return run(argc, argv);
    pthread_join(thread, NULL);
    return p.code;
}
