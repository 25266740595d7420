/* sgd.c: queues stochastic gradient descent. */
#include "optimizer.h"
#include "core/ops/sgd.h"

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_sgd *p = call->params;
    const struct opencl_arg rate = arg_real(call->scalars[ISO_SGD_RATE]);
    if (p->momentum == 0)
        return opencl_update(be, call, "sgd.cl", "sgd_update", 0, ARGS(rate));
    return opencl_update(
        be, call, "sgd.cl", "sgd_momentum", 1,
        ARGS(rate, arg_real(call->scalars[ISO_SGD_MOMENTUM]), arg_int(p->nesterov)));
}

const struct opencl_op opencl_sgd = {
    .kernel = { .supports = opencl_supports, .update = update },
    .programs = { "sgd.cl" },
};
