/* group_normalization.c: normalizes groups of channels (normalized_sets.h). */
#include "core/ops/group_normalization.h"
#include "normalized_sets.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_normalized_sets s =
        iso_group_normalization_sets(call->params, &call->x[0].shape);
    (void)backend;
    ISO_KERNEL(normalize_sets)(call, &s);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_normalized_sets s =
        iso_group_normalization_sets(call->params, &call->x[0].shape);
    (void)backend;
    ISO_KERNEL(sets_gradients)(call, &s);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(group_normalization) = {
    .forward = forward,
    .backward = backward,
};
