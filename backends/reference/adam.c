/* adam.c: m = beta_1 m + (1 - beta_1) g, v = beta_2 v + (1 - beta_2) g g,
 * w -= rate_t m / (sqrt v + epsilon) (core/formulas.h). */
#include "../../core/formulas.h"
#include "../../core/ops/adam.h"
#include "reference.h"

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    iso_real *w = ref_real(&call->w[0]), *m = ref_real(&call->state[0]);
    iso_real *v = ref_real(&call->state[1]);
    const iso_real *g = ref_real(&call->dw[0]);
    iso_real rate = (iso_real)call->scalars[ISO_ADAM_RATE];
    iso_real beta_1 = (iso_real)call->scalars[ISO_ADAM_BETA_1];
    iso_real rest_1 = (iso_real)call->scalars[ISO_ADAM_1_BETA_1];
    iso_real beta_2 = (iso_real)call->scalars[ISO_ADAM_BETA_2];
    iso_real rest_2 = (iso_real)call->scalars[ISO_ADAM_1_BETA_2];
    iso_real epsilon = (iso_real)call->scalars[ISO_ADAM_EPSILON];
    int64_t count = iso_shape_count(&call->w[0].shape);
    (void)backend;
    for (int64_t i = 0; i < count; i++) {
        m[i] = iso_adam_m(m[i], g[i], beta_1, rest_1);
        v[i] = iso_adam_v(v[i], g[i], beta_2, rest_2);
        w[i] = iso_adam_w(w[i], m[i], v[i], rate, epsilon);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(adam) = { .update = update };
