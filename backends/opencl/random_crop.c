/* random_crop.c: queues random cropping. */
#include "augmentation.h"
#include "core/ops/random_crop.h"

static const char *const programs[] = { "random_crop.cl", NULL };

static bool supports(struct iso_backend *be, const struct iso_call *call, char *why, size_t n)
{
    return opencl_fits(call, why, n) && opencl_ready(be, programs, why, n);
}

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

const struct iso_kernel opencl_random_crop = { .supports = supports, .forward = forward };
