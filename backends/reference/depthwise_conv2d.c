/* depthwise_conv2d.c: each channel convolved by itself (core/ops/depthwise_conv2d.h). */
#include "core/ops/depthwise_conv2d.h"
#include "reference.h"

struct sizes {
    struct iso_window win;
    int64_t multiplier, channels;       /* channels: of y */
    int64_t taps, rows, rows_per_image; /* rows: output pixels */
};

static struct sizes sizes_of(const struct iso_call *call)
{
    const struct iso_depthwise_conv2d *p = call->params;
    struct sizes s = { .win = iso_depthwise_conv2d_window(p, &call->x[0].shape),
                       .multiplier = p->depth_multiplier };
    s.channels = s.win.c * s.multiplier;
    s.taps = s.win.kh * s.win.kw;
    s.rows_per_image = s.win.oh * s.win.ow;
    s.rows = s.win.n * s.rows_per_image;
    return s;
}

/* Backward: a pixel of dx, or a block of the kernel's gradient and the total. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    struct sizes s = sizes_of(call);
    (void)backend;
    return pass == ISO_FORWARD ? 0 : (size_t)(2 * s.taps * s.channels) * sizeof(iso_real);
}

/* The input pixel [c] that tap (ky, kx) of output pixel `row` reads; NULL beyond the border. */
static const iso_real *input_pixel(const struct sizes *s, const iso_real *x, int64_t row,
                                   int64_t ky, int64_t kx)
{
    const struct iso_window *g = &s->win;
    int64_t n = row / s->rows_per_image, oy = row / g->ow % g->oh, ox = row % g->ow;
    int64_t iy = oy * g->sh + ky * g->dh - g->top, ix = ox * g->sw + kx * g->dw - g->left;
    bool inside = iy >= 0 && iy < g->h && ix >= 0 && ix < g->w;
    return inside ? x + ((n * g->h + iy) * g->w + ix) * g->c : NULL;
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct sizes s = sizes_of(call);
    const iso_real *x = ref_real(&call->x[0]), *kernel = ref_real(&call->w[0]);
    const iso_real *bias = ref_real(&call->w[1]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    ref_zero(y, s.rows * s.channels);
    for (int64_t row = 0; row < s.rows; row++, y += s.channels) {
        for (int64_t tap = 0; tap < s.taps; tap++) {
            const iso_real *pixel = input_pixel(&s, x, row, tap / s.win.kw, tap % s.win.kw);
            for (int64_t o = 0; o < s.channels; o++)
                y[o] = iso_fma(pixel != NULL ? pixel[o / s.multiplier] : ISO_R(0.0),
                               kernel[tap * s.channels + o], y[o]);
        }
        ref_finish(y, s.channels);
        if (bias != NULL)
            ref_store(y, bias, s.channels, true);
    }
    return ISO_OK;
}

/* Continues the chains of one input pixel's gradient [c] by one tap; dy: the output pixel, or
 * NULL beyond the border. */
static void add_tap(const struct sizes *s, const iso_real *dy, const iso_real *kernel, iso_real *dx)
{
    for (int64_t o = 0; o < s->channels; o++)
        dx[o / s->multiplier] =
            iso_fma(dy != NULL ? dy[o] : ISO_R(0.0), kernel[o], dx[o / s->multiplier]);
}

static void input_gradient(const struct iso_call *call, const struct sizes *s)
{
    const struct iso_window *g = &s->win;
    const iso_real *dy = ref_real(&call->dy[0]), *kernel = ref_real(&call->w[0]);
    iso_real *dx = ref_work(call, 0);
    for (int64_t row = 0; row < g->n * g->h * g->w; row++) {
        int64_t n = row / g->w / g->h, iy = row / g->w % g->h, ix = row % g->w, oy, ox;
        ref_zero(dx, g->c);
        for (int64_t tap = 0; tap < s->taps; tap++) {
            if (!ref_position(iy, g->top, tap / g->kw * g->dh, g->sh, &oy) ||
                !ref_position(ix, g->left, tap % g->kw * g->dw, g->sw, &ox))
                continue;
            bool inside = oy >= 0 && oy < g->oh && ox >= 0 && ox < g->ow;
            const iso_real *pixel = inside ? dy + ((n * g->oh + oy) * g->ow + ox) * s->channels
                                           : NULL;
            add_tap(s, pixel, kernel + tap * s->channels, dx);
        }
        ref_finish(dx, g->c);
        ref_store(ref_real(&call->dx[0]) + row * g->c, dx, g->c, call->add_dx[0]);
    }
}

static void kernel_gradient(const struct iso_call *call, const struct sizes *s)
{
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    int64_t count = s->taps * s->channels;
    iso_real *total = ref_work(call, 0), *block = total + count;
    ref_zero(total, count);
    for (int64_t start = 0, end; start < s->rows; start = end) {
        end = ref_block_end(start, s->rows, s->rows_per_image);
        ref_zero(block, count);
        for (int64_t row = start; row < end; row++)
            for (int64_t i = 0; i < count; i++) {
                int64_t tap = i / s->channels, o = i % s->channels;
                const iso_real *pixel = input_pixel(s, x, row, tap / s->win.kw, tap % s->win.kw);
                block[i] = iso_fma(pixel != NULL ? pixel[o / s->multiplier] : ISO_R(0.0),
                                   dy[row * s->channels + o], block[i]);
            }
        ref_store(total, block, count, true);
    }
    ref_store(ref_real(&call->dw[0]), total, count, call->add_dw[0]);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct sizes s = sizes_of(call);
    (void)backend;
    if (call->dx[0].mem != NULL)
        input_gradient(call, &s);
    if (call->dw[0].mem != NULL)
        kernel_gradient(call, &s);
    if (call->dw[1].mem != NULL)
        ISO_KERNEL(sum_rows)(ref_real(&call->dy[0]), s.rows, s.channels, s.rows_per_image,
                             ref_work(call, 0), ref_real(&call->dw[1]), call->add_dw[1]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(depthwise_conv2d) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
