/* adagrad.c: queues Adagrad. */
#include "optimizer.h"
#include "core/ops/adagrad.h"

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_adagrad *p = call->params;
    return opencl_update(be, call, "adagrad.cl", "adagrad_update", 1,
                         ARGS(arg_int(p->epsilon_placement),
                              arg_real(call->scalars[ISO_ADAGRAD_RATE]),
                              arg_real(call->scalars[ISO_ADAGRAD_EPSILON])));
}

const struct opencl_op opencl_adagrad = {
    .kernel = { .supports = opencl_supports, .update = update },
    .programs = { "adagrad.cl" },
};
