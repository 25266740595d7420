/* cutout.c: queues cutout. */
#include "augmentation.h"
#include "core/ops/cutout.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_cutout *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    if (!call->training)
        return opencl_copy_images(be, call);
    return opencl_launch(cl, "cutout.cl", "cutout_forward", opencl_image_grid(cl, call),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]), arg_int(s->dim[1]),
                              arg_int(s->dim[2]), arg_int(s->dim[3]), arg_int(p->size[0]),
                              arg_int(p->size[1]), arg_real(p->value), ARG_RANDOM(call)));
}

const struct opencl_op opencl_cutout = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "cutout.cl", "augmentation.cl" },
};
