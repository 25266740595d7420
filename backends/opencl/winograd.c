/* winograd.c: queues Winograd's convolution: transforms (clkernels/winograd_gpu.cl), and products
 * at each of the points between them (chains.h); or all of it as one kernel (winograd_fused.h).
 *
 * The tiles of the batch are taken as many at a time as the workspace holds: their number changes
 * no bit, since a sum over tiles takes whole groups of them. */
#include <stdio.h>
#include "activation.h"
#include "chains.h"
#include "cpu_shape.h"
#include "grids.h"
#include "sums.h"
#include "winograd.h"
#include "winograd_cpu.h"
#include "winograd_fused.h"
#include "core/ops/activation.h"
#include "core/arithmetic/winograd.h"

static const char program[] = "winograd_gpu.cl";

enum { MOST_TILES = 65535 };

/* A pass: the tiles' pixels, from images that the sources lie on, and their results, or the pixels
 * of the results' gradient. */
struct layer {
    int64_t taps, tile;
    size_t tiles; /* tiles of the batch */
    struct opencl_tiles source, result;
};

static int64_t ceil_of(int64_t n, int64_t by) { return (n + by - 1) / by; }

/* Describes the source's tiles of images [n, h, w, c], numbered like those of results oh x ow. */
static struct opencl_tiles tiles_of(const struct iso_shape *images, int64_t tile, int64_t oh,
                                    int64_t ow)
{
    const int64_t *dim = images->dim;
    const int64_t across = ceil_of(ow, tile), count = ceil_of(oh, tile) * across;
    return (struct opencl_tiles){ .h = (iso_i32)dim[1],
                                  .w = (iso_i32)dim[2],
                                  .c = (iso_i32)dim[3],
                                  .step = (iso_i32)tile,
                                  .tiles_x = (iso_i32)across,
                                  .image_tiles = (iso_i32)count,
                                  .side = ISO_WINOGRAD_SIDE,
                                  .image_step = (iso_i32)(dim[1] * dim[2] * dim[3]),
                                  .pixel_step = (iso_i32)dim[3],
                                  .channel_step = 1,
                                  .per_image = opencl_reciprocal(count, dim[0] * count),
                                  .per_row = opencl_reciprocal(across, count),
                                  .parts = 1 };
}

/* turned: of the input gradient, whose source is dy and whose result is dx. */
static struct layer layer_of(const struct iso_call *call, bool turned)
{
    const struct iso_conv2d *p = call->params;
    const struct iso_window v = iso_conv2d_window(p, &call->x[0].shape);
    const struct iso_shape x = { 4, { v.n, v.h, v.w, v.c } },
                           y = { 4, { v.n, v.oh, v.ow, p->filters } };
    const struct iso_shape *source = turned ? &y : &x, *result = turned ? &x : &y;
    const int64_t tile = ISO_WINOGRAD_TILE(v.kh), oh = result->dim[1], ow = result->dim[2];
    struct layer l = { .taps = v.kh, .tile = tile };
    l.source = tiles_of(source, tile, oh, ow);
    l.source.top = (iso_i32)(turned ? v.kh - 1 - v.top : v.top);
    l.source.left = (iso_i32)(turned ? v.kw - 1 - v.left : v.left);
    l.result = tiles_of(result, tile, oh, ow);
    l.result.side = (iso_i32)tile;
    l.tiles = (size_t)v.n * (size_t)l.source.image_tiles;
    return l;
}

/* The kernel: its channels are images of one tile, with the filters for channels; where it is
 * turned, its filters, which are the source's channels, are the images. */
static struct opencl_tiles kernel_of(const struct layer *l, bool turned)
{
    const int64_t sources = l->source.c, results = l->result.c;
    const struct iso_shape images = { 4, { sources, l->taps, l->taps, results } };
    struct opencl_tiles k = tiles_of(&images, l->taps, l->taps, l->taps);
    k.tiles = (iso_i32)sources;
    k.side = (iso_i32)l->taps;
    k.turned = turned;
    k.pixel_step = (iso_i32)(sources * results);
    k.image_step = turned ? 1 : k.c;
    k.channel_step = turned ? (iso_i32)sources : 1;
    return k;
}

/* ---- Workspace ---- */

/* Returns the floats of the points of a number of tiles, or of a kernel's c channels times filters.
 */
static size_t points(size_t tiles, int64_t c) { return ISO_WINOGRAD_POINTS * tiles * (size_t)c; }

static size_t kernel_points(const struct layer *l)
{
    return points(1, (int64_t)l->source.c * l->result.c);
}

/* Tiles whose points fit into the workspace. */
static size_t fitting_tiles(const struct opencl *cl, const struct layer *l)
{
    size_t fit = cl->most_work / points(1, (int64_t)l->source.c + l->result.c);
    return fit < MOST_TILES ? opencl_larger(fit, 1) : MOST_TILES;
}

/* Returns the number of tiles in the workspace at a time. */
static size_t tiles_at_once(const struct opencl *cl, const struct layer *l)
{
    const size_t fit = fitting_tiles(cl, l);
    return fit < l->tiles ? fit : l->tiles;
}

static struct iso_rows rows_of(const struct layer *l)
{
    return (struct iso_rows){ (iso_rowno)l->tiles, l->source.image_tiles };
}

/* dkernel's points: the tiles are the rows of the sums. */
static struct opencl_chains kernel_chains(const struct layer *l)
{
    const struct iso_rows rows = rows_of(l);
    return opencl_plain_rows(rows.rows, rows.image, l->result.c, l->source.c);
}

/* Groups of tiles that are in the workspace at a time, one or more. (No fewer of a larger batch:
 * the workspace serves smaller ones.) */
static struct opencl_groups groups_at_once(const struct opencl *cl, const struct layer *l)
{
    const struct opencl_chains g = kernel_chains(l);
    const size_t of_tiles = fitting_tiles(cl, l) / (size_t)iso_group_rows(rows_of(l));
    const size_t of_sums = opencl_groups_at_once(cl, &g, ISO_WINOGRAD_POINTS);
    const size_t count = of_tiles < of_sums ? of_tiles : of_sums;
    return (struct opencl_groups){ ISO_WINOGRAD_POINTS, 0, opencl_larger(count, 1) };
}

/* Returns the largest number of tiles in a number of groups. */
static size_t group_tiles(const struct layer *l, struct opencl_groups groups)
{
    const size_t most = groups.count * (size_t)iso_group_rows(rows_of(l));
    return most < l->tiles ? most : l->tiles;
}

/* A smaller batch may get other kernels: the workspace serves them all. */
static size_t image_work(const struct opencl *cl, const struct layer *l)
{
    const size_t apart = points(tiles_at_once(cl, l), (int64_t)l->source.c + l->result.c);
    const size_t fused = opencl_fused_work(&l->source, &l->result, l->tiles);
    return kernel_points(l) + opencl_larger(apart, fused);
}

/* Returns the groups whose sums the fused kernel may leave in the workspace. */
static size_t fused_groups(const struct opencl *cl, const struct layer *l)
{
    return opencl_larger(cl->most_work / kernel_points(l), 1);
}

/* The gradient of the bias, whose rows are the results' pixels. */
static struct opencl_bias bias_of(const struct layer *l)
{
    const int64_t image = (int64_t)l->result.h * l->result.w;
    const int64_t images = (int64_t)l->tiles / l->result.image_tiles;
    return opencl_bias_of((struct iso_rows){ images * image, image }, (size_t)l->result.c);
}

static size_t kernel_work(const struct opencl *cl, const struct layer *l)
{
    const struct opencl_bias bias = bias_of(l);
    const struct opencl_groups groups = groups_at_once(cl, l);
    const struct opencl_chains g = kernel_chains(l);
    const size_t all = (size_t)iso_group_count(rows_of(l)), most = fused_groups(cl, l);
    const size_t apart = points(group_tiles(l, groups), (int64_t)l->source.c + l->result.c) +
                         opencl_groups_work(cl, &g, groups);
    return opencl_bias_floats(&bias) +
           opencl_larger((all < most ? all : most) * kernel_points(l), kernel_points(l) + apart);
}

bool opencl_is_winograd(const struct iso_call *call)
{
    return iso_conv2d_algorithm(call->params, &call->x[0].shape) == ISO_WINOGRAD;
}

bool opencl_winograd_supports(struct opencl *cl, const struct iso_call *call, char *why, size_t n)
{
    const struct layer l = layer_of(call, false);
    const char *const programs[OPENCL_OP_PROGRAMS] = { program };
    if (kernel_points(&l) > INT32_MAX) {
        snprintf(why, n, "the points of its kernel are more than 2^31 - 1: use fewer filters");
        return false;
    }
    return cl->shape == OPENCL_SHAPE_CPU ? opencl_winograd_cpu_ready(cl, why, n)
                                         : opencl_ready(cl, programs, why, n);
}

size_t opencl_winograd_work(const struct opencl *cl, const struct iso_call *call,
                            enum iso_pass pass)
{
    const struct layer l = layer_of(call, false), turned = layer_of(call, true);
    if (cl->shape == OPENCL_SHAPE_CPU)
        return opencl_winograd_cpu_work(cl, call, pass);
    return pass == ISO_FORWARD ? image_work(cl, &l)
                               : opencl_larger(image_work(cl, &turned), kernel_work(cl, &l));
}

/* ---- Passes ---- */

/* Gives a work-group to each `columns` channels, as many as the kernel allows, of each tile. */
static iso_rc launch(struct opencl *cl, const char *name, int64_t tiles, int64_t channels,
                     const struct opencl_arg *args, int nargs)
{
    struct opencl_kernel *k;
    size_t columns = OPENCL_GROUP_COLUMNS;
    if (cl->noting)
        return ISO_OK;
    ISO_TRY(opencl_kernel(cl, program, name, &k));
    const size_t most = k->max_group < cl->max_group ? k->max_group : cl->max_group;
    while (columns > 1 && columns * ISO_WINOGRAD_SIDE > most)
        columns /= 2;
    const struct opencl_grid grid = {
        .groups = { (size_t)tiles, opencl_ceil((size_t)channels, columns), 1 },
        .group = { columns, ISO_WINOGRAD_SIDE, 1 },
        .fixed = true,
    };
    return opencl_launch(cl, program, name, grid, args, nargs);
}

/* An operand of the products: its tiles, their pixels, and where their points go. */
struct operand {
    struct opencl_tiles tiles;
    struct opencl_at pixels, points;
};

/* The same and, to `places`, those of the gradient of a bias, whose dy are the taps' pixels. */
static iso_rc make_points_and_bias(struct opencl *cl, struct operand source, struct operand taps,
                                   const struct opencl_bias *b, struct opencl_at places)
{
    const struct opencl_tiles *s = &source.tiles, *t = &taps.tiles;
    const int64_t c = t->tiles > 0 && t->c > s->c ? t->c : s->c;
    const int64_t more = (int64_t)b->groups * ISO_GROUP_BLOCKS;
    return launch(cl, "winograd_points", (int64_t)s->tiles + t->tiles + more, c,
                  ARGS(arg_at(source.pixels), arg_at(source.points), arg_struct(s, sizeof *s),
                       arg_at(taps.pixels), arg_at(taps.points), arg_struct(t, sizeof *t),
                       arg_at(places), arg_struct(b, sizeof *b)));
}

/* taps.tiles.tiles 0: the points of that operand are there already. */
static iso_rc make_points(struct opencl *cl, struct operand source, struct operand taps)
{
    const struct opencl_bias none = { .groups = 0 };
    return make_points_and_bias(cl, source, taps, &none, source.points);
}

static iso_rc make_results(struct opencl *cl, struct opencl_tiles g, struct opencl_at from,
                           struct opencl_at bias, struct opencl_at to)
{
    const struct opencl_at any = { from.mem, 0 };
    g.has_bias = bias.mem != NULL && !g.gradient;
    return launch(cl, "winograd_results", (int64_t)g.tiles + (g.bias_groups > 0), g.c,
                  ARGS(arg_at(from), arg_at(bias.mem != NULL ? bias : any), arg_at(to),
                       arg_struct(&g, sizeof g)));
}

/* The tiles [first, first + count). */
static struct opencl_tiles some(struct opencl_tiles g, size_t first, size_t count)
{
    g.first = (iso_i32)first;
    g.tiles = (iso_i32)count;
    return g;
}

/* True if the fused kernels, which read four floats at a time, can read from there. */
static bool lies_wide(struct opencl_at at) { return at.at % 4 == 0; }

/* The same as convolve, with one kernel for all between u, or the taps, and y. */
static iso_rc convolve_fused(struct opencl *cl, const struct opencl_fused *f,
                             const struct iso_call *call, const struct layer *l, bool turned,
                             struct opencl_at x, struct opencl_at bias, struct opencl_at y)
{
    const struct opencl_at u = opencl_work(call, 0), m = opencl_past(u, kernel_points(l));
    const struct operand taps = { kernel_of(l, turned), opencl_at(&call->w[0]), u };
    const struct opencl_tiles source = some(l->source, 0, l->tiles);
    struct opencl_tiles result = some(l->result, 0, l->tiles);
    result.has_bias = bias.mem != NULL && !result.gradient;
    if (bias.mem == NULL)
        bias = u;
    if (f->from_taps)
        return opencl_run_fused_taps(cl, f, source, result, taps.tiles, x, taps.pixels, m, bias, y);
    ISO_TRY(make_points(cl, (struct operand){ some(l->source, 0, 0), x, u }, taps));
    return opencl_run_fused_images(cl, f, source, result, x, u, m, bias, y);
}

/* y = the convolution of x, or dx that of dy with the turned kernel. */
static iso_rc convolve(struct opencl *cl, const struct iso_call *call, const struct layer *l,
                       bool turned, struct opencl_at x, struct opencl_at bias, struct opencl_at y)
{
    const size_t most = tiles_at_once(cl, l);
    const struct opencl_fused *f = opencl_fused_images(cl, &l->source, &l->result, l->tiles);
    if (f != NULL && lies_wide(x) && (!f->from_taps || lies_wide(opencl_at(&call->w[0]))))
        return convolve_fused(cl, f, call, l, turned, x, bias, y);
    const struct opencl_at v = opencl_work(call, 0), u = opencl_past(v, points(most, l->source.c)),
                           m = opencl_past(u, kernel_points(l));
    struct operand taps = { kernel_of(l, turned), opencl_at(&call->w[0]), u };
    for (size_t first = 0, count; first < l->tiles; first += count) {
        count = l->tiles - first < most ? l->tiles - first : most;
        struct opencl_chains g =
            opencl_plain_chains((int64_t)count, l->result.c, l->source.c, ISO_BLOCK_CHANNELS);
        g.a_next = g.rows * g.segment;
        g.b_next = g.segment * g.cols;
        g.y_next = g.rows * g.cols;
        ISO_TRY(make_points(cl, (struct operand){ some(l->source, first, count), x, v }, taps));
        taps.tiles.tiles = 0;
        ISO_TRY(opencl_many_chains(cl, &g, ISO_WINOGRAD_POINTS, v, u, m));
        ISO_TRY(make_results(cl, some(l->result, first, count), m, bias, y));
    }
    return ISO_OK;
}

iso_rc opencl_winograd_forward(struct opencl *cl, const struct iso_call *call,
                               const struct iso_activation **left)
{
    struct layer l = layer_of(call, false);
    if (cl->shape == OPENCL_SHAPE_CPU) {
        *left = opencl_cpu_fuses(cl, call->activation) ? NULL : call->activation;
        return opencl_winograd_cpu_forward(cl, call);
    }
    l.result.activation = opencl_short_activation(call->activation, &l.result.alpha);
    *left = l.result.activation != 0 ? NULL : call->activation;
    return convolve(cl, call, &l, false, opencl_at(&call->x[0]), opencl_at(&call->w[1]),
                    opencl_at(&call->y[0]));
}

iso_rc opencl_winograd_input(struct opencl *cl, const struct iso_call *call)
{
    if (cl->shape == OPENCL_SHAPE_CPU) {
        ISO_TRY(opencl_winograd_cpu_input(cl, call));
        return opencl_pass_back(cl, call);
    }
    struct layer l = layer_of(call, true);
    struct opencl_at beside = { NULL, 0 };
    l.result.add = call->add_dx[0];
    l.result.activation = opencl_x_activation(call, &l.result.alpha);
    l.result.gradient = l.result.activation != 0;
    if (l.result.gradient)
        beside = opencl_at(&call->x[0]);
    return convolve(cl, call, &l, true, opencl_at(&call->dy[0]), beside, opencl_at(&call->dx[0]));
}

/* Queues the points [v] of the sources and [w] of the gradients of the tiles [first, stop). Where
 * the bias has groups, the same kernel adds the places of its gradient. */
static iso_rc kernel_operands(struct opencl *cl, const struct iso_call *call, const struct layer *l,
                              size_t first, size_t stop, struct opencl_at v, struct opencl_at w,
                              const struct opencl_bias *bias, struct opencl_at places)
{
    const size_t count = stop - first;
    return make_points_and_bias(
        cl, (struct operand){ some(l->source, first, count), opencl_at(&call->x[0]), v },
        (struct operand){ some(l->result, first, count), opencl_at(&call->dy[0]), w }, bias,
        places);
}

/* The sums over so many tiles from the first one in the workspace on. */
static struct opencl_chains chains_from(const struct layer *l, size_t first, size_t count)
{
    struct opencl_chains g = kernel_chains(l);
    g.first_row = (iso_i32)first;
    g.a_next = (iso_i32)count * g.segment;
    g.b_next = (iso_i32)count * g.cols;
    return g;
}

/* dw from the sums of `parts` groups, which the transform of the results adds, and the bias's from
 * the places after them, if it has any. */
static iso_rc finish_kernel(struct opencl *cl, const struct iso_call *call, const struct layer *l,
                            size_t parts, const struct opencl_bias *bias, struct opencl_at sums)
{
    const struct opencl_at none = { NULL, 0 };
    struct opencl_tiles kernel = kernel_of(l, false);
    kernel.add = call->add_dw[0];
    kernel.parts = (iso_i32)parts;
    kernel.bias_groups = bias->groups;
    return make_results(cl, kernel, sums, none, opencl_at(&call->dw[0]));
}

/* dw from the points of all tiles. */
static iso_rc kernel_at_once(struct opencl *cl, const struct iso_call *call, const struct layer *l,
                             struct opencl_groups groups, const struct opencl_bias *bias,
                             struct opencl_at v, struct opencl_at w, struct opencl_at m)
{
    const struct opencl_chains g = chains_from(l, 0, l->tiles);
    const size_t parts = opencl_row_parts(cl, &g, groups);
    ISO_TRY(kernel_operands(cl, call, l, 0, l->tiles, v, w, bias,
                            opencl_past(m, parts * kernel_points(l))));
    ISO_TRY(opencl_parts_of_rows(cl, &g, groups, v, w, m));
    return finish_kernel(cl, call, l, parts, bias, m);
}

/* dw by one kernel for the sums of all groups. */
static iso_rc kernel_fused(struct opencl *cl, const struct opencl_fused *f,
                           const struct iso_call *call, const struct layer *l, size_t groups,
                           const struct opencl_bias *bias)
{
    const struct opencl_at sums = opencl_work(call, 0);
    ISO_TRY(opencl_run_fused_rows(cl, f, some(l->source, 0, l->tiles), some(l->result, 0, l->tiles),
                                  bias, groups, opencl_at(&call->x[0]), opencl_at(&call->dy[0]),
                                  sums));
    return finish_kernel(cl, call, l, groups, bias, sums);
}

/* dw from the points of as many groups at a time as the workspace holds. */
static iso_rc kernel_in_parts(struct opencl *cl, const struct iso_call *call, const struct layer *l,
                              size_t most, struct opencl_at v, struct opencl_at w,
                              struct opencl_at m)
{
    const size_t all = (size_t)iso_group_count(rows_of(l));
    const struct opencl_bias no_bias = { .groups = 0 };
    const struct opencl_at sums = opencl_past(m, kernel_points(l));
    struct opencl_groups groups = { .products = ISO_WINOGRAD_POINTS };
    for (; groups.first < all; groups.first += groups.count) {
        groups.count = all - groups.first < most ? all - groups.first : most;
        const size_t end = groups.first + groups.count;
        const size_t first = (size_t)iso_group_begin(rows_of(l), (iso_rowno)groups.first);
        const size_t stop = end < all ? (size_t)iso_group_begin(rows_of(l), (iso_rowno)end)
                                      : l->tiles;
        const struct opencl_chains g = chains_from(l, first, stop - first);
        ISO_TRY(kernel_operands(cl, call, l, first, stop, v, w, &no_bias, m));
        ISO_TRY(opencl_some_row_chains(cl, &g, groups, v, w, m, sums));
    }
    return finish_kernel(cl, call, l, 1, &no_bias, m);
}

iso_rc opencl_winograd_kernel(struct opencl *cl, const struct iso_call *call, bool *bias)
{
    if (cl->shape == OPENCL_SHAPE_CPU) {
        *bias = false;
        return opencl_winograd_cpu_kernel(cl, call);
    }
    const struct layer l = layer_of(call, false);
    const size_t all = (size_t)iso_group_count(rows_of(&l));
    const struct opencl_fused *f = opencl_fused_rows(cl, &l.source, &l.result, l.tiles);
    const bool fuses = f != NULL && all <= fused_groups(cl, &l) &&
                       lies_wide(opencl_at(&call->x[0])) && lies_wide(opencl_at(&call->dy[0]));
    struct opencl_groups groups = groups_at_once(cl, &l);
    struct opencl_bias b = { .groups = 0 };
    if ((fuses || groups.count >= all) &&
        opencl_bias_follows(call,
                            (size_t)(l.taps * l.taps) * kernel_points(&l) / ISO_WINOGRAD_POINTS)) {
        b = bias_of(&l);
        *bias = false;
    }
    if (fuses)
        return kernel_fused(cl, f, call, &l, all, &b);
    const size_t tiles = group_tiles(&l, groups), most = groups.count;
    const struct opencl_at v = opencl_work(call, 0), w = opencl_past(v, points(tiles, l.source.c)),
                           m = opencl_past(w, points(tiles, l.result.c));
    if (most < all)
        return kernel_in_parts(cl, call, &l, most, v, w, m);
    groups.count = all;
    return kernel_at_once(cl, call, &l, groups, &b, v, w, m);
}
