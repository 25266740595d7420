/* nadam.c: Adam that steps along the momentum it will have (core/ops/nadam.h,
 * core/arithmetic/optimizers.h).
 */
#include "core/ops/nadam.h"
#include "optimizer.h"

static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    const struct ref_update u = ref_update(call);
    const iso_real rate = u.s[ISO_NADAM_RATE], epsilon = u.s[ISO_NADAM_EPSILON], *g = u.g;
    iso_real *w = u.w, *m = u.slot[0], *v = u.slot[1];
    (void)backend;
    for (int64_t i = 0; i < u.count; i++) {
        m[i] = iso_mean(m[i], g[i], u.s[ISO_NADAM_BETA_1], u.s[ISO_NADAM_1_BETA_1]);
        v[i] = iso_mean_square(v[i], g[i], u.s[ISO_NADAM_BETA_2], u.s[ISO_NADAM_1_BETA_2]);
        const iso_real ahead = iso_nadam_m(m[i], g[i], u.s[ISO_NADAM_OF_M], u.s[ISO_NADAM_OF_G]);
        w[i] = iso_adam_w(w[i], ahead, v[i], rate, epsilon);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(nadam) = { .update = update };
