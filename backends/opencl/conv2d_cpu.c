/* conv2d_cpu.c: queues the forward pass and the input's gradient of direct convolutions and dense
 * layers on CPU-shaped devices (clkernels/conv2d_cpu.cl). A strided input gradient falls into sh *
 * sw residues: input pixels of one residue have the same taps. */
#include "clkernels/arguments.h"
#include "conv2d_cpu.h"
#include "conv2d_weights_cpu.h"
#include "cpu_shape.h"

static const char program[] = "conv2d_cpu.cl";

enum {
    BAND_FLOATS = 65536,
    LINE_TILES = 4
}; /* floats of a band of the source; tiles of a line that is cut from rows */

/* ---- Along one axis ---- */

/* `count` results; result j, tap t, lies at source first + j stride + t step. Of the input's
 * gradient: they are pixels y0, y0 + y_stride, ..., and tap t is the kernel's tap + t kernel_step.
 */
struct axis {
    int64_t count, stride, first, taps, step;
    int64_t y0, y_stride, tap, kernel_step;
};

static struct axis forward_axis(int64_t out, int64_t kernel, int64_t stride, int64_t dilation,
                                int64_t before)
{
    return (struct axis){ .count = out,
                          .stride = stride,
                          .first = -before,
                          .taps = kernel,
                          .step = dilation,
                          .y_stride = 1,
                          .kernel_step = 1 };
}

static struct axis residue_axis(int64_t size, int64_t kernel, int64_t stride, int64_t dilation,
                                int64_t before, int64_t y0)
{
    const int64_t tap = (y0 + before) % stride;
    return (struct axis){ .count = y0 < size ? opencl_ceil64(size - y0, stride) : 0,
                          .stride = 1,
                          .first = (y0 + before - tap) / stride,
                          .taps = tap < kernel ? (kernel - 1 - tap) / stride + 1 : 0,
                          .step = stride > 1 ? -1 : -dilation,
                          .y0 = y0,
                          .y_stride = stride,
                          .tap = tap,
                          .kernel_step = stride };
}

/* The first and the last place that the taps of result 0 reach. */
static int64_t low_of(const struct axis *a)
{
    return a->step < 0 && a->taps > 0 ? a->first + (a->taps - 1) * a->step : a->first;
}
static int64_t high_of(const struct axis *a)
{
    return a->step > 0 && a->taps > 0 ? a->first + (a->taps - 1) * a->step : a->first;
}
static bool inside(const struct axis *a, int64_t size)
{
    return low_of(a) >= 0 && (a->count - 1) * a->stride + high_of(a) < size;
}

/* ---- A pass, or a residue of one ---- */

struct source {
    int64_t n, h, w, c;   /* images */
    int64_t rh, rw, cols; /* results */
    struct opencl_panels_cpu panels;
    size_t w_first; /* position of the panels' first tap in the kernel */
};

struct layer {
    struct opencl_taps_cpu g;
    struct opencl_panels_cpu panels;
    size_t w_first, y_first;
    int64_t count, groups; /* panels; work-groups */
    double flops;
    bool by_panel;
};

/* Returns true if the pixels of the source, of all images end to end, correspond to those of the
 * result. */
static bool is_flat(const struct source *s, const struct axis *y, const struct axis *x)
{
    return y->taps == 1 && x->taps == 1 && y->stride == 1 && x->stride == 1 && y->first == 0 &&
           x->first == 0 && y->y_stride == 1 && x->y_stride == 1 && y->count == s->h &&
           x->count == s->w;
}

/* Lines cut from all pixels, a multiple for the processors. */
static void flatten(const struct opencl *cl, struct opencl_taps_cpu *g)
{
    const int64_t pixels = (int64_t)g->images * g->sh * g->sw, units = opencl_units(cl);
    const int64_t rounds = opencl_ceil64(pixels, LINE_TILES * cl->tile.rows * units);
    g->images = 1;
    g->pixels = (iso_i32)opencl_ceil64(pixels, rounds * units);
    g->lines = (iso_i32)opencl_ceil64(pixels, g->pixels);
    g->last_pixels = (iso_i32)(pixels - (int64_t)(g->lines - 1) * g->pixels);
    g->a_i = g->pixels * g->a_j;
    g->y_i = g->pixels * g->y_j;
}

/* The bordered copy that a band needs, where it needs one. */
static void add_border(struct opencl_taps_cpu *g, const struct source *s, const struct axis *y,
                       const struct axis *x)
{
    const int64_t right = (x->count - 1) * x->stride + high_of(x) + 1;
    g->pw = g->sw;
    if (inside(y, s->h) && inside(x, s->w))
        return;
    g->col0 = (iso_i32)opencl_least(0, low_of(x));
    g->pw = (iso_i32)(right > s->w ? right : s->w) - g->col0;
    g->slice = 1; /* its size follows from the band */
}

static void set_strides(struct opencl_taps_cpu *g, const struct source *s, const struct axis *y,
                        const struct axis *x)
{
    const int64_t line = (int64_t)g->pw * s->c, y_line = s->rw * s->cols;
    g->a_first = (iso_i32)(y->first * line + (x->first - g->col0) * s->c);
    g->a_i = (iso_i32)(y->stride * line);
    g->a_j = (iso_i32)(x->stride * s->c);
    g->a_ty = (iso_i32)(y->step * line);
    g->a_tx = (iso_i32)(x->step * s->c);
    g->y_image = (iso_i32)(s->rh * y_line);
    g->y_i = (iso_i32)(y->y_stride * y_line);
    g->y_j = (iso_i32)(x->y_stride * s->cols);
    g->row_step = (iso_i32)y->stride;
    g->low = (iso_i32)low_of(y);
    g->high = (iso_i32)high_of(y);
    if (x->step == 1) { /* taps that lie side by side are one segment */
        g->segment *= g->taps_x;
        g->taps_x = 1;
    }
}

static void divide(const struct opencl *cl, struct layer *l)
{
    struct opencl_taps_cpu *g = &l->g;
    const int64_t line = (int64_t)g->pixels * g->row_step * g->sc;
    const int64_t share = opencl_ceil64((int64_t)g->images * g->lines, opencl_units(cl));
    const int64_t most = opencl_least(share, g->lines), fit = BAND_FLOATS / line;
    l->count = opencl_ceil64(g->cols, cl->tile.cols);
    g->band = (iso_i32)(fit < 1 ? 1 : opencl_least(fit, most));
    g->bands = (iso_i32)opencl_ceil64(g->lines, g->band);
    if (g->slice > 0)
        g->slice = ((g->band - 1) * g->row_step + g->high - g->low + 1) * g->pw * g->sc;
    l->groups = opencl_cpu_groups(cl, l->by_panel ? l->count : (int64_t)g->images * g->bands);
}

static struct layer layer_of(const struct opencl *cl, const struct source *s, const struct axis *y,
                             const struct axis *x)
{
    struct layer l = { .panels = s->panels };
    struct opencl_taps_cpu *g = &l.g;
    *g = (struct opencl_taps_cpu){ .images = (iso_i32)s->n,
                                   .sh = (iso_i32)s->h,
                                   .sw = (iso_i32)s->w,
                                   .sc = (iso_i32)s->c,
                                   .lines = (iso_i32)y->count,
                                   .pixels = (iso_i32)x->count,
                                   .last_pixels = (iso_i32)x->count,
                                   .cols = (iso_i32)s->cols,
                                   .taps_y = (iso_i32)y->taps,
                                   .taps_x = (iso_i32)x->taps,
                                   .segment = (iso_i32)s->c };
    l.panels.taps_y = (iso_i32)y->taps;
    l.panels.taps_x = (iso_i32)x->taps;
    l.w_first = (size_t)(y->tap * s->panels.w_ty + x->tap * s->panels.w_tx);
    l.panels.w_ty *= (iso_i32)y->kernel_step;
    l.panels.w_tx *= (iso_i32)x->kernel_step;
    l.y_first = (size_t)((y->y0 * s->rw + x->y0) * s->cols);
    l.flops = 2.0 * (double)(s->n * y->count * x->count) * (double)s->cols *
              (double)(y->taps * x->taps * s->c);
    add_border(g, s, y, x);
    set_strides(g, s, y, x);
    if (is_flat(s, y, x)) {
        l.by_panel = s->n * s->h * s->w < s->cols && s->cols > cl->tile.cols;
        flatten(cl, g);
    }
    divide(cl, &l);
    return l;
}

static int64_t panel_floats(const struct opencl *cl, const struct layer *l)
{
    return (int64_t)l->g.taps_y * l->g.taps_x * l->g.segment * cl->tile.cols;
}

static int64_t work_of(const struct opencl *cl, const struct layer *l)
{
    return l->by_panel ? l->groups * panel_floats(cl, l)
                       : l->count * panel_floats(cl, l) + l->groups * l->g.slice;
}

static iso_rc run(struct opencl *cl, const struct iso_call *call, const struct layer *l,
                  struct opencl_at x, struct opencl_at bias, struct opencl_at y)
{
    const struct opencl_at w = opencl_past(opencl_at(&call->w[0]), l->w_first);
    const struct opencl_at to = opencl_past(y, l->y_first), work = opencl_work(call, 0);
    const struct opencl_at slices = opencl_past(work, (size_t)(l->count * panel_floats(cl, l)));
    const struct opencl_at any = bias.mem != NULL ? bias : y;
    const struct opencl_arg g = arg_struct(&l->g, sizeof l->g),
                            panels = arg_struct(&l->panels, sizeof l->panels);
    if (l->by_panel) {
        opencl_counts(cl, l->flops);
        return opencl_launch(
            cl, program, "conv2d_cpu_panels", opencl_cpu_grid(l->groups, 1),
            ARGS(arg_at(x), arg_at(w), arg_at(any), arg_at(to), arg_at(work), g, panels));
    }
    ISO_TRY(opencl_launch(cl, program, "conv2d_cpu_pack",
                          opencl_cpu_grid((int64_t)l->panels.taps_y * l->panels.taps_x, l->count),
                          ARGS(arg_at(w), arg_at(work), panels)));
    opencl_counts(cl, l->flops);
    return opencl_launch(cl, program, "conv2d_cpu_bands", opencl_cpu_grid(l->groups, 1),
                         ARGS(arg_at(x), arg_at(work), arg_at(any), arg_at(to), arg_at(slices), g));
}

/* ---- Passes ---- */

static struct source forward_source(const struct iso_window *v, int64_t filters)
{
    const int64_t tap = v->c * filters;
    return (struct source){ .n = v->n,
                            .h = v->h,
                            .w = v->w,
                            .c = v->c,
                            .rh = v->oh,
                            .rw = v->ow,
                            .cols = filters,
                            .panels = { .segment = (iso_i32)v->c,
                                        .cols = (iso_i32)filters,
                                        .w_ty = (iso_i32)(v->kw * tap),
                                        .w_tx = (iso_i32)tap,
                                        .w_c = (iso_i32)filters,
                                        .w_col = 1 } };
}

static struct source input_source(const struct iso_window *v, int64_t filters)
{
    const int64_t tap = v->c * filters;
    return (struct source){ .n = v->n,
                            .h = v->oh,
                            .w = v->ow,
                            .c = filters,
                            .rh = v->h,
                            .rw = v->w,
                            .cols = v->c,
                            .panels = { .segment = (iso_i32)filters,
                                        .cols = (iso_i32)v->c,
                                        .w_ty = (iso_i32)(v->kw * tap),
                                        .w_tx = (iso_i32)tap,
                                        .w_c = 1,
                                        .w_col = (iso_i32)filters } };
}

static struct layer forward_layer(const struct opencl *cl, const struct iso_window *v,
                                  int64_t filters)
{
    const struct source s = forward_source(v, filters);
    const struct axis y = forward_axis(v->oh, v->kh, v->sh, v->dh, v->top);
    const struct axis x = forward_axis(v->ow, v->kw, v->sw, v->dw, v->left);
    return layer_of(cl, &s, &y, &x);
}

/* One residue; false where it has no pixels. */
static bool input_layer(const struct opencl *cl, const struct iso_window *v, int64_t filters,
                        int64_t y0, int64_t x0, struct layer *out)
{
    const struct source s = input_source(v, filters);
    const struct axis y = residue_axis(v->h, v->kh, v->sh, v->dh, v->top, y0);
    const struct axis x = residue_axis(v->w, v->kw, v->sw, v->dw, v->left, x0);
    if (y.count == 0 || x.count == 0)
        return false;
    *out = layer_of(cl, &s, &y, &x);
    return true;
}

static int64_t batch_work(const struct opencl *cl, const struct iso_window *v, int64_t filters,
                          enum iso_pass pass)
{
    int64_t most = 0;
    struct layer l;
    if (pass == ISO_FORWARD) {
        l = forward_layer(cl, v, filters);
        return work_of(cl, &l);
    }
    for (int64_t i = 0; i < v->sh * v->sw; i++) {
        if (input_layer(cl, v, filters, i / v->sw, i % v->sw, &l))
            most = most > work_of(cl, &l) ? most : work_of(cl, &l);
    }
    return most;
}

size_t opencl_conv2d_cpu_work(const struct opencl *cl, struct iso_window v, int64_t filters,
                              enum iso_pass pass)
{
    const size_t weights = pass == ISO_FORWARD ? 0 : opencl_weights_cpu_work(cl, v, filters);
    int64_t most = 0;
    for (; v.n > 0; v.n--) {
        const int64_t work = batch_work(cl, &v, filters, pass);
        most = most > work ? most : work;
    }
    return opencl_larger((size_t)most, weights);
}

iso_rc opencl_conv2d_cpu_forward(struct opencl *cl, const struct iso_call *call,
                                 struct iso_window v, int64_t filters)
{
    const struct opencl_at bias = opencl_at(&call->w[1]);
    struct layer l = forward_layer(cl, &v, filters);
    l.g.has_bias = bias.mem != NULL;
    l.g.relu = opencl_cpu_fuses(cl, call->activation);
    return run(cl, call, &l, opencl_at(&call->x[0]), bias, opencl_at(&call->y[0]));
}

iso_rc opencl_conv2d_cpu_input(struct opencl *cl, const struct iso_call *call, struct iso_window v,
                               int64_t filters)
{
    const struct opencl_at none = { NULL, 0 };
    for (int64_t i = 0; i < v.sh * v.sw; i++) {
        struct layer l;
        if (!input_layer(cl, &v, filters, i / v.sw, i % v.sw, &l))
            continue;
        l.g.add = call->add_dx[0];
        ISO_TRY(run(cl, call, &l, opencl_at(&call->dy[0]), none, opencl_at(&call->dx[0])));
    }
    return ISO_OK;
}

iso_rc opencl_conv2d_cpu_kernel(struct opencl *cl, const struct iso_call *call, struct iso_window v,
                                int64_t filters)
{
    return opencl_weights_cpu(cl, call, v, filters);
}
