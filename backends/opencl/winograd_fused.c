/* winograd_fused.c: queues Winograd's convolution as one kernel, where that is faster. */
#include <math.h>
#include "winograd_fused.h"
#include "grids.h"
#include "sums.h"
#include "core/arithmetic/order.h"
#include "core/arithmetic/winograd.h"

/* As in the kernels. */
enum { TILES = 16, STEP = 4, POINTS = ISO_WINOGRAD_POINTS };

static const char images[] = "winograd_fused", taps[] = "winograd_fused_taps",
                  rows[] = "winograd_fused_rows";

static int local_bytes(const struct opencl_fused *f)
{
    const int places = (ISO_BLOCK_ROWS + STEP) * 4;
    return (POINTS * STEP * (TILES + f->filters) + places) * (int)sizeof(float);
}

/* ---- Choice ---- */

/* Sums at all points: of the kernel's gradient (rows) or of images, of `across` channels or tiles
 * by `filters`, each of `terms`, for each of `deep` groups of tiles. taps: of the layer's kernel,
 * per side. points: floats that transforms would write and products read, and the other way round.
 */
struct sums {
    bool rows;
    int64_t taps, channels;
    size_t across, filters, terms, deep;
    double points;
};

/* Estimates of the multiply-adds and the bytes of memory a core of a GPU does in a clock; of the
 * share of the first in the loops of products; and of a launch's clocks. */
static const double FMA = 128, BYTES = 8, PRODUCT_SHARE = 0.85, LAUNCH = 5000;

static const char *kernel_of(const struct opencl_fused *f, const struct sums *s)
{
    return s->rows ? rows : f->from_taps ? taps : images;
}

/* Return clocks: of whole work-groups, in whole rounds over the cores. A fused kernel is the only
 * launch, or comes after that of the points, or before that of the results. */
static double fused_clocks(const struct opencl_fused *f, const struct sums *s, size_t cores)
{
    const size_t groups =
        opencl_ceil(s->across, TILES) * opencl_ceil(s->filters, (size_t)f->filters) * s->deep;
    const double each = (double)(POINTS * TILES * f->filters) * (double)s->terms;
    const double share = s->rows ? f->rows : f->images;
    return (double)opencl_ceil(groups, cores) * each / (FMA * share) +
           (f->from_taps ? 1 : 2) * LAUNCH;
}

static double apart_clocks(const struct sums *s, size_t cores)
{
    enum { SIDE = 64 };
    const size_t groups =
        opencl_ceil(s->across, SIDE) * opencl_ceil(s->filters, SIDE) * POINTS * s->deep;
    const double products = (double)opencl_ceil(groups, cores) * SIDE * SIDE * (double)s->terms;
    const double bytes = 2 * sizeof(float) * s->points;
    return products / (FMA * PRODUCT_SHARE) + bytes / ((double)cores * BYTES) + 3 * LAUNCH;
}

static bool can_compute(const struct opencl_fused *f, const struct sums *s)
{
    const bool wide = s->channels % 4 == 0 && s->filters % 4 == 0;
    return wide && (s->rows ? f->rows : f->images) > 0 && (!f->from_taps || s->taps == 3);
}

static bool usable(struct opencl *cl, const struct opencl_fused *f, const struct sums *s)
{
    return opencl_may_fuse_winograd(cl, f) &&
           opencl_kernel_usable(cl, f->program, kernel_of(f, s), f->items, local_bytes(f));
}

/* Returns the fastest usable kernel, if it is faster than transforms and products, or is forced;
 * otherwise NULL. */
static const struct opencl_fused *choose(struct opencl *cl, const struct sums *s)
{
    const size_t cores = (size_t)opencl_cores(cl);
    const bool forced = iso_environment(ISO_ENV_OPENCL_VARIANT) != NULL;
    double least = forced ? INFINITY : apart_clocks(s, cores);
    const struct opencl_fused *best = NULL;
    if (cl->shape != OPENCL_SHAPE_GPU)
        return NULL;
    for (const struct opencl_fused *f = opencl_fused; f->name != NULL; f++) {
        const double clocks = fused_clocks(f, s, cores);
        if (can_compute(f, s) && clocks < least && usable(cl, f, s)) {
            best = f;
            least = clocks;
        }
    }
    return best;
}

const struct opencl_fused *opencl_fused_images(struct opencl *cl, const struct opencl_tiles *source,
                                               const struct opencl_tiles *result, size_t tiles)
{
    const struct sums s = { .taps = ISO_WINOGRAD_SIDE + 1 - source->step,
                            .channels = source->c,
                            .across = tiles,
                            .filters = (size_t)result->c,
                            .terms = (size_t)source->c,
                            .deep = 1,
                            .points = (double)tiles * POINTS * (source->c + result->c) };
    return choose(cl, &s);
}

const struct opencl_fused *opencl_fused_rows(struct opencl *cl, const struct opencl_tiles *source,
                                             const struct opencl_tiles *gradient, size_t tiles)
{
    const struct iso_rows r = { (iso_rowno)tiles, source->image_tiles };
    const size_t groups = (size_t)iso_group_count(r);
    const struct sums s = { .rows = true,
                            .channels = source->c,
                            .across = (size_t)source->c,
                            .filters = (size_t)gradient->c,
                            .terms = opencl_ceil(tiles, groups),
                            .deep = groups,
                            .points = (double)tiles * POINTS * (source->c + gradient->c) };
    return choose(cl, &s);
}

/* ---- Launches ---- */

static struct opencl_grid grid_of(const struct opencl_fused *f, size_t across, size_t filters,
                                  size_t deep)
{
    return (struct opencl_grid){ .groups = { opencl_ceil(across, TILES),
                                             opencl_ceil(filters, (size_t)f->filters), deep },
                                 .group = { (size_t)f->items, 1, 1 },
                                 .fixed = true };
}

size_t opencl_fused_work(const struct opencl_tiles *source, const struct opencl_tiles *result,
                         size_t tiles)
{
    enum { MOST_FILTERS = 32 };
    const size_t filters = opencl_ceil((size_t)result->c, MOST_FILTERS) * MOST_FILTERS;
    return source->c > ISO_BLOCK_CHANNELS ? opencl_ceil(tiles, TILES) * TILES * filters * POINTS
                                          : 0;
}

iso_rc opencl_run_fused_images(struct opencl *cl, const struct opencl_fused *f,
                               struct opencl_tiles source, struct opencl_tiles result,
                               struct opencl_at x, struct opencl_at u, struct opencl_at m,
                               struct opencl_at bias, struct opencl_at y)
{
    return opencl_launch(
        cl, f->program, images, grid_of(f, (size_t)source.tiles, (size_t)result.c, 1),
        ARGS(arg_at(x), arg_at(u), arg_at(m), arg_at(bias), arg_at(y),
             arg_struct(&source, sizeof source), arg_struct(&result, sizeof result)));
}

iso_rc opencl_run_fused_taps(struct opencl *cl, const struct opencl_fused *f,
                             struct opencl_tiles source, struct opencl_tiles result,
                             struct opencl_tiles kernel, struct opencl_at x, struct opencl_at w,
                             struct opencl_at m, struct opencl_at bias, struct opencl_at y)
{
    return opencl_launch(
        cl, f->program, taps, grid_of(f, (size_t)source.tiles, (size_t)result.c, 1),
        ARGS(arg_at(x), arg_at(w), arg_at(m), arg_at(bias), arg_at(y),
             arg_struct(&source, sizeof source), arg_struct(&result, sizeof result),
             arg_struct(&kernel, sizeof kernel)));
}

iso_rc opencl_run_fused_rows(struct opencl *cl, const struct opencl_fused *f,
                             struct opencl_tiles source, struct opencl_tiles gradient,
                             const struct opencl_bias *bias, size_t groups, struct opencl_at x,
                             struct opencl_at dy, struct opencl_at sums)
{
    struct opencl_grid grid = grid_of(f, (size_t)source.c, (size_t)gradient.c, groups);
    grid.groups[0] += opencl_ceil(opencl_bias_groups(bias), grid.groups[1] * grid.groups[2]);
    return opencl_launch(
        cl, f->program, rows, grid,
        ARGS(arg_at(x), arg_at(dy), arg_at(sums), arg_struct(&source, sizeof source),
             arg_struct(&gradient, sizeof gradient), arg_struct(bias, sizeof *bias)));
}
