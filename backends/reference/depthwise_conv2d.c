/* depthwise_conv2d.c: each channel convolved by itself (core/ops/depthwise_conv2d.h). y and dx are
 * sums of products, the kernel's gradient is a sum over rows, a row an output pixel. Tap t is
 * t / kw, t % kw; channel o of y is made of channel o / multiplier of x. */
#include "core/ops/depthwise_conv2d.h"
#include "sums.h"
#include "window.h"

struct sizes {
    struct iso_window win;
    int64_t multiplier, channels, taps; /* channels: of y */
    struct iso_rows rows;               /* output pixels */
};

static struct sizes sizes_of(const struct iso_call *call)
{
    const struct iso_depthwise_conv2d *p = call->params;
    struct sizes s = { .win = iso_depthwise_conv2d_window(p, &call->x[0].shape),
                       .multiplier = p->depth_multiplier };
    s.channels = s.win.c * s.multiplier;
    s.taps = s.win.kh * s.win.kw;
    s.rows = (struct iso_rows){ s.win.n * s.win.oh * s.win.ow, s.win.oh * s.win.ow };
    return s;
}

/* The input that tap t of channel o of output pixel `row` reads; +0 beyond the border. */
static iso_real input(const struct iso_call *call, const struct sizes *s, int64_t row, int64_t t,
                      int64_t o)
{
    const struct iso_window *g = &s->win;
    const iso_real *pixel = ref_input_pixel(g, ref_real(&call->x[0]), row / s->rows.image,
                                            row / g->ow % g->oh, row % g->ow, t / g->kw, t % g->kw);
    return pixel != NULL ? pixel[o / s->multiplier] : ISO_R(0.0);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    const iso_real *kernel = ref_real(&call->w[0]), *bias = ref_real(&call->w[1]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t row = 0; row < s.rows.rows; row++)
        for (int64_t o = 0; o < s.channels; o++, y++) {
            struct ref_products sum = { .block = ISO_BLOCK_TERMS };
            for (int64_t t = 0; t < s.taps; t++)
                ref_product(&sum, input(call, &s, row, t, o), kernel[t * s.channels + o]);
            *y = ref_products_total(&sum);
            *y = bias != NULL ? *y + bias[o] : *y;
        }
    return ISO_OK;
}

static iso_real input_gradient(const struct iso_call *call, const struct sizes *s, int64_t n,
                               int64_t iy, int64_t ix, int64_t i)
{
    struct ref_products sum = { .block = ISO_BLOCK_TERMS };
    for (int64_t t = 0; t < s->taps; t++) {
        const iso_real *kernel = ref_real(&call->w[0]) + t * s->channels, *dy;
        if (!ref_output_pixel(&s->win, ref_real(&call->dy[0]), s->channels, n, iy, ix,
                              t / s->win.kw, t % s->win.kw, &dy))
            continue;
        for (int64_t o = i * s->multiplier; o < (i + 1) * s->multiplier; o++)
            ref_product(&sum, dy != NULL ? dy[o] : ISO_R(0.0), kernel[o]);
    }
    return ref_products_total(&sum);
}

static void input_gradients(const struct iso_call *call, const struct sizes *s)
{
    iso_real *dx = ref_real(&call->dx[0]);
    for (int64_t n = 0; n < s->win.n; n++)
        for (int64_t iy = 0; iy < s->win.h; iy++)
            for (int64_t ix = 0; ix < s->win.w; ix++)
                for (int64_t i = 0; i < s->win.c; i++, dx++)
                    ref_put(dx, input_gradient(call, s, n, iy, ix, i), call->add_dx[0]);
}

static void kernel_gradient(const struct iso_call *call, const struct sizes *s)
{
    const iso_real *dy = ref_real(&call->dy[0]);
    iso_real *dkernel = ref_real(&call->dw[0]);
    for (int64_t t = 0; t < s->taps; t++)
        for (int64_t o = 0; o < s->channels; o++, dkernel++) {
            struct ref_rows sum = { .rows = s->rows };
            for (int64_t row = 0; row < s->rows.rows; row++)
                ref_row_product(&sum, input(call, s, row, t, o), dy[row * s->channels + o]);
            ref_put(dkernel, ref_rows_total(&sum), call->add_dw[0]);
        }
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    (void)backend;
    if (call->dx[0].mem != NULL)
        input_gradients(call, &s);
    if (call->dw[0].mem != NULL)
        kernel_gradient(call, &s);
    if (call->dw[1].mem != NULL)
        ISO_KERNEL(column_sums)(s.rows, s.channels, ref_real(&call->dy[0]), ref_real(&call->dw[1]),
                                call->add_dw[1]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(depthwise_conv2d) = { .forward = forward, .backward = backward };
