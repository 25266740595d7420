/* adadelta.c: queues Adadelta. */
#include "optimizer.h"
#include "core/ops/adadelta.h"

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const double *s = call->scalars;
    return opencl_update(be, call, "adadelta.cl", "adadelta_update", 2,
                         ARGS(arg_real(s[ISO_ADADELTA_RATE]), arg_real(s[ISO_ADADELTA_RHO]),
                              arg_real(s[ISO_ADADELTA_1_RHO]), arg_real(s[ISO_ADADELTA_EPSILON])));
}

const struct opencl_op opencl_adadelta = {
    .kernel = { .supports = opencl_supports, .update = update },
    .programs = { "adadelta.cl" },
};
