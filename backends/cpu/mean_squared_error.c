/* mean_squared_error.c: mean of (p - t)^2. */
#include "loss.h"

static void losses(void *data, int64_t unit, int thread)
{
    (void)thread;
    iso_cpu_pointwise_losses(data, unit, iso_squared_add);
}

static void gradients(void *data, int64_t unit, int thread)
{
    (void)thread;
    iso_cpu_pointwise_gradients(data, unit, iso_squared_slope);
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

const struct iso_kernel ISO_CPU(mean_squared_error) = {
    .workspace = ISO_CPU(loss_workspace), .forward = forward, .backward = backward
};
