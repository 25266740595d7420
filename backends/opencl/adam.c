/* adam.c: queues Adam and AdamW. */
#include "adam.h"
#include "core/ops/adam.h"

iso_rc opencl_adam_update(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_adam *p = call->params;
    const double *s = call->scalars;
    return opencl_update(be, call, "adam.cl", p->amsgrad ? "adam_amsgrad" : "adam_update", 3,
                         ARGS(arg_real(s[ISO_ADAM_RATE]), arg_real(s[ISO_ADAM_BETA_1]),
                              arg_real(s[ISO_ADAM_1_BETA_1]), arg_real(s[ISO_ADAM_BETA_2]),
                              arg_real(s[ISO_ADAM_1_BETA_2]), arg_real(s[ISO_ADAM_EPSILON]),
                              arg_real(s[ISO_ADAM_DECAY])));
}

const struct opencl_op opencl_adam = {
    .kernel = { .supports = opencl_supports, .update = opencl_adam_update },
    .programs = { "adam.cl" },
};
