/* sgd.c: queues stochastic gradient descent. */
#include "opencl.h"
#include "core/ops/sgd.h"

static const char *const programs[] = {"sgd.cl", NULL};

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->w[0].shape);
    const struct iso_sgd *p = call->params;
    if (p->momentum == 0) {
        return opencl_launch(cl, "sgd.cl", "sgd_update", opencl_elements(cl, n),
                             ARGS(arg_tensor(&call->w[0]), arg_tensor(&call->dw[0]), arg_uint(n),
                                  arg_real(call->scalars[ISO_SGD_RATE])));
    }
    return opencl_launch(cl, "sgd.cl", "sgd_momentum", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->w[0]), arg_tensor(&call->dw[0]),
                              arg_tensor(&call->state[0]), arg_uint(n),
                              arg_real(call->scalars[ISO_SGD_RATE]),
                              arg_real(call->scalars[ISO_SGD_MOMENTUM]), arg_int(p->nesterov)));
}

const struct iso_kernel opencl_sgd = {.supports = supports, .update = update};
