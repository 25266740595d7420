/* adam.c: m = beta_1 m + (1 - beta_1) g, v = beta_2 v + (1 - beta_2) g g,
 * w -= rate_t m / (sqrt v + epsilon) (core/ops/adam.h, core/arithmetic/optimizers.h), going over
 * memory once. */
#include "adam.h"

/* decay 0: none; largest NULL: not AMSGrad. */
ISO_CPU_INLINE void adam(const struct iso_cpu_update *u, float decay, float *restrict largest)
{
    const float rate = u->s[ISO_ADAM_RATE], epsilon = u->s[ISO_ADAM_EPSILON];
    const float beta_1 = u->s[ISO_ADAM_BETA_1], rest_1 = u->s[ISO_ADAM_1_BETA_1];
    const float beta_2 = u->s[ISO_ADAM_BETA_2], rest_2 = u->s[ISO_ADAM_1_BETA_2];
    const float *restrict g = u->g;
    float *restrict w = u->w, *restrict m = u->slot[0], *restrict v = u->slot[1];
    for (int64_t i = 0; i < u->count; i++) {
        m[i] = iso_mean(m[i], g[i], beta_1, rest_1);
        v[i] = iso_mean_square(v[i], g[i], beta_2, rest_2);
        if (largest != NULL)
            largest[i] = iso_larger(largest[i], v[i]);
        w[i] = iso_adam_w(iso_adam_decay(w[i], decay), m[i], largest != NULL ? largest[i] : v[i],
                          rate, epsilon);
    }
}

/* One loop for each way, so that none has a branch inside. */
static void update_range(const struct iso_cpu_update *u)
{
    const float decay = u->s[ISO_ADAM_DECAY];
    if (u->slot[2] != NULL)
        adam(u, decay, u->slot[2]);
    else if (decay > 0)
        adam(u, decay, NULL);
    else
        adam(u, 0, NULL);
}

iso_rc ISO_CPU(adam_update)(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(update)(backend, call, update_range);
}

const struct iso_kernel ISO_CPU(adam) = { .update = ISO_CPU(adam_update) };
