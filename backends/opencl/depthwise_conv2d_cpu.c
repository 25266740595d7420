/* depthwise_conv2d_cpu.c: queues clkernels/depthwise_conv2d_cpu.cl. */
#include "core/ops/depthwise_conv2d.h"
#include "window_cpu.h"

static const char program[] = "depthwise_conv2d_cpu.cl";

static struct opencl_window_cpu window_of(const struct iso_call *call)
{
    const struct iso_depthwise_conv2d *p = call->params;
    const struct iso_window v = iso_depthwise_conv2d_window(p, &call->x[0].shape);
    struct opencl_window_cpu g = opencl_window_cpu_of(&v);
    g.image = g.oh * g.ow;
    g.rows = g.images * g.image;
    g.groups = (iso_i32)iso_group_count((struct iso_rows){ g.rows, g.image });
    g.has_bias = call->w[1].mem != NULL;
    return g;
}

bool opencl_depthwise_cpu_can(const struct opencl *cl, const struct iso_call *call)
{
    const struct iso_depthwise_conv2d *p = call->params;
    const struct opencl_window_cpu g = window_of(call);
    return opencl_cpu_shape(cl) && p->depth_multiplier == 1 && g.kh * g.kw <= OPENCL_DEPTHWISE_TAPS;
}

bool opencl_depthwise_cpu_can_sum(const struct opencl *cl, const struct iso_call *call)
{
    const struct opencl_window_cpu g = window_of(call);
    return opencl_depthwise_cpu_can(cl, call) && g.kh == 3 && g.kw == 3;
}

iso_rc opencl_depthwise_cpu_forward(struct opencl *cl, const struct iso_call *call)
{
    const struct opencl_window_cpu g = window_of(call);
    return opencl_launch(cl, program, "depthwise_cpu_forward",
                         opencl_cpu_grid((int64_t)g.images * g.oh, 1),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->w[0]),
                              arg_optional(&call->w[1], &call->w[0]), arg_tensor(&call->y[0]),
                              arg_struct(&g, sizeof g)));
}

iso_rc opencl_depthwise_cpu_input(struct opencl *cl, const struct iso_call *call)
{
    struct opencl_window_cpu g = window_of(call);
    g.add = call->add_dx[0];
    return opencl_launch(cl, program, "depthwise_cpu_backward",
                         opencl_cpu_grid((int64_t)g.images * g.h, 1),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->w[0]),
                              arg_tensor(&call->dx[0]), arg_struct(&g, sizeof g)));
}

iso_rc opencl_depthwise_cpu_sums(struct opencl *cl, const struct iso_call *call,
                                 struct opencl_at sums)
{
    const struct opencl_window_cpu g = window_of(call);
    return opencl_launch(cl, program, "depthwise_cpu_gradient",
                         opencl_cpu_grid(opencl_ceil64(g.c, cl->tile.vector), g.groups),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]), arg_at(sums),
                              arg_struct(&g, sizeof g)));
}
