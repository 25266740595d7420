/* permute.c: y = x with its axes in another order; threads share the lines of the innermost axis.
 */
#include "permutation.h"

struct work {
    struct iso_permutation l;
    const float *from;
    float *to;
    int64_t lines, each; /* each: lines of a unit */
    bool add;
};

static void permute(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_permutation *l = &w->l;
    const struct iso_range range = iso_cpu_range(unit, w->each, w->lines);
    const int64_t size = l->dim[3], step = l->stride[3];
    (void)thread;
    for (int64_t line = range.begin; line < range.end; line++) {
        const int64_t j = line % l->dim[2], i = line / l->dim[2] % l->dim[1],
                      n = line / l->dim[2] / l->dim[1];
        const float *restrict from =
            w->from + n * l->stride[0] + i * l->stride[1] + j * l->stride[2];
        float *restrict to = w->to + line * size;
        if (step == 1)
            iso_cpu_store(to, from, size, w->add);
        for (int64_t k = 0; step != 1 && k < size; k++)
            to[k] = iso_cpu_put(to[k], from[k * step], w->add);
    }
}

void ISO_CPU(permutation)(struct iso_backend *backend, const struct iso_permutation *l,
                          const float *from, float *to, bool add)
{
    struct work w = { .l = *l,
                      .from = from,
                      .to = to,
                      .lines = l->dim[0] * l->dim[1] * l->dim[2],
                      .each = iso_cpu_unit_rows(l->dim[3]),
                      .add = add };
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.lines, w.each), permute, &w);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_permutation l = iso_permute_layout(call->params, &call->x[0].shape, false);
    ISO_CPU(permutation)(backend, &l, iso_cpu_f32(&call->x[0]), iso_cpu_f32(&call->y[0]), false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_permutation l = iso_permute_layout(call->params, &call->x[0].shape, true);
    if (call->dx[0].mem != NULL)
        ISO_CPU(permutation)(backend, &l, iso_cpu_f32(&call->dy[0]), iso_cpu_f32(&call->dx[0]),
                             call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(permute) = { .forward = forward, .backward = backward };
