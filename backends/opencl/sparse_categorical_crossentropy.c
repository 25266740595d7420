/* sparse_categorical_crossentropy.c: queues softmax with cross-entropy against class indices. */
#include "loss.h"

static const char program[] = "sparse_categorical_crossentropy.cl";

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct opencl_class_loss k = { program, "sparse_categorical_crossentropy_forward",
                                         "sparse_categorical_crossentropy_narrow", NULL };
    return opencl_class_loss(be, call, &k);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_tensor *p = &call->y[0];
    const size_t rows = (size_t)p->shape.dim[0], classes = (size_t)p->shape.dim[1];
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_launch(opencl_of(be), program, "sparse_categorical_crossentropy_backward",
                         opencl_matrix_grid(opencl_of(be), classes, rows),
                         ARGS(arg_tensor(p), arg_tensor(&call->x[1]), arg_optional(&call->x[2], p),
                              arg_tensor(&call->dx[0]), arg_int((int64_t)classes),
                              arg_int((int64_t)rows), arg_real((double)call->step_rows),
                              arg_int(call->x[2].mem != NULL), arg_int(call->add_dx[0])));
}

const struct opencl_op opencl_sparse_categorical_crossentropy = {
    .kernel = { .supports = opencl_supports,
                .workspace = opencl_loss_workspace,
                .forward = forward,
                .backward = backward },
    .programs = { program, "sums.cl" },
};
