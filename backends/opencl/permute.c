/* permute.c: queues the permutation of axes; the gradient is permuted back. */
#include "cpu_shape.h"
#include "permutation.h"

iso_rc opencl_permutation(struct opencl *cl, const struct iso_permutation *l,
                          const struct iso_tensor *from, const struct iso_tensor *to, bool add)
{
    const size_t n = (size_t)(l->dim[0] * l->dim[1] * l->dim[2] * l->dim[3]);
    return opencl_launch(cl, "permute.cl", "permute", opencl_runs(cl, n),
                         ARGS(arg_tensor(from), arg_tensor(to), arg_uint(n),
                              arg_uint((uint64_t)l->dim[1]), arg_uint((uint64_t)l->dim[2]),
                              arg_uint((uint64_t)l->dim[3]), arg_uint((uint64_t)l->stride[0]),
                              arg_uint((uint64_t)l->stride[1]), arg_uint((uint64_t)l->stride[2]),
                              arg_uint((uint64_t)l->stride[3]), arg_int(add)));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_permutation l = iso_permute_layout(call->params, &call->x[0].shape, false);
    return opencl_permutation(opencl_of(be), &l, &call->x[0], &call->y[0], false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_permutation l = iso_permute_layout(call->params, &call->x[0].shape, true);
    return call->dx[0].mem != NULL
               ? opencl_permutation(opencl_of(be), &l, &call->dy[0], &call->dx[0], call->add_dx[0])
               : ISO_OK;
}

const struct opencl_op opencl_permute = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "permute.cl" },
};
