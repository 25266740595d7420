/* adadelta.c: a = rho a + (1 - rho) g^2, s = sqrt(d + epsilon) g / sqrt(a + epsilon),
 * d = rho d + (1 - rho) s^2, w -= rate s (core/arithmetic/optimizers.h). */
#include "core/ops/adadelta.h"
#include "optimizer.h"

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    const struct ref_update u = ref_update(call);
    const iso_real rho = u.s[ISO_ADADELTA_RHO], rest = u.s[ISO_ADADELTA_1_RHO], *g = u.g;
    const iso_real rate = u.s[ISO_ADADELTA_RATE], epsilon = u.s[ISO_ADADELTA_EPSILON];
    iso_real *w = u.w, *a = u.slot[0], *d = u.slot[1];
    (void)backend;
    for (int64_t i = 0; i < u.count; i++) {
        a[i] = iso_mean_square(a[i], g[i], rho, rest);
        const iso_real step = iso_adadelta_step(g[i], a[i], d[i], epsilon);
        d[i] = iso_mean_square(d[i], step, rho, rest);
        w[i] = iso_adadelta_w(w[i], step, rate);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(adadelta) = { .update = update };
