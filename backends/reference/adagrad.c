/* adagrad.c: a += g g, w -= rate g / sqrt(a + epsilon) (core/ops/adagrad.h,
 * core/arithmetic/optimizers.h). */
#include "core/ops/adagrad.h"
#include "optimizer.h"

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_adagrad *p = call->params;
    const struct ref_update u = ref_update(call);
    const iso_real rate = u.s[ISO_ADAGRAD_RATE], epsilon = u.s[ISO_ADAGRAD_EPSILON], *g = u.g;
    iso_real *w = u.w, *a = u.slot[0];
    (void)backend;
    for (int64_t i = 0; i < u.count; i++) {
        a[i] = iso_adagrad_a(a[i], g[i]);
        w[i] = iso_adagrad_w(w[i], g[i], a[i], rate, epsilon, p->epsilon_placement);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(adagrad) = { .update = update };
