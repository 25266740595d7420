/* squared_hinge.c: mean of max(1 - t p, 0)^2. */
#include "loss.h"

static void losses(void *data, int64_t unit, int thread)
{
    (void)thread;
    iso_cpu_pointwise_losses(data, unit, iso_squared_hinge_add);
}

static void gradients(void *data, int64_t unit, int thread)
{
    (void)thread;
    iso_cpu_pointwise_gradients(data, unit, iso_squared_hinge_slope);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    ISO_CPU(pointwise_forward)(backend, call, 0, losses);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    ISO_CPU(pointwise_backward)(backend, call, &call->x[0], gradients);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(squared_hinge) = {
    .workspace = ISO_CPU(loss_workspace), .forward = forward, .backward = backward
};
