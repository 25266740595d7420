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

struct iso_team {
    int size;
    pthread_t *threads;                /* size - 1 of them; the caller is thread 0 */
    struct worker { struct iso_team *team; int index; } *workers;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_uint generation;            /* one more for every job */
    atomic_int working;                /* threads that have not finished this job */
    atomic_int sleeping;
    atomic_bool stop;
    _Alignas(64) atomic_llong next;    /* first unit nobody has taken */
    int64_t units;
    iso_job *job;
    void *data;
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
    for (;;) {
        const int64_t unit = atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed);
        if (unit >= t->units)
            return;
        t->job(t->data, unit, thread);
    }
}

/* Waits for a job other than `seen`: awake for a moment, then asleep. */
static unsigned wait_for_job(struct iso_team *t, unsigned seen)
{
    for (int i = 0; i < SPINS; i++) {
        const unsigned now = atomic_load_explicit(&t->generation, memory_order_acquire);
        if (now != seen)
            return now;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleeping, 1);
    while (atomic_load(&t->generation) == seen)
        pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleeping, 1);
    pthread_mutex_unlock(&t->lock);
    return atomic_load_explicit(&t->generation, memory_order_acquire);
}

static void *worker_main(void *argument)
{
    const struct worker *w = argument;
    struct iso_team *t = w->team;
    unsigned seen = 0;
    for (;;) {
        seen = wait_for_job(t, seen);
        if (atomic_load(&t->stop))
            return NULL;
        take_units(t, w->index);
        atomic_fetch_sub_explicit(&t->working, 1, memory_order_release);
    }
}

static void announce(struct iso_team *t)
{
    atomic_fetch_add(&t->generation, 1);
    if (atomic_load(&t->sleeping) > 0) {
        pthread_mutex_lock(&t->lock);
        pthread_cond_broadcast(&t->wake);
        pthread_mutex_unlock(&t->lock);
    }
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
    atomic_store_explicit(&t->next, 0, memory_order_relaxed);
    atomic_store_explicit(&t->working, t->size - 1, memory_order_relaxed);
    announce(t);
    take_units(t, 0);
    for (int i = 0; atomic_load_explicit(&t->working, memory_order_acquire) > 0; i++) {
        relax();
        if (i > SPINS)
            sched_yield();             /* the others have lost their processor: lend them this one */
    }
}

/* ---- Opening and closing ------------------------------------------------------------------- */

iso_rc iso_team_new(int threads, struct iso_team **out)
{
    struct iso_team *t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);
    if (!t)
        return iso_fail(ISO_ENOMEM, "out of memory for a team of threads");
    memset(t, 0, sizeof *t);
    t->size = 1;
    const int want = threads > 0 ? threads : iso_team_processors();
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
            return iso_fail(ISO_EDEVICE, "cannot start thread %d of %d: %s (use fewer --threads)", i + 1, want,
                            strerror(error));
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
    announce(t);
    for (int i = 1; i < t->size; i++)
        pthread_join(t->threads[i], NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t->threads);
    free(t->workers);
    free(t);
}

int iso_team_size(const struct iso_team *t) { return t->size; }
