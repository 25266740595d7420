/* permute.c: queues the permutation of axes; the gradient is permuted back. */
#include "core/ops/permute.h"
#include "cpu_shape.h"

static iso_rc permute(struct opencl *cl, const struct iso_call *call, const struct iso_tensor *from,
                      const struct iso_tensor *to, bool back)
{
    const struct iso_permutation l = iso_permute_layout(call->params, &call->x[0].shape, back);
    const size_t n = (size_t)iso_shape_count(&call->x[0].shape);
    return opencl_launch(cl, "permute.cl", "permute", opencl_runs(cl, n),
                         ARGS(arg_tensor(from), arg_tensor(to), arg_uint(n),
                              arg_uint((uint64_t)l.dim[1]), arg_uint((uint64_t)l.dim[2]),
                              arg_uint((uint64_t)l.dim[3]), arg_uint((uint64_t)l.stride[0]),
                              arg_uint((uint64_t)l.stride[1]), arg_uint((uint64_t)l.stride[2]),
                              arg_uint((uint64_t)l.stride[3]), arg_int(back && call->add_dx[0])));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    return permute(opencl_of(be), call, &call->x[0], &call->y[0], false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    return call->dx[0].mem != NULL ? permute(opencl_of(be), call, &call->dy[0], &call->dx[0], true)
                                   : ISO_OK;
}

const struct opencl_op opencl_permute = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "permute.cl" },
};
