/* global_average_pooling2d.c: the mean of each channel of an image, as a sum over its pixels as
 * rows; its gradient is that of average pooling over a window that is the whole image. */
#include "pooling2d.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_shape *s = &call->x[0].shape;
    const int64_t pixels = s->dim[1] * s->dim[2], channels = s->dim[3];
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < s->dim[0]; n++, x += pixels * channels)
        for (int64_t c = 0; c < channels; c++) {
            iso_real sum = ref_column_sum((struct iso_rows){ pixels, pixels }, channels, x, c);
            *y++ = iso_pool_mean(sum, (iso_real)pixels);
        }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(global_average_pooling2d) = {
    .forward = forward,
    .backward = ISO_KERNEL(average_pool_gradient),
};
