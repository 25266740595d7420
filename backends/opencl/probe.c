/* probe.c: does this device compute exactly? A few operations whose exact results are known.
 *
 * Asked of a device when it is opened or listed; the answer decides what `exact` means there. */
#include <math.h>
#include <string.h>
#include "opencl.h"
#include "driver.h"

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

static iso_rc run(struct opencl *cl, cl_mem in, cl_mem out, uint32_t result[2 * PROBES])
{
    float values[3 * PROBES];
    for (int i = 0; i < PROBES; i++) {
        values[3 * i] = probes[i].a;
        values[3 * i + 1] = probes[i].b;
        values[3 * i + 2] = probes[i].c;
    }
    const struct iso_mem from = { in, sizeof values }, to = { out, 2 * PROBES * sizeof(uint32_t) };
    cl_int rc =
        clEnqueueWriteBuffer(cl->queue, in, CL_TRUE, 0, sizeof values, values, 0, NULL, NULL);
    ISO_TRY(opencl_check(rc, "clEnqueueWriteBuffer", "probe"));
    struct opencl_grid grid = { { PROBES, 1, 1 }, { 1, 1, 1 }, true };
    ISO_TRY(opencl_launch(cl, "probe.cl", "probe", grid, ARGS(arg_mem(&from, 0), arg_mem(&to, 0))));
    rc = clEnqueueReadBuffer(cl->queue, out, CL_TRUE, 0, to.bytes, result, 0, NULL, NULL);
    return opencl_check(rc, "clEnqueueReadBuffer", "probe");
}

/* A compiler that contracts a * b + c does no harm: isocl's kernels have no such sum. */
static enum iso_exactness judge(const uint32_t result[2 * PROBES])
{
    enum iso_exactness verdict = ISO_EXACT;
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
    uint32_t result[2 * PROBES] = { 0 };
    cl_int rc;
    ISO_TRY(opencl_driver_try(cl));
    cl_mem in =
        clCreateBuffer(cl->context, CL_MEM_READ_WRITE, 3 * PROBES * sizeof(float), NULL, &rc);
    ISO_TRY(opencl_check(rc, "clCreateBuffer", "probe"));
    cl_mem to = clCreateBuffer(cl->context, CL_MEM_READ_WRITE, sizeof result, NULL, &rc);
    iso_rc done = opencl_check(rc, "clCreateBuffer", "probe");
    if (done == ISO_OK) {
        done = run(cl, in, to, result);
        clReleaseMemObject(to);
    }
    clReleaseMemObject(in);
    *out = done == ISO_OK ? judge(result) : ISO_INEXACT;
    return done;
}
