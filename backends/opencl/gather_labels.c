/* gather_labels.c: queues the gathering of a batch of targets. */
#include "grids.h"
#include "core/ops/gather_labels.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_gather_labels *p = call->params;
    const int64_t columns = p->one_hot ? p->classes - p->from : 0, rows = call->y[0].shape.dim[0];
    return opencl_launch(cl, "gather_labels.cl", "gather_labels",
                         opencl_each_row(cl, columns > 0 ? (size_t)columns : 1, (size_t)rows),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->x[1]),
                              arg_tensor(&call->y[0]), arg_int(columns), arg_int(p->from),
                              arg_long((uint64_t)call->first)));
}

const struct opencl_op opencl_gather_labels = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "gather_labels.cl" },
};
