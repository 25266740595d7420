/* mean_absolute_error.c: queues the mean of |p - t|. */
#include "loss.h"

static const char *const programs[] = {"mean_absolute_error.cl", "sums.cl", NULL};

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    return opencl_pointwise_forward(be, call, 0, programs[0], "mean_absolute_error_forward");
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    return opencl_pointwise_backward(be, call, &call->x[0], programs[0],
                                     "mean_absolute_error_backward");
}

const struct iso_kernel opencl_mean_absolute_error = {
    .supports = supports,
    .workspace = opencl_loss_workspace,
    .forward = forward,
    .backward = backward};
