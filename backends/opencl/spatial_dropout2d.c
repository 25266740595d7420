/* spatial_dropout2d.c: queues dropout of channels: one kernel draws the mask, another applies
 * it. */
#include "core/ops/spatial_dropout2d.h"
#include "opencl.h"

/* Work-items along the first axis take an image's elements, the second axis the images. */
static iso_rc apply(struct opencl *cl, const struct iso_call *call, const struct iso_tensor *from,
                    const struct iso_tensor *to, bool add)
{
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t image = s->dim[1] * s->dim[2] * s->dim[3];
    return opencl_launch(cl, "spatial_dropout2d.cl", "spatial_dropout2d_apply",
                         opencl_each_row(cl, (size_t)image, (size_t)s->dim[0]),
                         ARGS(arg_tensor(from), arg_tensor(&call->saved[0]), arg_tensor(to),
                              arg_int(image), arg_int(s->dim[3]),
                              arg_real(call->training ? call->scalars[ISO_DROPOUT_SCALE] : 1.0),
                              arg_int(add)));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const size_t n = (size_t)iso_shape_count(&call->saved[0].shape);
    const double threshold = call->training ? call->scalars[ISO_DROPOUT_THRESHOLD] : 0;
    ISO_TRY(opencl_launch(
        cl, "spatial_dropout2d.cl", "spatial_dropout2d_mask", opencl_elements(cl, n),
        ARGS(arg_tensor(&call->saved[0]), arg_uint(n), arg_uint(call->x[0].shape.dim[3]),
             arg_uint((uint64_t)threshold), ARG_RANDOM(call))));
    return apply(cl, call, &call->x[0], &call->y[0], false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return apply(opencl_of(be), call, &call->dy[0], &call->dx[0], call->add_dx[0]);
}

const struct opencl_op opencl_spatial_dropout2d = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { "spatial_dropout2d.cl" },
};
