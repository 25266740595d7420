/* metric.h: functions shared by the metrics that count rows. */
#ifndef ISO_OPENCL_METRIC_H
#define ISO_OPENCL_METRIC_H
#include "sums.h"

/* The first arguments of every metric's kernel: predictions, targets, the result (a buffer and an
 * offset), rows, classes, and 1 if targets are class indices. */
#define METRIC_ARGS(call, result)                                               \
    arg_tensor(&(call)->x[0]), arg_tensor(&(call)->x[1]), result,               \
        arg_int((call)->x[0].shape.dim[0]), arg_int((call)->x[0].shape.dim[1]), \
        arg_int((call)->x[1].dtype == ISO_I32)

/* Returns a grid with a work-item per row. */
static inline struct opencl_grid opencl_metric_grid(struct iso_backend *be,
                                                    const struct iso_call *call)
{
    return opencl_elements(opencl_of(be), (size_t)call->x[0].shape.dim[0]);
}

/* Returns the bytes of workspace. The kernel writes one count of hits for each work-group, to the
 * workspace if there are several groups. */
static inline size_t opencl_hits_workspace(struct iso_backend *be, const struct iso_call *call,
                                           enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(float) : 0;
}
/* Sets y[0] to the number of hits, with a kernel that takes the arguments `more` after those of
 * every metric. */
iso_rc opencl_count_hits(struct iso_backend *, const struct iso_call *, const char *program,
                         const char *name, const struct opencl_arg *more, int nmore);
#endif
