/* nadam.c: queues Nadam. */
#include "optimizer.h"
#include "core/ops/nadam.h"

static const char *const programs[] = { "nadam.cl", NULL };

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    const double *s = call->scalars;
    return opencl_update(be, call, "nadam.cl", "nadam_update", 2,
                         ARGS(arg_real(s[ISO_NADAM_RATE]), arg_real(s[ISO_NADAM_BETA_1]),
                              arg_real(s[ISO_NADAM_1_BETA_1]), arg_real(s[ISO_NADAM_BETA_2]),
                              arg_real(s[ISO_NADAM_1_BETA_2]), arg_real(s[ISO_NADAM_EPSILON]),
                              arg_real(s[ISO_NADAM_OF_M]), arg_real(s[ISO_NADAM_OF_G])));
}

const struct iso_kernel opencl_nadam = { .supports = supports, .update = update };
