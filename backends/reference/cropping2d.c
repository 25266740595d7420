/* cropping2d.c: y = the part of x inside the frame; dx = dy in a frame of zeros. A gradient that is
 * added to keeps what it has in the frame. */
#include "core/ops/cropping2d.h"
#include "frames.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_cropping2d_frame(call->params, &call->x[0].shape);
    (void)backend;
    ISO_KERNEL(take_out_of_frame)(&f, ref_real(&call->x[0]), ref_real(&call->y[0]), false);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_frame f = iso_cropping2d_frame(call->params, &call->x[0].shape);
    (void)backend;
    if (call->dx[0].mem != NULL)
        ISO_KERNEL(put_in_frame)(&f, ref_real(&call->dy[0]), ref_real(&call->dx[0]),
                                 call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(cropping2d) = { .forward = forward, .backward = backward };
