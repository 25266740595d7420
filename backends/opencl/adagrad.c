/* adagrad.c: queues Adagrad. */
#include "optimizer.h"
#include "core/ops/adagrad.h"

static const char *const programs[] = { "adagrad.cl", NULL };

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_adagrad *p = call->params;
    return opencl_update(be, call, "adagrad.cl", "adagrad_update", 1,
                         ARGS(arg_int(p->epsilon_placement),
                              arg_real(call->scalars[ISO_ADAGRAD_RATE]),
                              arg_real(call->scalars[ISO_ADAGRAD_EPSILON])));
}

const struct iso_kernel opencl_adagrad = { .supports = supports, .update = update };
