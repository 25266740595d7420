/* local_response_normalization.c: queues normalization across channels: one kernel forward; for the
 * gradient one of all that belongs to a number alone, and one of the sums of neighbours. */
#include "core/ops/local_response_normalization.h"
#include "cpu_shape.h"

static const char program[] = "local_response_normalization.cl";

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? 0
                               : 2 * (size_t)iso_shape_count(&call->x[0].shape) * sizeof(cl_float);
}

/* The channels, and the channels to each side that a sum has. */
static int64_t channels_of(const struct iso_call *call)
{
    return call->x[0].shape.dim[call->x[0].shape.ndim - 1];
}
static int64_t half_of(const struct iso_call *call)
{
    return ((const struct iso_local_response_normalization *)call->params)->size / 2;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    const double *s = call->scalars;
    return opencl_launch(cl, program, "lrn_forward", opencl_runs(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_uint(n),
                              arg_int(channels_of(call)), arg_int(half_of(call)),
                              arg_real(s[ISO_LRN_SCALE]), arg_real(s[ISO_LRN_BIAS]),
                              arg_real(s[ISO_LRN_BETA])));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    const double *s = call->scalars;
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    ISO_TRY(opencl_launch(cl, program, "lrn_parts", opencl_runs(cl, n),
                          ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]), arg_work(call, 0),
                               arg_work(call, n), arg_uint(n), arg_int(channels_of(call)),
                               arg_int(half_of(call)), arg_real(s[ISO_LRN_SCALE]),
                               arg_real(s[ISO_LRN_BIAS]), arg_real(s[ISO_LRN_BETA]))));
    return opencl_launch(cl, program, "lrn_backward", opencl_runs(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_work(call, 0), arg_work(call, n),
                              arg_tensor(&call->dx[0]), arg_uint(n), arg_int(channels_of(call)),
                              arg_int(half_of(call)), arg_real(s[ISO_LRN_FACTOR]),
                              arg_int(call->add_dx[0])));
}

const struct opencl_op opencl_local_response_normalization = {
    .kernel = { .supports = opencl_supports,
                .workspace = workspace,
                .forward = forward,
                .backward = backward },
    .programs = { program },
};
