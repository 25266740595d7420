/* adadelta.c: queues Adadelta. */
#include "optimizer.h"
#include "core/ops/adadelta.h"

static const char *const programs[] = { "adadelta.cl", NULL };

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const double *s = call->scalars;
    return opencl_update(be, call, "adadelta.cl", "adadelta_update", 2,
                         ARGS(arg_real(s[ISO_ADADELTA_RATE]), arg_real(s[ISO_ADADELTA_RHO]),
                              arg_real(s[ISO_ADADELTA_1_RHO]), arg_real(s[ISO_ADADELTA_EPSILON])));
}

const struct iso_kernel opencl_adadelta = { .supports = supports, .update = update };
