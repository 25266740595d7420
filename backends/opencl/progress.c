/* progress.c: a thread that waits for a second, since the one that works cannot say anything. */
#include "progress.h"

#include "core/system/environment.h"
#include "core/system/machine.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { PATIENCE = 1 }; /* seconds */

static void *wait_and_tell(void *self)
{
    struct opencl_progress *p = self;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    pthread_mutex_lock(&p->lock);
    int fault = 0;
    while (!p->over && fault == 0)
        fault = pthread_cond_timedwait(&p->end, &p->lock, &until);
    if (!p->over) {
        p->said = true;
        fprintf(stderr, "isocl: %s ...\n", p->text);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Signals stay with the threads that expect them. */
static bool start(struct opencl_progress *p)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&p->thread, NULL, wait_and_tell, p) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void opencl_progress_begin(struct opencl_progress *p, const char *text)
{
    *p = (struct opencl_progress){ .begun = iso_clock() };
    if (iso_environment(ISO_ENV_QUIET) != NULL)
        return;
    snprintf(p->text, sizeof p->text, "%s", text);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->end, NULL);
    p->started = start(p);
}

void opencl_progress_end(struct opencl_progress *p)
{
    if (!p->started)
        return;
    pthread_mutex_lock(&p->lock);
    p->over = true;
    pthread_cond_signal(&p->end);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_cond_destroy(&p->end);
    pthread_mutex_destroy(&p->lock);
    if (p->said)
        fprintf(stderr, "isocl: %s: done in %.1f s\n", p->text, iso_clock() - p->begun);
}
