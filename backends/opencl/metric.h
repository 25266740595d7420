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

/* Metrics that count rows: their kernel puts the hits among the rows of each work-group beside each
 * other; in the workspace, where there are several. */
static inline size_t opencl_hits_workspace(struct iso_backend *be, const struct iso_call *call,
                                           enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(float) : 0;
}
/* y[0] = the hits, by a kernel that takes `more` arguments behind those of every metric. */
iso_rc opencl_count_hits(struct iso_backend *, const struct iso_call *, const char *program,
                         const char *name, const struct opencl_arg *more, int nmore);
#endif
