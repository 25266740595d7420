/* gradient_clipping.c: y = x held to a limit, by value or by norm (core/arithmetic/formulas.h),
 * each thread parts of it. y may be x: no loop says that they are apart. */
#include "core/ops/gradient_clipping.h"
#include "elements.h"

struct work {
    const float *x;
    float *y;
    int64_t count;
    float limit, norm;
};

static void by_value(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->count);
    const float limit = w->limit;
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i++)
        w->y[i] = iso_clip_value(w->x[i], limit);
}

static void by_norm(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_range range = iso_cpu_range(unit, ISO_CPU_UNIT, w->count);
    const float limit = w->limit, norm = w->norm;
    (void)thread;
    for (int64_t i = range.begin; i < range.end; i++)
        w->y[i] = iso_clip_norm(w->x[i], norm, limit);
}

static float norm_of(const struct iso_tensor *squares)
{
    const float *square = iso_cpu_f32(squares);
    float sum = 0.0f;
    for (int64_t i = 0; i < iso_shape_count(&squares->shape); i++)
        sum = sum + square[i];
    return iso_sqrt(sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct work w = { .x = iso_cpu_f32(&call->x[0]),
                      .y = iso_cpu_f32(&call->y[0]),
                      .count = iso_shape_count(&call->x[0].shape),
                      .limit = (float)call->scalars[ISO_CLIP_LIMIT] };
    const bool norm = iso_clips_norm(call->params);
    if (norm)
        w.norm = norm_of(&call->x[1]);
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(w.count, ISO_CPU_UNIT),
                 norm ? by_norm : by_value, &w);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(gradient_clipping) = { .forward = forward };
