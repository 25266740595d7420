/* conv2d.c: two-dimensional cross-correlation, with iy = oy sh + ky dh - top and
 * ix = ox sw + kx dw - left.
 *
 *   y[n, oy, ox, o]  = (sum over ky, kx, i of x[n, iy, ix, i] kernel[ky, kx, i, o]) + bias[o]
 *   dx[n, iy, ix, i] = sum over ky, kx, o of dy[n, oy, ox, o] kernel[ky, kx, i, o]
 *   dkernel[ky, kx, i, o] = sum over n, oy, ox of x[n, iy, ix, i] dy[n, oy, ox, o]
 *   dbias[o] = sum over n, oy, ox of dy[n, oy, ox, o]
 *
 * With groups, i and o run over the channels and the filters of one group, and i is counted from
 * the first of them in the kernel.
 *
 * The first two are sums of products in the order written; a tap beyond the border takes part as a
 * factor of +0, a tap that strides leave out does not. The others are sums over rows, a row an
 * output pixel.
 *
 * This is the definition but for the layers of Winograd's algorithm (winograd.c), and the judge of
 * all. conv2d_fast.c does the same faster. */
#include "core/ops/conv2d.h"
#include "sums.h"
#include "window.h"

struct sizes {
    struct iso_window win;
    int64_t filters, in, out; /* in, out: channels and filters of a group */
};

static struct sizes sizes_of(const struct iso_call *call)
{
    const struct iso_conv2d *p = call->params;
    const struct iso_window win = iso_conv2d_window(p, &call->x[0].shape);
    return (struct sizes){ win, p->filters, win.c / p->groups, p->filters / p->groups };
}

static iso_real output(const struct iso_call *call, const struct sizes *s, int64_t n, int64_t oy,
                       int64_t ox, int64_t o)
{
    const iso_real *kernel = ref_real(&call->w[0]) + o;
    const int64_t first = o / s->out * s->in;
    struct ref_products sum = { .block = ISO_BLOCK_TERMS };
    for (int64_t ky = 0; ky < s->win.kh; ky++)
        for (int64_t kx = 0; kx < s->win.kw; kx++) {
            const iso_real *x = ref_input_pixel(&s->win, ref_real(&call->x[0]), n, oy, ox, ky, kx);
            for (int64_t i = first; i < first + s->in; i++, kernel += s->filters)
                ref_product(&sum, x != NULL ? x[i] : ISO_R(0.0), *kernel);
        }
    return ref_products_total(&sum);
}

static iso_real input_gradient(const struct iso_call *call, const struct sizes *s, int64_t n,
                               int64_t iy, int64_t ix, int64_t i)
{
    const iso_real *kernel = ref_real(&call->w[0]) + i % s->in * s->filters, *dy;
    const int64_t first = i / s->in * s->out;
    struct ref_products sum = { .block = ISO_BLOCK_TERMS };
    for (int64_t ky = 0; ky < s->win.kh; ky++)
        for (int64_t kx = 0; kx < s->win.kw; kx++, kernel += s->in * s->filters) {
            if (!ref_output_pixel(&s->win, ref_real(&call->dy[0]), s->filters, n, iy, ix, ky, kx,
                                  &dy))
                continue;
            for (int64_t o = first; o < first + s->out; o++)
                ref_product(&sum, dy != NULL ? dy[o] : ISO_R(0.0), kernel[o]);
        }
    return ref_products_total(&sum);
}

static iso_real kernel_gradient(const struct iso_call *call, const struct sizes *s, int64_t ky,
                                int64_t kx, int64_t i, int64_t o)
{
    const struct iso_window *g = &s->win;
    const iso_real *dy = ref_real(&call->dy[0]) + o;
    const int64_t channel = o / s->out * s->in + i;
    struct ref_rows sum = { .rows = { g->n * g->oh * g->ow, g->oh * g->ow } };
    for (int64_t n = 0; n < g->n; n++)
        for (int64_t oy = 0; oy < g->oh; oy++)
            for (int64_t ox = 0; ox < g->ow; ox++, dy += s->filters) {
                const iso_real *x = ref_input_pixel(g, ref_real(&call->x[0]), n, oy, ox, ky, kx);
                ref_row_product(&sum, x != NULL ? x[channel] : ISO_R(0.0), *dy);
            }
    return ref_rows_total(&sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    const iso_real *bias = ref_real(&call->w[1]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    for (int64_t n = 0; n < s.win.n; n++)
        for (int64_t oy = 0; oy < s.win.oh; oy++)
            for (int64_t ox = 0; ox < s.win.ow; ox++)
                for (int64_t o = 0; o < s.filters; o++, y++) {
                    *y = output(call, &s, n, oy, ox, o);
                    *y = bias != NULL ? *y + bias[o] : *y;
                }
    return ISO_OK;
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

static void kernel_gradients(const struct iso_call *call, const struct sizes *s)
{
    iso_real *dkernel = ref_real(&call->dw[0]);
    for (int64_t ky = 0; ky < s->win.kh; ky++)
        for (int64_t kx = 0; kx < s->win.kw; kx++)
            for (int64_t i = 0; i < s->in; i++)
                for (int64_t o = 0; o < s->filters; o++, dkernel++)
                    ref_put(dkernel, kernel_gradient(call, s, ky, kx, i, o), call->add_dw[0]);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    const struct iso_rows rows = { s.win.n * s.win.oh * s.win.ow, s.win.oh * s.win.ow };
    (void)backend;
    if (call->dx[0].mem != NULL)
        input_gradients(call, &s);
    if (call->dw[0].mem != NULL)
        kernel_gradients(call, &s);
    if (call->dw[1].mem != NULL)
        ISO_KERNEL(column_sums)(rows, s.filters, ref_real(&call->dy[0]), ref_real(&call->dw[1]),
                                call->add_dw[1]);
    return ISO_OK;
}

const struct iso_kernel ISO_PLAIN(conv2d) = { .forward = forward, .backward = backward };
