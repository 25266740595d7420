/* loss.h: functions shared by the losses; core/ops/loss.h has the formulas. */
#ifndef ISO_REFERENCE_LOSS_H
#define ISO_REFERENCE_LOSS_H
#include "core/arithmetic/formulas.h"
#include "sums.h"

/* Returns true if the mean loss y[output] is wanted; without a target there is only a prediction.
 */
static inline bool ref_loss_wanted(const struct iso_call *call, int output)
{
    return call->y[output].mem != NULL && call->x[1].mem != NULL;
}

static inline iso_real ref_row_weight(const struct iso_call *call, int64_t row)
{
    const iso_real *weight = ref_real(&call->x[2]);
    return weight != NULL ? weight[row] : ISO_R(1.0);
}

static inline struct iso_loss_scalars ref_loss_scalars(const struct iso_call *call)
{
    return (struct iso_loss_scalars){ (iso_real)call->scalars[0], (iso_real)call->scalars[1],
                                      (iso_real)call->scalars[2], (iso_real)call->scalars[3],
                                      (iso_real)call->scalars[4] };
}

/* Returns the bytes of workspace, which holds each row's weighted loss. */
size_t ISO_KERNEL(loss_workspace)(struct iso_backend *, const struct iso_call *, enum iso_pass);
/* Sets y[output] to the sum of the workspace's weighted losses divided by step_rows: this call's
 * part of the step's mean loss. */
void ISO_KERNEL(loss_mean)(const struct iso_call *, int output);

/* Returns lane plus the loss's function f(p, t) (core/arithmetic/formulas.h). */
typedef iso_real ISO_KERNEL(loss_add)(iso_real p, iso_real t, struct iso_loss_scalars,
                                      iso_real lane);
/* Returns the slope of f with respect to p. */
typedef iso_real ISO_KERNEL(loss_slope)(iso_real p, iso_real t, struct iso_loss_scalars);
/* Computes a pointwise loss, y[output], if it is wanted. */
void ISO_KERNEL(pointwise_forward)(const struct iso_call *, int output, ISO_KERNEL(loss_add) *add);
/* Computes dx[0], with the slope at each element of p [rows, columns]. */
void ISO_KERNEL(pointwise_backward)(const struct iso_call *, const struct iso_tensor *p,
                                    ISO_KERNEL(loss_slope) *slope);
#endif
