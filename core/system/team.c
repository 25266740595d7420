/* team.c: a team of threads. Each has its own share of a task's units, the same of every task,
 * so that what one task wrote lies in the cache of the thread that reads it in the next. A thread
 * that has done its share helps the others, from the end of theirs. */
#include "team.h"
#include "machine.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { SPINS = 20000 }; /* about 100 microseconds awake before a thread sleeps */

/* A share of units, packed into one word: those from `front` to before `back` are nobody's yet. Who
 * moves one end has taken a unit, and holds the task open until it is counted in `done`. So the
 * other members are stable for whoever has a unit, and a task never waits for a thread that has
 * none: one asleep, late, or without a processor. */
struct share {
    _Alignas(64) atomic_ullong word;
};
static inline uint32_t front_of(unsigned long long word) { return (uint32_t)(word >> 32); }
static inline uint32_t back_of(unsigned long long word) { return (uint32_t)word; }

struct iso_team {
    int size, started;  /* number of threads, and of those that run, including the caller */
    int spins;          /* 0 when there are more threads than processors */
    pthread_t *threads; /* size - 1 of them; the caller is thread 0 */
    struct worker {
        struct iso_team *team;
        int index;
    } * workers;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    atomic_int sleeping;
    atomic_bool stop;
    iso_team_task *task;
    void *data;
    struct share *shares;           /* [size] */
    _Alignas(64) atomic_uint tasks; /* given out so far */
    _Alignas(64) atomic_llong done; /* units that are finished */
};

/* ---- Work ---------------------------------------------------------------------------------- */

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Takes a unit from the front of a share, or from its back; -1 when it is empty. */
static int64_t take_unit(struct share *share, bool front)
{
    unsigned long long word = atomic_load_explicit(&share->word, memory_order_relaxed);
    while (front_of(word) < back_of(word)) {
        const unsigned long long less = front ? word + (1ull << 32) : word - 1;
        if (atomic_compare_exchange_weak_explicit(&share->word, &word, less, memory_order_acquire,
                                                  memory_order_relaxed))
            return front ? front_of(word) : back_of(word) - 1;
    }
    return -1;
}

static void take_units(struct iso_team *t, int thread)
{
    long long finished = 0;
    for (int i = 0; i < t->size; i++) {
        struct share *share = &t->shares[(thread + i) % t->size];
        for (int64_t unit; (unit = take_unit(share, i == 0)) >= 0; finished++)
            t->task(t->data, unit, thread);
    }
    if (finished > 0)
        atomic_fetch_add_explicit(&t->done, finished, memory_order_release);
}

static bool idle(struct iso_team *t, unsigned seen)
{
    return atomic_load(&t->tasks) == seen && !atomic_load(&t->stop);
}

/* Waits for a task after those seen, or for the end: awake for a moment, then asleep. */
static void wait_for_work(struct iso_team *t, unsigned seen)
{
    for (int i = 0; i < t->spins; i++) {
        if (!idle(t, seen))
            return;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleeping, 1);
    while (idle(t, seen))
        pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleeping, 1);
    pthread_mutex_unlock(&t->lock);
}

static void *worker_main(void *argument)
{
    const struct worker *w = argument;
    struct iso_team *t = w->team;
    while (!atomic_load(&t->stop)) {
        const unsigned seen = atomic_load(&t->tasks);
        take_units(t, w->index);
        wait_for_work(t, seen);
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

void iso_team_run(struct iso_team *t, int64_t units, iso_team_task *task, void *data)
{
    if (t->size == 1 || units <= 1) {
        for (int64_t i = 0; i < units; i++)
            task(data, i, 0);
        return;
    }
    assert(units <= UINT32_MAX);
    t->task = task;
    t->data = data;
    atomic_store_explicit(&t->done, 0, memory_order_relaxed);
    for (int i = 0; i < t->size; i++) {
        const uint64_t front = (uint64_t)(units * i / t->size);
        const uint64_t back = (uint64_t)(units * (i + 1) / t->size);
        atomic_store_explicit(&t->shares[i].word, front << 32 | back, memory_order_release);
    }
    atomic_fetch_add(&t->tasks, 1);
    wake_sleepers(t);
    take_units(t, 0);
    for (int i = 0; atomic_load_explicit(&t->done, memory_order_acquire) < units; i++) {
        relax();
        if (i >= t->spins)
            sched_yield(); /* who has a unit may have lost its processor: lend it this
                              one */
    }
}

/* ---- Opening and closing ------------------------------------------------------------------- */

iso_rc iso_team_new(int threads, struct iso_team **out)
{
    struct iso_team *t = aligned_alloc(64, (sizeof *t + 63) / 64 * 64);
    if (t == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory for a team of threads");
    memset(t, 0, sizeof *t);
    const int processors = iso_machine_processors(), want = threads > 0 ? threads : processors;
    t->size = want;
    t->started = 1;
    t->spins = want > processors ? 0 : SPINS;
    t->threads = iso_alloc((size_t)want, sizeof *t->threads);
    t->workers = iso_alloc((size_t)want, sizeof *t->workers);
    t->shares = aligned_alloc(64, (size_t)want * sizeof *t->shares);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    if (t->threads == NULL || t->workers == NULL || t->shares == NULL) {
        iso_team_free(t);
        return iso_fail(ISO_ENOMEM, "out of memory for a team of %d threads", want);
    }
    memset(t->shares, 0, (size_t)want * sizeof *t->shares);
    for (int i = 1; i < want; i++) {
        t->workers[i] = (struct worker){ t, i };
        const int error = pthread_create(&t->threads[i], NULL, worker_main, &t->workers[i]);
        if (error) {
            iso_team_free(t);
            return iso_fail(ISO_EDEVICE, "cannot start thread %d of %d: %s (use fewer --threads)",
                            i + 1, want, strerror(error));
        }
        t->started = i + 1;
    }
    *out = t;
    return ISO_OK;
}

void iso_team_free(struct iso_team *t)
{
    if (t == NULL)
        return;
    atomic_store(&t->stop, true);
    wake_sleepers(t);
    for (int i = 1; i < t->started; i++)
        pthread_join(t->threads[i], NULL);
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->lock);
    free(t->threads);
    free(t->shares);
    free(t->workers);
    free(t);
}

int iso_team_size(const struct iso_team *t) { return t->size; }
