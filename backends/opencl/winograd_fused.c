/* winograd_fused.c: queues Winograd's convolution as one kernel, where that is faster. */
#include "winograd_fused.h"
#include "grids.h"
#include "tiles.h"
#include "core/order.h"
#include "core/winograd.h"

static const char program[] = "winograd_fused.cl";
static const char images[] = "winograd_fused", rows[] = "winograd_fused_rows";

/* As in the program; and its bytes of local memory. */
enum { TILES = 16, FILTERS = 32, ITEMS = 8 * ISO_WINOGRAD_POINTS };
enum { LOCAL_BYTES = ISO_WINOGRAD_POINTS * 4 * (20 + FILTERS) * 4 };

/* The fused kernel transforms a tile again for every FILTERS filters. With many channels and
 * filters that costs more than it takes to write the points and to read them again: in steps.py's
 * model of four GPUs, from some 500 of each on; half of that, since caches hold small layers. */
static bool is_faster(int64_t channels, int64_t filters)
{
    return channels * filters <= 128 * (channels + filters);
}

static bool fuses(struct opencl *cl, const char *kernel, int64_t channels, int64_t filters)
{
    return cl->shape == OPENCL_SHAPE_GPU && channels % 4 == 0 && filters % 4 == 0 &&
           is_faster(channels, filters) && opencl_may_fuse_winograd(cl) &&
           opencl_kernel_usable(cl, program, kernel, ITEMS, LOCAL_BYTES);
}

bool opencl_fuses_images(struct opencl *cl, const struct opencl_tiles *source,
                         const struct opencl_tiles *result)
{
    return fuses(cl, images, source->c, result->c);
}

bool opencl_fuses_rows(struct opencl *cl, const struct opencl_tiles *source,
                       const struct opencl_tiles *gradient)
{
    return fuses(cl, rows, source->c, gradient->c);
}

static struct opencl_grid grid_of(size_t across, size_t filters, size_t deep)
{
    return (struct opencl_grid){ .groups = { opencl_ceil(across, TILES),
                                             opencl_ceil(filters, FILTERS), deep },
                                 .group = { ITEMS, 1, 1 },
                                 .fixed = true };
}

size_t opencl_fused_work(const struct opencl_tiles *source, const struct opencl_tiles *result,
                         size_t tiles)
{
    const size_t groups = opencl_ceil(tiles, TILES) * opencl_ceil((size_t)result->c, FILTERS);
    return source->c > ISO_BLOCK_CHANNELS ? groups * ISO_WINOGRAD_POINTS * TILES * FILTERS : 0;
}

iso_rc opencl_fused_images(struct opencl *cl, struct opencl_tiles source,
                           struct opencl_tiles result, struct opencl_at x, struct opencl_at u,
                           struct opencl_at m, struct opencl_at bias, struct opencl_at y)
{
    return opencl_launch(cl, program, images, grid_of((size_t)source.tiles, (size_t)result.c, 1),
                         ARGS(arg_at(x), arg_at(u), arg_at(m), arg_at(bias), arg_at(y),
                              arg_struct(&source, sizeof source),
                              arg_struct(&result, sizeof result)));
}

iso_rc opencl_fused_rows(struct opencl *cl, struct opencl_tiles source,
                         struct opencl_tiles gradient, int64_t groups, struct opencl_at x,
                         struct opencl_at dy, struct opencl_at sums)
{
    return opencl_launch(
        cl, program, rows, grid_of((size_t)source.c, (size_t)gradient.c, (size_t)groups),
        ARGS(arg_at(x), arg_at(dy), arg_at(sums), arg_struct(&source, sizeof source),
             arg_struct(&gradient, sizeof gradient)));
}
