/* sgd.c: w -= rate g; with momentum v = momentum v - rate g and w += v, with Nesterov's look ahead
 * w += momentum v - rate g (core/arithmetic/optimizers.h). */
#include "core/ops/sgd.h"
#include "optimizer.h"

/* g may be w: weight decay. */
static void plain(const struct iso_cpu_update *u)
{
    const float *g = u->g, rate = u->s[ISO_SGD_RATE];
    float *w = u->w;
    for (int64_t i = 0; i < u->count; i++)
        w[i] = iso_sgd_w(w[i], g[i], rate);
}

ISO_CPU_INLINE void with_momentum(const struct iso_cpu_update *u, int nesterov)
{
    const float rate = u->s[ISO_SGD_RATE], momentum = u->s[ISO_SGD_MOMENTUM];
    const float *restrict g = u->g;
    float *restrict w = u->w, *restrict v = u->slot[0];
    for (int64_t i = 0; i < u->count; i++) {
        v[i] = iso_sgd_v(v[i], g[i], rate, momentum);
        w[i] = iso_sgd_momentum_w(w[i], v[i], g[i], rate, momentum, nesterov);
    }
}

/* One loop for each way, so that none has a branch inside. */
static void update_range(const struct iso_cpu_update *u)
{
    if (u->slot[0] == NULL)
        plain(u);
    else if (u->s[ISO_SGD_NESTEROV] != 0)
        with_momentum(u, 1);
    else
        with_momentum(u, 0);
}

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(update)(backend, call, update_range);
}

const struct iso_kernel ISO_CPU(sgd) = { .update = update };
