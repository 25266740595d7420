/* batch_sums.c: row sums of batch normalization, threads sharing groups of rows and slices of
 * channels.
 *
 * The statistics read x once: a block's sum, and then, while the block is in the cache, its squares
 * about its own mean. Mean and squares of each block are kept until the mean of all is known. */
#include "batch_sums.h"
#include "simd.h"

enum kind { SUM_X, SUM_SQUARES, SUM_GRADIENTS, SUM_BY_RESULT, SUM_BY_INPUT };
/* BLOCKS reads x; SQUARES combines the results per block; GRADIENTS reads x and dy. */
enum pass { BLOCKS, SQUARES, GRADIENTS };
enum { VECTORS = 4, CHUNK = VECTORS * ISO_VEC }; /* columns that are summed at a time */

struct work {
    enum pass pass;
    struct iso_cpu_split split;
    struct iso_cpu_bn_gradients g;    /* statistics use x and mean only */
    float *sums, *products;           /* [groups][channels] */
    float *block_mean, *block_square; /* [groups][ISO_GROUP_BLOCKS][channels] */
};
struct chunk {                               /* some columns of a block */
    int64_t row, rows, column, group, block; /* block: its index in the arrays */
    int cols;
};

static struct work work_of(struct iso_team *team, const struct iso_bn_rows *s, float *at)
{
    const struct iso_rows rows = { s->rows, s->per_image };
    struct work w = { .split = ISO_CPU(split)(rows, s->channels, iso_team_size(team)) };
    const int64_t groups = w.split.groups * s->channels;
    w.sums = at;
    w.products = at + groups;
    w.block_mean = at + 2 * groups;
    w.block_square = w.block_mean + ISO_GROUP_BLOCKS * groups;
    return w;
}

size_t ISO_CPU(batch_sums_workspace)(const struct iso_bn_rows *s)
{
    const struct iso_rows rows = { s->rows, s->per_image };
    const int64_t groups = iso_group_count(rows) * s->channels;
    return (size_t)((2 + 2 * ISO_GROUP_BLOCKS) * groups) * sizeof(float);
}

/* ---- The chains of a block ----------------------------------------------------------------- */

/* Some columns of n rows, which are `row` elements apart; their sums go to sum and product. */
struct columns {
    int64_t n, row;
    struct iso_cpu_bn_gradients g; /* each pointer at the first column */
    float *sum, *product;
};

/* Returns the pointers, advanced by some elements and channels. */
static struct iso_cpu_bn_gradients moved(struct iso_cpu_bn_gradients g, int64_t elements,
                                         int64_t channels)
{
    g.x += elements;
    g.mean += channels;
    if (g.dy != NULL)
        g.dy += elements;
    if (g.y != NULL)
        g.y += elements;
    if (g.passed != NULL)
        g.passed += elements;
    if (g.factor != NULL) {
        g.factor += channels;
        g.beta += channels;
    }
    return g;
}

static struct columns later(struct columns k, int c)
{
    k.g = moved(k.g, c, c);
    k.sum += c;
    k.product += k.product != NULL ? c : 0;
    return k;
}

/* Sums `vectors` vectors of columns; each element of one is a chain. x - mean is x + (-mean). */
ISO_CPU_INLINE void sum_vectors(enum kind kind, bool put, int vectors, const struct columns *k)
{
    float minus[CHUNK];
    iso_vec a[VECTORS], b[VECTORS], m[VECTORS];
    for (int i = 0; i < vectors * ISO_VEC; i++)
        minus[i] = kind == SUM_X ? 0.0f : -k->g.mean[i];
    for (int v = 0; v < vectors; v++) {
        a[v] = b[v] = iso_vset(0.0f);
        m[v] = iso_vload(minus + v * ISO_VEC);
    }
    for (int64_t r = 0; r < k->n; r++)
        for (int v = 0; v < vectors; v++) {
            const int64_t at = r * k->row + v * ISO_VEC;
            const iso_vec value = iso_vload(k->g.x + at);
            if (kind == SUM_X) {
                a[v] = iso_vadd(a[v], value);
                continue;
            }
            const iso_vec centre = iso_vadd(value, m[v]);
            if (kind == SUM_SQUARES) {
                a[v] = iso_vfma(centre, centre, a[v]);
                continue;
            }
            iso_vec d = iso_vload(k->g.dy + at);
            if (kind == SUM_BY_RESULT)
                d = iso_vkeep(d, iso_vload(k->g.y + at));
            if (kind == SUM_BY_INPUT)
                d = iso_vkeep(d, iso_vfma(centre, iso_vload(k->g.factor + v * ISO_VEC),
                                          iso_vload(k->g.beta + v * ISO_VEC)));
            if (put)
                iso_vstore(k->g.passed + at, d);
            a[v] = iso_vadd(a[v], d);
            b[v] = iso_vfma(d, centre, b[v]);
        }
    for (int v = 0; v < vectors; v++) {
        iso_vstore(k->sum + v * ISO_VEC, a[v]);
        if (kind >= SUM_GRADIENTS)
            iso_vstore(k->product + v * ISO_VEC, b[v]);
    }
}

/* A gradient, if it passes. */
ISO_CPU_INLINE float passing(enum kind kind, const struct columns *k, int64_t at, int c)
{
    const float dy = k->g.dy[at];
    if (kind == SUM_BY_RESULT)
        return iso_act_grad(ISO_RELU, 0.0f, k->g.y[at], dy);
    if (kind == SUM_BY_INPUT)
        return iso_act_grad(ISO_RELU, 0.0f,
                            iso_bn(k->g.x[at], k->g.mean[c], k->g.factor[c], k->g.beta[c]), dy);
    return dy;
}

/* Fewer columns than a vector. */
ISO_CPU_INLINE void sum_rest(enum kind kind, bool put, int cols, const struct columns *k)
{
    float a[ISO_VEC] = { 0.0f }, b[ISO_VEC] = { 0.0f };
    for (int64_t r = 0; r < k->n; r++)
        for (int c = 0; c < cols; c++) {
            const int64_t at = r * k->row + c;
            const float value = k->g.x[at];
            if (kind == SUM_X) {
                a[c] = a[c] + value;
            } else if (kind == SUM_SQUARES) {
                a[c] = iso_bn_square(value - k->g.mean[c], a[c]);
            } else {
                const float d = passing(kind, k, at, c);
                if (put)
                    k->g.passed[at] = d;
                a[c] = a[c] + d;
                b[c] = iso_fma(d, value - k->g.mean[c], b[c]);
            }
        }
    memcpy(k->sum, a, (size_t)cols * sizeof *a);
    if (kind >= SUM_GRADIENTS)
        memcpy(k->product, b, (size_t)cols * sizeof *b);
}

/* Up to CHUNK columns; those after the last whole vector last. */
ISO_CPU_INLINE void sum_chunk(enum kind kind, bool put, int cols, struct columns k)
{
    for (; cols >= 4 * ISO_VEC; cols -= 4 * ISO_VEC, k = later(k, 4 * ISO_VEC))
        sum_vectors(kind, put, 4, &k);
    for (; cols >= 2 * ISO_VEC; cols -= 2 * ISO_VEC, k = later(k, 2 * ISO_VEC))
        sum_vectors(kind, put, 2, &k);
    for (; cols >= ISO_VEC; cols -= ISO_VEC, k = later(k, ISO_VEC))
        sum_vectors(kind, put, 1, &k);
    if (cols > 0)
        sum_rest(kind, put, cols, &k);
}

static void add_to(int64_t n, const float *restrict x, float *restrict sum)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] = sum[i] + x[i];
}

/* ---- The blocks of a group ----------------------------------------------------------------- */

/* Mean and squares of a block, whose sum the group's takes up. */
static void take_chunk(const struct work *w, const struct chunk *k)
{
    const int64_t row = w->split.columns, at = k->block * row + k->column;
    float *mean = w->block_mean + at, sum[CHUNK];
    struct columns c = { k->rows, row, moved(w->g, k->row * row + k->column, 0), sum, NULL };
    c.g.mean = mean;
    sum_chunk(SUM_X, false, k->cols, c);
    for (int i = 0; i < k->cols; i++)
        mean[i] = iso_bn_block_mean(sum[i], (float)k->rows);
    c.sum = w->block_square + at;
    sum_chunk(SUM_SQUARES, false, k->cols, c);
    add_to(k->cols, sum, w->sums + k->group * row + k->column);
}

/* Its squares about the mean of all rows. */
static void square_chunk(const struct work *w, const struct chunk *k)
{
    const int64_t row = w->split.columns, at = k->block * row + k->column;
    const float *restrict m = w->block_mean + at, *restrict q = w->block_square + at;
    const float *restrict mean = w->g.mean + k->column, n = (float)k->rows;
    float *restrict sum = w->sums + k->group * row + k->column;
    for (int c = 0; c < k->cols; c++)
        sum[c] = sum[c] + iso_bn_block_square(m[c], q[c], n, mean[c]);
}

static void gradient_chunk(const struct work *w, const struct chunk *k)
{
    const int64_t row = w->split.columns, at = k->row * row + k->column;
    const int64_t to = k->group * row + k->column;
    float sum[CHUNK], product[CHUNK];
    const struct columns c = { k->rows, row, moved(w->g, at, k->column), sum, product };
    switch (w->g.pass) {
    case ISO_CPU_PASS_ALL: sum_chunk(SUM_GRADIENTS, false, k->cols, c); break;
    case ISO_CPU_PASS_BY_INPUT: sum_chunk(SUM_BY_INPUT, false, k->cols, c); break;
    case ISO_CPU_PASS_BY_RESULT:
        if (c.g.passed != NULL)
            sum_chunk(SUM_BY_RESULT, true, k->cols, c);
        else
            sum_chunk(SUM_BY_RESULT, false, k->cols, c);
        break;
    }
    add_to(k->cols, sum, w->sums + to);
    add_to(k->cols, product, w->products + to);
}

static void sum_block(const struct work *w, struct chunk k, struct iso_range columns)
{
    for (; k.column < columns.end; k.column += CHUNK) {
        k.cols = (int)iso_min64(CHUNK, columns.end - k.column);
        switch (w->pass) {
        case BLOCKS: take_chunk(w, &k); break;
        case SQUARES: square_chunk(w, &k); break;
        case GRADIENTS: gradient_chunk(w, &k); break;
        }
    }
}

static void sum_part(void *data, int64_t unit, int thread)
{
    const struct work *w = data;
    const struct iso_cpu_part part = iso_cpu_part(&w->split, unit);
    const int64_t row = w->split.columns, first = part.columns.begin;
    const size_t bytes = (size_t)(part.columns.end - first) * sizeof(float);
    (void)thread;
    for (int64_t g = part.groups.begin; g < part.groups.end; g++) {
        const struct iso_range rows = iso_cpu_group(w->split.rows, g);
        int64_t number = g * ISO_GROUP_BLOCKS;
        memset(w->sums + g * row + first, 0, bytes);
        memset(w->products + g * row + first, 0, bytes);
        for (int64_t b = rows.begin, end; b < rows.end; b = end) {
            end = iso_block_end(w->split.rows, b);
            sum_block(w, (struct chunk){ b, end - b, first, g, number++, 0 }, part.columns);
        }
    }
}

static void run(struct iso_team *team, struct work *w, enum pass pass, const float *sums,
                float *out)
{
    w->pass = pass;
    iso_team_run(team, w->split.units, sum_part, w);
    ISO_CPU(add_groups)(team, sums, w->split.groups, w->split.columns, false, out);
}

/* ---- Calls --------------------------------------------------------------------------------- */

void ISO_CPU(batch_statistics)(struct iso_team *team, const struct iso_bn_rows *s, const float *x,
                               float rows, float *sum, float *mean, float *square, void *workspace)
{
    struct work w = work_of(team, s, workspace);
    w.g = (struct iso_cpu_bn_gradients){ .x = x, .mean = mean };
    run(team, &w, BLOCKS, w.sums, sum);
    for (int64_t c = 0; c < s->channels; c++)
        mean[c] = iso_div(sum[c], rows);
    run(team, &w, SQUARES, w.sums, square);
}

void ISO_CPU(batch_gradient_sums)(struct iso_team *team, const struct iso_bn_rows *s,
                                  const struct iso_cpu_bn_gradients *g, float *sum, float *product,
                                  void *workspace)
{
    struct work w = work_of(team, s, workspace);
    w.g = *g;
    run(team, &w, GRADIENTS, w.sums, sum);
    ISO_CPU(add_groups)(team, w.products, w.split.groups, s->channels, false, product);
}
