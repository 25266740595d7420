/* space_to_depth.c: queues the permutation that makes channels of blocks of pixels, or back. */
#include "core/ops/space_to_depth.h"
#include "permutation.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_permutation l =
        iso_space_to_depth_layout(call->params, &call->x[0].shape, false);
    return opencl_permutation(opencl_of(be), &l, &call->x[0], &call->y[0], false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_permutation l =
        iso_space_to_depth_layout(call->params, &call->x[0].shape, true);
    return call->dx[0].mem != NULL
               ? opencl_permutation(opencl_of(be), &l, &call->dy[0], &call->dx[0], call->add_dx[0])
               : ISO_OK;
}

const struct opencl_op opencl_space_to_depth = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "permute.cl" },
};
