/* layer_scale.c: a learned factor for each channel (core/ops/channel_scale.h). */
#include "channel_scale.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    return ISO_KERNEL(channel_scale_forward)(call, ISO_FACTOR_ALWAYS);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    return ISO_KERNEL(channel_scale_backward)(call, ISO_FACTOR_ALWAYS);
}

const struct iso_kernel ISO_KERNEL(layer_scale) = {

    .forward = forward,
    .backward = backward,
};
