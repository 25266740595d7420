/* adamax.c: m = beta_1 m + (1 - beta_1) g, u = max(beta_2 u, |g|), w -= rate_t m / (u + epsilon)
 * (core/arithmetic/optimizers.h), going over memory once. */
#include "core/ops/adamax.h"
#include "optimizer.h"

static void update_range(const struct iso_cpu_update *u)
{
    const float rate = u->s[ISO_ADAMAX_RATE], epsilon = u->s[ISO_ADAMAX_EPSILON];
    const float beta_1 = u->s[ISO_ADAMAX_BETA_1], rest_1 = u->s[ISO_ADAMAX_1_BETA_1];
    const float beta_2 = u->s[ISO_ADAMAX_BETA_2];
    const float *restrict g = u->g;
    float *restrict w = u->w, *restrict mean = u->slot[0], *restrict norm = u->slot[1];
    for (int64_t i = 0; i < u->count; i++) {
        mean[i] = iso_mean(mean[i], g[i], beta_1, rest_1);
        norm[i] = iso_adamax_u(norm[i], g[i], beta_2);
        w[i] = iso_adamax_w(w[i], mean[i], norm[i], rate, epsilon);
    }
}

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(update)(backend, call, update_range);
}

const struct iso_kernel ISO_CPU(adamax) = { .update = update };
