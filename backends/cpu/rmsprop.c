/* rmsprop.c: steps divided by the root of a running mean of the squared gradients
 * (core/ops/rmsprop.h, core/formulas.h), in one pass over memory. */
#include "../../core/ops/rmsprop.h"
#include "elements.h"

struct work {
    float *w, *v, *m, *a;              /* m, a: NULL without momentum, when not centered */
    const float *g;
    float scalar[ISO_SCALARS];         /* in the order of core/ops/rmsprop.h */
    int64_t count;
    int placement;
};

/* One loop for each way, so that none has a branch inside; an m or a that is NULL is not
 * touched. */
ISO_CPU_INLINE void rmsprop(const float scalar[ISO_SCALARS], int placement, bool momentum,
                            bool centered, int64_t n, const float *restrict g, float *restrict w,
                            float *restrict v, float *restrict m, float *restrict a)
{
    const float rate = scalar[ISO_RMSPROP_RATE], epsilon = scalar[ISO_RMSPROP_EPSILON];
    const float rho = scalar[ISO_RMSPROP_RHO], rest = scalar[ISO_RMSPROP_1_RHO];
    for (int64_t i = 0; i < n; i++) {
        const float square = iso_rmsprop_v(v[i], g[i], rho, rest);
        const float average = centered ? iso_rmsprop_a(a[i], g[i], rho, rest) : 0.0f;
        const float root = iso_rmsprop_root(square, average, epsilon, placement);
        v[i] = square;
        if (centered)
            a[i] = average;
        if (momentum) {
            m[i] = iso_rmsprop_m(m[i], g[i], root, rate, scalar[ISO_RMSPROP_MOMENTUM]);
            w[i] = iso_rmsprop_momentum_w(w[i], m[i]);
        } else {
            w[i] = iso_rmsprop_w(w[i], g[i], root, rate);
        }
    }
}

ISO_CPU_INLINE void choose(const struct work *k, int placement, int64_t at, int64_t n)
{
    const float *g = k->g + at;
    float *w = k->w + at, *v = k->v + at;
    if (k->m == NULL && k->a == NULL)
        rmsprop(k->scalar, placement, false, false, n, g, w, v, NULL, NULL);
    else if (k->a == NULL)
        rmsprop(k->scalar, placement, true, false, n, g, w, v, k->m + at, NULL);
    else if (k->m == NULL)
        rmsprop(k->scalar, placement, false, true, n, g, w, v, NULL, k->a + at);
    else
        rmsprop(k->scalar, placement, true, true, n, g, w, v, k->m + at, k->a + at);
}

static void step(void *data, int64_t unit, int thread)
{
    const struct work *k = data;
    const struct iso_part part = iso_cpu_part(unit, ISO_CPU_UNIT, k->count);
    (void)thread;
    if (k->placement == ISO_EPSILON_OUTSIDE)
        choose(k, ISO_EPSILON_OUTSIDE, part.begin, part.end - part.begin);
    else
        choose(k, ISO_EPSILON_INSIDE, part.begin, part.end - part.begin);
}

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_rmsprop *p = call->params;
    struct work work = {
        .w = iso_cpu_f32(&call->w[0]),
        .v = iso_cpu_f32(&call->state[0]),
        .g = iso_cpu_f32(&call->dw[0]),
        .m = p->momentum > 0 ? iso_cpu_f32(&call->state[1]) : NULL,
        .a = p->centered ? iso_cpu_f32(&call->state[iso_rmsprop_average_slot(p)]) : NULL,
        .count = iso_shape_count(&call->w[0].shape), .placement = p->epsilon_placement,
    };
    for (int i = 0; i < ISO_SCALARS; i++)
        work.scalar[i] = (float)call->scalars[i];
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), step, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(rmsprop) = { .update = update };
