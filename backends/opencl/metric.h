/* metric.h: what the metrics that count rows share. */
#ifndef ISO_OPENCL_METRIC_H
#define ISO_OPENCL_METRIC_H
#include "sums.h"

/* Predictions, targets, and where the result goes (a buffer and an offset), rows and classes, and
 * whether targets are classes: the arguments that every metric's kernel begins with. */
#define METRIC_ARGS(call, result)                                               \
    arg_tensor(&(call)->x[0]), arg_tensor(&(call)->x[1]), result,               \
        arg_int((call)->x[0].shape.dim[0]), arg_int((call)->x[0].shape.dim[1]), \
        arg_int((call)->x[1].dtype == ISO_I32)

/* A work-item a row. */
static inline struct opencl_grid opencl_metric_grid(struct iso_backend *be,
                                                    const struct iso_call *call)
{
    return opencl_elements(opencl_of(be), (size_t)call->x[0].shape.dim[0]);
}

/* A hit for each row. */
static inline size_t opencl_hits_workspace(struct iso_backend *be, const struct iso_call *call,
                                           enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(float) : 0;
}
static inline struct opencl_arg opencl_hits(const struct iso_call *call)
{
    return arg_work(call, 0);
}
/* y[0] = the sum of the hits. */
static inline iso_rc opencl_sum_hits(struct iso_backend *be, const struct iso_call *call)
{
    return opencl_sum_scalar(opencl_of(be), call, &call->y[0], 1);
}
#endif
