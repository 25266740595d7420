/* class_token.c: y[n] = token, then the pixels of x[n]; dtoken = row sum of the first tokens of dy,
 * dx the others. */
#include "core/ops/class_token.h"
#include "sums.h"

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const int64_t images = call->y[0].shape.dim[0], channels = call->y[0].shape.dim[3];
    const int64_t size = iso_shape_count(&call->x[0].shape) / images;
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < images; n++, x += size, y += channels + size) {
        ref_store(y, ref_real(&call->w[0]), channels, false);
        ref_store(y + channels, x, size, false);
    }
    return ISO_OK;
}

static void token_gradient(const struct iso_call *call, int64_t channels, int64_t row)
{
    const iso_real *dy = ref_real(&call->dy[0]);
    const int64_t images = call->dy[0].shape.dim[0];
    for (int64_t c = 0; c < channels; c++) {
        struct ref_rows sum = { .rows = { images, 1 } };
        for (int64_t n = 0; n < images; n++) {
            iso_real *chain = ref_row(&sum);
            *chain = *chain + dy[n * row + c];
        }
        ref_put(ref_real(&call->dw[0]) + c, ref_rows_total(&sum), call->add_dw[0]);
    }
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_shape *s = &call->dy[0].shape;
    const int64_t images = s->dim[0], channels = s->dim[3], row = iso_shape_count(s) / images;
    const int64_t size = row - channels;
    (void)backend;
    for (int64_t n = 0; call->dx[0].mem != NULL && n < images; n++)
        ref_store(ref_real(&call->dx[0]) + n * size, ref_real(&call->dy[0]) + n * row + channels,
                  size, call->add_dx[0]);
    if (call->dw[0].mem != NULL)
        token_gradient(call, channels, row);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(class_token) = { .forward = forward, .backward = backward };
