/* adagrad.c: a += g g, w -= rate g / sqrt(a + epsilon) (core/ops/adagrad.h,
 * core/arithmetic/optimizers.h), going over memory once. */
#include "core/ops/adagrad.h"
#include "optimizer.h"

ISO_CPU_INLINE void adagrad(const struct iso_cpu_update *u, int placement)
{
    const float rate = u->s[ISO_ADAGRAD_RATE], epsilon = u->s[ISO_ADAGRAD_EPSILON];
    const float *restrict g = u->g;
    float *restrict w = u->w, *restrict a = u->slot[0];
    for (int64_t i = 0; i < u->count; i++) {
        a[i] = iso_adagrad_a(a[i], g[i]);
        w[i] = iso_adagrad_w(w[i], g[i], a[i], rate, epsilon, placement);
    }
}

static void update_range(const struct iso_cpu_update *u)
{
    if (((const struct iso_adagrad *)u->params)->epsilon_placement == ISO_EPSILON_OUTSIDE)
        adagrad(u, ISO_EPSILON_OUTSIDE);
    else
        adagrad(u, ISO_EPSILON_INSIDE);
}

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(update)(backend, call, update_range);
}

const struct iso_kernel ISO_CPU(adagrad) = { .update = update };
