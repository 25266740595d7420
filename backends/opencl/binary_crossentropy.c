/* binary_crossentropy.c: queues p = sigmoid(z) and the mean of -(t log p + (1 - t) log(1 - p)). */
#include "loss.h"

static const char program[] = "binary_crossentropy.cl";

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    if (call->y[0].mem != NULL) {
        ISO_TRY(opencl_launch(cl, program, "binary_crossentropy_probabilities",
                              opencl_elements(cl, n),
                              ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_uint(n))));
    }
    return opencl_pointwise_forward(be, call, 1, program, "binary_crossentropy_forward");
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    return opencl_pointwise_backward(be, call, &call->y[0], program,
                                     "binary_crossentropy_backward");
}

const struct opencl_op opencl_binary_crossentropy = {
    .kernel = { .supports = opencl_supports,
                .workspace = opencl_loss_workspace,
                .forward = forward,
                .backward = backward },
    .programs = { program, "sums.cl" },
};
