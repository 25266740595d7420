/* depthwise_weights.c: the gradient of a depthwise kernel:
 *
 *   dw[ky, kx, c] = sum over rows (n, oy, ox) of x[n, oy, ox, (ky, kx), c] dy[row, c]
 *
 * Threads share groups of rows and slices of channels. The elements of a vector are channels; some
 * taps side by side share the vectors of dy. A thread goes through a block in runs of pixels along
 * a row of an image, and in each through all its channels, so that it reads memory in order; the
 * chains of the block wait in between in scratch. */
#include "depthwise.h"
#include "simd.h"
#include "sums.h"

enum { TAPS = 9, VECTORS = ISO_TILE2 > TAPS ? 2 : 1 };
enum { RUNS = 16, PIXELS = 32 }; /* most runs and pixels per lot */

struct job {
    struct iso_window g;
    int64_t channels, taps;
    const float *x, *dy;
    struct iso_cpu_split split; /* division of the rows of y */
    float *sums;                /* [groups][taps][channels] */
    float *zeros;               /* in place of a row of x beyond the border */
    float *chains;              /* [threads][taps][channels] */
    const float **from;         /* [threads][RUNS][taps] */
};
struct run { /* pixels of a row of y that read on in the same rows of x */
    int64_t n;
    const float *dy, *const *from; /* first pixel: [channels]; [taps] pointers to x */
};
struct lot { /* runs that are added to the chains together */
    int nruns;
    struct run run[RUNS];
    int64_t step, channels; /* floats from pixel to pixel of x, and of dy */
    float *chains;
};

/* Adds a lot to the chains of `taps` taps from t on, channels c.. in whole vectors. */
ISO_CPU_INLINE void sum_taps(const struct lot *lot, const int taps, const int vectors, int64_t t,
                             int64_t c)
{
    iso_vec sum[TAPS][VECTORS], d[VECTORS];
    float *chains = lot->chains + t * lot->channels + c;
    for (int i = 0; i < taps; i++)
        for (int v = 0; v < vectors; v++)
            sum[i][v] = iso_vload(chains + i * lot->channels + v * ISO_VEC);
    for (const struct run *run = lot->run; run < lot->run + lot->nruns; run++) {
        const float *dy = run->dy + c, *const *from = run->from + t;
        for (int64_t p = 0, at = c; p < run->n; p++, at += lot->step, dy += lot->channels) {
            for (int v = 0; v < vectors; v++)
                d[v] = iso_vload(dy + v * ISO_VEC);
            for (int i = 0; i < taps; i++)
                for (int v = 0; v < vectors; v++)
                    sum[i][v] = iso_vfma(iso_vload(from[i] + at + v * ISO_VEC), d[v], sum[i][v]);
        }
    }
    for (int i = 0; i < taps; i++)
        for (int v = 0; v < vectors; v++)
            iso_vstore(chains + i * lot->channels + v * ISO_VEC, sum[i][v]);
}

ISO_CPU_INLINE void sum_vectors(const struct lot *lot, const int vectors, int64_t taps, int64_t c)
{
    int64_t t = 0;
    for (; t + TAPS <= taps; t += TAPS)
        sum_taps(lot, TAPS, vectors, t, c);
    for (; t + 3 <= taps; t += 3)
        sum_taps(lot, 3, vectors, t, c);
    for (; t < taps; t++)
        sum_taps(lot, 1, vectors, t, c);
}

/* The channels [c, end) of one tap, fewer than a vector. */
static void sum_rest(const struct lot *lot, int64_t t, int64_t c, int64_t end)
{
    float *chain = lot->chains + t * lot->channels;
    for (const struct run *run = lot->run; run < lot->run + lot->nruns; run++)
        for (int64_t p = 0; p < run->n; p++)
            for (int64_t i = c; i < end; i++)
                chain[i] = iso_fma(run->from[t][p * lot->step + i], run->dy[p * lot->channels + i],
                                   chain[i]);
}

static void sum_lot(const struct lot *lot, int64_t taps, struct iso_range cols)
{
    int64_t c = cols.begin;
    for (; c + VECTORS * ISO_VEC <= cols.end; c += VECTORS * ISO_VEC)
        sum_vectors(lot, VECTORS, taps, c);
    for (; c + ISO_VEC <= cols.end; c += ISO_VEC)
        sum_vectors(lot, 1, taps, c);
    for (int64_t t = 0; c < cols.end && t < taps; t++)
        sum_rest(lot, t, c, cols.end);
}

/* Finds the pixels that the taps of pixel r of y read. Returns the number of pixels from r on, at
 * most `most`, that read adjacent pixels in the same rows; it is 1 if a tap is beyond the left or
 * right border. */
static int64_t find_taps(const struct job *job, int64_t r, int64_t most, const float **from)
{
    const struct iso_window *g = &job->g;
    const int64_t ix = r % g->ow * g->sw - g->left, last = g->w - 1 - (g->kw - 1) * g->dw;
    const int64_t iy = r / g->ow % g->oh * g->sh - g->top;
    const float *image = job->x + r / g->ow / g->oh * g->h * g->w * job->channels;
    for (int64_t y = iy; y < iy + g->kh * g->dh; y += g->dh)
        for (int64_t x = ix; x < ix + g->kw * g->dw; x += g->dw) {
            const float *row = y >= 0 && y < g->h ? image + y * g->w * job->channels : job->zeros;
            *from++ = x >= 0 && x < g->w ? row + x * job->channels : job->zeros;
        }
    return ix >= 0 && ix <= last ? iso_min64(most, (last - ix) / g->sw + 1) : 1;
}

/* Takes pixels [r, end) into a lot until it is full; returns where it ends. */
static int64_t fill_lot(const struct job *job, int64_t r, int64_t end, const float **from,
                        struct lot *lot)
{
    const int64_t ow = job->g.ow, last = iso_min64(end, r + PIXELS);
    for (lot->nruns = 0; lot->nruns < RUNS && r < last; from += job->taps) {
        struct run *run = &lot->run[lot->nruns++];
        run->n = find_taps(job, r, iso_min64(last - r, ow - r % ow), from);
        run->dy = job->dy + r * job->channels;
        run->from = from;
        r += run->n;
    }
    return r;
}

/* Some channels of a block [begin, end) of rows, added to the group's sums. */
static void sum_block(const struct job *job, int64_t begin, int64_t end, struct iso_range cols,
                      int thread, float *sums)
{
    struct lot lot = { .step = job->g.sw * job->channels,
                       .channels = job->channels,
                       .chains = job->chains + thread * job->taps * job->channels };
    for (int64_t t = 0; t < job->taps; t++)
        memset(lot.chains + t * job->channels + cols.begin, 0,
               (size_t)(cols.end - cols.begin) * sizeof(float));
    for (int64_t r = begin; r < end;) {
        r = fill_lot(job, r, end, job->from + thread * RUNS * job->taps, &lot);
        sum_lot(&lot, job->taps, cols);
    }
    for (int64_t t = 0; t < job->taps; t++)
        for (int64_t c = cols.begin, at = t * job->channels; c < cols.end; c++)
            sums[at + c] = sums[at + c] + lot.chains[at + c];
}

static void sum_part(void *data, int64_t unit, int thread)
{
    const struct job *job = data;
    const struct iso_cpu_part part = iso_cpu_part(&job->split, unit);
    const size_t bytes = (size_t)(part.columns.end - part.columns.begin) * sizeof(float);
    for (int64_t g = part.groups.begin; g < part.groups.end; g++) {
        const struct iso_range rows = iso_cpu_group(job->split.rows, g);
        float *sums = job->sums + g * job->taps * job->channels;
        for (int64_t tap = 0; tap < job->taps; tap++)
            memset(sums + tap * job->channels + part.columns.begin, 0, bytes);
        for (int64_t b = rows.begin, end; b < rows.end; b = end) {
            end = iso_block_end(job->split.rows, b);
            sum_block(job, b, end, part.columns, thread, sums);
        }
    }
}

static struct iso_rows rows_of(const struct iso_window *g)
{
    return (struct iso_rows){ g->n * g->oh * g->ow, g->oh * g->ow };
}

/* Lays everything out from `work` on; returns the bytes it takes. */
static size_t carve(struct job *job, char *work, int threads)
{
    const int64_t results = job->taps * job->channels;
    job->from = (const float **)(void *)work;
    job->sums = (float *)(void *)(work + iso_ceil_div(threads * RUNS * job->taps * 8, 64) * 64);
    job->chains = job->sums + iso_group_count(rows_of(&job->g)) * results;
    job->zeros = job->chains + threads * results;
    return (size_t)((char *)(job->zeros + job->g.w * job->channels) - work);
}

size_t ISO_CPU(depthwise_weights_workspace)(const struct iso_window *g, int64_t channels,
                                            int threads)
{
    struct job job = { .g = *g, .channels = channels, .taps = g->kh * g->kw };
    return carve(&job, NULL, threads);
}

void ISO_CPU(depthwise_weights)(struct iso_team *team, const struct iso_window *g, int64_t channels,
                                const float *x, const float *dy, bool add, float *dkernel,
                                void *workspace)
{
    struct job job = { .g = *g,
                       .channels = channels,
                       .taps = g->kh * g->kw,
                       .x = x,
                       .dy = dy,
                       .split = ISO_CPU(split)(rows_of(g), channels, iso_team_size(team)) };
    carve(&job, workspace, iso_team_size(team));
    memset(job.zeros, 0, (size_t)(g->w * channels) * sizeof *job.zeros);
    iso_team_run(team, job.split.units, sum_part, &job);
    ISO_CPU(add_groups)(team, job.sums, job.split.groups, job.taps * channels, add, dkernel);
}
