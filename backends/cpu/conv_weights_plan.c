/* conv_weights_plan.c: divides the gradient of a kernel among threads, and plans the copies that
 * each makes and their memory. */
#include "conv_weights.h"

enum {
    SLICE = 16,              /* channels of a slice are a multiple of this */
    CACHE_BYTES = 384 << 10, /* size of x and dy together that stays in the second-level cache, */
    LEAST_ROWS = 512,        /* but with at least this many rows for each load of the sums */
    SLICE_BYTES = 512 << 10, /* size of one image of a slice */
    SHORT_ROW = 16,
    DEEP = 64,                /* output columns and channels from which images are spread */
    LONG_ROW = 128,           /* filters from which rows of dy lie too far apart */
    BY_GROUP_MOST = 80 << 10, /* most results for work divided over groups, */
    GROUPS_AT_ONCE = 4,       /* with the sums of this many kept per thread, or more */
    GROUP_FLOATS = 1 << 19    /* if those are small */
};

/* ---- Geometry ------------------------------------------------------------------------------ */

/* Columns of a copy from one output pixel to the next. */
static int64_t column_step(const struct iso_conv_weights *job)
{
    return job->spread ? 1 : job->w.sw;
}

/* Divides the rows of the sum as core/arithmetic/order.h defines. */
static void set_order(struct iso_conv_weights *job)
{
    const struct iso_window *w = &job->w;
    const struct iso_rows r = { w->n * w->oh * w->ow, w->oh * w->ow };
    job->members = iso_max64(1, iso_block_rows(r) / r.image);
    job->lots = iso_ceil_div(w->n, job->members);
    job->rows = job->members * r.image;
    job->tail = r.rows - (job->lots - 1) * job->rows;
    job->nblocks = iso_ceil_div(job->rows, ISO_BLOCK_ROWS);
    job->group_lots = iso_max64(1, iso_group_rows(r) / job->rows);
    job->group_blocks = iso_min64(job->nblocks, ISO_GROUP_BLOCKS);
}

/* Pixels lie end to end along an image's row, through an image, or, where nothing lies between two
 * images, through a lot; images of one pixel are the columns of one row. */
static void set_lines(struct iso_conv_weights *job)
{
    const struct iso_window *w = &job->w;
    const bool through_image = w->oh * w->ow == 1 ||
                               (w->sh == 1 && job->pw == w->ow * column_step(job));
    const bool through_lot = w->oh * w->ow == 1 ||
                             (through_image && job->ph == w->oh && job->planes == 1);
    job->line = through_lot ? job->rows : through_image ? w->oh * w->ow : w->ow;
    job->lines = job->rows / job->line;
}

static void set_geometry(struct iso_conv_weights *job, const struct iso_window *w, int64_t filters)
{
    *job = (struct iso_conv_weights){ .w = *w, .filters = filters, .depth = w->kh * w->kw * w->c };
    job->spread = w->oh * w->ow > 1 && w->kw > 1 && w->ow < SHORT_ROW && w->c >= DEEP;
    const bool merged = w->dw == 1 && !job->spread; /* kx and channel are one contiguous segment */
    job->planes = job->spread ? w->kw : 1;
    job->ph = (w->oh - 1) * w->sh + (w->kh - 1) * w->dh + 1;
    job->pw = job->spread ? w->ow : (w->ow - 1) * w->sw + (w->kw - 1) * w->dw + 1;
    job->tap_lines = merged ? w->kh : w->kh * w->kw;
    job->taps = merged ? w->kw : 1;
    set_order(job);
    set_lines(job);
}

/* Returns how evenly units are divided over threads; 1 is even. */
static double evenness(int64_t units, int threads)
{
    return (double)units / (double)(iso_ceil_div(units, threads) * threads);
}

static void set_panels(struct iso_conv_weights *job, int vectors)
{
    job->vectors = vectors;
    job->width = vectors * ISO_VEC;
    job->panels = iso_ceil_div(job->filters, job->width);
    job->packed = job->filters % job->width != 0 || job->filters >= LONG_ROW;
}

/* A thread takes a slice of the channels, or a share of the panels of filters. */
static void divide_by_result(struct iso_conv_weights *job, int threads)
{
    const int64_t c = job->w.c;
    const int64_t pixels = job->members * job->planes * job->ph * job->pw;
    const int64_t most = iso_max64(SLICE, SLICE_BYTES / 4 / pixels / SLICE * SLICE);
    const int64_t even = iso_ceil_div(iso_ceil_div(c, 2 * threads), SLICE) * SLICE;
    job->by_group = job->in_place = false;
    job->channels = iso_min64(c, iso_min64(even, most));
    job->slices = iso_ceil_div(c, job->channels);
    const bool few = job->slices < threads && job->filters <= threads * 2 * ISO_VEC;
    set_panels(job, few ? 1 : iso_tile_vectors(job->filters, ISO_TILE2));
    job->splits =
        job->slices >= threads ? 1 : iso_min64(job->panels, iso_ceil_div(2 * threads, job->slices));
    const int64_t floats = pixels * job->channels + job->rows * job->width;
    const int64_t lots = iso_max64(iso_ceil_div(LEAST_ROWS, job->rows), CACHE_BYTES / (4 * floats));
    const int64_t groups = iso_max64(1, lots / job->group_lots);
    job->at_once = iso_min64(job->lots, groups * job->group_lots);
    job->one_block = job->lots * job->nblocks == 1 && (job->taps == 1 || job->slices == 1);
}

/* A thread takes groups: it reads x and dy once. */
static void divide_by_group(struct iso_conv_weights *job, int threads)
{
    const struct iso_window *w = &job->w;
    job->by_group = true;
    job->one_block = false;
    job->in_place = w->kh * w->kw == 1 && w->sh * w->sw == 1;
    job->channels = w->c;
    job->slices = job->splits = 1;
    set_panels(job, iso_tile_vectors(job->filters, ISO_TILE2));
    const int64_t kept =
        iso_max64(GROUPS_AT_ONCE * threads, GROUP_FLOATS / (job->depth * job->filters));
    job->at_once = iso_min64(job->lots, kept * job->group_lots);
}

/* True if the whole gradient stays in a thread's cache. */
static bool fits_group(const struct iso_conv_weights *job)
{
    return job->depth * job->filters <= BY_GROUP_MOST;
}

/* By groups where there are enough of them for the threads, or too few results. */
static void divide(struct iso_conv_weights *job, int threads)
{
    const double groups = evenness(iso_ceil_div(job->lots, job->group_lots), threads);
    divide_by_result(job, threads);
    if (fits_group(job) &&
        (groups >= 0.75 || groups > evenness(job->slices * job->splits, threads)))
        divide_by_group(job, threads);
}

static int64_t max_segments(const struct iso_conv_weights *job)
{
    return job->lines + job->nblocks;
}

void ISO_CPU(plan_conv_weights)(struct iso_conv_weights *job, const struct iso_window *w,
                                int64_t filters, bool add, int threads)
{
    set_geometry(job, w, filters);
    divide(job, threads);
    job->add = add;
}

/* ---- Workspace ----------------------------------------------------------------------------- */

static int64_t sixteens(int64_t floats) { return iso_ceil_div(floats, 16) * 16; }

/* Lays everything out from `work` on; returns the bytes it takes. */
static size_t carve(struct iso_conv_weights *job, char *work, int threads)
{
    const int64_t each = job->by_group ? 1 : job->at_once,
                  table = sixteens(2 * max_segments(job)) / 2;
    int64_t *at = (void *)work;
    for (int i = 0; i < 2; i++, at += 3 * table + sixteens(2 * (job->nblocks + 1)) / 2) {
        job->segments[i].aoff = (void *)at;
        job->segments[i].boff = (void *)(at + table);
        job->segments[i].len = at + 2 * table;
        job->segments[i].block = at + 3 * table;
    }
    const int64_t pixels = job->members * job->planes * job->ph * job->pw;
    const int64_t results = job->depth * job->filters;
    const int64_t packed = job->by_group ? iso_min64(job->rows, ISO_BLOCK_ROWS) : each * job->rows;
    job->x_floats = job->in_place ? 0 : sixteens(each * pixels * job->channels);
    job->panel_floats = job->packed ? sixteens(packed * job->width) : 0;
    job->sum_floats = job->tap_lines * job->taps * sixteens(job->channels) * job->width;
    const int64_t sums = job->by_group ? job->panels : job->one_block ? 0 : 2;
    job->scratch_floats = job->x_floats + job->panel_floats + sums * job->sum_floats;
    job->scratch = (void *)at;
    const int64_t total = job->by_group || (job->add && !job->one_block) ? sixteens(results) : 0;
    const int64_t groups = job->by_group ? iso_conv_groups(job, job->at_once) * results : 0;
    float *rest = job->scratch + threads * job->scratch_floats;
    job->total = total > 0 ? rest : job->dkernel;
    job->groups = rest + total;
    return (size_t)((char *)(job->groups + groups) - work);
}

/* Fewer images may be divided otherwise. */
size_t ISO_CPU(conv_kernel_gradient_workspace)(const struct iso_window *w, int64_t filters,
                                               bool add, int threads)
{
    struct iso_conv_weights job;
    ISO_CPU(plan_conv_weights)(&job, w, filters, add, threads);
    divide_by_result(&job, threads);
    const size_t by_result = carve(&job, NULL, threads);
    if (!fits_group(&job))
        return by_result + 64;
    divide_by_group(&job, threads);
    return iso_max_size(by_result, carve(&job, NULL, threads)) + 64;
}

/* Sets the segments of each block of a lot, in a copy of `channels` channels. */
static void plan_segments(const struct iso_conv_weights *job, int64_t channels,
                          struct iso_conv_segments *segments)
{
    const struct iso_window *w = &job->w;
    const int64_t ldb = job->packed ? job->width : job->filters, image_rows = w->oh * w->ow;
    const int64_t row_step = w->sh * job->pw * channels;
    const int64_t image = job->planes * job->ph * job->pw * channels;
    int64_t n = 0;
    segments->channels = channels;
    segments->lot = image * job->members;
    segments->column = image_rows == 1 ? image : column_step(job) * channels;
    for (int64_t b = 0; b < job->nblocks; b++) {
        const int64_t end = iso_min64(job->rows, (b + 1) * ISO_BLOCK_ROWS);
        segments->block[b] = n;
        for (int64_t row = b * ISO_BLOCK_ROWS; row < end; n++) {
            const int64_t in_line = row % job->line, pixel = row % image_rows;
            segments->aoff[n] = row / image_rows * image + pixel / w->ow * row_step +
                                pixel % w->ow * segments->column;
            segments->boff[n] = (row - b * ISO_BLOCK_ROWS) * ldb;
            segments->len[n] = iso_min64(job->line - in_line, end - row);
            row += segments->len[n];
        }
    }
    segments->block[job->nblocks] = n;
}

void ISO_CPU(lay_out_conv_weights)(struct iso_conv_weights *job, void *workspace, int threads)
{
    carve(job, workspace, threads);
    plan_segments(job, job->channels, &job->segments[0]);
    plan_segments(job, job->w.c - (job->slices - 1) * job->channels, &job->segments[1]);
}
