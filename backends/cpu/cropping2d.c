/* cropping2d.c: y = the part of x inside the frame; dx = dy in a frame of zeros. */
#include "core/ops/cropping2d.h"
#include "frames.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_cropping2d_frame(call->params, &call->x[0].shape);
    ISO_CPU(take_out_of_frame)(backend, &f, iso_cpu_f32(&call->x[0]), iso_cpu_f32(&call->y[0]),
                               false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_cropping2d_frame(call->params, &call->x[0].shape);
    if (call->dx[0].mem != NULL)
        ISO_CPU(put_in_frame)(backend, &f, iso_cpu_f32(&call->dy[0]), iso_cpu_f32(&call->dx[0]),
                              call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_CPU(cropping2d) = { .forward = forward, .backward = backward };
