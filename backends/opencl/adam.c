/* adam.c: queues Adam. */
#include "opencl.h"
#include "core/ops/adam.h"

static const char *const programs[] = {"adam.cl", NULL};

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->w[0].shape);
    const double *s = call->scalars;
    return opencl_launch(cl, "adam.cl", "adam_update", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->w[0]), arg_tensor(&call->dw[0]),
                              arg_tensor(&call->state[0]), arg_tensor(&call->state[1]), arg_uint(n),
                              arg_real(s[ISO_ADAM_RATE]), arg_real(s[ISO_ADAM_BETA_1]),
                              arg_real(s[ISO_ADAM_1_BETA_1]), arg_real(s[ISO_ADAM_BETA_2]),
                              arg_real(s[ISO_ADAM_1_BETA_2]), arg_real(s[ISO_ADAM_EPSILON])));
}

const struct iso_kernel opencl_adam = {.supports = supports, .update = update};
