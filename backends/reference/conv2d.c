/* conv2d.c: two-dimensional cross-correlation, with iy = oy sh + ky dh - top and
 * ix = ox sw + kx dw - left.
 *
 *   y[n, oy, ox, o]  = (sum over ky, kx, i of x[n, iy, ix, i] kernel[ky, kx, i, o]) + bias[o]
 *   dx[n, iy, ix, i] = sum over ky, kx, o of dy[n, oy, ox, o] kernel[ky, kx, i, o]
 *   dkernel[ky, kx, i, o] = sum over n, oy, ox of x[n, iy, ix, i] dy[n, oy, ox, o]
 *   dbias[o] = sum over n, oy, ox of dy[n, oy, ox, o]
 *
 * The first two are one chain per result, in the order written; a tap beyond the border takes part
 * as a factor of +0, a tap that strides leave out does not. The others are sums over rows, in
 * blocks. */
#include "core/ops/conv2d.h"
#include "reference.h"

struct sizes {
    struct iso_window win;
    int64_t filters, depth;       /* depth: taps * input channels */
    int64_t rows, rows_per_image; /* output pixels */
};

static struct sizes sizes_of(const struct iso_call *call)
{
    const struct iso_conv2d *p = call->params;
    struct sizes s = { .win = iso_conv2d_window(p, &call->x[0].shape), .filters = p->filters };
    s.depth = s.win.kh * s.win.kw * s.win.c;
    s.rows_per_image = s.win.oh * s.win.ow;
    s.rows = s.win.n * s.rows_per_image;
    return s;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* Forward: the inputs of one row of output pixels. Backward, whichever of the three is largest:
 * input_gradient, kernel_gradient, or the two rows of sum_rows. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    struct sizes s = sizes_of(call);
    (void)backend;
    if (pass == ISO_FORWARD)
        return (size_t)(s.win.ow * s.depth) * sizeof(iso_real);
    int64_t dx = s.depth * s.filters + s.win.w * (s.win.c + s.filters);
    int64_t dkernel = 2 * s.depth * s.filters + ISO_BLOCK_ROWS * s.depth;
    return (size_t)larger(larger(dx, dkernel), 2 * s.filters) * sizeof(iso_real);
}

/* Copies what the window of output pixel `row` sees, [kh, kw, channels]; +0 beyond the border. */
static void gather(const struct sizes *s, const iso_real *x, int64_t row, iso_real *seen)
{
    const struct iso_window *g = &s->win;
    int64_t n = row / s->rows_per_image, oy = row / g->ow % g->oh, ox = row % g->ow;
    for (int64_t ky = 0; ky < g->kh; ky++)
        for (int64_t kx = 0; kx < g->kw; kx++, seen += g->c) {
            int64_t iy = oy * g->sh + ky * g->dh - g->top, ix = ox * g->sw + kx * g->dw - g->left;
            bool inside = iy >= 0 && iy < g->h && ix >= 0 && ix < g->w;
            const iso_real *pixel = inside ? x + ((n * g->h + iy) * g->w + ix) * g->c : NULL;
            for (int64_t i = 0; i < g->c; i++)
                seen[i] = inside ? pixel[i] : ISO_R(0.0);
        }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct sizes s = sizes_of(call);
    const iso_real *x = ref_real(&call->x[0]), *bias = ref_real(&call->w[1]);
    iso_real *y = ref_real(&call->y[0]), *seen = ref_work(call, 0);
    (void)backend;
    ref_zero(y, s.rows * s.filters);
    for (int64_t row = 0; row < s.rows; row += s.win.ow) {
        for (int64_t ox = 0; ox < s.win.ow; ox++)
            gather(&s, x, row + ox, seen + ox * s.depth);
        ISO_KERNEL(chains)(s.win.ow, s.filters, s.depth, seen, s.depth, 1, ref_real(&call->w[0]),
                           y + row * s.filters, s.filters);
    }
    ref_finish(y, s.rows * s.filters);
    for (int64_t row = 0; bias != NULL && row < s.rows; row++)
        ref_store(y + row * s.filters, bias, s.filters, true);
    return ISO_OK;
}

/* [kh, kw, i, o] -> [kh, kw, o, i], so that input channels lie side by side. */
static void transpose(const struct sizes *s, const iso_real *kernel, iso_real *transposed)
{
    int64_t in = s->win.c, out = s->filters;
    for (int64_t tap = 0; tap < s->win.kh * s->win.kw; tap++)
        for (int64_t i = 0; i < in; i++)
            for (int64_t o = 0; o < out; o++)
                transposed[(tap * out + o) * in + i] = kernel[(tap * in + i) * out + o];
}

/* Continues the chains of one input row by one tap: dx [w, channels] += dy's pixels times kernel
 * [o, i]. pixels holds [w, filters]. */
static void add_tap(const struct sizes *s, const iso_real *dy, int64_t oy, int64_t kx,
                    const iso_real *kernel, iso_real *pixels, iso_real *dx)
{
    const struct iso_window *g = &s->win;
    int64_t first = 0, ox;
    while (first < g->w && !ref_position(first, g->left, kx * g->dw, g->sw, &ox))
        first++;
    int64_t count = 0;
    for (int64_t ix = first; ix < g->w; ix += g->sw, count++) {
        ref_position(ix, g->left, kx * g->dw, g->sw, &ox);
        bool inside = oy >= 0 && oy < g->oh && ox >= 0 && ox < g->ow;
        const iso_real *pixel = inside ? dy + (oy * g->ow + ox) * s->filters : NULL;
        for (int64_t o = 0; o < s->filters; o++)
            pixels[count * s->filters + o] = inside ? pixel[o] : ISO_R(0.0);
    }
    ISO_KERNEL(chains)(count, g->c, s->filters, pixels, s->filters, 1, kernel, dx + first * g->c,
                       g->sw * g->c);
}

static void input_gradient(const struct iso_call *call, const struct sizes *s)
{
    const struct iso_window *g = &s->win;
    iso_real *kernel = ref_work(call, 0), *dx = kernel + s->depth * s->filters;
    iso_real *pixels = dx + g->w * g->c;
    int64_t width = g->w * g->c, tap_size = s->filters * g->c;
    transpose(s, ref_real(&call->w[0]), kernel);
    for (int64_t row = 0; row < g->n * g->h; row++) {
        const iso_real *dy = ref_real(&call->dy[0]) + row / g->h * s->rows_per_image * s->filters;
        int64_t oy;
        ref_zero(dx, width);
        for (int64_t ky = 0; ky < g->kh; ky++)
            for (int64_t kx = 0; kx < g->kw; kx++)
                if (ref_position(row % g->h, g->top, ky * g->dh, g->sh, &oy))
                    add_tap(s, dy, oy, kx, kernel + (ky * g->kw + kx) * tap_size, pixels, dx);
        ref_finish(dx, width);
        ref_store(ref_real(&call->dx[0]) + row * width, dx, width, call->add_dx[0]);
    }
}

static void kernel_gradient(const struct iso_call *call, const struct sizes *s)
{
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    int64_t count = s->depth * s->filters;
    iso_real *total = ref_work(call, 0), *block = total + count, *seen = block + count;
    ref_zero(total, count);
    for (int64_t start = 0, end; start < s->rows; start = end) {
        end = ref_block_end(start, s->rows, s->rows_per_image);
        for (int64_t row = start; row < end; row++)
            gather(s, x, row, seen + (row - start) * s->depth);
        ref_zero(block, count);
        ISO_KERNEL(chains)(s->depth, s->filters, end - start, seen, 1, s->depth,
                           dy + start * s->filters, block, s->filters);
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
        ISO_KERNEL(sum_rows)(ref_real(&call->dy[0]), s.rows, s.filters, s.rows_per_image,
                             ref_work(call, 0), ref_real(&call->dw[1]), call->add_dw[1]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(conv2d) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
