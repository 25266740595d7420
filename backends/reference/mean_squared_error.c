/* mean_squared_error.c: mean of (p - t)^2. */
#include "loss.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    ISO_KERNEL(pointwise_forward)(call, 0, iso_squared_add);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    ISO_KERNEL(pointwise_backward)(call, &call->x[0], iso_squared_slope);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(mean_squared_error) = {
    .workspace = ISO_KERNEL(loss_workspace), .forward = forward, .backward = backward
};
