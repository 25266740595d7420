/* conv2d_fast.c: what conv2d.c computes, many sums at a time; and Winograd's algorithm (winograd.c)
 * for the layers that it defines. What has groups goes to the plain loops. */
#include "core/ops/conv2d_groups.h"
#include "matrices.h"
#include "sums.h"
#include "window.h"
#include "winograd.h"
#ifndef ISO_DOUBLE

extern const struct iso_kernel ISO_PLAIN(conv2d);

struct sizes {
    struct iso_window win;
    int64_t filters, depth; /* depth: taps * input channels */
    struct iso_rows rows;   /* output pixels */
    bool winograd;
};

static struct sizes sizes_of(const struct iso_call *call)
{
    const struct iso_conv2d *p = call->params;
    struct sizes s = { .win = iso_conv2d_window(p, &call->x[0].shape), .filters = p->filters };
    s.depth = s.win.kh * s.win.kw * s.win.c;
    s.rows = (struct iso_rows){ s.win.n * s.win.oh * s.win.ow, s.win.oh * s.win.ow };
    s.winograd = iso_conv2d_algorithm(p, &call->x[0].shape) == ISO_WINOGRAD;
    return s;
}

/* Returns the workspace of the direct sums, in numbers. Forward: the inputs of one row of output
 * pixels. Backward: the larger of input_gradient's three arrays, and the sums of the kernel with
 * the inputs of a block. */
static int64_t direct_workspace(const struct sizes *s, enum iso_pass pass)
{
    if (pass == ISO_FORWARD)
        return s->win.ow * s->depth;
    int64_t terms = s->win.kh * s->win.kw * s->filters;
    int64_t dx = terms * s->win.c + s->win.w * (terms + s->win.c);
    int64_t dkernel = ISO_REF_BLOCKS_WORK * s->depth * s->filters + ISO_BLOCK_ROWS * s->depth;
    return dx > dkernel ? dx : dkernel;
}

static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    const struct sizes s = sizes_of(call);
    (void)backend;
    if (iso_conv2d_has_groups(call))
        return 0;
    return sizeof(iso_real) * (size_t)(s.winograd
                                           ? ISO_KERNEL(winograd_reals)(&s.win, s.filters, pass)
                                           : direct_workspace(&s, pass));
}

static void copy_or_zero(const iso_real *pixel, int64_t channels, iso_real *to)
{
    for (int64_t i = 0; i < channels; i++)
        to[i] = pixel != NULL ? pixel[i] : ISO_R(0.0);
}

/* Copies the input windows of the output pixels [begin, end) to seen [end - begin, depth]. */
static void gather(const struct sizes *s, const iso_real *x, int64_t begin, int64_t end,
                   iso_real *seen)
{
    const struct iso_window *g = &s->win;
    for (int64_t row = begin; row < end; row++)
        for (int64_t tap = 0; tap < g->kh * g->kw; tap++, seen += g->c)
            copy_or_zero(ref_input_pixel(g, x, row / s->rows.image, row / g->ow % g->oh,
                                         row % g->ow, tap / g->kw, tap % g->kw),
                         g->c, seen);
}

static void direct_forward(const struct iso_call *call, const struct sizes *s)
{
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *y = ref_real(&call->y[0]), *seen = ref_work(call, 0);
    struct ref_matrices m = { .rows = s->win.ow,
                              .columns = s->filters,
                              .terms = s->depth,
                              .block = ISO_BLOCK_TERMS,
                              .x = seen,
                              .x_row = s->depth,
                              .x_term = 1,
                              .w = ref_real(&call->w[0]),
                              .y_row = s->filters };
    ref_zero(y, s->rows.rows * s->filters);
    for (int64_t row = 0; row < s->rows.rows; row += s->win.ow) {
        gather(s, x, row, row + s->win.ow, seen);
        m.y = y + row * s->filters;
        ISO_KERNEL(add_products)(&m);
    }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    const iso_real *bias = ref_real(&call->w[1]);
    iso_real *y = ref_real(&call->y[0]);
    if (iso_conv2d_has_groups(call))
        return ISO_PLAIN(conv2d).forward(backend, call);
    if (s.winograd)
        ISO_KERNEL(winograd_forward)(call, &s.win, s.filters);
    else
        direct_forward(call, &s);
    for (int64_t row = 0; bias != NULL && row < s.rows.rows; row++)
        ref_store(y + row * s.filters, bias, s.filters, true);
    return ISO_OK;
}

/* The input pixels whose positions are (iy, ix) modulo the strides have the same taps. Copies those
 * taps' part of the kernel to w [terms, channels] and returns the number of terms. */
static int64_t residue_kernel(const struct sizes *s, const iso_real *kernel, int64_t iy, int64_t ix,
                              iso_real *w)
{
    const struct iso_window *g = &s->win;
    int64_t terms = 0, position;
    for (int64_t tap = 0; tap < g->kh * g->kw; tap++, kernel += g->c * s->filters) {
        if (!ref_position(iy, g->top, tap / g->kw * g->dh, g->sh, &position) ||
            !ref_position(ix, g->left, tap % g->kw * g->dw, g->sw, &position))
            continue;
        for (int64_t o = 0; o < s->filters; o++, terms++)
            for (int64_t i = 0; i < g->c; i++)
                w[terms * g->c + i] = kernel[i * s->filters + o];
    }
    return terms;
}

/* The outputs that the taps of an input pixel belong to, one tap's filters after the other. */
static void gather_outputs(const struct sizes *s, const iso_real *dy, int64_t n, int64_t iy,
                           int64_t ix, iso_real *seen)
{
    const struct iso_window *g = &s->win;
    const iso_real *pixel;
    for (int64_t tap = 0; tap < g->kh * g->kw; tap++)
        if (ref_output_pixel(g, dy, s->filters, n, iy, ix, tap / g->kw, tap % g->kw, &pixel)) {
            copy_or_zero(pixel, s->filters, seen);
            seen += s->filters;
        }
}

/* Row iy of image n of the input gradient: every sw-th pixel from `first` on. m: the products of
 * their taps. */
static void gradient_row(const struct iso_call *call, const struct sizes *s, struct ref_matrices *m,
                         iso_real *seen, int64_t n, int64_t iy, int64_t first)
{
    const struct iso_window *g = &s->win;
    iso_real *dx = ref_real(&call->dx[0]) + (n * g->h + iy) * g->w * g->c;
    m->rows = 0;
    for (int64_t ix = first; ix < g->w; ix += g->sw)
        gather_outputs(s, ref_real(&call->dy[0]), n, iy, ix, seen + m->rows++ * m->terms);
    ref_zero(m->y, m->rows * g->c);
    ISO_KERNEL(add_products)(m);
    for (int64_t r = 0; r < m->rows; r++)
        ref_store(dx + (first + r * g->sw) * g->c, m->y + r * g->c, g->c, call->add_dx[0]);
}

static void direct_input_gradient(const struct iso_call *call, const struct sizes *s)
{
    const struct iso_window *g = &s->win;
    const int64_t most = g->kh * g->kw * s->filters;
    iso_real *w = ref_work(call, 0), *seen = w + most * g->c;
    for (int64_t y = 0; y < g->sh && y < g->h; y++)
        for (int64_t x = 0; x < g->sw && x < g->w; x++) {
            struct ref_matrices m = { .columns = g->c,
                                      .block = ISO_BLOCK_TERMS,
                                      .x = seen,
                                      .x_term = 1,
                                      .w = w,
                                      .y = seen + g->w * most,
                                      .y_row = g->c };
            m.x_row = m.terms = residue_kernel(s, ref_real(&call->w[0]), y, x, w);
            for (int64_t n = 0; n < g->n; n++)
                for (int64_t iy = y; iy < g->h; iy += g->sh)
                    gradient_row(call, s, &m, seen, n, iy, x);
        }
}

static void add_block(const void *from, int64_t begin, int64_t end, iso_real *block)
{
    const struct iso_call *call = from;
    const struct sizes s = sizes_of(call);
    iso_real *seen = ref_work(call, ISO_REF_BLOCKS_WORK * s.depth * s.filters);
    const struct ref_matrices m = { .rows = s.depth,
                                    .columns = s.filters,
                                    .terms = end - begin,
                                    .block = ISO_BLOCK_ROWS,
                                    .x = seen,
                                    .x_row = 1,
                                    .x_term = s.depth,
                                    .w = ref_real(&call->dy[0]) + begin * s.filters,
                                    .y = block,
                                    .y_row = s.filters };
    gather(&s, ref_real(&call->x[0]), begin, end, seen);
    ISO_KERNEL(add_products)(&m);
}

static void direct_kernel_gradient(const struct iso_call *call, const struct sizes *s)
{
    const struct ref_blocks blocks = { .rows = s->rows,
                                       .count = s->depth * s->filters,
                                       .add = add_block,
                                       .from = call,
                                       .work = ref_work(call, 0) };
    ISO_KERNEL(sum_blocks)(&blocks, ref_real(&call->dw[0]), call->add_dw[0]);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct sizes s = sizes_of(call);
    if (iso_conv2d_has_groups(call))
        return ISO_PLAIN(conv2d).backward(backend, call);
    if (call->dx[0].mem != NULL && s.winograd)
        ISO_KERNEL(winograd_input_gradient)(call, &s.win, s.filters);
    else if (call->dx[0].mem != NULL)
        direct_input_gradient(call, &s);
    if (call->dw[0].mem != NULL && s.winograd)
        ISO_KERNEL(winograd_kernel_gradient)(call, &s.win, s.filters);
    else if (call->dw[0].mem != NULL)
        direct_kernel_gradient(call, &s);
    if (call->dw[1].mem != NULL)
        ISO_KERNEL(column_sums)(s.rows, s.filters, ref_real(&call->dy[0]), ref_real(&call->dw[1]),
                                call->add_dw[1]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(conv2d) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
#endif
