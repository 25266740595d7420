/* add.c: queues the sum of several tensors, and what each adds to its gradient. */
#include "opencl.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->y[0].shape);
    int inputs = 2;
    while (inputs < ISO_SLOTS && call->x[inputs].mem != NULL)
        inputs++;
    return opencl_launch(cl, "add.cl", "add_forward", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->x[1]),
                              arg_optional(&call->x[2], &call->x[0]),
                              arg_optional(&call->x[3], &call->x[0]), arg_tensor(&call->y[0]),
                              arg_uint(n), arg_int(inputs)));
}

/* One kernel for each: two of them may be the same tensor, which takes dy twice. */
static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->dy[0].shape);
    for (int i = 0; i < ISO_SLOTS; i++) {
        if (call->dx[i].mem != NULL) {
            ISO_TRY(opencl_launch(cl, "add.cl", "add_backward", opencl_elements(cl, n),
                                  ARGS(arg_tensor(&call->dy[0]), arg_tensor(&call->dx[i]),
                                       arg_uint(n), arg_int(call->add_dx[i]))));
        }
    }
    return ISO_OK;
}

const struct opencl_op opencl_add = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "add.cl" },
};
