/* categorical_crossentropy.c: queues softmax with cross-entropy against one-hot targets. */
#include "loss.h"

/* Without a target there is no loss: prediction only. */
static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_tensor *z = &call->x[0], *t = &call->x[1], *p = &call->y[0];
    size_t rows = (size_t)z->shape.dim[0];
    const double *s = call->scalars;
    bool want_loss = opencl_loss_wanted(call, 1);
    ISO_TRY(opencl_launch(
        cl, "categorical_crossentropy.cl", "categorical_crossentropy_forward", opencl_rows(rows),
        ARGS(arg_tensor(z), arg_optional(t, z), arg_optional(p, z), arg_optional(&call->x[2], z),
             opencl_losses(call), arg_int(z->shape.dim[1]), arg_int(call->x[2].mem != NULL),
             arg_int(p->mem != NULL), arg_int(want_loss), arg_real(s[0]), arg_real(s[1]),
             arg_real(s[2]))));
    return want_loss ? opencl_loss_mean(be, call, 1) : ISO_OK;
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    const struct iso_shape *shape = &call->y[0].shape;
    const double *s = call->scalars;
    return opencl_launch(opencl_of(be), "categorical_crossentropy.cl",
                         "categorical_crossentropy_backward", opencl_rows((size_t)shape->dim[0]),
                         ARGS(arg_tensor(&call->y[0]), arg_tensor(&call->x[1]),
                              arg_optional(&call->x[2], &call->y[0]), arg_tensor(&call->dx[0]),
                              arg_int(shape->dim[1]), arg_real((double)call->step_rows),
                              arg_int(call->x[2].mem != NULL), arg_int(call->add_dx[0]),
                              arg_real(s[0]), arg_real(s[1]), arg_real(s[2])));
}

const struct opencl_op opencl_categorical_crossentropy = {
    .kernel = { .supports = opencl_supports,
                .workspace = opencl_loss_workspace,
                .forward = forward,
                .backward = backward },
    .programs = { "categorical_crossentropy.cl", "sums.cl" },
};
