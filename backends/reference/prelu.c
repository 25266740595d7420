/* prelu.c: a learned slope below 0 for each channel (core/ops/channel_scale.h). */
#include "channel_scale.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    return ISO_KERNEL(channel_scale_forward)(call, ISO_FACTOR_BELOW_0);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    return ISO_KERNEL(channel_scale_backward)(call, ISO_FACTOR_BELOW_0);
}

const struct iso_kernel ISO_KERNEL(prelu) = {

    .forward = forward,
    .backward = backward,
};
