/* layer_scale.c: queues a learned factor for each channel. */
#include "channel_scale.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    return opencl_channel_scale_forward(opencl_of(be), call, ISO_FACTOR_ALWAYS);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    return opencl_channel_scale_backward(opencl_of(be), call, ISO_FACTOR_ALWAYS);
}

const struct opencl_op opencl_layer_scale = {
    .kernel = { .supports = opencl_supports,
                .workspace = opencl_channel_scale_workspace,
                .forward = forward,
                .backward = backward },
    .programs = { "channel_scale.cl", "sums.cl", "sums_cpu.cl" },
};
