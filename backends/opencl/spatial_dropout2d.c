/* spatial_dropout2d.c: queues dropout of channels: one kernel draws the mask, another applies
 * it. */
#include "core/ops/spatial_dropout2d.h"
#include "grids.h"

/* Work-items along the first axis take the channels of a pixel, the second axis the pixels, the
 * third the images. */
static iso_rc apply(struct opencl *cl, const struct iso_call *call, const struct iso_tensor *from,
                    const struct iso_tensor *to, bool add)
{
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t pixels = s->dim[1] * s->dim[2];
    struct opencl_grid grid = opencl_matrix_grid(cl, (size_t)s->dim[3], (size_t)pixels);
    grid.groups[2] = (size_t)s->dim[0];
    return opencl_launch(cl, "spatial_dropout2d.cl", "spatial_dropout2d_apply", grid,
                         ARGS(arg_tensor(from), arg_tensor(&call->saved[0]), arg_tensor(to),
                              arg_int(pixels), arg_int(s->dim[3]),
                              arg_real(call->training ? call->scalars[ISO_DROPOUT_SCALE] : 1.0),
                              arg_int(add)));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    const int64_t rows = call->x[0].shape.dim[0], channels = call->x[0].shape.dim[3];
    const double threshold = call->training ? call->scalars[ISO_DROPOUT_THRESHOLD] : 0;
    ISO_TRY(opencl_launch(cl, "spatial_dropout2d.cl", "spatial_dropout2d_mask",
                          opencl_matrix_grid(cl, (size_t)channels, (size_t)rows),
                          ARGS(arg_tensor(&call->saved[0]), arg_uint((uint64_t)rows),
                               arg_uint((uint64_t)channels), arg_uint((uint64_t)threshold),
                               ARG_RANDOM(call))));
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
