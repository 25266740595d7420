/* winograd_cpu.c: queues Winograd's convolution on CPU-shaped devices: clkernels/winograd_cpu.cl
 * for the forward pass and the input's gradient, clkernels/winograd_weights_cpu.cl for the
 * kernel's. */
#include "clkernels/arguments.h"
#include "core/ops/conv2d.h"
#include "core/arithmetic/winograd.h"
#include "cpu_shape.h"
#include "winograd_cpu.h"

static const char program[] = "winograd_cpu.cl", weights_program[] = "winograd_weights_cpu.cl";

enum { POINTS = ISO_WINOGRAD_POINTS, CHUNK = 28, FEW = 8 }; /* FEW as in winograd_cpu.cl */
enum { MOST_CHANNELS = 64, MOST_FILTERS = 128 };            /* per unit of the kernel's gradient */

/* Floats from one point's plane to the next: not a multiple of a page, which would put the same
 * element of all planes into one set of the cache. */
static iso_i32 plane_of(int64_t floats) { return (iso_i32)(opencl_ceil64(floats, 16) * 16 + 16); }

static int64_t whole_vectors(const struct opencl *cl, int64_t n)
{
    return opencl_ceil64(n, cl->tile.vector) * cl->tile.vector;
}

/* ---- Forward pass and input gradient ---- */

/* A pass: what its kernels are told, and how its work is divided. */
struct layer {
    struct opencl_winograd_cpu g;
    bool by_panel; /* the tiles' points are shared, not the kernel's */
    int64_t panels, chunks, groups;
    int64_t u, v, m; /* floats of a slice's points, or of the shared ones */
};

static struct opencl_winograd_cpu images_of(const struct iso_window *v, int64_t filters,
                                            bool turned)
{
    struct opencl_winograd_cpu g = { .taps = (iso_i32)v->kh,
                                     .tile = ISO_WINOGRAD_TILE((iso_i32)v->kh),
                                     .turned = turned };
    g.sh = (iso_i32)(turned ? v->oh : v->h);
    g.sw = (iso_i32)(turned ? v->ow : v->w);
    g.sc = (iso_i32)(turned ? filters : v->c);
    g.rh = (iso_i32)(turned ? v->h : v->oh);
    g.rw = (iso_i32)(turned ? v->w : v->ow);
    g.rc = (iso_i32)(turned ? v->c : filters);
    g.top = (iso_i32)(turned ? v->kh - 1 - v->top : v->top);
    g.left = (iso_i32)(turned ? v->kw - 1 - v->left : v->left);
    g.tiles_x = (iso_i32)opencl_ceil64(g.rw, g.tile);
    g.image_tiles = (iso_i32)opencl_ceil64(g.rh, g.tile) * g.tiles_x;
    g.tiles = (iso_i32)v->n * g.image_tiles;
    return g;
}

static void divide(const struct opencl *cl, struct layer *l)
{
    struct opencl_winograd_cpu *g = &l->g;
    const int64_t most = CHUNK / cl->tile.rows * cl->tile.rows, width = cl->tile.cols;
    const int64_t units = opencl_units(cl), rounds = opencl_ceil64(g->tiles, most * units);
    l->panels = opencl_ceil64(g->rc, width);
    l->by_panel = g->tiles < g->rc;
    g->stride = (iso_i32)whole_vectors(cl, g->sc);
    g->chunk = (iso_i32)opencl_ceil64(g->tiles,
                                      l->by_panel ? opencl_ceil64(g->tiles, most) : rounds * units);
    l->chunks = opencl_ceil64(g->tiles, g->chunk);
    l->groups = opencl_cpu_groups(cl, l->by_panel ? l->panels : l->chunks);
    const int64_t panels = l->by_panel ? 1 : l->panels, tiles = l->by_panel ? g->tiles : g->chunk;
    g->u_plane = plane_of(panels * g->sc * width);
    g->v_plane = plane_of(tiles * g->stride);
    g->m_plane = plane_of(g->chunk * panels * width);
    l->u = (int64_t)POINTS * g->u_plane;
    l->v = (int64_t)POINTS * g->v_plane;
    l->m = (int64_t)POINTS * g->m_plane;
}

static struct layer layer_of(const struct opencl *cl, const struct iso_call *call, bool turned)
{
    const struct iso_conv2d *p = call->params;
    const struct iso_window v = iso_conv2d_window(p, &call->x[0].shape);
    struct layer l = { .g = images_of(&v, p->filters, turned) };
    divide(cl, &l);
    return l;
}

static int64_t work_of(const struct layer *l)
{
    return l->by_panel ? l->v + l->groups * (l->u + l->m) : l->u + l->groups * (l->v + l->m);
}

/* Floats for this batch or a smaller one, whose work may be divided in the other way. */
static size_t image_work(const struct opencl *cl, const struct iso_call *call, bool turned)
{
    struct layer l = layer_of(cl, call, turned);
    int64_t most = 0;
    for (; l.g.tiles > 0; l.g.tiles -= l.g.image_tiles) {
        divide(cl, &l);
        most = most > work_of(&l) ? most : work_of(&l);
    }
    return (size_t)most;
}

/* Returns the flops of the products at the points. */
static double flops_of(const struct layer *l)
{
    return 2.0 * POINTS * (double)l->g.tiles * (double)l->g.sc * (double)l->g.rc;
}

static iso_rc by_chunk(struct opencl *cl, const struct iso_call *call, const struct layer *l,
                       struct opencl_at x, struct opencl_at bias, struct opencl_at y)
{
    const struct opencl_at u = opencl_work(call, 0), slices = opencl_past(u, (size_t)l->u);
    const struct opencl_arg g = arg_struct(&l->g, sizeof l->g);
    ISO_TRY(opencl_launch(cl, program, "winograd_cpu_kernel",
                          opencl_cpu_grid(opencl_ceil64(l->g.sc, FEW), l->panels),
                          ARGS(arg_tensor(&call->w[0]), arg_at(u), g)));
    opencl_counts(cl, flops_of(l));
    return opencl_launch(cl, program, "winograd_cpu_chunks", opencl_cpu_grid(l->groups, 1),
                         ARGS(arg_at(x), arg_at(u), arg_at(bias), arg_at(y), arg_at(slices), g));
}

static iso_rc by_panel(struct opencl *cl, const struct iso_call *call, const struct layer *l,
                       struct opencl_at x, struct opencl_at bias, struct opencl_at y)
{
    const struct opencl_at v = opencl_work(call, 0), slices = opencl_past(v, (size_t)l->v);
    const struct opencl_arg g = arg_struct(&l->g, sizeof l->g);
    ISO_TRY(opencl_launch(cl, program, "winograd_cpu_source", opencl_cpu_grid(l->chunks, 1),
                          ARGS(arg_at(x), arg_at(v), g)));
    opencl_counts(cl, flops_of(l));
    return opencl_launch(
        cl, program, "winograd_cpu_panels", opencl_cpu_grid(l->groups, 1),
        ARGS(arg_at(v), arg_tensor(&call->w[0]), arg_at(bias), arg_at(y), arg_at(slices), g));
}

static iso_rc convolve(struct opencl *cl, const struct iso_call *call, const struct layer *l,
                       struct opencl_at x, struct opencl_at bias, struct opencl_at y)
{
    const struct opencl_at any = bias.mem != NULL ? bias : y;
    return l->by_panel ? by_panel(cl, call, l, x, any, y) : by_chunk(cl, call, l, x, any, y);
}

iso_rc opencl_winograd_cpu_forward(struct opencl *cl, const struct iso_call *call)
{
    struct layer l = layer_of(cl, call, false);
    const struct opencl_at bias = opencl_at(&call->w[1]);
    l.g.has_bias = bias.mem != NULL;
    l.g.relu = opencl_cpu_fuses(cl, call->activation);
    return convolve(cl, call, &l, opencl_at(&call->x[0]), bias, opencl_at(&call->y[0]));
}

iso_rc opencl_winograd_cpu_input(struct opencl *cl, const struct iso_call *call)
{
    struct layer l = layer_of(cl, call, true);
    const struct opencl_at none = { NULL, 0 };
    l.g.add = call->add_dx[0];
    return convolve(cl, call, &l, opencl_at(&call->dy[0]), none, opencl_at(&call->dx[0]));
}

/* ---- Kernel gradient ---- */

/* Units of about equal size, a multiple for the processors; channels are divided before filters,
 * because dy is transformed again for each share of the channels, and costs less than x. */
static void divide_weights(const struct opencl *cl, struct opencl_winograd_weights_cpu *g)
{
    const int64_t vector = cl->tile.vector, c = g->sc, f = g->rc, processors = opencl_units(cl);
    int64_t across = opencl_ceil64(c, MOST_CHANNELS), down = opencl_ceil64(f, MOST_FILTERS);
    for (;;) {
        g->channels = (iso_i32)whole_vectors(cl, opencl_ceil64(c, across));
        g->filters = (iso_i32)whole_vectors(cl, opencl_ceil64(f, down));
        if (across * down % processors == 0 || across * down >= 4 * processors)
            break;
        if (g->channels > vector)
            across = opencl_ceil64(c, g->channels - vector);
        else if (g->filters > vector)
            down = opencl_ceil64(f, g->filters - vector);
        else
            break;
    }
    g->filter_units = (iso_i32)opencl_ceil64(f, g->filters);
    g->units = (iso_i32)opencl_ceil64(c, g->channels) * g->filter_units;
}

static struct iso_rows rows_of(const struct opencl_winograd_weights_cpu *g)
{
    return (struct iso_rows){ g->tiles, g->image_tiles };
}

static struct opencl_winograd_weights_cpu weights_of(const struct opencl *cl,
                                                     const struct iso_call *call)
{
    const struct layer l = layer_of(cl, call, false);
    struct opencl_winograd_weights_cpu g = { .sh = l.g.sh,
                                             .sw = l.g.sw,
                                             .sc = l.g.sc,
                                             .top = l.g.top,
                                             .left = l.g.left,
                                             .rh = l.g.rh,
                                             .rw = l.g.rw,
                                             .rc = l.g.rc,
                                             .taps = l.g.taps,
                                             .tile = l.g.tile,
                                             .tiles_x = l.g.tiles_x,
                                             .image_tiles = l.g.image_tiles,
                                             .tiles = l.g.tiles };
    divide_weights(cl, &g);
    const int64_t tiles = opencl_least(g.tiles, iso_block_rows(rows_of(&g)));
    const int64_t columns = opencl_ceil64(g.filters, cl->tile.cols) * cl->tile.cols;
    g.x_plane = plane_of(tiles * g.channels);
    g.dy_plane = plane_of(tiles * cl->tile.cols);
    g.sum_plane = plane_of(g.channels * columns);
    g.add = call->add_dw[0];
    return g;
}

static int64_t weights_groups(const struct opencl *cl, const struct opencl_winograd_weights_cpu *g)
{
    return opencl_cpu_groups(cl, g->units);
}

static size_t weights_work(const struct opencl *cl, const struct iso_call *call)
{
    const struct opencl_winograd_weights_cpu g = weights_of(cl, call);
    const int sums = iso_group_end(rows_of(&g), 0) == g.tiles ? 1 : 2;
    return (size_t)(weights_groups(cl, &g) * POINTS *
                    ((int64_t)g.x_plane + g.dy_plane + sums * (int64_t)g.sum_plane));
}

iso_rc opencl_winograd_cpu_kernel(struct opencl *cl, const struct iso_call *call)
{
    struct opencl_winograd_weights_cpu g = weights_of(cl, call);
    g.has_bias = call->dw[1].mem != NULL;
    g.add_bias = call->add_dw[1];
    opencl_counts(cl, 2.0 * POINTS * (double)g.tiles * (double)g.sc * (double)g.rc);
    return opencl_launch(cl, weights_program, "winograd_weights_cpu",
                         opencl_cpu_grid(weights_groups(cl, &g), 1),
                         ARGS(arg_tensor(&call->x[0]), arg_tensor(&call->dy[0]),
                              arg_tensor(&call->dw[0]), arg_optional(&call->dw[1], &call->dw[0]),
                              arg_work(call, 0), arg_struct(&g, sizeof g)));
}

/* ---- Both ---- */

bool opencl_winograd_cpu_ready(struct opencl *cl, char *why, size_t n)
{
    const char *const programs[OPENCL_OP_PROGRAMS] = { program, weights_program };
    return opencl_ready(cl, programs, why, n);
}

size_t opencl_winograd_cpu_work(const struct opencl *cl, const struct iso_call *call,
                                enum iso_pass pass)
{
    return pass == ISO_FORWARD ? image_work(cl, call, false)
                               : opencl_larger(image_work(cl, call, true), weights_work(cl, call));
}
