/* peak.c: measures the device's peaks, with kernels that do nothing else. */
#include "core/system/machine.h"
#include "opencl.h"

enum { FMA_CHAINS = 16, GROUPS_PER_CORE = 16, FIRST_ROUNDS = 256, MOST_ROUNDS = 1 << 24 };
enum { QUADS = 8 << 20 }; /* elements of four floats, 128 MiB in total: more than the caches */

static iso_rc start_fma(struct opencl *cl, struct iso_mem *out, int rounds, size_t items)
{
    const struct opencl_grid grid = opencl_elements(cl, items);
    return opencl_launch(cl, "peak.cl", "peak_fma", grid,
                         ARGS(arg_mem(out, 0), arg_int(rounds), arg_real(0.999), arg_real(0.001)));
}

static iso_rc time_fma(struct opencl *cl, struct iso_mem *out, int rounds, size_t items,
                       double *seconds)
{
    ISO_TRY(opencl_check(clFinish(cl->queue), "clFinish", NULL));
    const double began = iso_clock();
    ISO_TRY(start_fma(cl, out, rounds, items));
    ISO_TRY(opencl_check(clFinish(cl->queue), "clFinish", NULL));
    *seconds = iso_clock() - began;
    return ISO_OK;
}

/* The first time also builds the kernel. From then on, as many rounds as fill the time. */
static iso_rc measure_fma(struct opencl *cl, struct iso_mem *out, size_t items, double wanted,
                          double *rate)
{
    double seconds;
    if (cl->peak_rounds == 0) {
        cl->peak_rounds = FIRST_ROUNDS;
        ISO_TRY(time_fma(cl, out, 1, items, &seconds));
    }
    ISO_TRY(time_fma(cl, out, cl->peak_rounds, items, &seconds));
    while (seconds < wanted / 2 && cl->peak_rounds < MOST_ROUNDS) {
        cl->peak_rounds *= 2;
        ISO_TRY(time_fma(cl, out, cl->peak_rounds, items, &seconds));
    }
    *rate = 2.0 * FMA_CHAINS * (double)items * cl->peak_rounds / seconds;
    return ISO_OK;
}

static iso_rc peak_fma(struct opencl *cl, double seconds, double *rate)
{
    const size_t items = (size_t)cl->cores * GROUPS_PER_CORE * cl->max_group;
    struct iso_mem *out;
    ISO_TRY(cl->base.ops->alloc(&cl->base, items * sizeof(float), &out));
    const iso_rc rc = measure_fma(cl, out, items, seconds, rate);
    cl->base.ops->free(&cl->base, out);
    return rc;
}

static iso_rc start_stream(struct opencl *cl, struct iso_mem *const m[3], bool triad, size_t n)
{
    const struct opencl_grid grid = opencl_elements(cl, n);
    if (triad)
        return opencl_launch(
            cl, "peak.cl", "peak_triad", grid,
            ARGS(arg_mem(m[0], 0), arg_mem(m[1], 0), arg_mem(m[2], 0), arg_uint(n), arg_real(0.5)));
    return opencl_launch(cl, "peak.cl", "peak_copy", grid,
                         ARGS(arg_mem(m[0], 0), arg_mem(m[2], 0), arg_uint(n)));
}

/* The best of several runs, once the first has built the kernel and touched the memory. */
static iso_rc measure_stream(struct opencl *cl, struct iso_mem *const m[3], bool triad, size_t n,
                             double wanted, double *rate)
{
    const double bytes = (double)n * 16 * (triad ? 3 : 2);
    double spent = 0;
    *rate = 0;
    for (int run = 0; run < 2 || spent < wanted; run++) {
        ISO_TRY(opencl_check(clFinish(cl->queue), "clFinish", NULL));
        const double began = iso_clock();
        ISO_TRY(start_stream(cl, m, triad, n));
        ISO_TRY(opencl_check(clFinish(cl->queue), "clFinish", NULL));
        const double seconds = iso_clock() - began;
        spent += run > 0 ? seconds : 0;
        if (run > 0 && bytes / seconds > *rate)
            *rate = bytes / seconds;
    }
    return ISO_OK;
}

static iso_rc peak_stream(struct opencl *cl, bool triad, double seconds, double *rate)
{
    struct iso_backend *be = &cl->base;
    struct iso_mem *m[3] = { NULL, NULL, NULL };
    const size_t most = be->max_alloc / 16;
    const size_t n = most != 0 && most < QUADS ? most : QUADS;
    iso_rc rc = ISO_OK;
    for (int i = 0; i < 3 && rc == ISO_OK; i++)
        rc = be->ops->alloc(be, n * 16, &m[i]);
    for (int i = 0; i < 3 && rc == ISO_OK; i++)
        rc = be->ops->fill(be, m[i], 0, 0, n * 16);
    if (rc == ISO_OK)
        rc = measure_stream(cl, m, triad, n, seconds, rate);
    for (int i = 0; i < 3; i++)
        be->ops->free(be, m[i]);
    return rc;
}

iso_rc opencl_peak(struct iso_backend *be, enum iso_peak peak, double seconds, double *out)
{
    *out = 0;
    if (peak == ISO_PEAK_HANDOFF)
        return ISO_OK; /* host threads have no part in it */
    if (peak == ISO_PEAK_FMA)
        return peak_fma(opencl_of(be), seconds, out);
    return peak_stream(opencl_of(be), peak == ISO_PEAK_TRIAD, seconds, out);
}
