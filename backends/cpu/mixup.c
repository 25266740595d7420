/* mixup.c: y[n] = s x[n] + (1 - s) x[partner of n], with a share s that is drawn. Units are some
 * rows. */
#include "core/ops/mixup.h"
#include "words.h"

struct work {
    const float *x;
    float *y, inverse;                   /* 1 / alpha */
    int64_t rows, size, roll, unit_rows; /* size: elements of a row */
    bool per_image;
    struct iso_cpu_random random;
};

static void mix_row(const struct work *w, int64_t n)
{
    const iso_u32x4 r = w->per_image ? iso_cpu_row_words(&w->random, n)
                                     : iso_cpu_four(&w->random, 0);
    const float share = iso_symmetric_beta(r.v[0], r.v[1], w->inverse);
    const float *restrict own = w->x + n * w->size;
    const float *restrict other = w->x + (n + w->roll) % w->rows * w->size;
    float *restrict y = w->y + n * w->size;
    for (int64_t e = 0; e < w->size; e++)
        y[e] = iso_mixed(own[e], other[e], share);
}

static void mix(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->rows);
    (void)thread;
    for (int64_t n = range.begin; n < range.end; n++)
        mix_row(w, n);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    enum { COST = 64 }; /* cost of a share, in simple elements */
    const struct iso_mixup *p = call->params;
    const int64_t rows = call->x[0].shape.dim[0];
    const int64_t size = iso_shape_count(&call->x[0].shape) / rows;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .inverse = (float)call->scalars[ISO_MIXUP_INVERSE],
        .rows = rows,
        .size = size,
        .roll = iso_mixup_roll(call),
        .unit_rows = iso_cpu_unit_rows(size + COST),
        .per_image = p->per_image,
        .random = iso_cpu_random_of(call, ISO_RANDOM_AUGMENTATION),
    };
    if (call->training)
        iso_team_run(iso_cpu_team(backend), iso_ceil_div(rows, work.unit_rows), mix, &work);
    else
        iso_cpu_copy(call);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(mixup) = { .forward = forward };
