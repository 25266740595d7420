/* max_pooling2d_cpu.c: queues clkernels/max_pooling2d_cpu.cl. */
#include "activation.h"
#include "core/ops/pooling2d.h"
#include "window_cpu.h"

static const char program[] = "max_pooling2d_cpu.cl";

struct opencl_window_cpu opencl_window_cpu_of(const struct iso_window *v)
{
    return (struct opencl_window_cpu){ .images = (iso_i32)v->n, OPENCL_WINDOW_FIELDS(v) };
}

static struct opencl_window_cpu window_of(const struct iso_call *call)
{
    const struct iso_window v = iso_pooling2d_window(call->params, &call->x[0].shape);
    return opencl_window_cpu_of(&v);
}

iso_rc opencl_max_pool_cpu(struct opencl *cl, const struct iso_call *call)
{
    struct opencl_window_cpu g = window_of(call);
    g.want_tap = call->saved[0].mem != NULL;
    return opencl_launch(
        cl, program, "max_pooling2d_cpu_forward", opencl_cpu_grid((int64_t)g.images * g.oh, 1),
        ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]),
             arg_optional(&call->saved[0], &call->y[0]), arg_struct(&g, sizeof g)));
}

iso_rc opencl_max_pool_cpu_gradient(struct opencl *cl, const struct iso_call *call)
{
    struct opencl_window_cpu g = window_of(call);
    g.add = call->add_dx[0];
    g.x_relu = opencl_x_relu(call);
    ISO_TRY(opencl_launch(cl, program, "max_pooling2d_cpu_backward",
                          opencl_cpu_grid((int64_t)g.images * g.h, 1),
                          ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->saved[0]),
                               arg_optional(&call->x[0], &call->dx[0]), arg_tensor(&call->dx[0]),
                               arg_struct(&g, sizeof g))));
    return g.x_relu ? ISO_OK : opencl_pass_back(cl, call);
}
