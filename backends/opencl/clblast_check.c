/* clblast_check.c: CLBlast against isocl's exact product.
 *
 * The bound of fast mode: |d| <= FACTOR eps sqrt(k) sum |a||b|, the sum computed element by element
 * by the same exact product on magnitudes. Honest orders of summation stay under 0.45 of it. */
#include <float.h>
#include <math.h>
#include "clblast_check.h"
#include "core/bounds.h"
#include "core/machine.h"

enum { COUNTERS = 256, LARGEST = 1 << 25 }; /* LARGEST: elements of a matrix here */
static const double FACTOR = ISO_BOUND_DIRECT;

/* Buffers of one check: a, b, CLBlast's c, own c, sum |a||b|, workspace, counters. */
enum { A, B, C, OWN, SUM, WORK, COUNT, BUFFERS };
struct check {
    struct opencl *cl;
    struct opencl_product p;
    struct iso_mem mem[BUFFERS];
};

static struct opencl_at at(const struct check *c, int which)
{
    return (struct opencl_at){ &c->mem[which], 0 };
}

/* ---- isocl's product, as dense and conv2d run it ---- */

static struct opencl_chains plain_chains(const struct check *c)
{
    const struct opencl_product *p = &c->p;
    const int64_t m = (int64_t)p->m, n = (int64_t)p->n, k = (int64_t)p->k;
    struct opencl_chains g = p->ta ? opencl_plain_rows(k, 1, n, m)
                                   : opencl_plain_chains(m, n, k, ISO_BLOCK_TERMS);
    g.ldb = opencl_b_cols(c->cl, n);
    g.split = 1;
    return g;
}

static struct opencl_matrix packing(const struct check *c)
{
    const struct opencl_product *p = &c->p;
    return (struct opencl_matrix){ .taps_y = 1,
                                   .taps_x = 1,
                                   .segment = (int64_t)p->k,
                                   .x_c = p->tb ? 1 : (int64_t)p->n,
                                   .x_col = p->tb ? (int64_t)p->k : 1,
                                   .cols = (int64_t)p->n,
                                   .width = opencl_b_cols(c->cl, (int64_t)p->n) };
}

static size_t packed_size(const struct check *c)
{
    return c->p.k * (size_t)opencl_b_cols(c->cl, (int64_t)c->p.n);
}

static size_t own_work(const struct check *c)
{
    struct opencl_chains g = plain_chains(c);
    return packed_size(c) +
           (c->p.ta ? opencl_row_chains_work(c->cl, &g) : opencl_chains_work(c->cl, &g));
}

static iso_rc own_product(const struct check *c, int to)
{
    struct opencl_chains g = plain_chains(c);
    struct opencl_at b = at(c, B), none = { NULL, 0 }, work = { &c->mem[WORK], packed_size(c) };
    if (c->p.tb || g.ldb != g.cols) {
        struct opencl_matrix m = packing(c);
        ISO_TRY(opencl_pack(c->cl, &m, b, at(c, WORK)));
        b = at(c, WORK);
    }
    if (c->p.ta)
        return opencl_row_chains(c->cl, &g, at(c, A), b, at(c, to), work);
    return opencl_chains(c->cl, &g, at(c, A), b, none, at(c, to), work);
}

/* ---- Data, comparison, timing ---- */

static iso_rc fill(const struct check *c, bool magnitude)
{
    for (int i = A; i <= B; i++) {
        size_t n = i == A ? c->p.m * c->p.k : c->p.k * c->p.n;
        ISO_TRY(opencl_launch(
            c->cl, "clblast_check.cl", "clblast_check_fill", opencl_elements(c->cl, n),
            ARGS(arg_mem(&c->mem[i], 0), arg_uint(n), arg_uint((uint64_t)i), arg_int(magnitude))));
    }
    return ISO_OK;
}

static iso_rc compare(const struct check *c, bool *right)
{
    size_t n = c->p.m * c->p.n;
    cl_uint count[COUNTERS], bad = 0;
    struct opencl_grid grid = { { COUNTERS, 1, 1 }, { 1, 1, 1 }, true };
    ISO_TRY(opencl_launch(c->cl, "clblast_check.cl", "clblast_check_compare", grid,
                          ARGS(arg_mem(&c->mem[C], 0), arg_mem(&c->mem[OWN], 0),
                               arg_mem(&c->mem[SUM], 0), arg_mem(&c->mem[COUNT], 0), arg_uint(n),
                               arg_real(FACTOR * FLT_EPSILON * sqrt((double)c->p.k)))));
    cl_int rc = clEnqueueReadBuffer(c->cl->queue, c->mem[COUNT].mem, CL_TRUE, 0, sizeof count,
                                    count, 0, NULL, NULL);
    ISO_TRY(opencl_check(rc, "clEnqueueReadBuffer", "clblast_check"));
    for (int i = 0; i < COUNTERS; i++)
        bad += count[i];
    *right = bad == 0;
    return ISO_OK;
}

/* GFLOP/s of the second of two runs: the first one builds kernels. */
static iso_rc time_product(const struct check *c, bool own, double *speed)
{
    double start = 0;
    for (int i = 0; i < 2; i++) {
        ISO_TRY(opencl_check(clFinish(c->cl->queue), "clFinish", "clblast_check"));
        start = iso_clock();
        ISO_TRY(own ? own_product(c, OWN)
                    : opencl_clblast(c->cl, &c->p, at(c, A), at(c, B), at(c, C), false));
        ISO_TRY(opencl_check(clFinish(c->cl->queue), "clFinish", "clblast_check"));
    }
    double flops = 2.0 * (double)c->p.m * (double)c->p.n * (double)c->p.k;
    *speed = flops / (iso_clock() - start) * 1e-9;
    return ISO_OK;
}

static iso_rc run(const struct check *c, bool *right, double *clblast, double *own)
{
    ISO_TRY(fill(c, true));
    ISO_TRY(own_product(c, SUM));
    ISO_TRY(fill(c, false));
    ISO_TRY(time_product(c, true, own));
    ISO_TRY(time_product(c, false, clblast));
    return compare(c, right);
}

static iso_rc allocate(struct check *c)
{
    const struct opencl_product *p = &c->p;
    const size_t floats[BUFFERS] = { p->m * p->k, p->k * p->n, p->m * p->n, p->m * p->n,
                                     p->m * p->n, own_work(c), COUNTERS };
    for (int i = 0; i < BUFFERS; i++) {
        cl_int rc;
        c->mem[i].bytes = floats[i] * sizeof(float);
        c->mem[i].mem =
            clCreateBuffer(c->cl->context, CL_MEM_READ_WRITE, c->mem[i].bytes, NULL, &rc);
        if (rc != CL_SUCCESS) {
            c->mem[i].mem = NULL;
            return opencl_check(rc, "clCreateBuffer", "clblast_check");
        }
    }
    return ISO_OK;
}

/* The long side of a tall product may be cut: its class is the same but for the number of rows. */
static void limit(size_t *side, size_t other)
{
    while (*side > 64 && *side * other > LARGEST)
        *side /= 2;
}

iso_rc opencl_clblast_measure(struct opencl *cl, const struct opencl_product *p, bool *right,
                              double *clblast, double *own)
{
    struct check c = { .cl = cl, .p = *p };
    limit(&c.p.m, c.p.n > c.p.k ? c.p.n : c.p.k);
    limit(&c.p.k, c.p.n > c.p.m ? c.p.n : c.p.m);
    limit(&c.p.n, c.p.k > c.p.m ? c.p.k : c.p.m);
    iso_rc rc = allocate(&c);
    if (rc == ISO_OK)
        rc = run(&c, right, clblast, own);
    clFinish(cl->queue);
    for (int i = 0; i < BUFFERS; i++)
        if (c.mem[i].mem != NULL)
            clReleaseMemObject(c.mem[i].mem);
    return rc;
}
