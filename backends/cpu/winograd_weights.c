/* winograd_weights.c: the kernel gradient of a convolution by Winograd's algorithm.
 *
 * Tiles are the rows of the sum (core/arithmetic/order.h). Work is divided over the results: a unit
 * is some channels by some filters. It transforms its channels of x and its filters of dy, one
 * block of tiles at a time, and adds up its own share of the 36 products, so that threads share
 * nothing they write; transforming a pixel in several units costs less than sums that cross
 * threads. */
#include "winograd_tiles.h"

enum { MOST_CHANNELS = 64, MOST_FILTERS = 128 }; /* per unit */

struct job {
    struct iso_pixels x, dy;
    int64_t top, left;
    int k, tile;
    int64_t th, tw;        /* tiles of an image */
    struct iso_rows tiles; /* the rows of the sum */
    float *dkernel;
    bool add;
    int64_t channels, filters; /* per unit; the last may have fewer */
    int64_t channel_units, filter_units;
    int vectors, width;
    int64_t x_plane, dy_plane, sum_plane; /* floats from point to point */
    float *scratch;                       /* per thread: x, dy, two sums */
    int64_t scratch_floats, x_floats, dy_floats, sum_floats;
};

struct unit {
    const struct job *job;
    int64_t c0, channels, f0, filters, panels;
    float *x;             /* [36 planes][tile][channels] */
    float *dy;            /* one panel: [36 planes][tile][width] */
    float *group, *total; /* [36 planes][panel][channel][width] */
};

/* ---- Tiles ----------------------------------------------------------------------------------- */

/* One tile of dy, `n` filters of a panel from f on; to: [36 planes]. */
ISO_CPU_INLINE void pixels_tile(const struct job *job, struct iso_tile_place at, int64_t f,
                                int64_t n, const int tile, float *to)
{
    iso_vec d[16], t[POINTS];
    iso_load_square(&job->dy, at, f, n, tile, d);
    if (tile == 4)
        iso_vector_taps4_square(d, t);
    else
        iso_vector_taps2_square(d, t);
    ISO_CPU_UNROLL for (int i = 0; i < POINTS; i++) iso_vstore(to + i * job->dy_plane, t[i]);
}

/* One tile of panel p. */
static void transform_dy(const struct unit *u, int64_t p, int64_t tile, float *to)
{
    const struct job *job = u->job;
    const struct iso_tile_place at = iso_tile_place(tile, job->th, job->tw, job->tile, 0, 0);
    for (int64_t i = 0; i < job->width; i += ISO_VEC) {
        const int64_t f = p * job->width + i, n = iso_min64(ISO_VEC, u->filters - f);
        if (n <= 0)
            for (int64_t point = 0; point < POINTS; point++)
                iso_vstore(to + i + point * job->dy_plane, iso_vset(0.0f));
        else if (job->tile == 4)
            pixels_tile(job, at, u->f0 + f, n, 4, to + i);
        else
            pixels_tile(job, at, u->f0 + f, n, 2, to + i);
    }
}

/* The products of a block's tiles in panel p, added to the group's. */
static void add_panel(const struct unit *u, int64_t p, int64_t ntiles, bool first)
{
    const struct job *job = u->job;
    const ptrdiff_t zero = 0;
    struct iso_tile t = { .as = 1,
                          .ak = iso_ceil_div(u->channels, ISO_VEC) * ISO_VEC,
                          .bk = job->width,
                          .cs = job->width,
                          .aoff = &zero,
                          .boff = &zero,
                          .len = &ntiles,
                          .nsegments = 1,
                          .rows = (int)u->channels,
                          .cols = job->width,
                          .block = ISO_BLOCK_ROWS,
                          .add = !first };
    for (int64_t i = 0; i < POINTS; i++) {
        t.a = u->x + i * job->x_plane;
        t.b = u->dy + i * job->dy_plane;
        t.c = u->group + i * job->sum_plane + p * u->channels * job->width;
        ISO_CPU(tile_run)(&t, job->vectors);
    }
}

/* Sums the tiles of a block: transforms those of x once and those of dy panel by panel, so that
 * they are still in the cache when they are multiplied. */
static void add_block(const struct unit *u, int64_t begin, int64_t end, bool first)
{
    const struct job *job = u->job;
    const int64_t stride = iso_ceil_div(u->channels, ISO_VEC) * ISO_VEC;
    for (int64_t t = begin; t < end; t++)
        iso_source_tile(&job->x,
                        iso_tile_place(t, job->th, job->tw, job->tile, job->top, job->left), u->c0,
                        u->c0 + u->channels, u->x + (t - begin) * stride, job->x_plane);
    for (int64_t p = 0; p < u->panels; p++) {
        for (int64_t t = begin; t < end; t++)
            transform_dy(u, p, t, u->dy + (t - begin) * job->width);
        add_panel(u, p, end - begin, first);
    }
}

/* ---- The kernel ------------------------------------------------------------------------------ */

/* `n` filters from f on of one channel, from their 36 sums. */
ISO_CPU_INLINE void result_taps(const struct job *job, const float *sum, int64_t c, int64_t f,
                                int64_t n, const int k)
{
    iso_vec d[POINTS], t[25];
    ISO_CPU_UNROLL for (int i = 0; i < POINTS; i++) d[i] = iso_vload(sum + i * job->sum_plane);
    if (k == 3)
        iso_vector_result3_square(d, t);
    else
        iso_vector_result5_square(d, t);
    for (int i = 0; i < k * k; i++) {
        float *to = job->dkernel + (i * job->x.channels + c) * job->dy.channels + f;
        iso_vec sum_of = iso_vadd(t[i], iso_vset(0.0f)); /* a sum never ends in -0 */
        if (job->add)
            sum_of = iso_vadd(iso_vload_part(to, n), sum_of);
        iso_vstore_part(to, sum_of, n);
    }
}

static void put_kernel(const struct unit *u, const float *sums)
{
    const struct job *job = u->job;
    for (int64_t c = 0; c < u->channels; c++)
        for (int64_t f = 0; f < u->filters; f += ISO_VEC) {
            const int64_t n = iso_min64(ISO_VEC, u->filters - f);
            const float *sum =
                sums + (f / job->width * u->channels + c) * job->width + f % job->width;
            if (job->k == 3)
                result_taps(job, sum, u->c0 + c, u->f0 + f, n, 3);
            else
                result_taps(job, sum, u->c0 + c, u->f0 + f, n, 5);
        }
}

static struct unit unit_of(const struct job *job, int64_t index, int thread)
{
    float *x = job->scratch + thread * job->scratch_floats;
    struct unit u = { .job = job,
                      .c0 = index / job->filter_units * job->channels,
                      .f0 = index % job->filter_units * job->filters,
                      .x = x,
                      .dy = x + job->x_floats,
                      .group = x + job->x_floats + job->dy_floats,
                      .total = x + job->x_floats + job->dy_floats + job->sum_floats };
    u.channels = iso_min64(job->channels, job->x.channels - u.c0);
    u.filters = iso_min64(job->filters, job->dy.channels - u.f0);
    u.panels = iso_ceil_div(u.filters, job->width);
    return u;
}

static void run_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const struct unit u = unit_of(job, index, thread);
    const bool one_group = iso_group_end(job->tiles, 0) == job->tiles.rows;
    for (int64_t g = 0, ge; g < job->tiles.rows; g = ge) {
        ge = iso_group_end(job->tiles, g);
        for (int64_t b = g, be; b < ge; b = be) {
            be = iso_block_end(job->tiles, b);
            add_block(&u, b, be, b == g);
        }
        if (!one_group)
            iso_cpu_store(u.total, u.group, job->sum_floats, g > 0);
    }
    put_kernel(&u, one_group ? u.group : u.total);
}

/* ---- The pass -------------------------------------------------------------------------------- */

/* Units of about equal size, a multiple for the threads; channels are divided before filters,
 * because dy is transformed again for each share of the channels, and costs less than x. */
static void divide(struct job *job, int threads)
{
    const int64_t c = job->x.channels, f = job->dy.channels;
    job->channel_units = iso_ceil_div(c, MOST_CHANNELS);
    job->filter_units = iso_ceil_div(f, MOST_FILTERS);
    for (;;) {
        const int64_t units = job->channel_units * job->filter_units;
        job->channels = iso_ceil_div(iso_ceil_div(c, job->channel_units), ISO_VEC) * ISO_VEC;
        job->filters = iso_ceil_div(iso_ceil_div(f, job->filter_units), ISO_VEC) * ISO_VEC;
        if (units % threads == 0 || units >= 4 * threads)
            break;
        if (job->channels > ISO_VEC)
            job->channel_units = iso_ceil_div(c, job->channels - ISO_VEC);
        else if (job->filters > ISO_VEC)
            job->filter_units = iso_ceil_div(f, job->filters - ISO_VEC);
        else
            break;
    }
    job->channel_units = iso_ceil_div(c, job->channels);
    job->filter_units = iso_ceil_div(f, job->filters);
}

static struct job job_of(const struct iso_window *w, int64_t filters, int threads)
{
    struct job job = { .x = { .h = w->h, .w = w->w, .channels = w->c },
                       .dy = { .h = w->oh, .w = w->ow, .channels = filters },
                       .top = w->top,
                       .left = w->left,
                       .k = (int)w->kh,
                       .tile = ISO_WINOGRAD_TILE((int)w->kh) };
    job.th = iso_ceil_div(w->oh, job.tile);
    job.tw = iso_ceil_div(w->ow, job.tile);
    job.tiles = (struct iso_rows){ w->n * job.th * job.tw, job.th * job.tw };
    divide(&job, threads);
    job.vectors = iso_tile_vectors(job.filters, ISO_TILE2);
    job.width = job.vectors * ISO_VEC;
    const int64_t tiles = iso_min64(job.tiles.rows, iso_block_rows(job.tiles));
    const int64_t columns = iso_ceil_div(job.filters, job.width) * job.width;
    job.x_plane = iso_winograd_plane(tiles * job.channels);
    job.dy_plane = iso_winograd_plane(tiles * job.width);
    job.sum_plane = iso_winograd_plane(job.channels * columns);
    job.x_floats = POINTS * job.x_plane;
    job.dy_floats = POINTS * job.dy_plane;
    job.sum_floats = POINTS * job.sum_plane;
    const int sums = iso_group_end(job.tiles, 0) == job.tiles.rows ? 1 : 2;
    job.scratch_floats = job.x_floats + job.dy_floats + sums * job.sum_floats;
    return job;
}

size_t ISO_CPU(winograd_kernel_gradient_workspace)(const struct iso_window *w, int64_t filters,
                                                   bool add, int threads)
{
    (void)add;
    return (size_t)(threads * job_of(w, filters, threads).scratch_floats) * sizeof(float);
}

void ISO_CPU(winograd_kernel_gradient)(struct iso_team *team, const struct iso_window *w,
                                       int64_t filters, const float *x, const float *dy, bool add,
                                       float *dkernel, void *workspace)
{
    struct job job = job_of(w, filters, iso_team_size(team));
    job.x.at = x;
    job.dy.at = dy;
    job.dkernel = dkernel;
    job.add = add;
    job.scratch = workspace;
    iso_team_run(team, job.channel_units * job.filter_units, run_unit, &job);
}
