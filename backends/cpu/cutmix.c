/* cutmix.c: y[n] is x[n], with a rectangle of x[partner of n]; a target or a weight is mixed by the
 * rectangle's area. */
#include "core/ops/cutmix.h"
#include "mixed_rows.h"

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

static void cut_image(const struct iso_mixed_rows *w, iso_cut cut, const float *own,
                      const float *other, float *y)
{
    const int64_t channels = w->shape.dim[3], line = w->shape.dim[2] * channels;
    const struct iso_range rows = within(w->shape.dim[1], cut.row, cut.side),
                           columns = within(w->shape.dim[2], cut.column, cut.side);
    memcpy(y, own, (size_t)w->size * sizeof *y);
    for (int64_t i = rows.begin; i < rows.end; i++)
        memcpy(y + i * line + columns.begin * channels, other + i * line + columns.begin * channels,
               (size_t)((columns.end - columns.begin) * channels) * sizeof *y);
}

static void mix(const struct iso_mixed_rows *w, uint32_t drawn, const float *restrict own,
                const float *restrict other, float *restrict y)
{
    const struct iso_cpu_random *s = &w->random;
    const iso_cut cut = iso_cut_draw(w->inverse, drawn, s->step, s->layer, s->key[0], s->key[1]);
    if (w->shape.ndim == 4)
        cut_image(w, cut, own, other, y);
    else
        for (int64_t e = 0; e < w->size; e++)
            y[e] = iso_mixed(own[e], other[e], cut.share);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    return iso_mix_rows(backend, call, iso_cutmix_roll(call), mix);
}

const struct iso_kernel ISO_CPU(cutmix) = { .forward = forward };
