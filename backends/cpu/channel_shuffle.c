/* channel_shuffle.c: y[r, j groups + i] = x[r, i size + j]; dealing them back is the same with
 * `size` groups. */
#include "core/ops/channel_shuffle.h"
#include "elements.h"

struct work {
    const float *from;
    float *to;
    int64_t rows, groups, size, each; /* each: rows of a unit */
    bool add;
};

static void shuffle(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->rows);
    (void)thread;
    for (int64_t r = range.begin; r < range.end; r++) {
        const float *from = w->from + r * w->groups * w->size;
        float *to = w->to + r * w->groups * w->size;
        for (int64_t j = 0; j < w->size; j++)
            for (int64_t i = 0; i < w->groups; i++, to++)
                *to = iso_cpu_put(*to, from[i * w->size + j], w->add);
    }
}

static void run(struct iso_backend *backend, const struct iso_call *call, struct work w)
{
    w.rows = iso_shape_count(&call->x[0].shape) / (w.groups * w.size);
    w.each = iso_cpu_unit_rows(w.groups * w.size);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.rows, w.each), shuffle, &w);
}

static int64_t groups_of(const struct iso_call *call)
{
    return ((const struct iso_channel_shuffle *)call->params)->groups;
}

static int64_t size_of(const struct iso_call *call)
{
    return call->x[0].shape.dim[call->x[0].shape.ndim - 1] / groups_of(call);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    run(backend, call,
        (struct work){ .from = iso_cpu_f32(&call->x[0]),
                       .to = iso_cpu_f32(&call->y[0]),
                       .groups = groups_of(call),
                       .size = size_of(call) });
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    if (call->dx[0].mem != NULL)
        run(backend, call,
            (struct work){ .from = iso_cpu_f32(&call->dy[0]),
                           .to = iso_cpu_f32(&call->dx[0]),
                           .groups = size_of(call),
                           .size = groups_of(call),
                           .add = call->add_dx[0] });
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(channel_shuffle) = { .forward = forward, .backward = backward };
