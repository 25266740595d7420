/* group_normalization.c: normalizes groups of channels (normalized_sets.h). */
#include "core/ops/group_normalization.h"
#include "normalized_sets.h"

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    (void)backend;
    return ISO_CPU(sets_workspace)(call, pass);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_normalized_sets s =
        iso_group_normalization_sets(call->params, &call->x[0].shape);
    ISO_CPU(normalize_sets)(backend, call, &s);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_normalized_sets s =
        iso_group_normalization_sets(call->params, &call->x[0].shape);
    ISO_CPU(sets_gradients)(backend, call, &s);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(group_normalization) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
