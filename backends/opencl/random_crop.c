/* random_crop.c: queues random cropping. */
#include "augmentation.h"
#include "core/ops/random_crop.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_random_crop *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    return opencl_launch(cl, "random_crop.cl", "random_crop_forward", opencl_image_grid(cl, call),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_int(s->dim[1]),
                              arg_int(s->dim[2]), arg_int(s->dim[3]), arg_int(p->height),
                              arg_int(p->width), arg_int(p->padding), arg_int(call->training),
                              ARG_RANDOM(call)));
}

const struct opencl_op opencl_random_crop = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "random_crop.cl" },
};
