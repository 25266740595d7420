/* rmsprop.c: queues RMSprop. */
#include "optimizer.h"
#include "core/ops/rmsprop.h"

static iso_rc update(struct iso_backend *be, const struct iso_call *call)
{
    /* By centered, then by momentum. */
    static const char *const kernels[2][2] = { { "rmsprop_update", "rmsprop_momentum" },
                                               { "rmsprop_centered",
                                                 "rmsprop_centered_momentum" } };
    const struct iso_rmsprop *p = call->params;
    const double *s = call->scalars;
    struct iso_call c = *call; /* with every slot in its place */
    c.state[1] = p->momentum > 0 ? call->state[1] : (struct iso_tensor){ 0 };
    c.state[2] = p->centered ? call->state[iso_rmsprop_average_slot(p)] : (struct iso_tensor){ 0 };
    return opencl_update(be, &c, "rmsprop.cl", kernels[p->centered][p->momentum > 0], 3,
                         ARGS(arg_int(p->epsilon_placement), arg_real(s[ISO_RMSPROP_RATE]),
                              arg_real(s[ISO_RMSPROP_RHO]), arg_real(s[ISO_RMSPROP_1_RHO]),
                              arg_real(s[ISO_RMSPROP_MOMENTUM]), arg_real(s[ISO_RMSPROP_EPSILON])));
}

const struct opencl_op opencl_rmsprop = {
    .kernel = { .supports = opencl_supports, .update = update },
    .programs = { "rmsprop.cl" },
};
