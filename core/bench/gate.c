/* gate.c: samples that count only while the processor is really there. */
#include "bench.h"
#include "core/system/machine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PROBE = 1e-3; /* seconds of a probe */
static const double LOW =
    0.9; /* share of the highest rate below which another program is taken to be running */
enum { FIRST_PROBES = 50, SPARE = 2 }; /* SPARE: repetitions per sample */

static iso_rc probe(struct iso_gate *g, bool *high)
{
    double rate;
    ISO_TRY(g->probe->ops->peak(g->probe, ISO_PEAK_FMA, PROBE, &rate));
    if (rate > g->flops)
        g->flops = rate;
    *high = rate >= LOW * g->flops;
    return ISO_OK;
}

bool iso_bench_own_peak(const struct iso_backend *b)
{
    return b->ops->peak != NULL && (b->device.gpu || strcmp(b->ops->name, "opencl") != 0);
}

iso_rc iso_gate_open(struct iso_gate *g, struct iso_backend *backend, int threads)
{
    *g = (struct iso_gate){ .probe = backend };
    if (!iso_bench_own_peak(backend)) {
        ISO_TRY(iso_backend_open("cpu", ISO_MODE_DEFAULT, threads, &g->own));
        g->probe = g->own;
    }
    iso_rc rc = ISO_OK;
    for (int i = 0; i < FIRST_PROBES && rc == ISO_OK; i++) {
        bool high;
        rc = probe(g, &high);
    }
    if (rc != ISO_OK)
        iso_gate_close(g);
    return rc;
}

void iso_gate_close(struct iso_gate *g)
{
    iso_backend_close(g->own);
    g->own = g->probe = NULL;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double iso_bench_median(double *values, int n)
{
    if (n == 0)
        return NAN;
    qsort(values, (size_t)n, sizeof *values, ascending);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

static iso_rc timed(iso_bench_work *work, void *data, int64_t times, double *seconds)
{
    const double began = iso_clock();
    ISO_TRY(work(data, times));
    *seconds = iso_clock() - began;
    return ISO_OK;
}

/* How often the work fits into `target` seconds; finding out warms it up. */
static iso_rc calibrate(iso_bench_work *work, void *data, double target, int64_t *times,
                        double *once)
{
    double seconds;
    *times = 1;
    ISO_TRY(timed(work, data, 1, &seconds));
    if (seconds < target) /* the first time also builds kernels and touches memory */
        ISO_TRY(timed(work, data, 1, &seconds));
    while (seconds < target / 4 && *times < 1 << 24) {
        *times *= 4;
        ISO_TRY(timed(work, data, *times, &seconds));
    }
    *once = seconds / (double)*times;
    const double fits = target / *once;
    *times = fits > 1 ? (int64_t)fits : 1;
    return ISO_OK;
}

iso_rc iso_gate_measure(struct iso_gate *g, double seconds, iso_bench_work *work,
                        iso_bench_taken *taken, void *data, struct iso_timing *out)
{
    double samples[ISO_BENCH_SAMPLES], once;
    int64_t times;
    bool before, after;
    *out = (struct iso_timing){ 0 };
    ISO_TRY(calibrate(work, data, seconds / ISO_BENCH_SAMPLES, &times, &once));
    const double fit = seconds / (once * (double)times);
    const int wanted = fit < 1                         ? 1
                       : fit + 0.5 < ISO_BENCH_SAMPLES ? (int)(fit + 0.5)
                                                       : ISO_BENCH_SAMPLES;
    int spare = SPARE * wanted;
    ISO_TRY(probe(g, &before));
    while (out->samples < wanted) {
        double took;
        ISO_TRY(timed(work, data, times, &took));
        ISO_TRY(probe(g, &after));
        const bool good = before && after;
        before = after;
        if (!good && spare-- > 0) {
            g->repeated++;
            continue;
        }
        out->noisy = out->noisy || !good;
        samples[out->samples++] = took / (double)times;
        if (taken != NULL)
            taken(data, times);
    }
    out->seconds = iso_bench_median(samples, out->samples);
    return ISO_OK;
}
