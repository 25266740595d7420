/* sgd.c: w -= rate g; with momentum v = momentum v - rate g and w += v, with Nesterov's look ahead
 * w += momentum v - rate g (core/arithmetic/optimizers.h). */
#include "core/ops/sgd.h"
#include "optimizer.h"

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    const struct ref_update u = ref_update(call);
    const iso_real rate = u.s[ISO_SGD_RATE], momentum = u.s[ISO_SGD_MOMENTUM], *g = u.g;
    const int nesterov = call->scalars[ISO_SGD_NESTEROV] != 0;
    iso_real *w = u.w, *v = u.slot[0];
    (void)backend;
    for (int64_t i = 0; v == NULL && i < u.count; i++)
        w[i] = iso_sgd_w(w[i], g[i], rate);
    for (int64_t i = 0; v != NULL && i < u.count; i++) {
        v[i] = iso_sgd_v(v[i], g[i], rate, momentum);
        w[i] = iso_sgd_momentum_w(w[i], v[i], g[i], rate, momentum, nesterov);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(sgd) = { .update = update };
