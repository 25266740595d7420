/* rmsprop.c: queues RMSprop. */
#include "opencl.h"
#include "core/ops/rmsprop.h"

static const char *const programs[] = {"rmsprop.cl", NULL};

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    size_t n = (size_t)iso_shape_count(&call->w[0].shape);
    const struct iso_rmsprop *p = call->params;
    const double *s = call->scalars;
    bool has_momentum = p->momentum > 0;
    const struct iso_tensor *v = &call->state[0], *m = has_momentum ? &call->state[1] : v;
    const struct iso_tensor *a = p->centered ? &call->state[iso_rmsprop_average_slot(p)] : v;
    return opencl_launch(cl, "rmsprop.cl", "rmsprop_update", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->w[0]), arg_tensor(&call->dw[0]), arg_tensor(v),
                              arg_tensor(m), arg_tensor(a), arg_uint(n), arg_int(has_momentum),
                              arg_int(p->centered), arg_int(p->epsilon_placement),
                              arg_real(s[ISO_RMSPROP_RATE]), arg_real(s[ISO_RMSPROP_RHO]),
                              arg_real(s[ISO_RMSPROP_1_RHO]), arg_real(s[ISO_RMSPROP_MOMENTUM]),
                              arg_real(s[ISO_RMSPROP_EPSILON])));
}

const struct iso_kernel opencl_rmsprop = {.supports = supports, .update = update};
