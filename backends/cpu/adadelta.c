/* adadelta.c: a = rho a + (1 - rho) g^2, s = sqrt(d + epsilon) g / sqrt(a + epsilon),
 * d = rho d + (1 - rho) s^2, w -= rate s (core/arithmetic/optimizers.h), going over memory once. */
#include "core/ops/adadelta.h"
#include "optimizer.h"

static void update_range(const struct iso_cpu_update *u)
{
    const float rho = u->s[ISO_ADADELTA_RHO], rest = u->s[ISO_ADADELTA_1_RHO];
    const float rate = u->s[ISO_ADADELTA_RATE], epsilon = u->s[ISO_ADADELTA_EPSILON];
    const float *restrict g = u->g;
    float *restrict w = u->w, *restrict a = u->slot[0], *restrict d = u->slot[1];
    for (int64_t i = 0; i < u->count; i++) {
        a[i] = iso_mean_square(a[i], g[i], rho, rest);
        const float step = iso_adadelta_step(g[i], a[i], d[i], epsilon);
        d[i] = iso_mean_square(d[i], step, rho, rest);
        w[i] = iso_adadelta_w(w[i], step, rate);
    }
}

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(update)(backend, call, update_range);
}

const struct iso_kernel ISO_CPU(adadelta) = { .update = update };
