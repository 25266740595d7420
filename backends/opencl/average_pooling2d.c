/* average_pooling2d.c: queues average pooling. */
#include "pooling2d.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct opencl_pool g = opencl_pool_of(call, &call->y[0]);
    return opencl_launch(
        cl, "average_pooling2d.cl", "average_pooling2d_forward", opencl_pool_grid(cl, &g),
        ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_struct(&g, sizeof g)));
}

iso_rc opencl_average_pool_gradient(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct opencl_pool g = opencl_pool_of(call, &call->x[0]);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    g.add = call->add_dx[0];
    return opencl_launch(
        cl, "average_pooling2d.cl", "average_pooling2d_backward", opencl_pool_grid(cl, &g),
        ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->dx[0]), arg_struct(&g, sizeof g)));
}

const struct opencl_op opencl_average_pooling2d = {
    .kernel = { .supports = opencl_supports,
                .forward = forward,
                .backward = opencl_average_pool_gradient },
    .programs = { "average_pooling2d.cl" },
};
