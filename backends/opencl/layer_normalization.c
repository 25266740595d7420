/* layer_normalization.c: queues the normalization of rows. */
#include "core/ops/layer_normalization.h"
#include "normalized_sets.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_normalized_sets s = iso_layer_normalization_sets(&call->x[0].shape);
    return opencl_normalize_sets(opencl_of(be), call, &s);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_normalized_sets s = iso_layer_normalization_sets(&call->x[0].shape);
    return opencl_sets_gradients(opencl_of(be), call, &s);
}

const struct opencl_op opencl_layer_normalization = {
    .kernel = { .supports = opencl_supports,
                .workspace = opencl_sets_workspace,
                .forward = forward,
                .backward = backward },
    .programs = OPENCL_SETS_PROGRAMS,
};
