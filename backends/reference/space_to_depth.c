/* space_to_depth.c: y[n, h, w, (a, b, c)] = x[n, h size + a, w size + b, c]; dx takes dy back. */
#include "core/ops/space_to_depth.h"
#include "permutation.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_permutation l =
        iso_space_to_depth_layout(call->params, &call->x[0].shape, false);
    (void)backend;
    ref_permute(&l, ref_real(&call->x[0]), ref_real(&call->y[0]), false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_permutation l =
        iso_space_to_depth_layout(call->params, &call->x[0].shape, true);
    (void)backend;
    if (call->dx[0].mem != NULL)
        ref_permute(&l, ref_real(&call->dy[0]), ref_real(&call->dx[0]), call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(space_to_depth) = { .forward = forward, .backward = backward };
