/* layer_scale.c: a learned factor for each channel (core/ops/channel_scale.h). */
#include "channel_scale.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(channel_scale_forward)(backend, call, ISO_FACTOR_ALWAYS);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(channel_scale_backward)(backend, call, ISO_FACTOR_ALWAYS);
}

const struct iso_kernel ISO_CPU(layer_scale) = {
    .workspace = ISO_CPU(channel_scale_workspace),
    .forward = forward,
    .backward = backward,
};
