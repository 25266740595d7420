/* probe.c: does this device compute, and exactly? A few sums whose results are known.
 *
 * Asked of a device when it is opened or listed. The answer decides what `exact` means there; a
 * device whose results no rounding explains is refused in every mode. */
#include <math.h>
#include <string.h>
#include "opencl.h"

/* a, b, c and the bits of fma(a, b, c) and of a * b + c with two roundings. */
struct probe {
    float a, b, c;
    uint32_t fused, split;
    bool subnormal;
};
static const struct probe probes[] = {
    /* (1 + 2^-12)^2 - 1 - 2^-11 = 2^-24, which the product alone rounds away */
    { 0x1.001p0f, 0x1.001p0f, -0x1.002p0f, 0x33800000u, 0x00000000u, false },
    { 0x1.fffffep0f, 0x1.fffffep0f, -0x1.fffffcp1f, 0x28800000u, 0x00000000u, false },
    { 1.0f, 1.0f, 0x1p-24f, 0x3f800000u, 0x3f800000u, false }, /* ties to even */
    { 1.0f, 0x1.000002p0f, 0x1p-24f, 0x3f800002u, 0x3f800002u, false },
    { 0x1p-126f, 1.0f, -0x1p-127f, 0x00400000u, 0x00400000u, true }, /* results below FLT_MIN */
    { 0x1p-100f, 0x1p-40f, 0.0f, 0x00000200u, 0x00000200u, true },
};
enum { PROBES = sizeof probes / sizeof *probes };
/* Sums of products: rows of a matrix times a vector, which comes first. */
enum { SUMS = 8, TERMS = 100, FACTORS = (SUMS + 1) * TERMS };

struct answers {
    float triples[2 * PROBES], sums[SUMS];
};
struct questions {
    float triples[3 * PROBES], factors[FACTORS];
};

/* Factors of 24 significant bits from -1 to 1. */
static void ask(struct questions *q)
{
    uint32_t state = 1;
    for (int i = 0; i < PROBES; i++) {
        q->triples[3 * i] = probes[i].a;
        q->triples[3 * i + 1] = probes[i].b;
        q->triples[3 * i + 2] = probes[i].c;
    }
    for (int i = 0; i < FACTORS; i++) {
        state = state * 1664525u + 1013904223u;
        q->factors[i] = (float)((int32_t)(state >> 7) - (1 << 24)) * 0x1p-24f;
    }
}

static iso_rc launch(struct opencl *cl, const struct iso_mem *in, const struct iso_mem *out)
{
    const struct opencl_grid each = { { PROBES, 1, 1 }, { 1, 1, 1 }, true };
    const struct opencl_grid rows = { { SUMS, 1, 1 }, { ISO_LANES, 1, 1 }, true };
    ISO_TRY(opencl_launch(cl, "probe.cl", "probe", each, ARGS(arg_mem(in, 0), arg_mem(out, 0))));
    return opencl_launch(cl, "probe.cl", "probe_sums", rows,
                         ARGS(arg_mem(in, 3 * PROBES), arg_mem(out, 2 * PROBES), arg_int(TERMS)));
}

/* Runs the kernel over an output full of NaN, so that a result it does not write is seen. */
static iso_rc run(struct opencl *cl, cl_mem in, cl_mem out, const struct questions *q,
                  struct answers *a)
{
    const struct iso_mem from = { in, sizeof *q }, to = { out, sizeof *a };
    memset(a, 0xFF, sizeof *a);
    cl_int rc = clEnqueueWriteBuffer(cl->queue, in, CL_TRUE, 0, sizeof *q, q, 0, NULL, NULL);
    ISO_TRY(opencl_check(rc, "clEnqueueWriteBuffer", "probe"));
    rc = clEnqueueWriteBuffer(cl->queue, out, CL_TRUE, 0, sizeof *a, a, 0, NULL, NULL);
    ISO_TRY(opencl_check(rc, "clEnqueueWriteBuffer", "probe"));
    ISO_TRY(launch(cl, &from, &to));
    rc = clEnqueueReadBuffer(cl->queue, out, CL_TRUE, 0, sizeof *a, a, 0, NULL, NULL);
    return opencl_check(rc, "clEnqueueReadBuffer", "probe");
}

/* ---- Verdicts ---- */

/* have is a sum of n products whose magnitudes add up to `size`. Each term is rounded at most n
 * times, in whatever order and fused or not, so the sum errs by g size, g = n u / (1 - n u); a term
 * that is flushed to zero is a subnormal number. NaN is wrong. */
static iso_rc check(const struct opencl *cl, float have, double want, double size, int n)
{
    const double nu = n * 0x1p-24, bound = nu / (1 - nu) * size + n * 0x1p-126;
    if (fabs((double)have - want) <= bound)
        return ISO_OK;
    return iso_fail(ISO_EDEVICE,
                    "%s (%s) computes wrongly: a sum of %d products is %g, right is %g, with at "
                    "most %.1g of rounding errors. Its driver or compiler is broken: update it, or "
                    "take another device",
                    cl->base.device.id, cl->base.device.name, n, (double)have, want, bound);
}

static iso_rc check_triples(const struct opencl *cl, const float *have)
{
    for (int i = 0; i < PROBES; i++) {
        const double ab = (double)probes[i].a * (double)probes[i].b, c = (double)probes[i].c;
        for (int k = 0; k < 2; k++)
            ISO_TRY(check(cl, have[2 * i + k], ab + c, fabs(ab) + fabs(c), 2));
    }
    return ISO_OK;
}

static iso_rc check_sums(const struct opencl *cl, const float *factors, const float *have)
{
    for (int row = 0; row < SUMS; row++) {
        double want = 0, size = 0;
        for (int k = 0; k < TERMS; k++) {
            const double ab = (double)factors[k] * (double)factors[(row + 1) * TERMS + k];
            want += ab;
            size += fabs(ab);
        }
        ISO_TRY(check(cl, have[row], want, size, TERMS));
    }
    return ISO_OK;
}

/* A compiler that contracts a * b + c does no harm: isocl's kernels have no such sum. */
static enum iso_exactness judge(const float *have)
{
    enum iso_exactness verdict = ISO_EXACT;
    uint32_t result[2 * PROBES];
    memcpy(result, have, sizeof result);
    for (int i = 0; i < PROBES; i++) {
        uint32_t split = result[2 * i + 1];
        bool right = result[2 * i] == probes[i].fused &&
                     (split == probes[i].split || split == probes[i].fused);
        if (!right && !probes[i].subnormal)
            return ISO_INEXACT;
        if (!right)
            verdict = ISO_EXACT_NORMAL;
    }
    return verdict;
}

iso_rc opencl_probe(struct opencl *cl, enum iso_exactness *out)
{
    struct questions q;
    struct answers a;
    cl_int rc;
    *out = ISO_INEXACT;
    ask(&q);
    cl_mem in = clCreateBuffer(cl->context, CL_MEM_READ_WRITE, sizeof q, NULL, &rc);
    ISO_TRY(opencl_check(rc, "clCreateBuffer", "probe"));
    cl_mem to = clCreateBuffer(cl->context, CL_MEM_READ_WRITE, sizeof a, NULL, &rc);
    iso_rc done = opencl_check(rc, "clCreateBuffer", "probe");
    if (done == ISO_OK) {
        done = run(cl, in, to, &q, &a);
        clReleaseMemObject(to);
    }
    clReleaseMemObject(in);
    ISO_TRY(done);
    ISO_TRY(check_triples(cl, a.triples));
    ISO_TRY(check_sums(cl, q.factors, a.sums));
    *out = judge(a.triples);
    return ISO_OK;
}

/* ---- Groups ---- */

static iso_rc count_items(struct opencl *cl, const struct iso_mem *out, size_t items, float *count)
{
    const struct opencl_grid one = { { 1, 1, 1 }, { items, 1, 1 }, true };
    ISO_TRY(opencl_launch(cl, "probe.cl", "probe_group", one, ARGS(arg_mem(out, 0))));
    return opencl_check(
        clEnqueueReadBuffer(cl->queue, out->mem, CL_TRUE, 0, sizeof *count, count, 0, NULL, NULL),
        "clEnqueueReadBuffer", "probe");
}

bool opencl_runs_group(struct opencl *cl, size_t items)
{
    float count = 0;
    cl_int rc;
    cl_mem mem = clCreateBuffer(cl->context, CL_MEM_READ_WRITE, sizeof count, NULL, &rc);
    if (rc != CL_SUCCESS)
        return false;
    const struct iso_mem out = { mem, sizeof count };
    const iso_rc done = count_items(cl, &out, items, &count);
    clReleaseMemObject(mem);
    if (done != ISO_OK)
        iso_error_clear();
    return done == ISO_OK && count == (float)items;
}
