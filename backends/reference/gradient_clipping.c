/* gradient_clipping.c: y = x held to a limit, by value or by norm (core/arithmetic/formulas.h). */
#include "core/arithmetic/formulas.h"
#include "core/ops/gradient_clipping.h"
#include "reference.h"

/* The square root of the sum of squared norms, added in ascending order. */
static iso_real norm_of(const struct iso_tensor *squares)
{
    const iso_real *square = ref_real(squares);
    iso_real sum = ISO_R(0.0);
    for (int64_t i = 0; i < iso_shape_count(&squares->shape); i++)
        sum = sum + square[i];
    return iso_sqrt(sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    const iso_real limit = (iso_real)call->scalars[ISO_CLIP_LIMIT];
    const bool by_norm = iso_clips_norm(call->params);
    const iso_real norm = by_norm ? norm_of(&call->x[1]) : ISO_R(0.0);
    (void)backend;
    for (int64_t i = 0; i < iso_shape_count(&call->x[0].shape); i++)
        y[i] = by_norm ? iso_clip_norm(x[i], norm, limit) : iso_clip_value(x[i], limit);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(gradient_clipping) = { .forward = forward };
