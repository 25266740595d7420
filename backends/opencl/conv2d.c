/* conv2d.c: queues the two-dimensional convolution.
 *
 * Each pass is a sum of products over images whose borders were padded (chains.h), but
 * for the layers that Winograd's algorithm defines (winograd.c). A strided input gradient falls
 * into sh * sw residues: input pixels of one residue have the same taps. */
#include <stdio.h>
#include "activation.h"
#include "chains.h"
#include "conv2d_cpu.h"
#include "conv2d_fast.h"
#include "conv2d_groups.h"
#include "cpu_shape.h"
#include "sums.h"
#include "tiles.h"
#include "tuner.h"
#include "winograd.h"

struct conv {
    struct iso_window v;
    int64_t filters, rows;  /* rows: output pixels of the batch */
    struct opencl_border x; /* the input's, for the forward pass and the kernel's gradient */
    bool tests;             /* no border: kernels test for each tap whether it lies on the image */
};

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

static struct conv conv_of(const struct iso_call *call)
{
    const struct iso_conv2d *p = call->params;
    struct conv c = { .v = iso_conv2d_window(p, &call->x[0].shape), .filters = p->filters };
    const struct iso_window *v = &c.v;
    c.rows = v->n * v->oh * v->ow;
    c.x = (struct opencl_border){ v->n, v->h, v->w, v->c, .top = v->top, .left = v->left };
    c.x.ph = larger((v->oh - 1) * v->sh + (v->kh - 1) * v->dh + 1, v->top + v->h);
    c.x.pw = larger((v->ow - 1) * v->sw + (v->kw - 1) * v->dw + 1, v->left + v->w);
    return c;
}

static struct conv conv_on(const struct opencl *cl, const struct iso_call *call)
{
    struct conv c = conv_of(call);
    const struct iso_window *v = &c.v;
    c.tests = cl->shape == OPENCL_SHAPE_GPU && v->kh <= OPENCL_MOST_TAPS &&
              v->kw <= OPENCL_MOST_TAPS;
    if (c.tests) {
        c.x.ph = v->h;
        c.x.pw = v->w;
    }
    return c;
}

static bool bordered(const struct opencl_border *b) { return b->ph != b->h || b->pw != b->w; }

static size_t border_size(const struct opencl_border *b)
{
    return (size_t)(b->n * b->ph * b->pw * b->c);
}

/* ---- One residue of the input gradient, along one axis ---- */

struct residue {
    int64_t first, count; /* input positions first, first + stride, ... */
    int64_t tap, taps;    /* their taps: tap, tap + stride, ... */
    int64_t out, step; /* output position of `first` at `tap`; distance from it back to that of the
                          next tap */
};

static struct residue residue_of(int64_t size, int64_t kernel, int64_t stride, int64_t dilation,
                                 int64_t before, int64_t number)
{
    struct residue r = { .tap = number, .step = stride > 1 ? 1 : dilation };
    r.first = ((number - before) % stride + stride) % stride;
    r.count = r.first < size ? (size - 1 - r.first) / stride + 1 : 0;
    r.taps = r.tap < kernel ? (kernel - 1 - r.tap) / stride + 1 : 0;
    r.out = (r.first + before - r.tap) / stride;
    return r;
}

/* Border that dy needs along one axis so that every tap of every residue lies inside. */
static void gradient_border(int64_t size, int64_t out, int64_t kernel, int64_t stride,
                            int64_t dilation, int64_t before, int64_t *lead, int64_t *total)
{
    int64_t last = out;
    *lead = 0;
    for (int64_t i = 0; i < stride; i++) {
        struct residue r = residue_of(size, kernel, stride, dilation, before, i);
        if (r.count > 0 && r.taps > 0) {
            *lead = larger(*lead, (r.taps - 1) * r.step - r.out);
            last = larger(last, r.out + r.count);
        }
    }
    *total = *lead + last;
}

static struct opencl_border gradient_borders(const struct conv *c)
{
    const struct iso_window *v = &c->v;
    struct opencl_border b = { .n = v->n, .h = v->oh, .w = v->ow, .c = c->filters };
    if (c->tests) {
        b.ph = v->oh;
        b.pw = v->ow;
        return b;
    }
    gradient_border(v->h, v->oh, v->kh, v->sh, v->dh, v->top, &b.top, &b.ph);
    gradient_border(v->w, v->ow, v->kw, v->sw, v->dw, v->left, &b.left, &b.pw);
    return b;
}

/* ---- Chains ---- */

/* Rows: output pixels; terms: the window's taps and channels. */
static struct opencl_chains forward_chains(const struct conv *c)
{
    const struct iso_window *v = &c->v;
    int64_t line = c->x.pw * v->c, f = c->filters;
    struct opencl_chains m = { .rows = (iso_i32)c->rows,
                               .cols = (iso_i32)f,
                               .row_h = (iso_i32)v->oh,
                               .row_w = (iso_i32)v->ow,
                               .a_image = (iso_i32)(c->x.ph * line),
                               .a_i = (iso_i32)(v->sh * line),
                               .a_j = (iso_i32)(v->sw * v->c),
                               .taps_y = (iso_i32)v->kh,
                               .taps_x = (iso_i32)v->kw,
                               .segment = (iso_i32)v->c,
                               .a_ty = (iso_i32)(v->dh * line),
                               .a_tx = (iso_i32)(v->dw * v->c),
                               .ldb = (iso_i32)f,
                               .block = ISO_BLOCK_TERMS,
                               .split = 1,
                               .y_image = (iso_i32)(v->oh * v->ow * f),
                               .y_i = (iso_i32)(v->ow * f),
                               .y_j = (iso_i32)f,
                               .y_col = 1 };
    if (c->tests) {
        m.a_first = (iso_i32)(-(v->top * v->w + v->left) * v->c);
        m.h = (iso_i32)v->h;
        m.w = (iso_i32)v->w;
        m.first_y = (iso_i32)-v->top;
        m.first_x = (iso_i32)-v->left;
        m.row_y = (iso_i32)v->sh;
        m.row_x = (iso_i32)v->sw;
        m.tap_y = (iso_i32)v->dh;
        m.tap_x = (iso_i32)v->dw;
    } else if (v->dw == 1) { /* taps that lie side by side are one segment */
        m.segment *= m.taps_x;
        m.taps_x = 1;
    }
    return m;
}

/* The kernel's gradient: the same terms are its rows. With one output pixel an image, the images
 * are one line of pixels. */
static struct opencl_chains kernel_chains(const struct conv *c, bool add)
{
    struct opencl_chains m = forward_chains(c);
    m.image = (iso_i32)(c->v.oh * c->v.ow);
    m.add = add;
    if (m.image == 1 && !c->tests) {
        m.row_w = m.rows;
        m.a_j = m.a_image;
    }
    return m;
}

static struct opencl_chains residue_chains(const struct conv *c, const struct opencl_border *b,
                                           const struct residue *y, const struct residue *x)
{
    const struct iso_window *v = &c->v;
    int64_t line = b->pw * c->filters, row = v->w * v->c;
    struct opencl_chains m = { .rows = (iso_i32)(v->n * y->count * x->count),
                               .cols = (iso_i32)v->c,
                               .row_h = (iso_i32)y->count,
                               .row_w = (iso_i32)x->count,
                               .a_image = (iso_i32)(b->ph * line),
                               .a_i = (iso_i32)line,
                               .a_j = (iso_i32)c->filters,
                               .taps_y = (iso_i32)y->taps,
                               .taps_x = (iso_i32)x->taps,
                               .segment = (iso_i32)c->filters,
                               .a_ty = (iso_i32)(-y->step * line),
                               .a_tx = (iso_i32)(-x->step * c->filters),
                               .block = ISO_BLOCK_TERMS,
                               .y_image = (iso_i32)(v->h * row),
                               .y_i = (iso_i32)(v->sh * row),
                               .y_j = (iso_i32)(v->sw * v->c),
                               .y_col = 1 };
    if (c->tests) { /* the kernel is taken as it lies */
        m.a_first = (iso_i32)(y->out * line + x->out * c->filters);
        m.h = (iso_i32)v->oh;
        m.w = (iso_i32)v->ow;
        m.first_y = (iso_i32)y->out;
        m.first_x = (iso_i32)x->out;
        m.row_y = m.row_x = 1;
        m.tap_y = (iso_i32)-y->step;
        m.tap_x = (iso_i32)-x->step;
        m.b_col = (iso_i32)c->filters;
        m.b_tx = (iso_i32)(v->sw * v->c * c->filters);
        m.b_ty = (iso_i32)(v->sh * v->kw * v->c * c->filters);
    }
    return m;
}

/* ---- Support and workspace ---- */

static bool limits(const struct iso_call *call, char *why, size_t n)
{
    struct conv c = conv_of(call);
    struct opencl_border dy = gradient_borders(&c);
    if (iso_conv2d_has_groups(call))
        return opencl_conv2d_groups_fits(call, why, n);
    if (border_size(&c.x) > INT32_MAX || border_size(&dy) > INT32_MAX) {
        snprintf(why, n,
                 "with borders an operand has more than 2^31 - 1 elements: use a smaller batch");
        return false;
    }
    if ((c.v.sh > 1 && c.v.dh > 1) || (c.v.sw > 1 && c.v.dw > 1)) {
        snprintf(why, n, "strides and dilation_rate above 1 at the same time");
        return false;
    }
    return true;
}

static bool supports(struct iso_backend *be, enum iso_op op, const struct iso_call *call, char *why,
                     size_t n)
{
    if (iso_conv2d_has_groups(call))
        return opencl_supports(be, op, call, why, n);
    return opencl_supports(be, op, call, why, n) && opencl_chains_ready(opencl_of(be), why, n) &&
           (!opencl_is_winograd(call) || opencl_winograd_supports(opencl_of(be), call, why, n));
}

/* Layers that Winograd's algorithm defines are computed by it in fast mode, too. */
static iso_rc prepare(struct iso_backend *be, const struct iso_call *call)
{
    if (iso_conv2d_has_groups(call))
        return ISO_OK;
    if (!opencl_is_winograd(call))
        opencl_conv2d_fast_note(opencl_of(be), call);
    return opencl_note_products(be, ISO_OP_conv2d, call);
}

static size_t x_work(const struct conv *c) { return bordered(&c->x) ? border_size(&c->x) : 0; }

static size_t forward_work(const struct opencl *cl, const struct conv *c)
{
    struct opencl_chains m = forward_chains(c);
    return x_work(c) + opencl_chains_work(cl, &m);
}

static size_t input_work(const struct opencl *cl, const struct conv *c)
{
    struct opencl_border dy = gradient_borders(c);
    if (c->tests && !opencl_packs_turned(cl))
        return 0;
    return border_size(&dy) + (size_t)(c->v.kh * c->v.kw * c->filters * c->v.c);
}

static size_t kernel_work(const struct opencl *cl, const struct conv *c)
{
    struct opencl_chains m = kernel_chains(c, false);
    m.ones = 1;
    return x_work(c) + opencl_row_chains_work(cl, &m);
}

static size_t exact_work(const struct opencl *cl, const struct conv *c, enum iso_pass pass)
{
    if (cl->shape == OPENCL_SHAPE_CPU)
        return opencl_conv2d_cpu_work(cl, c->v, c->filters, pass);
    return pass == ISO_FORWARD ? forward_work(cl, c)
                               : opencl_larger(input_work(cl, c), kernel_work(cl, c));
}

static size_t direct_work(const struct opencl *cl, const struct iso_call *call,
                          const struct conv *c, enum iso_pass pass)
{
    return opencl_larger(exact_work(cl, c, pass), opencl_conv2d_fast_work(cl, call));
}

static struct iso_rows rows_of(const struct conv *c)
{
    return (struct iso_rows){ c->rows, c->v.oh * c->v.ow };
}

static size_t workspace(struct iso_backend *be, const struct iso_call *call, enum iso_pass pass)
{
    struct opencl *cl = opencl_of(be);
    struct conv c = conv_on(cl, call);
    size_t dbias = pass == ISO_FORWARD ? 0 : opencl_sum_rows_work(rows_of(&c), (size_t)c.filters);
    size_t sums = iso_conv2d_has_groups(call) ? opencl_conv2d_groups_work(call, pass)
                  : opencl_is_winograd(call)  ? opencl_winograd_work(cl, call, pass)
                                              : direct_work(cl, call, &c, pass);
    return opencl_larger(sums, dbias) * sizeof(float);
}

/* ---- Passes ---- */

/* The images with their borders, in the workspace from *used on, which is moved past them. */
static iso_rc add_border(struct opencl *cl, const struct iso_call *call,
                         const struct opencl_border *b, struct opencl_at *images, size_t *used)
{
    if (!bordered(b))
        return ISO_OK;
    struct opencl_at work = opencl_work(call, *used);
    ISO_TRY(opencl_add_border(cl, b, *images, work));
    *images = work;
    *used += border_size(b);
    return ISO_OK;
}

/* *left: the activation, if that is still to be applied. */
static iso_rc direct_forward(struct opencl *cl, const struct iso_call *call, const struct conv *c,
                             const struct iso_activation **left)
{
    struct opencl_chains m = forward_chains(c);
    struct opencl_at x = opencl_at(&call->x[0]), w = opencl_at(&call->w[0]);
    size_t used = 0;
    bool done;
    ISO_TRY(opencl_conv2d_fast_forward(cl, call, &done));
    if (done)
        return ISO_OK;
    if (cl->shape == OPENCL_SHAPE_CPU) {
        *left = opencl_cpu_fuses(cl, call->activation) ? NULL : call->activation;
        return opencl_conv2d_cpu_forward(cl, call, c->v, c->filters);
    }
    ISO_TRY(add_border(cl, call, &c->x, &x, &used));
    *left = opencl_fuse_activation(call, &m);
    return opencl_chains(cl, &m, x, w, opencl_at(&call->w[1]), opencl_at(&call->y[0]),
                         opencl_work(call, used));
}

static iso_rc forward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct conv c = conv_on(cl, call);
    const struct iso_activation *left = call->activation;
    if (iso_conv2d_has_groups(call))
        ISO_TRY(opencl_conv2d_groups_forward(cl, call));
    else if (opencl_is_winograd(call))
        ISO_TRY(opencl_winograd_forward(cl, call, &left));
    else
        ISO_TRY(direct_forward(cl, call, &c, &left));
    return left != NULL ? opencl_activate(cl, left, &call->y[0], &call->y[0]) : ISO_OK;
}

/* The pixels of one residue: its taps of the kernel as [ky, kx, filter, channel], then the sums. */
static iso_rc run_residue(struct opencl *cl, const struct iso_call *call, const struct conv *c,
                          const struct opencl_border *b, struct opencl_at dy,
                          const struct residue *y, const struct residue *x, size_t used)
{
    const struct iso_window *v = &c->v;
    struct opencl_at w = opencl_at(&call->w[0]), packed_w = opencl_work(call, used),
                     none = { NULL, 0 };
    struct opencl_at dx = opencl_at(&call->dx[0]);
    int64_t tap = v->c * c->filters, line = v->kw * tap;
    const size_t first = (size_t)((y->first * v->w + x->first) * v->c);
    struct opencl_chains m = residue_chains(c, b, y, x);
    struct opencl_at beside = opencl_past(opencl_fuse_x_activation(call, &m), first);
    if (m.rows == 0)
        return ISO_OK;
    m.ldb = (iso_i32)v->c;
    m.add = call->add_dx[0];
    w.at += (size_t)(y->tap * line + x->tap * tap);
    dx.at += first;
    if (c->tests)
        return opencl_chains(cl, &m, dy, w, beside, dx, packed_w);
    if (y->taps > 0 && x->taps > 0) {
        struct opencl_matrix matrix = { .taps_y = y->taps,
                                        .taps_x = x->taps,
                                        .segment = c->filters,
                                        .x_ty = v->sh * line,
                                        .x_tx = v->sw * tap,
                                        .x_c = 1,
                                        .x_col = c->filters,
                                        .cols = v->c,
                                        .width = m.ldb };
        ISO_TRY(opencl_pack(cl, &matrix, w, packed_w));
        dy.at += (size_t)(((b->top + y->out) * b->pw + b->left + x->out) * c->filters);
    }
    return opencl_chains(cl, &m, dy, packed_w, beside, dx, none);
}

static iso_rc input_gradient(struct opencl *cl, const struct iso_call *call, const struct conv *c)
{
    const struct iso_window *v = &c->v;
    struct opencl_border b = gradient_borders(c);
    struct opencl_at dy = opencl_at(&call->dy[0]);
    size_t used = 0;
    bool done;
    if (iso_conv2d_has_groups(call)) {
        ISO_TRY(opencl_conv2d_groups_input(cl, call));
        return opencl_pass_back(cl, call);
    }
    if (opencl_is_winograd(call))
        return opencl_winograd_input(cl, call);
    ISO_TRY(opencl_conv2d_fast_input(cl, call, &done));
    if (!done && cl->shape == OPENCL_SHAPE_CPU) {
        ISO_TRY(opencl_conv2d_cpu_input(cl, call, c->v, c->filters));
        done = true;
    }
    if (done)
        return opencl_pass_back(cl, call);
    ISO_TRY(add_border(cl, call, &b, &dy, &used));
    for (int64_t i = 0; i < v->sh; i++) {
        struct residue y = residue_of(v->h, v->kh, v->sh, v->dh, v->top, i);
        for (int64_t j = 0; j < v->sw; j++) {
            struct residue x = residue_of(v->w, v->kw, v->sw, v->dw, v->left, j);
            ISO_TRY(run_residue(cl, call, c, &b, dy, &y, &x, used));
        }
    }
    return ISO_OK;
}

/* *bias: dw[1] is left to be done. */
static iso_rc kernel_gradient(struct opencl *cl, const struct iso_call *call, const struct conv *c,
                              bool *bias)
{
    struct opencl_chains m = kernel_chains(c, call->add_dw[0]);
    struct opencl_at x = opencl_at(&call->x[0]), dy = opencl_at(&call->dy[0]);
    size_t used = 0;
    bool done;
    if (iso_conv2d_has_groups(call))
        return opencl_conv2d_groups_kernel(cl, call);
    if (opencl_is_winograd(call))
        return opencl_winograd_kernel(cl, call, bias);
    ISO_TRY(opencl_conv2d_fast_kernel(cl, call, &done));
    if (done)
        return ISO_OK;
    if (cl->shape == OPENCL_SHAPE_CPU) {
        *bias = false;
        return opencl_conv2d_cpu_kernel(cl, call, c->v, c->filters);
    }
    if (opencl_fuse_bias(call, &m))
        *bias = false;
    ISO_TRY(add_border(cl, call, &c->x, &x, &used));
    return opencl_row_chains(cl, &m, x, dy, opencl_at(&call->dw[0]), opencl_work(call, used));
}

static iso_rc backward(struct iso_backend *be, const struct iso_call *call)
{
    struct opencl *cl = opencl_of(be);
    struct conv c = conv_on(cl, call);
    bool bias = call->dw[1].mem != NULL;
    if (call->dx[0].mem != NULL)
        ISO_TRY(input_gradient(cl, call, &c));
    if (call->dw[0].mem != NULL)
        ISO_TRY(kernel_gradient(cl, call, &c, &bias));
    if (bias) {
        ISO_TRY(opencl_sum_rows(cl, &call->dy[0], rows_of(&c), (size_t)c.filters,
                                opencl_work(call, 0), &call->dw[1], call->add_dw[1]));
    }
    return ISO_OK;
}

const struct opencl_op opencl_conv2d = {
    .kernel = { .supports = supports,
                .prepare = prepare,
                .workspace = workspace,
                .fuses_activation = true,
                .fuses_x_activation = true,
                .forward = forward,
                .backward = backward },
    .programs = { "pack.cl", "sums.cl", "sums_cpu.cl", "conv2d_cpu.cl", "conv2d_weights_cpu.cl",
                  "activation.cl", "conv2d_groups.cl" },
    .clblast_programs = { "conv2d.cl", "dense.cl" },
    .limits = limits,
};
