/* rmsprop.c: steps divided by the root of a running mean of the squared gradients
 * (core/ops/rmsprop.h, core/formulas.h). */
#include "../../core/formulas.h"
#include "../../core/ops/rmsprop.h"
#include "reference.h"

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_rmsprop *p = call->params;
    iso_real *w = ref_real(&call->w[0]), *v = ref_real(&call->state[0]);
    iso_real *m = p->momentum > 0 ? ref_real(&call->state[1]) : NULL;
    iso_real *a = p->centered ? ref_real(&call->state[iso_rmsprop_average_slot(p)]) : NULL;
    const iso_real *g = ref_real(&call->dw[0]);
    iso_real rate = (iso_real)call->scalars[ISO_RMSPROP_RATE];
    iso_real rho = (iso_real)call->scalars[ISO_RMSPROP_RHO];
    iso_real rest = (iso_real)call->scalars[ISO_RMSPROP_1_RHO];
    iso_real momentum = (iso_real)call->scalars[ISO_RMSPROP_MOMENTUM];
    iso_real epsilon = (iso_real)call->scalars[ISO_RMSPROP_EPSILON];
    int64_t count = iso_shape_count(&call->w[0].shape);
    (void)backend;
    for (int64_t i = 0; i < count; i++) {
        v[i] = iso_rmsprop_v(v[i], g[i], rho, rest);
        if (a != NULL)
            a[i] = iso_rmsprop_a(a[i], g[i], rho, rest);
        iso_real root =
            iso_rmsprop_root(v[i], a != NULL ? a[i] : ISO_R(0.0), epsilon, p->epsilon_placement);
        if (m == NULL) {
            w[i] = iso_rmsprop_w(w[i], g[i], root, rate);
            continue;
        }
        m[i] = iso_rmsprop_m(m[i], g[i], root, rate, momentum);
        w[i] = iso_rmsprop_momentum_w(w[i], m[i]);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(rmsprop) = { .update = update };
