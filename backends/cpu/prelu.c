/* prelu.c: a learned slope below 0 for each channel (core/ops/channel_scale.h). */
#include "channel_scale.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(channel_scale_forward)(backend, call, ISO_FACTOR_BELOW_0);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    return ISO_CPU(channel_scale_backward)(backend, call, ISO_FACTOR_BELOW_0);
}

const struct iso_kernel ISO_CPU(prelu) = {
    .workspace = ISO_CPU(channel_scale_workspace),
    .forward = forward,
    .backward = backward,
};
