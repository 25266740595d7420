/* conv_weights.c: the kernel gradient: sums over output pixels, in blocks of ISO_BLOCK_ROWS that
 * start anew at each image. A tile holds some (kx, channel) by some filters; a block is one chain,
 * whose runs are the pieces of image rows it covers.
 *
 * Work is divided over the results. Where there are too few of them for the threads, it is divided
 * over images: block sums go to memory and are added up, in ascending order, afterwards. */
#include "conv.h"

enum {
    /* Of x and dy. Every unit reads all of a chunk, from the nearer cache when it is small; but
     * each chunk is added to the whole gradient once, so a large gradient wants larger chunks. */
    CHUNK_BYTES = 1 << 20, CHUNK_BYTES_MOST = 4 << 20,
    TILES_PER_UNIT = 4, LONG_ROW = 512, SUMS_PER_UNIT = 2048
};

struct job {
    struct iso_window w;
    int64_t filters, depth;
    const float *x, *dy;
    bool border, packed;               /* x is copied with its border; dy into panels */
    int64_t ph, pw;                    /* of an image as the tiles read it */
    int64_t images, oh, ow;            /* images that blocks start anew at, and their rows */
    int64_t arow, acol, aimage;        /* elements from one output row, pixel, image to the next */
    int64_t ranges, range;             /* contiguous pieces of depth, and their length */
    int vectors, width;
    int64_t panels, pieces, piece;     /* units along a range, and their rows */
    int64_t nblocks;                   /* of an image */
    ptrdiff_t *aoff, *boff; int64_t *len, *block;      /* segments; block[i]: the first of block
                                                          i */
    float *padded, *panel;             /* of a chunk */
    int64_t chunk, first, count;       /* images of a chunk; which are in place */
    float *total;                      /* [depth, filters], or block sums
                                          [images of a chunk][nblocks][depth, filters] */
    bool by_image;
};

/* ---- Geometry ------------------------------------------------------------------------------ */

static void set_geometry(struct job *job, const struct iso_window *w, int64_t filters)
{
    const bool merged = w->dw == 1;
    *job = (struct job){ .w = *w, .filters = filters, .depth = w->kh * w->kw * w->c };
    job->ph = (w->oh - 1) * w->sh + (w->kh - 1) * w->dh + 1;
    job->pw = (w->ow - 1) * w->sw + (w->kw - 1) * w->dw + 1;
    job->border = w->top > 0 || w->left > 0 || job->ph > w->h || job->pw > w->w;
    if (!job->border) {
        job->ph = w->h;
        job->pw = w->w;
    }
    job->ranges = merged ? w->kh : w->kh * w->kw;
    job->range = merged ? w->kw * w->c : w->c;
    job->images = w->n;
    job->oh = w->oh;
    job->ow = w->ow;
    job->acol = w->sw * w->c;
    job->arow = w->sh * job->pw * w->c;
    job->aimage = job->ph * job->pw * w->c;
    if (w->oh * w->ow == 1) {          /* one pixel an image: the rows are those of the batch */
        job->images = 1;
        job->ow = w->n;
        job->acol = job->aimage;
    } else if (job->arow == job->ow * job->acol) {
        job->ow *= job->oh;            /* rows of pixels lie end to end */
        job->oh = 1;
    }
}

static void set_division(struct job *job, int threads)
{
    job->vectors = iso_tile_vectors(job->filters, ISO_TILE2);
    job->width = job->vectors * ISO_VEC;
    job->panels = iso_ceil_div(job->filters, job->width);
    job->packed = job->filters % job->width != 0 || job->filters >= LONG_ROW;
    const int64_t tiles = iso_ceil_div(job->range, iso_tile_rows(job->vectors));
    const int64_t wanted = iso_ceil_div(8 * threads, job->ranges * job->panels);
    job->pieces = iso_max64(iso_ceil_div(tiles, TILES_PER_UNIT), iso_min64(tiles, wanted));
    job->piece = iso_ceil_div(job->range, job->pieces);
    job->nblocks = iso_ceil_div(job->oh * job->ow, ISO_BLOCK_ROWS);
    job->by_image = threads > 1 && job->images > 1 &&
                    job->ranges * job->pieces * job->panels < 4 * threads &&
                    job->depth * job->filters <= 16384;
    const int64_t rows = job->oh * job->ow, members = job->w.n / job->images;
    const int64_t floats = members * job->aimage + rows * job->panels * job->width;
    const int64_t gradient = 4 * job->depth * job->filters;
    const int64_t bytes = iso_max64(CHUNK_BYTES, iso_min64(CHUNK_BYTES_MOST, gradient));
    job->chunk = iso_max64(1, iso_min64(job->images, bytes / (4 * floats)));
    if (job->by_image)
        job->chunk = iso_min64(job->images, iso_max64(job->chunk, threads));
}

static int64_t max_segments(const struct job *job) { return job->oh + job->nblocks; }

static int64_t padded_floats(const struct job *job)
{
    const int64_t members = job->w.n / job->images;
    return job->border ? iso_ceil_div(job->chunk * members * job->aimage, 16) * 16 : 0;
}

static int64_t panel_floats(const struct job *job)
{
    return job->packed ? job->chunk * job->panels * job->oh * job->ow * job->width : 0;
}

static int64_t block_floats(const struct job *job)
{
    return job->by_image ? job->chunk * job->nblocks * job->depth * job->filters : 0;
}

/* The pieces of image rows each block of an image covers. */
static void plan_blocks(struct job *job)
{
    const int64_t rows = job->oh * job->ow, ldb = job->packed ? job->width : job->filters;
    int64_t n = 0;
    for (int64_t b = 0; b < job->nblocks; b++) {
        const int64_t end = iso_min64(rows, (b + 1) * ISO_BLOCK_ROWS);
        job->block[b] = n;
        for (int64_t row = b * ISO_BLOCK_ROWS; row < end; n++) {
            const int64_t oy = row / job->ow, ox = row % job->ow;
            job->aoff[n] = oy * job->arow + ox * job->acol;
            job->boff[n] = row * ldb;
            job->len[n] = iso_min64(job->ow - ox, end - row);
            row += job->len[n];
        }
    }
    job->block[job->nblocks] = n;
}

/* ---- Work ---------------------------------------------------------------------------------- */

static void pad_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const struct iso_window *w = &job->w;
    const int64_t members = w->n / job->images, n = job->first * members + index;
    float *to = job->padded + index * job->aimage;
    const int64_t copied = iso_min64(w->w, job->pw - w->left) * w->c;
    (void)thread;
    for (int64_t r = 0; r < job->ph; r++, to += job->pw * w->c) {
        const int64_t y = r - w->top;
        memset(to, 0, (size_t)(job->pw * w->c) * sizeof *to);
        if (y >= 0 && y < w->h)
            memcpy(to + w->left * w->c, job->x + (n * w->h + y) * w->w * w->c,
                   (size_t)copied * sizeof *to);
    }
}

static void pack_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const int64_t image = index / job->panels, p = index % job->panels, rows = job->oh * job->ow;
    const struct iso_gemm dy = { .n = job->filters, .ldw = job->filters,
                                 .w = job->dy + (job->first + image) * rows * job->filters };
    (void)thread;
    ISO_CPU(pack)(&dy, p * job->width, job->width, 0, rows, job->panel + index * rows * job->width);
}

/* One block of one image into rows [m0, m0 + rows) of a range, one panel of filters. */
static void block_tile(const struct job *job, int64_t image, int64_t block, int64_t range,
                       int64_t m0, int64_t rows, int64_t p, float *c, bool add)
{
    const struct iso_window *w = &job->w;
    const bool merged = w->dw == 1;
    const int64_t ky = merged ? range : range / w->kw, kx = merged ? 0 : range % w->kw;
    const int64_t pixels = job->oh * job->ow, s = job->block[block], j0 = p * job->width;
    const float *x = job->border ? job->padded + image * (w->n / job->images) * job->aimage
                                 : job->x + (job->first + image) * job->aimage;
    const struct iso_tile t = { .as = 1, .ak = job->acol, .cs = job->filters, .add = add,
        .a = x + (ky * w->dh * job->pw + kx * w->dw) * w->c + m0,
        .b = job->packed ? job->panel + (image * job->panels + p) * pixels * job->width
                         : job->dy + (job->first + image) * pixels * job->filters + j0,
        .bk = job->packed ? job->width : job->filters, .aoff = job->aoff + s, .boff = job->boff + s,
        .len = job->len + s, .nruns = (int)(job->block[block + 1] - s), .rows = (int)rows,
        .lanes = (int)iso_min64(job->width, job->filters - j0),
        .c = c + (range * job->range + m0) * job->filters + j0 };
    ISO_CPU(tile_run)(&t, job->vectors);
}

/* A unit of results: all blocks of the chunk's images, added to the total in ascending order. The
 * very first is stored: a tile adds +0 to its chain, as adding it to a total of +0 does. */
static void result_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const int64_t p = index % job->panels, r = index / job->panels;
    const int64_t m0 = r % job->pieces * job->piece, rows = iso_min64(job->piece, job->range - m0);
    (void)thread;
    for (int64_t i = 0; rows > 0 && i < job->count; i++)
        for (int64_t b = 0; b < job->nblocks; b++)
            block_tile(job, i, b, r / job->pieces, m0, rows, p, job->total,
                       job->first + i + b > 0);
}

static void image_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    (void)thread;
    for (int64_t b = 0; b < job->nblocks; b++)
        for (int64_t r = 0; r < job->ranges; r++)
            for (int64_t p = 0; p < job->panels; p++)
                block_tile(job, index, b, r, 0, job->range, p,
                           job->total + (1 + index * job->nblocks + b) * job->depth * job->filters,
                           false);
}

/* total += the block sums of the chunk, in ascending order. */
static void reduce_unit(void *data, int64_t unit, int thread)
{
    const struct job *job = data;
    const int64_t n = job->depth * job->filters, first = unit * SUMS_PER_UNIT;
    const int64_t last = iso_min64(n, first + SUMS_PER_UNIT);
    (void)thread;
    for (int64_t b = 1; b <= job->count * job->nblocks; b++)
        for (int64_t i = first; i < last; i++)
            job->total[i] += job->total[b * n + i];
}

static int64_t carve(struct job *job, char *work, bool add, float *dkernel)
{
    const int64_t segments = max_segments(job), n = job->depth * job->filters;
    char *at = work;
    job->aoff = (void *)at;
    job->boff = job->aoff + segments;
    job->len = job->boff + segments;
    job->block = job->len + segments;
    at += iso_ceil_div((3 * segments + job->nblocks + 1) * 8, 64) * 64;
    job->padded = (void *)at;
    job->panel = job->padded + padded_floats(job);
    float *rest = job->panel + iso_ceil_div(panel_floats(job), 16) * 16;
    job->total = add || job->by_image ? rest : dkernel;
    rest += add || job->by_image ? n + block_floats(job) : 0;
    return (char *)rest - work;
}

size_t ISO_CPU(conv_kernel_gradient_workspace)(const struct iso_window *w, int64_t filters,
                                               bool add, int threads)
{
    struct job job;
    set_geometry(&job, w, filters);
    set_division(&job, threads);
    const int64_t tables = iso_ceil_div((3 * max_segments(&job) + job.nblocks + 1) * 8, 64) * 64;
    const int64_t totals = add || job.by_image ? job.depth * filters + block_floats(&job) : 0;
    const int64_t panels = iso_ceil_div(panel_floats(&job), 16) * 16;
    return (size_t)(tables + 4 * (padded_floats(&job) + panels + totals)) + 64;
}

static void run_chunk(struct iso_team *team, struct job *job)
{
    const int64_t members = job->w.n / job->images;
    if (job->border)
        iso_team_run(team, job->count * members, pad_unit, job);
    if (job->packed)
        iso_team_run(team, job->count * job->panels, pack_unit, job);
    if (!job->by_image) {
        iso_team_run(team, job->ranges * job->pieces * job->panels, result_unit, job);
        return;
    }
    iso_team_run(team, job->count, image_unit, job);
    iso_team_run(team, iso_ceil_div(job->depth * job->filters, SUMS_PER_UNIT), reduce_unit, job);
}

void ISO_CPU(conv_kernel_gradient)(struct iso_team *team, const struct iso_window *w,
                                   int64_t filters, const float *x, const float *dy, bool add,
                                   float *dkernel, void *workspace)
{
    struct job job;
    set_geometry(&job, w, filters);
    set_division(&job, iso_team_size(team));
    carve(&job, workspace, add, dkernel);
    plan_blocks(&job);
    job.x = x;
    job.dy = dy;
    const int64_t n = job.depth * filters;
    if (job.by_image)
        memset(job.total, 0, (size_t)n * sizeof *job.total);
    for (job.first = 0; job.first < job.images; job.first += job.chunk) {
        job.count = iso_min64(job.chunk, job.images - job.first);
        run_chunk(team, &job);
    }
    if (add)
        for (int64_t i = 0; i < n; i++)
            dkernel[i] += job.total[i];
    else if (job.total != dkernel)
        memcpy(dkernel, job.total, (size_t)n * sizeof *dkernel);
}

/* ---- Sums of rows -------------------------------------------------------------------------- */

struct row_sums {
    const float *dy;
    float *sums;
    int64_t rows, per_image, columns, blocks_per_image;
};

static struct row_sums rows_of(int64_t rows, int64_t per_image, int64_t columns)
{
    const int64_t anew = per_image > 1 ? per_image : rows;     /* rows between two fresh starts */
    return (struct row_sums){ .rows = rows, .per_image = anew, .columns = columns,
                              .blocks_per_image = iso_ceil_div(anew, ISO_BLOCK_ROWS) };
}

static int64_t blocks_in(const struct row_sums *s)
{
    return s->rows / s->per_image * s->blocks_per_image;
}

size_t ISO_CPU(sum_rows_workspace)(int64_t rows, int64_t rows_per_image, int64_t columns)
{
    const struct row_sums s = rows_of(rows, rows_per_image, columns);
    return (size_t)(blocks_in(&s) * columns) * sizeof(float);
}

static void sum_block(void *data, int64_t index, int thread)
{
    const struct row_sums *s = data;
    const int64_t image = index / s->blocks_per_image,
        b = index % s->blocks_per_image * ISO_BLOCK_ROWS;
    const int64_t end = iso_min64(s->per_image, b + ISO_BLOCK_ROWS);
    float *sum = s->sums + index * s->columns;
    (void)thread;
    memset(sum, 0, (size_t)s->columns * sizeof *sum);
    for (int64_t r = b; r < end; r++) {
        const float *row = s->dy + (image * s->per_image + r) * s->columns;
        for (int64_t j = 0; j < s->columns; j++)
            sum[j] += row[j];
    }
}

void ISO_CPU(sum_rows)(struct iso_team *team, int64_t rows, int64_t rows_per_image,
                       int64_t columns, const float *dy, bool add, float *dbias, void *workspace)
{
    struct row_sums s = rows_of(rows, rows_per_image, columns);
    s.dy = dy;
    s.sums = workspace;
    iso_team_run(team, blocks_in(&s), sum_block, &s);
    for (int64_t j = 0; j < columns; j++) {
        float total = 0.0f;
        for (int64_t b = 0; b < blocks_in(&s); b++)
            total += s.sums[b * columns + j];
        dbias[j] = add ? dbias[j] + total : total;
    }
}
