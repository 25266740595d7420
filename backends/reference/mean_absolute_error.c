/* mean_absolute_error.c: mean of |p - t|. */
#include "loss.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    ISO_KERNEL(pointwise_forward)(call, 0, iso_absolute_add);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    ISO_KERNEL(pointwise_backward)(call, &call->x[0], iso_absolute_slope);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(mean_absolute_error) = {
    .workspace = ISO_KERNEL(loss_workspace), .forward = forward, .backward = backward
};
