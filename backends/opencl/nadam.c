/* nadam.c: queues Nadam. */
#include "optimizer.h"
#include "core/ops/nadam.h"

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const double *s = call->scalars;
    return opencl_update(be, call, "nadam.cl", "nadam_update", 2,
                         ARGS(arg_real(s[ISO_NADAM_RATE]), arg_real(s[ISO_NADAM_BETA_1]),
                              arg_real(s[ISO_NADAM_1_BETA_1]), arg_real(s[ISO_NADAM_BETA_2]),
                              arg_real(s[ISO_NADAM_1_BETA_2]), arg_real(s[ISO_NADAM_EPSILON]),
                              arg_real(s[ISO_NADAM_OF_M]), arg_real(s[ISO_NADAM_OF_G])));
}

const struct opencl_op opencl_nadam = {
    .kernel = { .supports = opencl_supports, .update = update },
    .programs = { "nadam.cl" },
};
