/* gather_images.c: queues the gathering of a batch of images. */
#include "opencl.h"
#include "core/ops/gather_images.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_gather_images *p = call->params;
    const struct iso_shape *shape = &call->y[0].shape;
    size_t n = (size_t)iso_shape_count(shape), rows = (size_t)shape->dim[0];
    float factor[ISO_REALS], offset[ISO_REALS]; /* of each channel: float4 */
    for (int c = 0; c < ISO_REALS; c++) {
        factor[c] = (float)call->scalars[c];
        offset[c] = (float)call->scalars[ISO_REALS + c];
    }
    return opencl_launch(cl, "gather_images.cl", "gather_images_forward", opencl_elements(cl, n),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->x[1]),
                              arg_tensor(&call->y[0]), arg_uint(n), arg_uint(n / rows),
                              arg_uint((uint64_t)shape->dim[shape->ndim - 1]), arg_uint(p->reverse),
                              arg_long((uint64_t)call->first), arg_struct(factor, sizeof factor),
                              arg_struct(offset, sizeof offset)));
}

const struct opencl_op opencl_gather_images = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "gather_images.cl" },
};
