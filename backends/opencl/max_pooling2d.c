/* max_pooling2d.c: queues max pooling. */
#include "activation.h"
#include "pooling2d.h"
#include "window_cpu.h"

iso_rc opencl_max_pool(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    if (opencl_cpu_shape(cl))
        return opencl_max_pool_cpu(cl, call);
    struct opencl_pool g = opencl_pool_of(call, &call->y[0]);
    g.want_tap = call->saved[0].mem != NULL;
    return opencl_launch(cl, "max_pooling2d.cl", "max_pooling2d_forward", opencl_pool_grid(cl, &g),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]),
                              arg_optional(&call->saved[0], &call->y[0]),
                              arg_struct(&g, sizeof g)));
}

iso_rc opencl_max_pool_gradient(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    if (opencl_cpu_shape(cl))
        return opencl_max_pool_cpu_gradient(cl, call);
    struct opencl_pool g = opencl_pool_of(call, &call->x[0]);
    g.add = call->add_dx[0];
    g.x_activation = opencl_x_activation(call, &g.x_alpha);
    return opencl_launch(cl, "max_pooling2d.cl", "max_pooling2d_backward", opencl_pool_grid(cl, &g),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->saved[0]),
                              arg_optional(&call->x[0], &call->dx[0]), arg_tensor(&call->dx[0]),
                              arg_struct(&g, sizeof g)));
}

const struct opencl_op opencl_max_pooling2d = {
    .kernel = { .supports = opencl_supports,
                .fuses_x_activation = true,
                .forward = opencl_max_pool,
                .backward = opencl_max_pool_gradient },
    .programs = { "max_pooling2d.cl", "max_pooling2d_cpu.cl", "activation.cl" },
};
