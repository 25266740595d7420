/* winograd_fused.c: queues Winograd's convolution as one kernel, where that is faster. */
#include <string.h>
#include "winograd_fused.h"
#include "grids.h"
#include "core/arithmetic/order.h"
#include "core/arithmetic/winograd.h"

/* As in the kernels. */
enum { TILES = 16, STEP = 4, PITCH_V = 20, POINTS = ISO_WINOGRAD_POINTS };

static const char images[] = "winograd_fused", rows[] = "winograd_fused_rows";

static int items_of(const struct opencl_fused *f) { return f->filters / 4 * POINTS; }

static int local_bytes(const struct opencl_fused *f)
{
    const int places = (ISO_BLOCK_ROWS + STEP) * 2 * (int)sizeof(iso_i32);
    return POINTS * STEP * (PITCH_V + f->filters) * (int)sizeof(float) + places;
}

/* ---- Choice ---- */

/* A launch: sums at all points, of `across` tiles or channels by `filters`, each of `terms`, for
 * each of `deep` groups of tiles. points: floats that transforms would write and products read, and
 * the other way round. */
struct launch {
    const char *kernel;
    size_t across, filters, terms, deep;
    double points;
};

/* Estimates of the multiply-adds and the bytes of memory a unit of a GPU does in a clock, and of
 * the shares of the first that the audit finds in the loops of these kernels and of products. */
static const double FMA = 128, BYTES = 8, FUSED_SHARE = 0.55, PRODUCT_SHARE = 0.85;

/* Return clocks: of whole work-groups, in whole rounds over the units. */
static double fused_clocks(const struct opencl_fused *f, const struct launch *l, size_t units)
{
    const size_t groups =
        opencl_ceil(l->across, TILES) * opencl_ceil(l->filters, (size_t)f->filters) * l->deep;
    const double sums = (double)(POINTS * TILES * f->filters);
    return (double)opencl_ceil(groups, units) * sums * (double)l->terms / (FMA * FUSED_SHARE);
}

static double apart_clocks(const struct launch *l, size_t units)
{
    enum { SIDE = 64 };
    const size_t groups =
        opencl_ceil(l->across, SIDE) * opencl_ceil(l->filters, SIDE) * POINTS * l->deep;
    const double products = (double)opencl_ceil(groups, units) * SIDE * SIDE * (double)l->terms;
    const double bytes = 2 * sizeof(float) * l->points;
    return products / (FMA * PRODUCT_SHARE) + bytes / ((double)units * BYTES);
}

static const struct opencl_fused *choose(struct opencl *cl, const struct launch *l,
                                         int64_t channels)
{
    const char *forced = iso_environment(ISO_ENV_OPENCL_VARIANT);
    const size_t units = (size_t)(cl->base.device.units > 0 ? cl->base.device.units : 1);
    if (cl->shape != OPENCL_SHAPE_GPU || channels % 4 != 0 || l->filters % 4 != 0 ||
        !opencl_may_fuse_winograd(cl))
        return NULL;
    for (const struct opencl_fused *f = opencl_fused; f->name != NULL; f++) {
        const bool wanted = forced != NULL ? strcmp(f->name, forced) == 0
                                           : fused_clocks(f, l, units) < apart_clocks(l, units);
        if (wanted && opencl_kernel_usable(cl, f->program, l->kernel, items_of(f), local_bytes(f)))
            return f;
    }
    return NULL;
}

const struct opencl_fused *opencl_fused_images(struct opencl *cl, const struct opencl_tiles *source,
                                               const struct opencl_tiles *result, size_t tiles)
{
    const struct launch l = { images,
                              tiles,
                              (size_t)result->c,
                              (size_t)source->c,
                              1,
                              (double)tiles * POINTS * (source->c + result->c) };
    return choose(cl, &l, source->c);
}

const struct opencl_fused *opencl_fused_rows(struct opencl *cl, const struct opencl_tiles *source,
                                             const struct opencl_tiles *gradient, size_t tiles)
{
    const struct iso_rows r = { (iso_rowno)tiles, source->image_tiles };
    const size_t groups = (size_t)iso_group_count(r);
    const struct launch l = { rows,
                              (size_t)source->c,
                              (size_t)gradient->c,
                              opencl_ceil(tiles, groups),
                              groups,
                              (double)tiles * POINTS * (source->c + gradient->c) };
    return choose(cl, &l, source->c);
}

/* ---- Launches ---- */

static struct opencl_grid grid_of(const struct opencl_fused *f, size_t across, size_t filters,
                                  size_t deep)
{
    return (struct opencl_grid){ .groups = { opencl_ceil(across, TILES),
                                             opencl_ceil(filters, (size_t)f->filters), deep },
                                 .group = { (size_t)items_of(f), 1, 1 },
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

iso_rc opencl_run_fused_rows(struct opencl *cl, const struct opencl_fused *f,
                             struct opencl_tiles source, struct opencl_tiles gradient,
                             size_t groups, struct opencl_at x, struct opencl_at dy,
                             struct opencl_at sums)
{
    return opencl_launch(
        cl, f->program, rows, grid_of(f, (size_t)source.c, (size_t)gradient.c, groups),
        ARGS(arg_at(x), arg_at(dy), arg_at(sums), arg_struct(&source, sizeof source),
             arg_struct(&gradient, sizeof gradient)));
}
