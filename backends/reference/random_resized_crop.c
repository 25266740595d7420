/* random_resized_crop.c: y(i, j) = x(row, column), bilinear, where a part of the image that is
 * drawn for each gives the place (core/arithmetic/resized_crop.h). */
#include "core/ops/random_resized_crop.h"
#include "reference.h"

static void show(const iso_real *x, const iso_resized_crop *crop, const struct iso_shape *from,
                 const struct iso_shape *to, iso_real *y)
{
    const iso_axis rows = iso_axis_of(ISO_BORDER_NEAREST, (iso_i32)from->dim[1]);
    const iso_axis columns = iso_axis_of(ISO_BORDER_NEAREST, (iso_i32)from->dim[2]);
    const int64_t channels = from->dim[3], line = from->dim[2] * channels;
    for (int64_t i = 0; i < to->dim[1]; i++)
        for (int64_t j = 0; j < to->dim[2]; j++) {
            const iso_tap r = iso_tap_of(rows, iso_span_place(crop->rows, (iso_i32)i));
            const iso_tap c = iso_tap_of(columns, iso_span_place(crop->columns, (iso_i32)j));
            const iso_real *above = x + r.low * line, *below = x + r.high * line;
            for (int64_t k = 0; k < channels; k++) {
                const int64_t left = c.low * channels + k, right = c.high * channels + k;
                *y++ = iso_bilinear(above[left], above[right], below[left], below[right], r.share,
                                    c.share);
            }
        }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_shape *from = &call->x[0].shape, *to = &call->y[0].shape;
    const iso_resized_ranges ranges = iso_resized_ranges_of(call);
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < from->dim[0]; n++) {
        const iso_resized_crop crop = iso_resized_draw(
            ranges, (iso_i32)from->dim[1], (iso_i32)from->dim[2], (iso_i32)to->dim[1],
            (iso_i32)to->dim[2], call->training, (uint32_t)(call->first_row + n), call->step,
            call->layer, (uint32_t)call->seed, (uint32_t)(call->seed >> 32));
        show(x + n * from->dim[1] * from->dim[2] * from->dim[3], &crop, from, to,
             y + n * to->dim[1] * to->dim[2] * to->dim[3]);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(random_resized_crop) = { .forward = forward };
