/* loss.h: functions shared by the losses; core/ops/loss.h has the formulas. */
#ifndef ISO_OPENCL_LOSS_H
#define ISO_OPENCL_LOSS_H
#include "core/arithmetic/formulas.h"
#include "sums.h"

/* Implements iso_kernel.workspace: a loss for each row. */
size_t opencl_loss_workspace(struct iso_backend *, const struct iso_call *, enum iso_pass);
/* Returns true if the mean loss y[output] is wanted; without a target there is only a prediction.
 */
static inline bool opencl_loss_wanted(const struct iso_call *call, int output)
{
    return call->y[output].mem != NULL && call->x[1].mem != NULL;
}
static inline struct opencl_arg opencl_losses(const struct iso_call *call)
{
    return arg_work(call, 0);
}
static inline struct iso_loss_scalars opencl_loss_scalars(const struct iso_call *call)
{
    const double *s = call->scalars;
    return (struct iso_loss_scalars){ (float)s[0], (float)s[1], (float)s[2], (float)s[3],
                                      (float)s[4] };
}
/* Sets y[output] to the mean of the rows' weighted losses in the workspace. */
iso_rc opencl_loss_mean(struct iso_backend *, const struct iso_call *, int output);

/* Losses that absorb a softmax: y[0] = the probabilities, y[1] = the mean loss, if they are wanted.
 * The kernel `wide` uses ISO_LANES work-items per row; `narrow`, for at most ISO_LANES classes,
 * uses one, and also adds the losses of a block. */
struct opencl_class_loss {
    const char *program, *wide, *narrow;
    const struct iso_loss_scalars *scalars; /* both take these; NULL: none */
};
iso_rc opencl_class_loss(struct iso_backend *, const struct iso_call *,
                         const struct opencl_class_loss *);

/* Compute a pointwise loss with the kernel `name` of `program` (clkernels/loss.h): y[output], if it
 * is wanted, or dx[0], with the slope at each element of p. */
iso_rc opencl_pointwise_forward(struct iso_backend *, const struct iso_call *, int output,
                                const char *program, const char *name);
iso_rc opencl_pointwise_backward(struct iso_backend *, const struct iso_call *,
                                 const struct iso_tensor *p, const char *program, const char *name);
#endif
