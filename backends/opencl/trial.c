/* trial.c: runs one way to compute a product, checks the result and measures the time.
 *
 * Exact: some elements are computed here, as core/arithmetic/order.h defines them, and must have
 * the same bits; of the whole result a hash is returned. CLBlast: the bound of fast mode, |d| <=
 * FACTOR eps sqrt(k) sum |a||b|, the sum computed element by element by the same exact product on
 * magnitudes. Honest orders of summation stay under 0.45 of it. */
#include "trial.h"

#include "core/arithmetic/bounds.h"
#include "core/system/machine.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNTERS = 256, SAMPLES = 32, RUNS = 5 };
enum { LARGEST = 1 << 24 };          /* elements of a matrix here */
static const double SHORTEST = 2e-3; /* seconds between two looks at the clock */
static const double MOST_GPU = 0x1p36, MOST_CPU = 0x1p27; /* products of one run */

/* Buffers: a, b, the result, isocl's own result, sum |a||b|, workspace, counters. */
enum { A, B, C, OWN, SUM, WORK, COUNT, BUFFERS };
struct trial {
    struct opencl *cl;
    enum opencl_way way;
    struct opencl_product p;
    size_t products;
    size_t floats[BUFFERS];
    struct iso_mem mem[BUFFERS];
    float *host[BUFFERS]; /* host copies of A, B and C */
};

static struct opencl_at at(const struct trial *t, int which)
{
    return (struct opencl_at){ &t->mem[which], 0 };
}

/* ---- isocl's product, as dense and conv2d run it --------------------------------------------- */

/* A variant's kernel reads b as it lies; otherwise it is packed. */
static bool is_turned(const struct trial *t) { return t->way == OPENCL_WAY_VARIANT && t->p.tb; }

static struct opencl_chains plain_chains(const struct trial *t)
{
    const struct opencl_product *p = &t->p;
    const int64_t m = (int64_t)p->m, n = (int64_t)p->n, k = (int64_t)p->k;
    struct opencl_chains g = p->ta ? opencl_plain_rows(k, 1, n, m)
                                   : opencl_plain_chains(m, n, k, ISO_BLOCK_TERMS);
    g.ldb = (iso_i32)n;
    g.split = t->products == 1;
    g.b_col = is_turned(t) ? (iso_i32)k : 0;
    g.a_next = (iso_i32)(p->m * p->k);
    g.b_next = (iso_i32)(p->k * (size_t)g.ldb);
    g.y_next = (iso_i32)(p->m * p->n);
    return g;
}

static struct opencl_matrix packing(const struct trial *t)
{
    const struct opencl_product *p = &t->p;
    return (struct opencl_matrix){ .taps_y = 1,
                                   .taps_x = 1,
                                   .segment = (int64_t)p->k,
                                   .x_c = p->tb ? 1 : (int64_t)p->n,
                                   .x_col = p->tb ? (int64_t)p->k : 1,
                                   .cols = (int64_t)p->n,
                                   .width = (int64_t)p->n };
}

static size_t packed_size(const struct trial *t) { return t->p.k * t->p.n; }

static struct opencl_groups groups_of(const struct trial *t, const struct opencl_chains *g)
{
    return (struct opencl_groups){ t->products, 0, opencl_groups_at_once(t->cl, g, t->products) };
}

static size_t own_work(const struct trial *t)
{
    struct opencl_chains g = plain_chains(t);
    if (t->p.ta && t->products > 1)
        return packed_size(t) + opencl_groups_work(t->cl, &g, groups_of(t, &g));
    return packed_size(t) +
           (t->p.ta ? opencl_row_chains_work(t->cl, &g) : opencl_chains_work(t->cl, &g));
}

static iso_rc many_products(const struct trial *t, const struct opencl_chains *g, int to)
{
    if (t->p.ta) {
        return opencl_some_row_chains(t->cl, g, groups_of(t, g), at(t, A), at(t, B), at(t, to),
                                      at(t, WORK));
    }
    return opencl_many_chains(t->cl, g, t->products, at(t, A), at(t, B), at(t, to));
}

static iso_rc own_product(const struct trial *t, int to)
{
    struct opencl_chains g = plain_chains(t);
    struct opencl_at b = at(t, B), none = { NULL, 0 }, work = { &t->mem[WORK], packed_size(t) };
    if (t->products > 1)
        return many_products(t, &g, to);
    if (!is_turned(t) && (t->p.tb || g.ldb != g.cols)) {
        struct opencl_matrix m = packing(t);
        ISO_TRY(opencl_pack(t->cl, &m, b, at(t, WORK)));
        b = at(t, WORK);
    }
    if (t->p.ta)
        return opencl_row_chains(t->cl, &g, at(t, A), b, at(t, to), work);
    return opencl_chains(t->cl, &g, at(t, A), b, none, at(t, to), work);
}

static iso_rc product(const struct trial *t)
{
    return t->way == OPENCL_WAY_CLBLAST
               ? opencl_clblast(t->cl, &t->p, at(t, A), at(t, B), at(t, C), false)
               : own_product(t, C);
}

/* ---- Data ----------------------------------------------------------------------------------- */

static iso_rc fill(const struct trial *t, bool magnitude)
{
    for (int i = A; i <= B; i++) {
        const size_t n = t->floats[i];
        ISO_TRY(opencl_launch(
            t->cl, "trial.cl", "trial_fill", opencl_elements(t->cl, n),
            ARGS(arg_mem(&t->mem[i], 0), arg_uint(n), arg_uint((uint64_t)i), arg_int(magnitude))));
    }
    return ISO_OK;
}

static iso_rc read_back(struct trial *t, int which)
{
    t->host[which] = iso_alloc(t->floats[which], sizeof(float));
    if (t->host[which] == NULL)
        return ISO_ENOMEM;
    const cl_int rc = clEnqueueReadBuffer(t->cl->queue, t->mem[which].mem, CL_TRUE, 0,
                                          t->floats[which] * sizeof(float), t->host[which], 0, NULL,
                                          NULL);
    return opencl_check(rc, "clEnqueueReadBuffer", "trial");
}

static iso_rc allocate(struct trial *t)
{
    const struct opencl_product *p = &t->p;
    const bool fast = t->way == OPENCL_WAY_CLBLAST;
    const size_t all = t->products * p->m * p->n;
    const size_t floats[BUFFERS] = {
        t->products * p->m * p->k,
        t->products * p->k * opencl_larger(p->n, t->products > 1 ? packed_size(t) / p->k : 0),
        all,
        fast ? all : 1,
        fast ? all : 1,
        own_work(t),
        COUNTERS
    };
    for (int i = 0; i < BUFFERS; i++) {
        cl_int rc;
        t->floats[i] = floats[i];
        t->mem[i].bytes = floats[i] * sizeof(float);
        t->mem[i].mem =
            clCreateBuffer(t->cl->context, CL_MEM_READ_WRITE, t->mem[i].bytes, NULL, &rc);
        if (rc != CL_SUCCESS) {
            t->mem[i].mem = NULL;
            return opencl_check(rc, "clCreateBuffer", "trial");
        }
    }
    return ISO_OK;
}

static void release(struct trial *t)
{
    clFinish(t->cl->queue);
    for (int i = 0; i < BUFFERS; i++) {
        if (t->mem[i].mem != NULL)
            clReleaseMemObject(t->mem[i].mem);
        free(t->host[i]);
    }
}

/* Halves the longest side until the product is no more than what one run may take. */
static void limit(struct trial *t)
{
    struct opencl_product *p = &t->p;
    const double most = t->cl->found.gpu ? MOST_GPU : MOST_CPU;
    for (;;) {
        const size_t a = p->m * p->k, b = p->k * p->n, c = p->m * p->n;
        size_t *longest = p->m >= p->k ? &p->m : &p->k;
        if (p->n > *longest)
            longest = &p->n;
        const double all = (double)t->products * (double)c * (double)p->k;
        const size_t largest = t->products * opencl_larger(a, opencl_larger(b, c));
        if (*longest <= 64 || (all <= most && largest <= LARGEST))
            return;
        *longest = *longest / 2 / 4 * 4;
    }
}

/* ---- Right? --------------------------------------------------------------------------------- */

/* The element (row, col) of the result, term by term. */
static float term(const struct trial *t, size_t row, size_t col, size_t k, float *b)
{
    const struct opencl_product *p = &t->p;
    const float *a = t->host[A];
    *b = p->tb ? t->host[B][col * p->k + k] : t->host[B][k * p->n + col];
    return p->ta ? a[k * p->m + row] : a[row * p->k + k];
}

/* A block's chain over the terms [from, to). */
static float block(const struct trial *t, size_t row, size_t col, size_t from, size_t to)
{
    float sum = 0, b;
    for (size_t k = from; k < to; k++) {
        const float a = term(t, row, col, k, &b);
        sum = fmaf(a, b, sum);
    }
    return sum;
}

/* The element as core/arithmetic/order.h defines it: over terms in blocks, over rows in blocks and
 * groups. */
static float element(const struct trial *t, size_t row, size_t col)
{
    const struct iso_rows rows = { (iso_i32)t->p.k, 1 };
    const size_t depth = t->p.k;
    float total = 0;
    for (size_t at_ = 0, end; !t->p.ta && at_ < depth; at_ = end) {
        end = at_ + ISO_BLOCK_TERMS < depth ? at_ + ISO_BLOCK_TERMS : depth;
        total += block(t, row, col, at_, end);
    }
    for (int n = 0; t->p.ta && n < iso_group_count(rows); n++) {
        float group = 0;
        int from = iso_group_begin(rows, n);
        for (const int stop = iso_group_end(rows, from); from < stop;) {
            const int end = iso_block_end(rows, from);
            group += block(t, row, col, (size_t)from, (size_t)end);
            from = end;
        }
        total += group;
    }
    return total;
}

/* FNV-1a over the words. */
static uint64_t hash(const float *x, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) {
        uint32_t word;
        memcpy(&word, &x[i], sizeof word);
        h = (h ^ word) * 0x100000001b3u;
    }
    return h != 0 ? h : 1;
}

/* Checks elements of the first product, spread over it, including the last one. */
static iso_rc check_bits(struct trial *t, struct opencl_outcome *out)
{
    const size_t n = t->p.m * t->p.n;
    for (int i = A; i <= C; i++)
        ISO_TRY(read_back(t, i));
    out->verdict = OPENCL_RIGHT;
    out->bits = hash(t->host[C], t->floats[C]);
    for (size_t i = 0; i < SAMPLES; i++) {
        const size_t which = n - 1 - i * (n - 1) / (SAMPLES - 1);
        const float want = element(t, which / t->p.n, which % t->p.n);
        if (memcmp(&want, &t->host[C][which], sizeof want) != 0)
            out->verdict = OPENCL_WRONG;
    }
    return ISO_OK;
}

static iso_rc check_bound(struct trial *t, struct opencl_outcome *out)
{
    cl_uint count[COUNTERS], bad = 0;
    const struct opencl_grid grid = { { COUNTERS, 1, 1 }, { 1, 1, 1 }, true };
    const double factor = ISO_BOUND_DIRECT * FLT_EPSILON * sqrt((double)t->p.k);
    ISO_TRY(own_product(t, OWN));
    ISO_TRY(fill(t, true));
    ISO_TRY(own_product(t, SUM));
    ISO_TRY(opencl_launch(t->cl, "trial.cl", "trial_compare", grid,
                          ARGS(arg_mem(&t->mem[C], 0), arg_mem(&t->mem[OWN], 0),
                               arg_mem(&t->mem[SUM], 0), arg_mem(&t->mem[COUNT], 0),
                               arg_uint(t->floats[C]), arg_real(factor))));
    const cl_int rc = clEnqueueReadBuffer(t->cl->queue, t->mem[COUNT].mem, CL_TRUE, 0, sizeof count,
                                          count, 0, NULL, NULL);
    ISO_TRY(opencl_check(rc, "clEnqueueReadBuffer", "trial"));
    for (int i = 0; i < COUNTERS; i++)
        bad += count[i];
    out->verdict = bad == 0 ? OPENCL_RIGHT : OPENCL_WRONG;
    return ISO_OK;
}

/* ---- How fast? ------------------------------------------------------------------------------ */

/* Seconds of one of `times` runs, one after the other. */
static iso_rc time_runs(const struct trial *t, int times, double *seconds)
{
    ISO_TRY(opencl_check(clFinish(t->cl->queue), "clFinish", "trial"));
    const double start = iso_clock();
    for (int i = 0; i < times; i++)
        ISO_TRY(product(t));
    ISO_TRY(opencl_check(clFinish(t->cl->queue), "clFinish", "trial"));
    *seconds = (iso_clock() - start) / times;
    return ISO_OK;
}

/* The best of several, after a warm-up that is over already. */
static iso_rc measure(const struct trial *t, double budget, double *best)
{
    const double until = iso_clock() + budget;
    double seconds;
    ISO_TRY(time_runs(t, 1, best));
    const int times = *best < SHORTEST ? (int)(SHORTEST / (*best + 1e-6)) + 1 : 1;
    for (int i = 1; i < RUNS && iso_clock() < until; i++) {
        ISO_TRY(time_runs(t, times, &seconds));
        *best = seconds < *best ? seconds : *best;
    }
    return ISO_OK;
}

static iso_rc run(struct trial *t, double budget, struct opencl_outcome *out)
{
    ISO_TRY(allocate(t));
    ISO_TRY(fill(t, false));
    ISO_TRY(product(t)); /* builds the kernels, and warms up */
    ISO_TRY(t->way == OPENCL_WAY_CLBLAST ? check_bound(t, out) : check_bits(t, out));
    return out->verdict == OPENCL_RIGHT ? measure(t, budget, &out->seconds) : ISO_OK;
}

/* Selects a single kernel variant, in the environment, which this child uses for nothing else. */
static bool force(struct opencl *cl, const struct opencl_trial *trial)
{
    const struct opencl_variant *v = opencl_variants;
    const enum opencl_over over = trial->product.ta   ? OPENCL_OVER_ROWS
                                  : trial->product.tb ? OPENCL_OVER_TURNED
                                                      : OPENCL_OVER_TAPS;
    while (v->name != NULL && strcmp(v->name, trial->variant) != 0)
        v++;
    return v->name != NULL && opencl_variant_usable(cl, v, over) &&
           setenv("ISOCL_OPENCL_VARIANT", v->name, 1) == 0;
}

void opencl_trial_run(struct opencl *cl, const struct opencl_trial *trial,
                      struct opencl_outcome *out)
{
    struct trial t = {
        .cl = cl, .way = trial->way, .p = trial->product, .products = trial->products
    };
    *out = (struct opencl_outcome){ .verdict = OPENCL_UNUSABLE };
    unsetenv("ISOCL_OPENCL_VARIANT");
    if (trial->way == OPENCL_WAY_VARIANT && !force(cl, trial)) {
        snprintf(out->why, sizeof out->why, "it does not build here, or spills registers");
        return;
    }
    limit(&t);
    out->share = (double)t.p.m * (double)t.p.n * (double)t.p.k /
                 ((double)trial->product.m * (double)trial->product.n * (double)trial->product.k);
    if (run(&t, trial->seconds, out) != ISO_OK) {
        out->verdict = OPENCL_UNUSABLE;
        iso_error_take(out->why, sizeof out->why);
    }
    release(&t);
}
