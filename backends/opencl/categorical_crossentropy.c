/* categorical_crossentropy.c: queues softmax with cross-entropy against one-hot targets. */
#include "loss.h"

static const char program[] = "categorical_crossentropy.cl";

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct opencl_class_loss k = { program, "categorical_crossentropy_forward",
                                         "categorical_crossentropy_narrow", 3 };
    return opencl_class_loss(be, call, &k);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    const struct iso_shape *shape = &call->y[0].shape;
    const double *s = call->scalars;
    return opencl_launch(opencl_of(be), program, "categorical_crossentropy_backward",
                         opencl_row_grid(opencl_of(be), (size_t)shape->dim[0]),
                         ARGS(arg_tensor(&call->y[0]), arg_tensor(&call->x[1]),
                              arg_optional(&call->x[2], &call->y[0]), arg_tensor(&call->dx[0]),
                              arg_int(shape->dim[1]), arg_uint((uint64_t)shape->dim[0]),
                              arg_real((double)call->step_rows), arg_int(call->x[2].mem != NULL),
                              arg_int(call->add_dx[0]), arg_real(s[0]), arg_real(s[1]),
                              arg_real(s[2])));
}

const struct opencl_op opencl_categorical_crossentropy = {
    .kernel = { .supports = opencl_supports,
                .workspace = opencl_loss_workspace,
                .forward = forward,
                .backward = backward },
    .programs = { program, "sums.cl" },
};
