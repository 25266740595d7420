/* adamax.c: queues Adamax. */
#include "optimizer.h"
#include "core/ops/adamax.h"

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const double *s = call->scalars;
    return opencl_update(be, call, "adamax.cl", "adamax_update", 2,
                         ARGS(arg_real(s[ISO_ADAMAX_RATE]), arg_real(s[ISO_ADAMAX_BETA_1]),
                              arg_real(s[ISO_ADAMAX_1_BETA_1]), arg_real(s[ISO_ADAMAX_BETA_2]),
                              arg_real(s[ISO_ADAMAX_EPSILON])));
}

const struct opencl_op opencl_adamax = {
    .kernel = { .supports = opencl_supports, .update = update },
    .programs = { "adamax.cl" },
};
