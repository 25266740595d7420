/* adam.c: m = beta_1 m + (1 - beta_1) g, v = beta_2 v + (1 - beta_2) g g,
 * w -= rate_t m / (sqrt v + epsilon) (core/formulas.h), in one pass over memory. */
#include "../../core/ops/adam.h"
#include "elements.h"

struct work {
    float *w, *m, *v;
    const float *g;
    float scalar[ISO_SCALARS];         /* in the order of core/ops/adam.h */
    int64_t count;
};

static void adam(const float scalar[ISO_SCALARS], const float *restrict g, int64_t n,
                 float *restrict w, float *restrict m, float *restrict v)
{
    const float rate = scalar[ISO_ADAM_RATE], epsilon = scalar[ISO_ADAM_EPSILON];
    const float beta_1 = scalar[ISO_ADAM_BETA_1], rest_1 = scalar[ISO_ADAM_1_BETA_1];
    const float beta_2 = scalar[ISO_ADAM_BETA_2], rest_2 = scalar[ISO_ADAM_1_BETA_2];
    for (int64_t i = 0; i < n; i++) {
        m[i] = iso_adam_m(m[i], g[i], beta_1, rest_1);
        v[i] = iso_adam_v(v[i], g[i], beta_2, rest_2);
        w[i] = iso_adam_w(w[i], m[i], v[i], rate, epsilon);
    }
}

static void step(void *data, int64_t unit, int thread)
{
    const struct work *k = data;
    const struct iso_part part = iso_cpu_part(unit, ISO_CPU_UNIT, k->count);
    const int64_t at = part.begin;
    (void)thread;
    adam(k->scalar, k->g + at, part.end - at, k->w + at, k->m + at, k->v + at);
}

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    struct work work = {
        .w = iso_cpu_f32(&call->w[0]), .m = iso_cpu_f32(&call->state[0]),
        .v = iso_cpu_f32(&call->state[1]), .g = iso_cpu_f32(&call->dw[0]),
        .count = iso_shape_count(&call->w[0].shape),
    };
    for (int i = 0; i < ISO_SCALARS; i++)
        work.scalar[i] = (float)call->scalars[i];
    iso_team_run(iso_cpu_team(backend), iso_ceil_div(work.count, ISO_CPU_UNIT), step, &work);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(adam) = { .update = update };
