/* team.c: a team of threads that takes jobs from one counter. */
#define _GNU_SOURCE                    /* sched_getaffinity */
#include "team.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SPINS = 20000 };                /* about 100 microseconds awake before a thread sleeps */

/* `left` alone says what there is to do: who brings it from n to n - 1 has unit `units - n`, and
 * holds the job open until it has counted the unit in `done`. So the other members are stable for
 * whoever has a unit, and a job never waits for a thread that has none: one asleep, late, or
 * without a processor. */
struct iso_team {
    int size;
    int spins;                         /* 0 when there are more threads than processors */
    pthread_t *threads;                /* size - 1 of them; the caller is thread 0 */
    struct worker { struct iso_team *team; int index; } *workers;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_int sleeping;
    atomic_bool stop;
    int64_t units;
    iso_job *job;
    void *data;
    _Alignas(64) atomic_llong left;    /* units nobody has taken */
    _Alignas(64) atomic_llong done;    /* units that are finished */
};

/* ---- How many threads ---------------------------------------------------------------------- */

static bool read_two(const char *path, long long *a, long long *b)
{
    FILE *f = fopen(path, "r");
    const int n = f ? fscanf(f, "%lld %lld", a, b) : 0;
    if (f)
        fclose(f);
    return n >= 1;
}

/* Processors a container's quota pays for, rounded up; 0 when there is no quota. */
static int quota(void)
{
    long long max = 0, period = 100000;
    if (!read_two("/sys/fs/cgroup/cpu.max", &max, &period)) {
        long long none;
        if (!read_two("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", &max, &none) ||
            !read_two("/sys/fs/cgroup/cpu/cpu.cfs_period_us", &period, &none))
            return 0;
    }
    return max > 0 && period > 0 ? (int)((max + period - 1) / period) : 0;
}

int iso_team_processors(void)
{
    int n = (int)sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = CPU_COUNT(&set);
#endif
    const int paid = quota();
    if (paid > 0 && paid < n)
        n = paid;
    return n < 1 ? 1 : n;
}

/* ---- Work ---------------------------------------------------------------------------------- */

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void take_units(struct iso_team *t, int thread)
{
    long long left = atomic_load_explicit(&t->left, memory_order_relaxed), finished = 0;
    while (left > 0) {
        if (!atomic_compare_exchange_weak_explicit(&t->left, &left, left - 1, memory_order_acquire,
                                                   memory_order_relaxed))
            continue;
        t->job(t->data, t->units - left, thread);
        finished++;
        left = atomic_load_explicit(&t->left, memory_order_relaxed);
    }
    if (finished > 0)
        atomic_fetch_add_explicit(&t->done, finished, memory_order_release);
}

static bool idle(struct iso_team *t)
{
    return atomic_load(&t->left) == 0 && !atomic_load(&t->stop);
}

/* Waits for work, or for the end: awake for a moment, then asleep. */
static void wait_for_work(struct iso_team *t)
{
    for (int i = 0; i < t->spins; i++) {
        if (!idle(t))
            return;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleeping, 1);
    while (idle(t))
        pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleeping, 1);
    pthread_mutex_unlock(&t->lock);
}

static void *worker_main(void *argument)
{
    const struct worker *w = argument;
    struct iso_team *t = w->team;
    while (!atomic_load(&t->stop)) {
        take_units(t, w->index);
        wait_for_work(t);
    }
    return NULL;
}

/* A thread that goes to sleep counts itself first and looks for work then, so that one of both sees
 * the other. */
static void wake_sleepers(struct iso_team *t)
{
    if (atomic_load(&t->sleeping) == 0)
        return;
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

void iso_team_run(struct iso_team *t, int64_t units, iso_job *job, void *data)
{
    if (t->size == 1 || units <= 1) {
        for (int64_t i = 0; i < units; i++)
            job(data, i, 0);
        return;
    }
    t->units = units;
    t->job = job;
    t->data = data;
    atomic_store_explicit(&t->done, 0, memory_order_relaxed);
    atomic_store(&t->left, units);
    wake_sleepers(t);
    take_units(t, 0);
    for (int i = 0; atomic_load_explicit(&t->done, memory_order_acquire) < units; i++) {
        relax();
        if (i >= t->spins)
            sched_yield();             /* who has a unit may have lost its processor: lend it this
                                          one */
    }
}

/* ---- Opening and closing ------------------------------------------------------------------- */

iso_rc iso_team_new(int threads, struct iso_team **out)
{
    struct iso_team *t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);
    if (!t)
        return iso_fail(ISO_ENOMEM, "out of memory for a team of threads");
    memset(t, 0, sizeof *t);
    const int processors = iso_team_processors(), want = threads > 0 ? threads : processors;
    t->size = 1;
    t->spins = want > processors ? 0 : SPINS;
    t->threads = iso_alloc((size_t)want, sizeof *t->threads);
    t->workers = iso_alloc((size_t)want, sizeof *t->workers);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    if (!t->threads || !t->workers) {
        iso_team_free(t);
        return ISO_ENOMEM;
    }
    for (int i = 1; i < want; i++) {
        t->workers[i] = (struct worker){ t, i };
        const int error = pthread_create(&t->threads[i], NULL, worker_main, &t->workers[i]);
        if (error) {
            iso_team_free(t);
            return iso_fail(ISO_EDEVICE, "cannot start thread %d of %d: %s (use fewer --threads)",
                            i + 1, want, strerror(error));
        }
        t->size = i + 1;
    }
    *out = t;
    return ISO_OK;
}

void iso_team_free(struct iso_team *t)
{
    if (!t)
        return;
    atomic_store(&t->stop, true);
    wake_sleepers(t);
    for (int i = 1; i < t->size; i++)
        pthread_join(t->threads[i], NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t->threads);
    free(t->workers);
    free(t);
}

int iso_team_size(const struct iso_team *t) { return t->size; }
