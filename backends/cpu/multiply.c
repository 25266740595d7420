/* multiply.c: y = x[0] x[1], where one may be repeated (core/ops/multiply.h). A unit of
 * work is some rows of `inner` elements, or, for sums, an outer part and a slice of its elements.
 */
#include "core/ops/multiply.h"
#include "elements.h"

enum { SLICE = 512 };

struct work {
    struct iso_repeated l;
    const float *large, *small; /* for sums, large is dy and small its factor */
    float *out;
    int64_t rows, each, slices; /* rows of `inner` elements, `each` to a unit */
    bool add;
};

static void product_row(const float *restrict a, const float *restrict b, int64_t n, bool add,
                        float *restrict out)
{
    if (add)
        for (int64_t i = 0; i < n; i++)
            out[i] = out[i] + iso_multiply(a[i], b[i]);
    else
        for (int64_t i = 0; i < n; i++)
            out[i] = iso_multiply(a[i], b[i]);
}

/* Multiplies tensors of one shape. */
static void plain(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->rows);
    const int64_t at = range.begin;
    (void)thread;
    product_row(w->large + at, w->small + at, range.end - at, w->add, w->out + at);
}

static void products(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->rows);
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++)
        product_row(w->large + r * w->l.inner, w->small + r / w->l.repeats * w->l.inner, w->l.inner,
                    w->add, w->out + r * w->l.inner);
}

/* Does the same for rows of one element, which would be no loop. */
static void scaled(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->l.outer);
    (void)thread;
    for (int64_t o = range.begin; o < range.end; o++) {
        const float factor = w->small[o];
        const float *x = w->large + o * w->l.repeats;
        float *out = w->out + o * w->l.repeats;
        for (int64_t r = 0; r < w->l.repeats; r++)
            out[r] = iso_cpu_put(out[r], iso_multiply(x[r], factor), w->add);
    }
}

/* Adds the chains of a block of rows to total [n]. */
static void add_block(const struct work *w, const float *dy, const float *x, int64_t rows,
                      int64_t n, float *restrict total)
{
    float chain[SLICE] = { 0.0f };
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i++)
            chain[i] = iso_fma(dy[r * w->l.inner + i], x[r * w->l.inner + i], chain[i]);
    for (int64_t i = 0; i < n; i++)
        total[i] = total[i] + chain[i];
}

static void sums(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range c = iso_cpu_range(unit % w->slices, SLICE, w->l.inner);
    const int64_t outer = unit / w->slices, n = c.end - c.begin;
    const int64_t from = outer * w->l.repeats * w->l.inner + c.begin;
    float total[SLICE] = { 0.0f }, *out = w->out + outer * w->l.inner + c.begin;
    (void)thread;
    for (int64_t r = 0; r < w->l.repeats; r += ISO_BLOCK_TERMS)
        add_block(w, w->large + from + r * w->l.inner, w->small + from + r * w->l.inner,
                  iso_min64(ISO_BLOCK_TERMS, w->l.repeats - r), n, total);
    for (int64_t i = 0; i < n; i++)
        out[i] = iso_cpu_put(out[i], total[i], w->add);
}

static struct work work_of(const struct iso_call *call)
{
    const struct iso_shape x[2] = { call->x[0].shape, call->x[1].shape };
    struct work w = { .out = NULL };
    (void)iso_repeated(x, &w.l); /* infer has seen to it */
    w.slices = iso_ceil_div(w.l.inner, SLICE);
    return w;
}

static void multiply(struct iso_backend *backend, struct work w, const float *large,
                     const struct iso_tensor *small, const struct iso_tensor *out, bool add)
{
    iso_team_task *const task = w.l.repeats == 1 ? plain : w.l.inner == 1 ? scaled : products;
    w.large = large;
    w.small = iso_cpu_f32(small);
    w.out = iso_cpu_f32(out);
    w.add = add;
    w.rows = task == products ? w.l.outer * w.l.repeats : w.l.outer;
    w.each = task == plain ? ISO_CPU_UNIT
                           : iso_cpu_unit_rows(task == scaled ? w.l.repeats : w.l.inner);
    if (task == plain)
        w.rows *= w.l.inner;
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.rows, w.each), task, &w);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct work w = work_of(call);
    multiply(backend, w, iso_cpu_f32(&call->x[1 - w.l.small]), &call->x[w.l.small], &call->y[0],
             false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = work_of(call);
    const int large = 1 - w.l.small, small = w.l.small;
    const float *dy = iso_cpu_f32(&call->dy[0]);
    if (call->dx[large].mem != NULL)
        multiply(backend, w, dy, &call->x[small], &call->dx[large], call->add_dx[large]);
    if (call->dx[small].mem == NULL)
        return ISO_OK;
    if (w.l.repeats == 1) {
        multiply(backend, w, dy, &call->x[large], &call->dx[small], call->add_dx[small]);
        return ISO_OK;
    }
    w.large = dy;
    w.small = iso_cpu_f32(&call->x[large]);
    w.out = iso_cpu_f32(&call->dx[small]);
    w.add = call->add_dx[small];
    iso_team_run(iso_cpu_team(backend), w.l.outer * w.slices, sums, &w);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(multiply) = { .forward = forward, .backward = backward };
