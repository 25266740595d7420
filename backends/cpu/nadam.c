/* nadam.c: Adam that steps along the momentum it will have (core/ops/nadam.h,
 * core/arithmetic/optimizers.h), going over memory once. */
#include "core/ops/nadam.h"
#include "optimizer.h"

static void update_range(const struct iso_cpu_update *u)
{
    const float rate = u->s[ISO_NADAM_RATE], epsilon = u->s[ISO_NADAM_EPSILON];
    const float beta_1 = u->s[ISO_NADAM_BETA_1], rest_1 = u->s[ISO_NADAM_1_BETA_1];
    const float beta_2 = u->s[ISO_NADAM_BETA_2], rest_2 = u->s[ISO_NADAM_1_BETA_2];
    const float of_m = u->s[ISO_NADAM_OF_M], of_g = u->s[ISO_NADAM_OF_G];
    const float *restrict g = u->g;
    float *restrict w = u->w, *restrict m = u->slot[0], *restrict v = u->slot[1];
    for (int64_t i = 0; i < u->count; i++) {
        m[i] = iso_mean(m[i], g[i], beta_1, rest_1);
        v[i] = iso_mean_square(v[i], g[i], beta_2, rest_2);
        w[i] = iso_adam_w(w[i], iso_nadam_m(m[i], g[i], of_m, of_g), v[i], rate, epsilon);
    }
}

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(update)(backend, call, update_range);
}

const struct iso_kernel ISO_CPU(nadam) = { .update = update };
