/* add.c: queues the sum of several tensors, and what each adds to its gradient. */
#include "cpu_shape.h"

enum { INPUTS = 4 }; /* inputs that add_forward in clkernels/add.cl takes */

/* y = from + x[first] + ..., with INPUTS - 1 further inputs at most. */
static iso_rc add_some(struct opencl *cl, const struct iso_call *call,
                       const struct iso_tensor *from, int first)
{
    size_t n = (size_t)iso_shape_count(&call->y[0].shape);
    struct opencl_arg x[INPUTS] = { arg_tensor(from) };
    int inputs = 1;
    for (int i = first; i < ISO_OPERANDS && call->x[i].mem != NULL && inputs < INPUTS; i++)
        x[inputs++] = arg_tensor(&call->x[i]);
    for (int i = inputs; i < INPUTS; i++)
        x[i] = x[0]; /* not read */
    return opencl_launch(
        cl, "add.cl", "add_forward", opencl_runs(cl, n),
        ARGS(x[0], x[1], x[2], x[3], arg_tensor(&call->y[0]), arg_uint(n), arg_int(inputs)));
}

/* More inputs than the kernel takes are added to y by further launches, from left to right
 * as before. */
static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    ISO_TRY(add_some(cl, call, &call->x[0], 1));
    for (int i = INPUTS; i < ISO_OPERANDS && call->x[i].mem != NULL; i += INPUTS - 1)
        ISO_TRY(add_some(cl, call, &call->y[0], i));
    return ISO_OK;
}

/* One kernel for each: two of them may be the same tensor, which takes dy twice. */
static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->dy[0].shape);
    for (int i = 0; i < ISO_OPERANDS; i++) {
        if (call->dx[i].mem != NULL) {
            ISO_TRY(opencl_launch(cl, "add.cl", "add_backward", opencl_runs(cl, n),
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
