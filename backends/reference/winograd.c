/* winograd.c: conv2d's three passes by Winograd's algorithm, as core/arithmetic/winograd.h says it.
 *
 * Tiles are taken TILES at a time; what belongs to a point lies together:
 *
 *   u [36][channels][filters]    the kernel
 *   v [36][TILES][channels]      tiles of the source
 *   m [36][TILES][filters]       the sums over channels of v u */
#include "winograd.h"
#include "core/arithmetic/winograd.h"
#include "matrices.h"
#ifndef ISO_DOUBLE

enum { POINTS = ISO_WINOGRAD_POINTS, TILES = ISO_BLOCK_ROWS, TAPS_MOST = 25 };

/* A correlation with a kernel of k x k taps. */
struct correlation {
    int64_t k, tile;              /* tile: results per side of a tile */
    int64_t h, w, channels;       /* size of the source */
    int64_t oh, ow, filters;      /* size of the result */
    int64_t top, left;            /* pixels outside the source that result (0, 0) reads */
    int64_t across, image, tiles; /* tiles per row, per image, and in total */
};

static struct correlation with_tiles(struct correlation c, int64_t images)
{
    c.tile = ISO_WINOGRAD_TILE(c.k);
    c.across = (c.ow + c.tile - 1) / c.tile;
    c.image = (c.oh + c.tile - 1) / c.tile * c.across;
    c.tiles = c.image * images;
    return c;
}

static struct correlation forward_of(const struct iso_window *g, int64_t filters)
{
    return with_tiles((struct correlation){ .k = g->kh,
                                            .h = g->h,
                                            .w = g->w,
                                            .channels = g->c,
                                            .oh = g->oh,
                                            .ow = g->ow,
                                            .filters = filters,
                                            .top = g->top,
                                            .left = g->left },
                      g->n);
}

/* Returns the correlation of dy with the rotated kernel. */
static struct correlation input_gradient_of(const struct iso_window *g, int64_t filters)
{
    return with_tiles((struct correlation){ .k = g->kh,
                                            .h = g->oh,
                                            .w = g->ow,
                                            .channels = filters,
                                            .oh = g->h,
                                            .ow = g->w,
                                            .filters = g->c,
                                            .top = g->kh - 1 - g->top,
                                            .left = g->kw - 1 - g->left },
                      g->n);
}

int64_t ISO_KERNEL(winograd_reals)(const struct iso_window *g, int64_t filters, enum iso_pass pass)
{
    const int64_t tiles = TILES * (g->c + filters), kernel = g->c * filters;
    const int64_t sums = pass == ISO_FORWARD ? 1 : 1 + ISO_REF_BLOCKS_WORK;
    return POINTS * (tiles + sums * kernel);
}

/* The transforms that differ with their number of taps, or of results. */
static void taps(int64_t n, const iso_real *in, iso_real *out)
{
    switch (n) {
    case 2: iso_winograd_taps2_square(in, out); break;
    case 3: iso_winograd_taps3_square(in, out); break;
    case 4: iso_winograd_taps4_square(in, out); break;
    default: iso_winograd_taps5_square(in, out);
    }
}
static void result(int64_t n, const iso_real *in, iso_real *out)
{
    switch (n) {
    case 2: iso_winograd_result2_square(in, out); break;
    case 3: iso_winograd_result3_square(in, out); break;
    case 4: iso_winograd_result4_square(in, out); break;
    default: iso_winograd_result5_square(in, out);
    }
}

/* 36 numbers to their points and back; `next` is from one point to the next. */
static void spread(const iso_real point[POINTS], int64_t next, iso_real *to)
{
    for (int64_t p = 0; p < POINTS; p++)
        to[p * next] = point[p];
}
static void collect(const iso_real *from, int64_t next, iso_real point[POINTS])
{
    for (int64_t p = 0; p < POINTS; p++)
        point[p] = from[p * next];
}

/* The pixels of one channel from (y0, x0) on, `side` a side; +0 outside of the image [h, w]. */
static void square(const iso_real *image, int64_t h, int64_t w, int64_t channels, int64_t y0,
                   int64_t x0, int64_t side, iso_real *pixels)
{
    for (int64_t y = y0; y < y0 + side; y++)
        for (int64_t x = x0; x < x0 + side; x++) {
            bool inside = y >= 0 && y < h && x >= 0 && x < w;
            *pixels++ = inside ? image[(y * w + x) * channels] : ISO_R(0.0);
        }
}

/* u, from a kernel [k, k, channels, filters], or for the input gradient [k, k, filters, channels]
 * turned by 180 degrees. */
static void transform_kernel(const struct correlation *c, const iso_real *kernel, bool turned,
                             iso_real *u)
{
    iso_real tap[TAPS_MOST], point[POINTS];
    const int64_t count = c->channels * c->filters, size = c->k * c->k;
    for (int64_t i = 0; i < count; i++) {
        int64_t channel = i / c->filters, filter = i % c->filters;
        int64_t at = turned ? filter * c->channels + channel : i;
        for (int64_t t = 0; t < size; t++)
            tap[t] = kernel[(turned ? size - 1 - t : t) * count + at];
        taps(c->k, tap, point);
        spread(point, count, u + i);
    }
}

/* v, for the tiles [begin, end). */
static void transform_source(const struct correlation *c, const iso_real *x, int64_t begin,
                             int64_t end, iso_real *v)
{
    iso_real pixel[POINTS], point[POINTS];
    for (int64_t t = begin; t < end; t++)
        for (int64_t i = 0; i < c->channels; i++) {
            square(x + t / c->image * c->h * c->w * c->channels + i, c->h, c->w, c->channels,
                   t % c->image / c->across * c->tile - c->top, t % c->across * c->tile - c->left,
                   ISO_WINOGRAD_SIDE, pixel);
            iso_winograd_source_square(pixel, point);
            spread(point, TILES * c->channels, v + (t - begin) * c->channels + i);
        }
}

/* The results of tile t, from m + its place among the tiles. */
static void transform_result(const struct correlation *c, const iso_real *m, int64_t t, bool add,
                             iso_real *y)
{
    iso_real point[POINTS], tile[ISO_WINOGRAD_SIDE * ISO_WINOGRAD_SIDE];
    const int64_t oy = t % c->image / c->across * c->tile, ox = t % c->across * c->tile;
    for (int64_t f = 0; f < c->filters; f++) {
        collect(m + f, TILES * c->filters, point);
        result(c->tile, point, tile);
        for (int64_t i = 0; i < c->tile && oy + i < c->oh; i++)
            for (int64_t j = 0; j < c->tile && ox + j < c->ow; j++)
                ref_put(&y[((t / c->image * c->oh + oy + i) * c->ow + ox + j) * c->filters + f],
                        tile[i * c->tile + j] + ISO_R(0.0), add);
    }
}

/* Computes m of some tiles: at each point, sums over channels. */
static void multiply(const struct correlation *c, int64_t tiles, const iso_real *u,
                     const iso_real *v, iso_real *m)
{
    ref_zero(m, POINTS * TILES * c->filters);
    for (int64_t p = 0; p < POINTS; p++) {
        const struct ref_matrices products = { .rows = tiles,
                                               .columns = c->filters,
                                               .terms = c->channels,
                                               .block = ISO_BLOCK_CHANNELS,
                                               .x = v + p * TILES * c->channels,
                                               .x_row = c->channels,
                                               .x_term = 1,
                                               .w = u + p * c->channels * c->filters,
                                               .y = m + p * TILES * c->filters,
                                               .y_row = c->filters };
        ISO_KERNEL(add_products)(&products);
    }
}

static void correlate(const struct correlation *c, const iso_real *x, const iso_real *kernel,
                      bool turned, iso_real *work, bool add, iso_real *y)
{
    iso_real *u = work, *v = u + POINTS * c->channels * c->filters;
    iso_real *m = v + POINTS * TILES * c->channels;
    transform_kernel(c, kernel, turned, u);
    for (int64_t begin = 0; begin < c->tiles; begin += TILES) {
        const int64_t end = begin + TILES < c->tiles ? begin + TILES : c->tiles;
        transform_source(c, x, begin, end, v);
        multiply(c, end - begin, u, v, m);
        for (int64_t t = begin; t < end; t++)
            transform_result(c, m + (t - begin) * c->filters, t, add, y);
    }
}

void ISO_KERNEL(winograd_forward)(const struct iso_call *call, const struct iso_window *g,
                                  int64_t filters)
{
    const struct correlation c = forward_of(g, filters);
    correlate(&c, ref_real(&call->x[0]), ref_real(&call->w[0]), false, ref_work(call, 0), false,
              ref_real(&call->y[0]));
}

void ISO_KERNEL(winograd_input_gradient)(const struct iso_call *call, const struct iso_window *g,
                                         int64_t filters)
{
    const struct correlation c = input_gradient_of(g, filters);
    correlate(&c, ref_real(&call->dy[0]), ref_real(&call->w[0]), true, ref_work(call, 0),
              call->add_dx[0], ref_real(&call->dx[0]));
}

/* The inputs of the kernel's gradient and the buffers of a block of tiles. */
struct kernel_sums {
    struct correlation c;
    const iso_real *x, *dy;
    iso_real *v, *w; /* w [36][TILES][filters]: the tiles of dy */
};

/* w, for the tiles [begin, end): the pixels of dy in the place of taps. */
static void transform_gradient(const struct correlation *c, const iso_real *dy, int64_t begin,
                               int64_t end, iso_real *w)
{
    iso_real pixel[TAPS_MOST], point[POINTS];
    for (int64_t t = begin; t < end; t++)
        for (int64_t f = 0; f < c->filters; f++) {
            square(dy + t / c->image * c->oh * c->ow * c->filters + f, c->oh, c->ow, c->filters,
                   t % c->image / c->across * c->tile, t % c->across * c->tile, c->tile, pixel);
            taps(c->tile, pixel, point);
            spread(point, TILES * c->filters, w + (t - begin) * c->filters + f);
        }
}

static void add_block(const void *from, int64_t begin, int64_t end, iso_real *block)
{
    const struct kernel_sums *s = from;
    const int64_t channels = s->c.channels, filters = s->c.filters;
    transform_source(&s->c, s->x, begin, end, s->v);
    transform_gradient(&s->c, s->dy, begin, end, s->w);
    for (int64_t p = 0; p < POINTS; p++) {
        const struct ref_matrices products = { .rows = channels,
                                               .columns = filters,
                                               .terms = end - begin,
                                               .block = ISO_BLOCK_ROWS,
                                               .x = s->v + p * TILES * channels,
                                               .x_row = 1,
                                               .x_term = channels,
                                               .w = s->w + p * TILES * filters,
                                               .y = block + p * channels * filters,
                                               .y_row = filters };
        ISO_KERNEL(add_products)(&products);
    }
}

void ISO_KERNEL(winograd_kernel_gradient)(const struct iso_call *call, const struct iso_window *g,
                                          int64_t filters)
{
    const struct correlation c = forward_of(g, filters);
    const int64_t count = c.channels * c.filters;
    iso_real *m = ref_work(call, 0), *work = m + POINTS * count;
    iso_real *v = work + ISO_REF_BLOCKS_WORK * POINTS * count, *w = v + POINTS * TILES * c.channels;
    iso_real *dkernel = ref_real(&call->dw[0]), point[POINTS], tap[TAPS_MOST];
    const struct kernel_sums sums = { c, ref_real(&call->x[0]), ref_real(&call->dy[0]), v, w };
    const struct ref_blocks blocks = { .rows = { c.tiles, c.image },
                                       .count = POINTS * count,
                                       .add = add_block,
                                       .from = &sums,
                                       .work = work };
    ISO_KERNEL(sum_blocks)(&blocks, m, false);
    for (int64_t i = 0; i < count; i++) {
        collect(m + i, count, point);
        result(c.k, point, tap);
        for (int64_t t = 0; t < c.k * c.k; t++)
            ref_put(&dkernel[t * count + i], tap[t] + ISO_R(0.0), call->add_dw[0]);
    }
}
#endif
