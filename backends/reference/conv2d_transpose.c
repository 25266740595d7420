/* conv2d_transpose.c: transposed convolution, with iy = y sh + ky dh - top and
 * ix = x sw + kx dw - left for pixel (y, x) of the input and (iy, ix) of the result:
 *
 *   y[n, iy, ix, o] = (sum over ky, kx, i of x[n, y, x, i] kernel[ky, kx, o, i]) + bias[o]
 *
 * It is a sum of products in the order written: what conv2d.c computes for the gradient of its
 * input. A pixel of x beyond the border takes part as a factor of +0, a tap that strides leave out
 * does not. The gradients are conv2d's forward pass and its kernel's gradient
 * (backends/conv2d_transpose.h). */
#include "backends/conv2d_transpose.h"
#include "core/ops/conv2d_transpose.h"
#include "sums.h"
#include "window.h"

struct sizes {
    struct iso_window win; /* the convolution from y to x */
    int64_t filters, in;
};

static iso_real output(const struct iso_call *call, const struct sizes *s, int64_t n, int64_t iy,
                       int64_t ix, int64_t o)
{
    const iso_real *kernel = ref_real(&call->w[0]) + o * s->in, *x;
    struct ref_products sum = { .block = ISO_BLOCK_TERMS };
    for (int64_t ky = 0; ky < s->win.kh; ky++)
        for (int64_t kx = 0; kx < s->win.kw; kx++, kernel += s->filters * s->in) {
            if (!ref_output_pixel(&s->win, ref_real(&call->x[0]), s->in, n, iy, ix, ky, kx, &x))
                continue;
            for (int64_t i = 0; i < s->in; i++)
                ref_product(&sum, x != NULL ? x[i] : ISO_R(0.0), kernel[i]);
        }
    return ref_products_total(&sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_shape image = iso_conv2d_transpose_result(call->params, &call->x[0].shape);
    const struct iso_conv2d conv = iso_conv2d_transpose_conv2d(call->params, &call->x[0].shape);
    const struct sizes s = { iso_conv2d_window(&conv, &image), image.dim[3],
                             call->x[0].shape.dim[3] };
    const iso_real *bias = ref_real(&call->w[1]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < s.win.n; n++)
        for (int64_t iy = 0; iy < s.win.h; iy++)
            for (int64_t ix = 0; ix < s.win.w; ix++)
                for (int64_t o = 0; o < s.filters; o++, y++) {
                    *y = output(call, &s, n, iy, ix, o);
                    *y = bias != NULL ? *y + bias[o] : *y;
                }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(conv2d_transpose) = {
    .supports = iso_transpose_supports,
    .workspace = iso_transpose_workspace,
    .forward = forward,
    .backward = iso_transpose_backward,
};
