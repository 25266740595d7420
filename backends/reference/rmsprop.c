/* rmsprop.c: steps divided by the root of a running mean of the squared gradients
 * (core/ops/rmsprop.h, core/arithmetic/optimizers.h). */
#include "core/ops/rmsprop.h"
#include "optimizer.h"

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_rmsprop *p = call->params;
    const struct ref_update u = ref_update(call);
    const iso_real rate = u.s[ISO_RMSPROP_RATE], rho = u.s[ISO_RMSPROP_RHO], *g = u.g;
    const iso_real rest = u.s[ISO_RMSPROP_1_RHO], epsilon = u.s[ISO_RMSPROP_EPSILON];
    iso_real *w = u.w, *v = u.slot[0], *m = p->momentum > 0 ? u.slot[1] : NULL;
    iso_real *a = p->centered ? u.slot[iso_rmsprop_average_slot(p)] : NULL;
    (void)backend;
    for (int64_t i = 0; i < u.count; i++) {
        v[i] = iso_mean_square(v[i], g[i], rho, rest);
        if (a != NULL)
            a[i] = iso_mean(a[i], g[i], rho, rest);
        iso_real root =
            iso_rmsprop_root(v[i], a != NULL ? a[i] : ISO_R(0.0), epsilon, p->epsilon_placement);
        if (m == NULL) {
            w[i] = iso_rmsprop_w(w[i], g[i], root, rate);
            continue;
        }
        m[i] = iso_rmsprop_m(m[i], g[i], root, rate, u.s[ISO_RMSPROP_MOMENTUM]);
        w[i] = iso_rmsprop_momentum_w(w[i], m[i]);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(rmsprop) = { .update = update };
