/* regularizer.c: y = l1 sum |w| + l2 sum w^2; dw = l1 sign(w) + 2 l2 w
 * (core/arithmetic/formulas.h). */
#include "core/arithmetic/formulas.h"
#include "core/ops/regularizer.h"
#include "sums.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *w = ref_real(&call->w[0]);
    const int64_t count = iso_shape_count(&call->w[0].shape);
    (void)backend;
    *ref_real(&call->y[0]) = iso_penalty(ISO_KERNEL(sum_elements)(ISO_SUM_ABSOLUTE, w, count),
                                         ISO_KERNEL(sum_elements)(ISO_SUM_SQUARES, w, count),
                                         (iso_real)call->scalars[ISO_PENALTY_L1],
                                         (iso_real)call->scalars[ISO_PENALTY_L2]);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *w = ref_real(&call->w[0]);
    iso_real *dw = ref_real(&call->dw[0]);
    const iso_real l1 = (iso_real)call->scalars[ISO_PENALTY_L1];
    const iso_real two_l2 = (iso_real)call->scalars[ISO_PENALTY_TWO_L2];
    const int64_t count = iso_shape_count(&call->w[0].shape);
    (void)backend;
    for (int64_t i = 0; i < count; i++)
        ref_put(&dw[i], iso_penalty_grad(w[i], l1, two_l2), call->add_dw[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(regularizer) = { .forward = forward, .backward = backward };
