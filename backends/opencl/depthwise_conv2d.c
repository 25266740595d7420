/* depthwise_conv2d.c: queues the convolution of single channels. */
#include <stdio.h>
#include "clkernels/arguments.h"
#include "sums.h"
#include "window_cpu.h"
#include "core/ops/depthwise_conv2d.h"

static const char program[] = "depthwise_conv2d.cl";

static struct opencl_depthwise conv_of(const struct iso_call *call)
{
    const struct iso_depthwise_conv2d *p = call->params;
    const struct iso_window v = iso_depthwise_conv2d_window(p, &call->x[0].shape);
    const int64_t pixels = v.oh * v.ow, rows = v.n * pixels;
    return (struct opencl_depthwise){
        .h = (iso_i32)v.h,
        .w = (iso_i32)v.w,
        .c = (iso_i32)v.c,
        .m = (iso_i32)p->depth_multiplier,
        .oh = (iso_i32)v.oh,
        .ow = (iso_i32)v.ow,
        .kh = (iso_i32)v.kh,
        .kw = (iso_i32)v.kw,
        .sh = (iso_i32)v.sh,
        .sw = (iso_i32)v.sw,
        .dh = (iso_i32)v.dh,
        .dw = (iso_i32)v.dw,
        .top = (iso_i32)v.top,
        .left = (iso_i32)v.left,
        .images = (iso_i32)v.n,
        .pixels = (iso_i32)pixels,
        .channels = (iso_i32)(v.c * p->depth_multiplier),
        .has_bias = p->use_bias,
        .rows = (iso_i32)rows,
        .image = (iso_i32)pixels,
        .groups = (iso_i32)iso_group_count((struct iso_rows){ rows, pixels }),
    };
}

/* Floats of the groups' sums of the kernel's gradient. */
static size_t group_sums(const struct opencl_depthwise *g)
{
    return (size_t)g->groups * (size_t)(g->kh * g->kw) * (size_t)g->channels;
}

static struct iso_rows rows_of(const struct opencl_depthwise *g)
{
    return (struct iso_rows){ g->rows, g->image };
}

static bool limits(const struct iso_call *call, char *why, size_t n)
{
    const struct opencl_depthwise g = conv_of(call);
    if (group_sums(&g) <= INT32_MAX)
        return true;
    snprintf(why, n,
             "the kernel's gradient needs more than 2^31 - 1 sums of groups of rows: "
             "use a smaller batch");
    return false;
}

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    const struct opencl_depthwise g = conv_of(call);
    const size_t dbias = opencl_sum_rows_work(rows_of(&g), (size_t)g.channels);
    (void)be;
    if (pass == ISO_FORWARD)
        return 0;
    return opencl_larger(group_sums(&g), dbias) * sizeof(cl_float);
}

static struct opencl_grid grid_of(const struct opencl *cl, const struct opencl_depthwise *g)
{
    return opencl_pixel_grid(cl, (size_t)g->channels, (size_t)g->pixels, (size_t)g->images);
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct opencl_depthwise g = conv_of(call);
    if (opencl_depthwise_cpu_can(cl, call))
        return opencl_depthwise_cpu_forward(cl, call);
    return opencl_launch(cl, program, "depthwise_forward", grid_of(cl, &g),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->w[0]),
                              arg_optional(&call->w[1], &call->w[0]), arg_tensor(&call->y[0]),
                              arg_struct(&g, sizeof g)));
}

static iso_rc input_gradient(struct opencl *cl, const struct iso_call *call)
{
    struct opencl_depthwise g = conv_of(call);
    if (opencl_depthwise_cpu_can(cl, call))
        return opencl_depthwise_cpu_input(cl, call);
    g.channels = g.c;
    g.pixels = g.h * g.w;
    g.add = call->add_dx[0];
    return opencl_launch(cl, program, "depthwise_backward", grid_of(cl, &g),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->w[0]),
                              arg_tensor(&call->dx[0]), arg_struct(&g, sizeof g)));
}

/* The sums of groups. */
static iso_rc gradient_sums(struct opencl *cl, const struct iso_call *call,
                            struct opencl_depthwise g, struct opencl_at sums)
{
    if (opencl_depthwise_cpu_can_sum(cl, call))
        return opencl_depthwise_cpu_sums(cl, call, sums);
    g.images = g.groups;
    g.pixels = g.kh * g.kw;
    return opencl_launch(cl, program, "depthwise_gradient", grid_of(cl, &g),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]), arg_at(sums),
                              arg_struct(&g, sizeof g)));
}

static iso_rc kernel_gradient(struct opencl *cl, const struct iso_call *call)
{
    const struct opencl_depthwise g = conv_of(call);
    const struct opencl_at work = opencl_work(call, 0);
    const size_t columns = (size_t)(g.kh * g.kw * g.channels);
    ISO_TRY(gradient_sums(cl, call, g, work));
    const struct opencl_total total = {
        .n = columns, .parts = (size_t)g.groups, .first = true, .last = true, .add = call->add_dw[0]
    };
    const struct opencl_at dw = opencl_at(&call->dw[0]), none = { NULL, 0 };
    return opencl_total(cl, &total, work, dw, none, dw);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct opencl_depthwise g = conv_of(call);
    if (call->dx[0].mem != NULL)
        ISO_TRY(input_gradient(cl, call));
    if (call->dw[0].mem != NULL)
        ISO_TRY(kernel_gradient(cl, call));
    if (call->dw[1].mem != NULL) {
        ISO_TRY(opencl_sum_rows(cl, &call->dy[0], rows_of(&g), (size_t)g.channels,
                                opencl_work(call, 0), &call->dw[1], call->add_dw[1]));
    }
    return ISO_OK;
}

const struct opencl_op opencl_depthwise_conv2d = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .forward = forward,
                .backward = backward },
    .programs = { program, "sums.cl", "sums_cpu.cl", "depthwise_conv2d_cpu.cl" },
    .limits = limits,
};
