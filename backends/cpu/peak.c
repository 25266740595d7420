/* peak.c: measures the machine's peaks: fused multiply-adds in registers, memory bandwidth, and the
 * time in which one thread sees another's write. */
#include "cpu.h"
#include "core/system/machine.h"
#include "simd.h"
#include "kernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHAINS = 12,      /* independent, to hide the latency of an fma in two units */
    TURNS = 4000,     /* iterations of the fma loop between two reads of the clock */
    MEMORY = 64 << 20 /* bytes per array: larger than the caches */
};
static const double WAKE = 1e-4; /* seconds of work, not counted, that wake every thread */

/* ---- Fused multiply-adds ------------------------------------------------------------------- */

enum { THREADS = 1024 }; /* beyond that, threads are not counted */
struct fma_probe {
    double deadline, flops[THREADS];
    float sums[THREADS];
};

/* The chains stay near 1: x 0.5 + 0.5. */
static void turn(iso_vec acc[CHAINS])
{
    iso_vec local[CHAINS];
    const iso_vec half = iso_vset(0.5f);
    memcpy(local, acc, sizeof local);
    for (int t = 0; t < TURNS; t++)
        for (int i = 0; i < CHAINS; i++)
            local[i] = iso_vfma(local[i], half, half);
    memcpy(acc, local, sizeof local);
}

static void fma_job(void *data, int64_t unit, int thread)
{
    struct fma_probe *p = data;
    iso_vec acc[CHAINS];
    float elements[ISO_VEC];
    int64_t turns = 0;
    (void)thread;
    for (int i = 0; i < CHAINS; i++)
        acc[i] = iso_vset((float)i);
    do {
        turn(acc);
        turns += TURNS;
    } while (iso_clock() < p->deadline);
    for (int i = 1; i < CHAINS; i++)
        acc[0] = iso_vadd(acc[0], acc[i]);
    iso_vstore(elements, acc[0]);
    p->sums[unit] = elements[0]; /* a result, so that the loop is not left out */
    p->flops[unit] = 2.0 * ISO_VEC * CHAINS * (double)turns;
}

static iso_rc fma_rate(struct iso_team *team, double seconds, double *out)
{
    const int64_t units = iso_min64(iso_team_size(team), THREADS);
    struct fma_probe *p = iso_alloc(1, sizeof *p);
    if (p == NULL)
        return ISO_ENOMEM;
    p->deadline = iso_clock() + WAKE;
    iso_team_run(team, units, fma_job, p);
    const double began = iso_clock();
    double flops = 0;
    p->deadline = began + seconds;
    iso_team_run(team, units, fma_job, p);
    const double took = iso_clock() - began;
    for (int64_t i = 0; i < units; i++)
        flops += p->flops[i];
    *out = flops / took;
    free(p);
    return ISO_OK;
}

/* ---- Memory -------------------------------------------------------------------------------- */

enum { PIECE = 1 << 20 }; /* bytes of one unit */
struct memory_probe {
    enum iso_peak what;
    float *a, *b, *c;
};

static void memory_job(void *data, int64_t unit, int thread)
{
    const struct memory_probe *p = data;
    const int64_t n = PIECE / (int64_t)sizeof(float), first = unit * n;
    float *restrict a = p->a + first;
    const float *restrict b = p->b + first, *restrict c = p->c + first;
    const iso_vec scale = iso_vset(0.5f);
    (void)thread;
    if (p->what == ISO_PEAK_COPY) {
        memcpy(a, b, PIECE);
        return;
    }
    for (int64_t i = 0; i < n; i += ISO_VEC)
        iso_vstore(a + i, iso_vfma(iso_vload(c + i), scale, iso_vload(b + i)));
}

/* Takes the best turn: in the first one, memory pages are not mapped yet. */
static iso_rc memory_rate(struct iso_team *team, enum iso_peak what, double seconds, double *out)
{
    const double bytes = (what == ISO_PEAK_COPY ? 2.0 : 3.0) * MEMORY;
    float *all = aligned_alloc(4096, 3 * (size_t)MEMORY);
    if (all == NULL)
        return iso_fail(ISO_ENOMEM, "out of memory for a probe of %d MiB", 3 * (MEMORY >> 20));
    memset(all, 0, 3 * (size_t)MEMORY);
    const size_t n = MEMORY / sizeof *all;
    struct memory_probe p = { what, all, all + n, all + 2 * n };
    const double began = iso_clock();
    *out = 0;
    do {
        const double start = iso_clock();
        iso_team_run(team, MEMORY / PIECE, memory_job, &p);
        const double rate = bytes / (iso_clock() - start);
        *out = rate > *out ? rate : *out;
    } while (iso_clock() - began < seconds);
    free(all);
    return ISO_OK;
}

/* ---- Handing over -------------------------------------------------------------------------- */

enum { TRIPS = 200 }; /* between two looks at the clock */
struct handoff_probe {
    double deadline, best;          /* best: seconds of TRIPS round trips */
    _Alignas(64) atomic_llong word; /* even: unit 0 writes it next; negative: the end */
};

/* Waits until it is this unit's turn; false at the end, or alone at the deadline. */
static bool wait_for_turn(struct handoff_probe *p, long long turn)
{
    long long word;
    for (int spins = 1; (word = atomic_load(&p->word)) < turn && word >= 0; spins++)
        if (spins % (1 << 16) == 0 && iso_clock() > p->deadline)
            return false;
    return word >= 0;
}

/* Two units, each on its own thread, pass the word to and fro; the fastest stretch counts, because
 * either thread may lose its processor for a while. */
static void handoff_job(void *data, int64_t unit, int thread)
{
    struct handoff_probe *p = data;
    double began = iso_clock();
    (void)thread;
    for (long long turn = unit; wait_for_turn(p, turn); turn += 2) {
        bool over = false;
        if (unit == 0 && turn % (2 * TRIPS) == 0 && turn > 0) {
            const double at = iso_clock();
            p->best = p->best > 0 && p->best < at - began ? p->best : at - began;
            over = at > p->deadline;
            began = at;
        }
        atomic_store(&p->word, over ? -1 : turn + 1);
    }
}

static void handoff_rate(struct iso_team *team, double seconds, double *out)
{
    struct handoff_probe p = { .deadline = iso_clock() + seconds };
    if (iso_team_size(team) > 1)
        iso_team_run(team, 2, handoff_job, &p);
    *out = p.best > 0 ? TRIPS / p.best : 0;
}

iso_rc ISO_CPU(peak)(struct iso_team *team, enum iso_peak what, double seconds, double *out)
{
    if (what == ISO_PEAK_HANDOFF) {
        handoff_rate(team, seconds, out);
        return ISO_OK;
    }
    return what == ISO_PEAK_FMA ? fma_rate(team, seconds, out)
                                : memory_rate(team, what, seconds, out);
}
