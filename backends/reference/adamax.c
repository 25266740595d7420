/* adamax.c: m = beta_1 m + (1 - beta_1) g, u = max(beta_2 u, |g|), w -= rate_t m / (u + epsilon)
 * (core/arithmetic/optimizers.h). */
#include "core/ops/adamax.h"
#include "optimizer.h"

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    const struct ref_update u = ref_update(call);
    const iso_real rate = u.s[ISO_ADAMAX_RATE], epsilon = u.s[ISO_ADAMAX_EPSILON], *g = u.g;
    iso_real *w = u.w, *mean = u.slot[0], *norm = u.slot[1];
    (void)backend;
    for (int64_t i = 0; i < u.count; i++) {
        mean[i] = iso_mean(mean[i], g[i], u.s[ISO_ADAMAX_BETA_1], u.s[ISO_ADAMAX_1_BETA_1]);
        norm[i] = iso_adamax_u(norm[i], g[i], u.s[ISO_ADAMAX_BETA_2]);
        w[i] = iso_adamax_w(w[i], mean[i], norm[i], rate, epsilon);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(adamax) = { .update = update };
