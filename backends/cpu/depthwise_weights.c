/* depthwise_weights.c: the gradient of a depthwise kernel:
 *
 *   dw[ky, kx, c] = sum over rows (n, oy, ox) of x[n, oy, ox, (ky, kx), c] dy[row, c]
 *
 * Threads share groups of rows and slices of channels. The elements of a vector are channels; a few
 * taps side by side share the vectors of dy, so that chains enough are under way. */
#include "depthwise.h"
#include "simd.h"
#include "sums.h"

enum { TAPS = 4, VECTORS = 2 };
static const float zeros[VECTORS * ISO_VEC]; /* a pixel beyond the border */

struct job {
    struct iso_window g;
    int64_t channels, taps;
    const float *x, *dy;
    struct iso_cpu_split split; /* of the rows of y */
    float *sums;                /* [groups][taps][channels] */
};

/* The chains of `taps` taps of kernel row ky from kx on over the rows [r, end) of y, a block, and
 * channels c.. in whole vectors, added to the group's sums. */
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
        for (int v = 0; v < vectors; v++) {
            float *to = sums + t * job->channels + v * ISO_VEC;
            iso_vstore(to, iso_vadd(iso_vload(to), sum[t][v]));
        }
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
    for (int i = 0; i < n; i++)
        sums[i] = sums[i] + sum[i];
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

/* Some channels of a block [begin, end) of rows. */
static void sum_block(const struct job *job, int64_t begin, int64_t end, struct iso_range cols,
                      float *sums)
{
    int64_t c = cols.begin;
    for (; c + VECTORS * ISO_VEC <= cols.end; c += VECTORS * ISO_VEC)
        sum_vectors(job, VECTORS, begin, end, c, sums);
    for (; c + ISO_VEC <= cols.end; c += ISO_VEC)
        sum_vectors(job, 1, begin, end, c, sums);
    for (int64_t tap = 0; c < cols.end && tap < job->taps; tap++)
        sum_tap_rest(job, tap / job->g.kw, tap % job->g.kw, begin, end, c, cols.end,
                     sums + tap * job->channels + c);
}

static void sum_part(void *data, int64_t unit, int thread)
{
    const struct job *job = data;
    const struct iso_cpu_part part = iso_cpu_part(&job->split, unit);
    const size_t bytes = (size_t)(part.columns.end - part.columns.begin) * sizeof(float);
    (void)thread;
    for (int64_t g = part.groups.begin; g < part.groups.end; g++) {
        const struct iso_range rows = iso_cpu_group(job->split.rows, g);
        float *sums = job->sums + g * job->taps * job->channels;
        for (int64_t tap = 0; tap < job->taps; tap++)
            memset(sums + tap * job->channels + part.columns.begin, 0, bytes);
        for (int64_t b = rows.begin, end; b < rows.end; b = end) {
            end = iso_block_end(job->split.rows, b);
            sum_block(job, b, end, part.columns, sums);
        }
    }
}

static struct iso_rows rows_of(const struct iso_window *g)
{
    return (struct iso_rows){ g->n * g->oh * g->ow, g->oh * g->ow };
}

size_t ISO_CPU(depthwise_weights_workspace)(const struct iso_window *g, int64_t channels)
{
    return (size_t)(iso_group_count(rows_of(g)) * g->kh * g->kw * channels) * sizeof(float);
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
                       .split = ISO_CPU(split)(rows_of(g), channels, iso_team_size(team)),
                       .sums = workspace };
    iso_team_run(team, job.split.units, sum_part, &job);
    ISO_CPU(add_groups)(team, job.sums, job.split.groups, job.taps * channels, add, dkernel);
}
