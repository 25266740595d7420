/* cropping2d.c: queues cropping, and its gradient: dy in a frame of zeros. */
#include "core/ops/cropping2d.h"
#include "frames.h"

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_frame f = iso_cropping2d_frame(call->params, &call->x[0].shape);
    return opencl_take_out_of_frame(opencl_of(be), &f, &call->x[0], &call->y[0], false);
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    const struct iso_frame f = iso_cropping2d_frame(call->params, &call->x[0].shape);
    if (call->dx[0].mem == NULL)
        return ISO_OK;
    return opencl_put_in_frame(opencl_of(be), &f, &call->dy[0], &call->dx[0], call->add_dx[0]);
}

const struct opencl_op opencl_cropping2d = {
    .kernel = { .supports = opencl_supports, .forward = forward, .backward = backward },
    .programs = { OPENCL_FRAME_PROGRAMS },
};
