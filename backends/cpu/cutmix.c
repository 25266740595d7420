/* cutmix.c: y[n] is x[n], with a rectangle of x[partner of n]; a target or a weight is mixed by the
 * rectangle's area. Units are some rows. */
#include "core/ops/cutmix.h"
#include "words.h"

struct work {
    const float *x;
    float *y, inverse; /* 1 / alpha */
    struct iso_shape shape;
    int64_t size, roll, unit_rows; /* size: elements of a row */
    bool per_image;
    struct iso_cpu_random random;
};

/* The pixels [begin, end) of an axis that are within the rectangle. */
static struct iso_range within(int64_t size, float from, float side)
{
    struct iso_range r = { 0, size };
    while (r.begin < size && !iso_cut_holds((iso_i32)r.begin, (iso_i32)size, from, side))
        r.begin++;
    r.end = r.begin;
    while (r.end < size && iso_cut_holds((iso_i32)r.end, (iso_i32)size, from, side))
        r.end++;
    return r;
}

static void cut_image(const struct work *w, iso_cut cut, const float *own, const float *other,
                      float *y)
{
    const int64_t channels = w->shape.dim[3], line = w->shape.dim[2] * channels;
    const struct iso_range rows = within(w->shape.dim[1], cut.row, cut.side),
                           columns = within(w->shape.dim[2], cut.column, cut.side);
    memcpy(y, own, (size_t)w->size * sizeof *y);
    for (int64_t i = rows.begin; i < rows.end; i++)
        memcpy(y + i * line + columns.begin * channels, other + i * line + columns.begin * channels,
               (size_t)((columns.end - columns.begin) * channels) * sizeof *y);
}

static void mix_row(const struct work *w, int64_t n)
{
    const struct iso_cpu_random *s = &w->random;
    const iso_cut cut = iso_cut_draw(w->inverse, w->per_image ? iso_cpu_row_block(s, n, 1) : 0,
                                     s->step, s->layer, s->key[0], s->key[1]);
    const float *restrict own = w->x + n * w->size;
    const float *restrict other = w->x + (n + w->roll) % w->shape.dim[0] * w->size;
    float *restrict y = w->y + n * w->size;
    if (w->shape.ndim == 4)
        cut_image(w, cut, own, other, y);
    else
        for (int64_t e = 0; e < w->size; e++)
            y[e] = iso_mixed(own[e], other[e], cut.share);
}

static void mix(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->unit_rows, w->shape.dim[0]);
    (void)thread;
    for (int64_t n = range.begin; n < range.end; n++)
        mix_row(w, n);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    enum { COST = 64 }; /* cost of a draw, in simple elements */
    const struct iso_mixup *p = call->params;
    const int64_t rows = call->x[0].shape.dim[0];
    const int64_t size = iso_shape_count(&call->x[0].shape) / rows;
    struct work work = {
        .x = iso_cpu_f32(&call->x[0]),
        .y = iso_cpu_f32(&call->y[0]),
        .inverse = (float)call->scalars[ISO_MIXUP_INVERSE],
        .shape = call->x[0].shape,
        .size = size,
        .roll = iso_cutmix_roll(call),
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

const struct iso_kernel ISO_CPU(cutmix) = { .forward = forward };
