/* adamax.c: queues Adamax. */
#include "optimizer.h"
#include "core/ops/adamax.h"

static const char *const programs[] = { "adamax.cl", NULL };

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const double *s = call->scalars;
    return opencl_update(be, call, "adamax.cl", "adamax_update", 2,
                         ARGS(arg_real(s[ISO_ADAMAX_RATE]), arg_real(s[ISO_ADAMAX_BETA_1]),
                              arg_real(s[ISO_ADAMAX_1_BETA_1]), arg_real(s[ISO_ADAMAX_BETA_2]),
                              arg_real(s[ISO_ADAMAX_EPSILON])));
}

const struct iso_kernel opencl_adamax = { .supports = supports, .update = update };
