/* sgd.c: w -= rate g; with momentum v = momentum v - rate g and w += v, with Nesterov's look ahead
 * w += momentum v - rate g (core/formulas.h). */
#include "../../core/formulas.h"
#include "../../core/ops/sgd.h"
#include "reference.h"

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    iso_real *w = ref_real(&call->w[0]), *v = ref_real(&call->state[0]);
    const iso_real *g = ref_real(&call->dw[0]);
    iso_real rate = (iso_real)call->scalars[ISO_SGD_RATE];
    iso_real momentum = (iso_real)call->scalars[ISO_SGD_MOMENTUM];
    int nesterov = call->scalars[ISO_SGD_NESTEROV] != 0;
    int64_t count = iso_shape_count(&call->w[0].shape);
    (void)backend;
    for (int64_t i = 0; v == NULL && i < count; i++)
        w[i] = iso_sgd_w(w[i], g[i], rate);
    for (int64_t i = 0; v != NULL && i < count; i++) {
        v[i] = iso_sgd_v(v[i], g[i], rate, momentum);
        w[i] = iso_sgd_momentum_w(w[i], v[i], g[i], rate, momentum, nesterov);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(sgd) = { .update = update };
