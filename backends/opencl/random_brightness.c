/* random_brightness.c: queues random brightness. */
#include "augmentation.h"
#include "core/ops/random_brightness.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_random_brightness *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    if (!call->training)
        return opencl_copy_images(be, call);
    return opencl_launch(
        cl, "random_brightness.cl", "random_brightness_forward", opencl_image_grid(cl, call),
        ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->y[0]),
             arg_int(s->dim[1] * s->dim[2] * s->dim[3]),
             arg_real(call->scalars[ISO_BRIGHTNESS_FROM]),
             arg_real(call->scalars[ISO_BRIGHTNESS_SPAN]), arg_real(p->value_range[0]),
             arg_real(p->value_range[1]), ARG_RANDOM(call)));
}

const struct opencl_op opencl_random_brightness = {
    .kernel = { .supports = opencl_supports, .forward = forward },
    .programs = { "random_brightness.cl", "augmentation.cl" },
};
