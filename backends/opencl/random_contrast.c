/* random_contrast.c: queues random contrast: the means of all images' channels, and then what
 * follows from them. */
#include "augmentation.h"
#include "core/ops/random_contrast.h"

static const char program[] = "random_contrast.cl";

static size_t means_of(const struct iso_shape *s) { return (size_t)(s->dim[0] * s->dim[3]); }

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    (void)be;
    return pass == ISO_FORWARD ? means_of(&call->x[0].shape) * sizeof(float) : 0;
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const struct iso_random_contrast *p = call->params;
    const struct iso_shape *s = &call->x[0].shape;
    const size_t n = means_of(s);
    const struct opencl_arg x = arg_tensor(&call->x[0]), y = arg_tensor(&call->y[0]);
    if (!call->training)
        return opencl_copy_images(be, call);
    const struct opencl_arg mean = arg_work(call, 0);
    ISO_TRY(opencl_launch(
        cl, program, "random_contrast_mean", opencl_elements(cl, n),
        ARGS(x, mean, arg_uint(n), arg_int(s->dim[1] * s->dim[2]), arg_int(s->dim[3]))));
    return opencl_launch(
        cl, program, "random_contrast_forward", opencl_image_grid(cl, call),
        ARGS(x, mean, y, arg_int(s->dim[1] * s->dim[2] * s->dim[3]), arg_int(s->dim[3]),
             arg_real(call->scalars[ISO_CONTRAST_FROM]), arg_real(call->scalars[ISO_CONTRAST_SPAN]),
             arg_real(p->value_range[0]), arg_real(p->value_range[1]), ARG_RANDOM(call)));
}

const struct opencl_op opencl_random_contrast = {
    .kernel = { .supports = opencl_supports, .workspace = workspace, .forward = forward },
    .programs = { program, "augmentation.cl" },
};
