/* space_to_depth.c: y = x with blocks of pixels as channels; dx takes dy back. */
#include "core/ops/space_to_depth.h"
#include "permutation.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_permutation l =
        iso_space_to_depth_layout(call->params, &call->x[0].shape, false);
    ISO_CPU(permutation)(backend, &l, iso_cpu_f32(&call->x[0]), iso_cpu_f32(&call->y[0]), false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_permutation l =
        iso_space_to_depth_layout(call->params, &call->x[0].shape, true);
    if (call->dx[0].mem != NULL)
        ISO_CPU(permutation)(backend, &l, iso_cpu_f32(&call->dy[0]), iso_cpu_f32(&call->dx[0]),
                             call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(space_to_depth) = { .forward = forward, .backward = backward };
