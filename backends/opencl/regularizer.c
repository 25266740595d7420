/* regularizer.c: queues the penalty of a weight and its gradient. */
#include "core/ops/regularizer.h"
#include "sums.h"

static size_t blocks_of(const struct iso_call *call)
{
    return (size_t)iso_element_blocks(iso_shape_count(&call->w[0].shape));
}

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? 2 * blocks_of(call) * sizeof(float) : 0;
}

/* Queues the block sums of |w|, then those of w w; skips a sum whose factor is 0. */
static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct opencl_at work = opencl_work(call, 0);
    size_t blocks = blocks_of(call);
    size_t count = (size_t)iso_shape_count(&call->w[0].shape);
    double l1 = call->scalars[ISO_PENALTY_L1], l2 = call->scalars[ISO_PENALTY_L2];
    if (l1 > 0)
        ISO_TRY(opencl_sum_blocks(cl, ISO_SUM_ABSOLUTE, &call->w[0], count, work));
    if (l2 > 0)
        ISO_TRY(
            opencl_sum_blocks(cl, ISO_SUM_SQUARES, &call->w[0], count, opencl_past(work, blocks)));
    return opencl_launch(
        cl, "regularizer.cl", "regularizer_forward", opencl_elements(cl, 1),
        ARGS(arg_at(work), arg_tensor(&call->y[0]), arg_uint(blocks), arg_real(l1), arg_real(l2)));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->w[0].shape);
    return opencl_launch(cl, "regularizer.cl", "regularizer_backward", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->w[0]), arg_tensor(&call->dw[0]), arg_uint(n),
                              arg_real(call->scalars[ISO_PENALTY_L1]),
                              arg_real(call->scalars[ISO_PENALTY_TWO_L2]),
                              arg_int(call->add_dw[0])));
}

const struct opencl_op opencl_regularizer = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .forward = forward,
                .backward = backward },
    .programs = { "regularizer.cl", "sums.cl" },
};
