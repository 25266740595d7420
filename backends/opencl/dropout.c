/* dropout.c: queues dropout. */
#include "activation.h"
#include "cpu_shape.h"
#include "core/ops/dropout.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    struct opencl_arg x = arg_tensor(&call->x[0]), y = arg_tensor(&call->y[0]);
    struct opencl_arg mask = arg_optional(&call->saved[0], &call->y[0]);
    int want_mask = call->saved[0].mem != NULL;
    if (!call->training) {
        return opencl_launch(cl, "dropout.cl", "dropout_copy", opencl_runs(cl, n),
                             ARGS(x, y, mask, arg_uint(n), arg_int(want_mask)));
    }
    const size_t rows = (size_t)call->x[0].shape.dim[0], size = n / rows;
    const bool cpu = opencl_cpu_shape(cl);
    return opencl_launch(
        cl, cpu ? "dropout_cpu.cl" : "dropout.cl", cpu ? "dropout_cpu_forward" : "dropout_forward",
        cpu ? opencl_cpu_grid((int64_t)opencl_ceil(size, OPENCL_RUN), (int64_t)rows)
            : opencl_each_row(cl, size, rows),
        ARGS(x, y, mask, arg_uint(size), arg_uint((uint64_t)call->scalars[ISO_DROPOUT_THRESHOLD]),
             arg_real(call->scalars[ISO_DROPOUT_SCALE]), ARG_RANDOM(call), arg_int(want_mask)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->dy[0].shape);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    double scale = call->training ? call->scalars[ISO_DROPOUT_SCALE] : 1.0;
    float alpha = 0;
    const iso_i32 activation = opencl_x_activation(call, &alpha);
    const char *kernel = activation == 0       ? "dropout_backward"
                         : opencl_x_relu(call) ? "dropout_backward_relu"
                                               : "dropout_backward_any";
    return opencl_launch(cl, "dropout.cl", kernel, opencl_runs(cl, n),
                         ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->saved[0]),
                              arg_optional(&call->x[0], &call->dx[0]), arg_tensor(&call->dx[0]),
                              arg_uint(n), arg_real(scale), arg_int(call->add_dx[0]),
                              arg_int(activation), arg_real(alpha)));
}

const struct opencl_op opencl_dropout = {
    .kernel = { .supports = opencl_supports,
                .fuses_x_activation = true,
                .forward = forward,
                .backward = backward },
    .programs = { "dropout.cl", "dropout_cpu.cl" },
};
