/* mixup.c: y[n] = s x[n] + (1 - s) x[partner of n], with a share s that is drawn. */
#include "mixed_rows.h"

static void mix(const struct iso_mixed_rows *w, uint32_t drawn, const float *restrict own,
                const float *restrict other, float *restrict y)
{
    const iso_u32x4 r = iso_cpu_four(&w->random, drawn);
    const float share = iso_symmetric_beta(r.v[0], r.v[1], w->inverse);
    for (int64_t e = 0; e < w->size; e++)
        y[e] = iso_mixed(own[e], other[e], share);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    return iso_mix_rows(backend, call, iso_mixup_roll(call), mix);
}

const struct iso_kernel ISO_CPU(mixup) = { .forward = forward };
