/* depthwise_weights.c: the gradient of a depthwise kernel:
 *
 *   dw[ky, kx, c] = sum over rows (n, oy, ox) of x[n, oy, ox, (ky, kx), c] dy[row, c]
 *
 * in blocks of ISO_BLOCK_ROWS rows, a chain each, that threads share. The elements of a vector are
 * channels; a few taps side by side share the vectors of dy, so that chains enough are under
 * way. */
#include "depthwise.h"
#include "simd.h"
#include "sums.h"

enum { TAPS = 4, VECTORS = 2, SLICE = 128 };
static const float zeros[VECTORS * ISO_VEC]; /* a pixel beyond the border */

struct job {
    struct iso_window g;
    int64_t channels, taps;
    const float *x, *dy;
    struct iso_cpu_blocks blocks; /* of the rows of y */
    float *sums;                  /* [blocks][taps][channels] */
};

/* Continues the chains of `taps` taps of kernel row ky from kx on over the rows [r, end) of y,
 * channels c.. in whole vectors. */
ISO_CPU_INLINE void sum_taps(const struct job *job, int taps, int vectors, int64_t ky, int64_t kx,
                             int64_t r, int64_t end, int64_t c, float *sums)
{
    const struct iso_window *g = &job->g;
    iso_vec sum[TAPS][VECTORS], d[VECTORS];
    for (int t = 0; t < taps; t++)
        for (int v = 0; v < vectors; v++)
            sum[t][v] = iso_vset(0.0f);
    while (r < end) { /* one row of an image, or some of its pixels */
        const int64_t ox = r % g->ow, some = iso_min64(end - r, g->ow - ox);
        const int64_t iy = r / g->ow % g->oh * g->sh + ky * g->dh - g->top;
        const bool outside = iy < 0 || iy >= g->h;
        const float *row =
            job->x + (r / g->ow / g->oh * g->h + (outside ? 0 : iy)) * g->w * job->channels + c;
        int64_t ix = ox * g->sw + kx * g->dw - g->left;
        const float *dy = job->dy + r * job->channels + c;
        for (int64_t i = 0; i < some; i++, ix += g->sw, dy += job->channels) {
            for (int v = 0; v < vectors; v++)
                d[v] = iso_vload(dy + v * ISO_VEC);
            for (int t = 0; t < taps; t++) {
                const int64_t at = ix + t * g->dw;
                const bool beyond = outside || at < 0 || at >= g->w;
                const float *x = beyond ? zeros : row + at * job->channels;
                for (int v = 0; v < vectors; v++)
                    sum[t][v] = iso_vfma(iso_vload(x + v * ISO_VEC), d[v], sum[t][v]);
            }
        }
        r += some;
    }
    for (int t = 0; t < taps; t++)
        for (int v = 0; v < vectors; v++)
            iso_vstore(sums + t * job->channels + v * ISO_VEC, sum[t][v]);
}

/* The channels [c, end_c) of one tap, fewer than a vector. */
static void sum_tap_rest(const struct job *job, int64_t ky, int64_t kx, int64_t r, int64_t end,
                         int64_t c, int64_t end_c, float *sums)
{
    const struct iso_window *g = &job->g;
    float sum[ISO_VEC] = { 0.0f };
    const int n = (int)(end_c - c);
    for (; r < end; r++) {
        const int64_t iy = r / g->ow % g->oh * g->sh + ky * g->dh - g->top;
        const int64_t ix = r % g->ow * g->sw + kx * g->dw - g->left;
        const bool inside = iy >= 0 && iy < g->h && ix >= 0 && ix < g->w;
        const int64_t image = r / g->ow / g->oh;
        const float *x = inside ? job->x + ((image * g->h + iy) * g->w + ix) * job->channels + c
                                : zeros;
        const float *dy = job->dy + r * job->channels + c;
        for (int i = 0; i < n; i++)
            sum[i] = iso_fma(x[i], dy[i], sum[i]);
    }
    memcpy(sums, sum, (size_t)n * sizeof *sum);
}

ISO_CPU_INLINE void sum_vectors(const struct job *job, int vectors, int64_t r, int64_t end,
                                int64_t c, float *sums)
{
    const struct iso_window *g = &job->g;
    for (int64_t ky = 0; ky < g->kh; ky++)
        for (int64_t kx = 0, taps; kx < g->kw; kx += taps) {
            float *to = sums + (ky * g->kw + kx) * job->channels + c;
            taps = iso_min64(TAPS, g->kw - kx);
            switch (taps) {
            case 4: sum_taps(job, 4, vectors, ky, kx, r, end, c, to); break;
            case 3: sum_taps(job, 3, vectors, ky, kx, r, end, c, to); break;
            case 2: sum_taps(job, 2, vectors, ky, kx, r, end, c, to); break;
            default: sum_taps(job, 1, vectors, ky, kx, r, end, c, to); break;
            }
        }
}

/* A block of rows and at most SLICE channels of it. */
static void sum_block(void *data, int64_t unit, int thread)
{
    const struct job *job = data;
    const int64_t slices = iso_ceil_div(job->channels, SLICE), block = unit / slices;
    const struct iso_range rows = iso_cpu_block(&job->blocks, block);
    const struct iso_range cols = iso_cpu_range(unit % slices, SLICE, job->channels);
    float *sums = job->sums + block * job->taps * job->channels;
    int64_t c = cols.begin;
    (void)thread;
    for (; c + VECTORS * ISO_VEC <= cols.end; c += VECTORS * ISO_VEC)
        sum_vectors(job, VECTORS, rows.begin, rows.end, c, sums);
    for (; c + ISO_VEC <= cols.end; c += ISO_VEC)
        sum_vectors(job, 1, rows.begin, rows.end, c, sums);
    for (int64_t tap = 0; c < cols.end && tap < job->taps; tap++)
        sum_tap_rest(job, tap / job->g.kw, tap % job->g.kw, rows.begin, rows.end, c, cols.end,
                     sums + tap * job->channels + c);
}

static struct job job_of(const struct iso_window *g, int64_t channels)
{
    return (struct job){ .g = *g,
                         .channels = channels,
                         .taps = g->kh * g->kw,
                         .blocks = iso_cpu_blocks(g->n * g->oh * g->ow, g->oh * g->ow) };
}

size_t ISO_CPU(depthwise_weights_workspace)(const struct iso_window *g, int64_t channels)
{
    const struct job job = job_of(g, channels);
    return (size_t)(job.blocks.count * job.taps * channels) * sizeof(float);
}

void ISO_CPU(depthwise_weights)(struct iso_team *team, const struct iso_window *g, int64_t channels,
                                const float *x, const float *dy, bool add, float *dkernel,
                                void *workspace)
{
    struct job job = job_of(g, channels);
    job.x = x;
    job.dy = dy;
    job.sums = workspace;
    iso_team_run(team, job.blocks.count * iso_ceil_div(channels, SLICE), sum_block, &job);
    ISO_CPU(add_blocks)(team, job.sums, job.blocks.count, job.taps * channels, add, dkernel);
}
