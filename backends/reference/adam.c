/* adam.c: m = beta_1 m + (1 - beta_1) g, v = beta_2 v + (1 - beta_2) g g,
 * w -= rate_t m / (sqrt v + epsilon) (core/ops/adam.h, core/arithmetic/optimizers.h). */
#include "adam.h"

iso_rc ISO_KERNEL(adam_update)(struct iso_backend *backend, const struct iso_call *call)
{
    const struct ref_update u = ref_update(call);
    const iso_real rate = u.s[ISO_ADAM_RATE], epsilon = u.s[ISO_ADAM_EPSILON], *g = u.g;
    iso_real *w = u.w, *m = u.slot[0], *v = u.slot[1], *largest = u.slot[2];
    (void)backend;
    for (int64_t i = 0; i < u.count; i++) {
        m[i] = iso_mean(m[i], g[i], u.s[ISO_ADAM_BETA_1], u.s[ISO_ADAM_1_BETA_1]);
        v[i] = iso_mean_square(v[i], g[i], u.s[ISO_ADAM_BETA_2], u.s[ISO_ADAM_1_BETA_2]);
        if (largest != NULL)
            largest[i] = iso_larger(largest[i], v[i]);
        w[i] = iso_adam_w(iso_adam_decay(w[i], u.s[ISO_ADAM_DECAY]), m[i],
                          largest != NULL ? largest[i] : v[i], rate, epsilon);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(adam) = { .update = ISO_KERNEL(adam_update) };
