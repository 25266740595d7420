/* gather_labels.c: queues the gathering of a batch of targets. */
#include "opencl.h"
#include "core/ops/gather_labels.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_gather_labels *p = call->params;
    size_t n = (size_t)iso_shape_count(&call->y[0].shape);
    if (!p->one_hot) {
        return opencl_launch(
            cl, "gather_labels.cl", "gather_labels_classes", opencl_elements(cl, n),
            ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->x[1]), arg_tensor(&call->y[0]),
                 arg_uint(n), arg_long((uint64_t)call->first)));
    }
    return opencl_launch(cl, "gather_labels.cl", "gather_labels_one_hot", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->x[1]),
                              arg_tensor(&call->y[0]), arg_uint(n),
                              arg_uint((uint64_t)(p->classes - p->from)),
                              arg_uint((uint64_t)p->from), arg_long((uint64_t)call->first)));
}

const struct opencl_op opencl_gather_labels = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "gather_labels.cl" },
};
