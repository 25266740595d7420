/* conv_gather.c: forward and input gradient: each result pixel is one sum over its taps.
 *
 * Rows above and below the image take part as +0, by definition. With finite weights such terms
 * change nothing but the sign of a zero, which the end of the sum makes + in any case; then whole
 * rows of them are left out. */
#include "conv.h"

#include <stdatomic.h>

struct job {
    const struct iso_gather *g;
    int vectors, width;
    int64_t panels, bands, band_rows; /* a unit is a band of one image's residue rows */
    float *panel;                     /* all packed panels, [panels][k][width] */
    float *padded;
    size_t padded_size;    /* one image a thread, in floats; NULL: the source needs no
                              border */
    atomic_bool *infinite; /* a weight is infinite or no number */
};

/* ---- Geometry ------------------------------------------------------------------------------ */

/* Places the tables in the workspace and returns the rest of it. */
static char *take_tables(struct iso_gather *g, char *work, int64_t residues, int64_t segments)
{
    g->residue = (void *)work;
    work += iso_ceil_div(residues * (int64_t)sizeof *g->residue, 64) * 64;
    g->aoff = (void *)work;
    g->boff = g->aoff + segments;
    g->len = g->boff + segments;
    return work + iso_ceil_div(3 * segments * 8, 64) * 64;
}

static size_t table_bytes(int64_t residues, int64_t segments)
{
    const int64_t taps = iso_ceil_div(residues * (int64_t)sizeof(struct iso_taps), 64) * 64;
    return (size_t)(taps + iso_ceil_div(3 * segments * 8, 64) * 64);
}

static bool needs_border(const struct iso_gather *g)
{
    return g->row0 < 0 || g->col0 < 0 || g->row0 + g->ph > g->sh || g->col0 + g->pw > g->sw;
}

static char *plan_forward(struct iso_gather *g, const struct iso_window *w, int64_t filters,
                          char *work)
{
    const bool merged = w->dw == 1; /* kx and channel are then one contiguous segment */
    const int64_t segments = merged ? w->kh : w->kh * w->kw;
    *g = (struct iso_gather){
        .n = w->n,
        .sh = w->h,
        .sw = w->w,
        .sc = w->c,
        .rh = w->oh,
        .rw = w->ow,
        .rc = filters,
        .row0 = -w->top,
        .col0 = -w->left,
        .ph = (w->oh - 1) * w->sh + (w->kh - 1) * w->dh + 1,
        .pw = (w->ow - 1) * w->sw + (w->kw - 1) * w->dw + 1,
        .ystep = 1,
        .xstep = 1,
        .srow = w->sh,
        .scol = w->sw,
        .reach = (w->kh - 1) * w->dh,
        .nresidues = 1,
        .taps = 1,
    };
    g->weights =
        (struct iso_gemm){ .m = w->ow, .n = filters, .k = w->kh * w->kw * w->c, .ldw = filters };
    if (work == NULL)
        return NULL;
    work = take_tables(g, work, 1, segments);
    g->residue[0] = (struct iso_taps){ 0, 0, w->oh, w->ow, 0, (int)segments };
    const int64_t pw = needs_border(g) ? g->pw : g->sw;
    for (int64_t r = 0; r < segments; r++) {
        const int64_t ky = merged ? r : r / w->kw, kx = merged ? 0 : r % w->kw;
        g->len[r] = merged ? w->kw * w->c : w->c;
        g->aoff[r] = (ky * w->dh * pw + kx * w->dw) * w->c;
        g->boff[r] = r * g->len[r];
    }
    return work;
}

/* The smallest and largest result row of taps: where does row i of x, tap k, lie in dy? */
static void reach_of(int64_t size, int64_t before, int64_t taps, int64_t dilation, int64_t stride,
                     int64_t *lowest, int64_t *highest)
{
    *lowest = 0;
    *highest = 0;
    for (int64_t i = 0; i < size; i++)
        for (int64_t k = 0; k < taps; k++) {
            const int64_t at = i + before - k * dilation;
            if (at % stride != 0)
                continue;
            *lowest = iso_min64(*lowest, at / stride);
            *highest = iso_max64(*highest, at / stride);
        }
}

/* The taps that reach residue (y0, x0), in ascending order of (ky, kx). */
static void plan_residue(struct iso_gather *g, const struct iso_window *w, int64_t filters,
                         int64_t y0, int64_t x0, int64_t pw, int *segments)
{
    struct iso_taps *t = &g->residue[g->nresidues++];
    *t = (struct iso_taps){
        y0, x0, iso_ceil_div(w->h - y0, w->sh), iso_ceil_div(w->w - x0, w->sw), *segments, 0
    };
    for (int64_t ky = 0; ky < w->kh; ky++)
        for (int64_t kx = 0; kx < w->kw; kx++) {
            const int64_t dy = y0 + w->top - ky * w->dh, dx = x0 + w->left - kx * w->dw;
            if (dy % w->sh != 0 || dx % w->sw != 0)
                continue;
            const int64_t row = dy / w->sh - g->row0, col = dx / w->sw - g->col0;
            g->aoff[*segments] = (row * pw + col) * filters;
            g->boff[*segments] = (ky * w->kw + kx) * filters;
            g->len[(*segments)++] = filters;
            t->nsegments++;
            g->reach = iso_max64(g->reach, row);
        }
}

static char *plan_input_gradient(struct iso_gather *g, const struct iso_window *w, int64_t filters,
                                 char *work)
{
    int64_t bottom, right;
    *g = (struct iso_gather){
        .n = w->n,
        .sh = w->oh,
        .sw = w->ow,
        .sc = filters,
        .rh = w->h,
        .rw = w->w,
        .rc = w->c,
        .ystep = w->sh,
        .xstep = w->sw,
        .srow = 1,
        .scol = 1,
        .taps = w->kh * w->kw,
    };
    reach_of(w->h, w->top, w->kh, w->dh, w->sh, &g->row0, &bottom);
    reach_of(w->w, w->left, w->kw, w->dw, w->sw, &g->col0, &right);
    g->ph = bottom - g->row0 + 1;
    g->pw = right - g->col0 + 1;
    g->weights = (struct iso_gemm){
        .m = iso_ceil_div(w->w, w->sw), .n = w->c, .k = filters, .ldw = filters, .transposed = true
    };
    if (work == NULL)
        return NULL;
    work = take_tables(g, work, w->sh * w->sw, w->kh * w->kw);
    const int64_t pw = needs_border(g) ? g->pw : g->sw;
    int segments = 0;
    for (int64_t y0 = 0; y0 < iso_min64(w->sh, w->h); y0++)
        for (int64_t x0 = 0; x0 < iso_min64(w->sw, w->w); x0++)
            plan_residue(g, w, filters, y0, x0, pw, &segments);
    return work;
}

/* ---- Work ---------------------------------------------------------------------------------- */

/* Copies padded rows [first, last] of image n with their borders of zeros. */
static void pad_rows(const struct iso_gather *g, int64_t n, int64_t first, int64_t last,
                     float *padded)
{
    const int64_t left = iso_min64(g->pw, iso_max64(0, -g->col0)), from = g->col0 + left;
    const int64_t copied = iso_max64(0, iso_min64(g->pw - left, g->sw - from));
    for (int64_t r = first; r <= iso_min64(last, g->ph - 1); r++) {
        float *row = padded + r * g->pw * g->sc;
        const int64_t y = r + g->row0;
        if (y < 0 || y >= g->sh) {
            memset(row, 0, (size_t)(g->pw * g->sc) * sizeof *row);
            continue;
        }
        memset(row, 0, (size_t)(left * g->sc) * sizeof *row);
        memcpy(row + left * g->sc, g->source + ((n * g->sh + y) * g->sw + from) * g->sc,
               (size_t)(copied * g->sc) * sizeof *row);
        memset(row + (left + copied) * g->sc, 0,
               (size_t)((g->pw - left - copied) * g->sc) * sizeof *row);
    }
}

static bool all_finite(const float *x, int64_t n)
{
    const uint32_t exponent = 0x7f800000u;
    uint32_t found = 0;
    for (int64_t i = 0; i < n; i++)
        found |= (iso_bits(x[i]) & exponent) == exponent;
    return found == 0;
}

static void pack_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    struct iso_gemm w = job->g->weights;
    const int64_t tap = index % job->g->taps, p = index / job->g->taps;
    (void)thread;
    float *panel = job->panel + (p * job->g->taps + tap) * w.k * job->width;
    w.w += tap * w.k * (w.transposed ? w.n : 0);
    ISO_CPU(pack)(&w, p * job->width, job->width, 0, w.k, panel);
    if (!all_finite(panel, w.k * job->width))
        atomic_store_explicit(job->infinite, true, memory_order_relaxed);
}

/* Leaves out the segments, at both ends, of rows outside the source, for result row j of a residue.
 */
static void skip_zeros(const struct iso_gather *g, const struct iso_taps *t, int64_t pw, int64_t j,
                       int *first, int *nsegments)
{
    const int64_t top = j * g->srow + g->row0, row = pw * g->sc;
    int a = t->first, b = t->first + t->nsegments;
    while (a < b && (top + g->aoff[a] / row < 0 || top + g->aoff[a] / row >= g->sh))
        a++;
    while (a < b && (top + g->aoff[b - 1] / row < 0 || top + g->aoff[b - 1] / row >= g->sh))
        b--;
    *first = a;
    *nsegments = b - a;
}

static void run_residue(const struct job *job, const struct iso_taps *t, const float *image,
                        int64_t pw, int64_t n, int64_t panel, int64_t j0, int64_t j1)
{
    const bool finite = !atomic_load_explicit(job->infinite, memory_order_relaxed);
    const struct iso_gather *g = job->g;
    const int64_t c0 = panel * job->width;
    struct iso_tile tile = {
        .as = g->scol * g->sc,
        .ak = 1,
        .bk = job->width,
        .cs = g->xstep * g->rc,
        .b = job->panel + panel * g->taps * g->weights.k * job->width,
        .rows = (int)t->nx,
        .cols = (int)iso_min64(job->width, g->rc - c0),
        .block = ISO_BLOCK_TERMS,
        .bias = g->bias != NULL ? g->bias + c0 : NULL,
        .add = g->add,
    };
    for (int64_t j = j0; j < iso_min64(j1, t->ny); j++) {
        int first = t->first;
        tile.nsegments = t->nsegments;
        if (finite && job->padded != NULL)
            skip_zeros(g, t, pw, j, &first, &tile.nsegments);
        tile.left_out = first > t->first ? (first - t->first) * g->len[first] : 0; /* all as long */
        tile.aoff = g->aoff + first;
        tile.boff = g->boff + first;
        tile.len = g->len + first;
        tile.a = image + j * g->srow * pw * g->sc;
        tile.c = g->result + ((n * g->rh + t->y0 + j * g->ystep) * g->rw + t->x0) * g->rc + c0;
        ISO_CPU(tile_run)(&tile, job->vectors);
    }
}

static void unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const struct iso_gather *g = job->g;
    const int64_t n = index / job->bands, j0 = index % job->bands * job->band_rows,
                  j1 = j0 + job->band_rows;
    const float *image = g->source + ((n * g->sh + g->row0) * g->sw + g->col0) * g->sc;
    int64_t pw = g->sw;
    if (job->padded != NULL) {
        float *padded = job->padded + (size_t)thread * job->padded_size;
        pad_rows(g, n, j0 * g->srow, (j1 - 1) * g->srow + g->reach, padded);
        image = padded;
        pw = g->pw;
    }
    for (int64_t p = 0; p < job->panels; p++)
        for (int i = 0; i < g->nresidues; i++)
            run_residue(job, &g->residue[i], image, pw, n, p, j0, j1);
    const int64_t rows = iso_min64(j1 * g->ystep, g->rh) - j0 * g->ystep; /* they lie end to end */
    if (rows > 0)
        ISO_CPU(end)(&g->ending, g->result + (n * g->rh + j0 * g->ystep) * g->rw * g->rc,
                     rows * g->rw * g->rc);
}

static void size_job(struct job *job, const struct iso_gather *g)
{
    *job = (struct job){ .g = g, .vectors = iso_tile_vectors(g->rc, g->weights.m) };
    job->width = job->vectors * ISO_VEC;
    job->panels = iso_ceil_div(g->rc, job->width);
    job->padded_size = needs_border(g) ? (size_t)iso_ceil_div(g->ph * g->pw * g->sc, 16) * 16 : 0;
}

static size_t panel_floats(const struct job *job)
{
    const int64_t taps = job->g->taps * job->g->weights.k;
    return (size_t)iso_ceil_div(job->panels * taps * job->width, 16) * 16;
}

static size_t job_bytes(const struct iso_gather *g, int threads)
{
    struct job job;
    size_job(&job, g);
    return (panel_floats(&job) + (size_t)threads * job.padded_size) * sizeof(float) + 64;
}

static void run(struct iso_team *team, struct iso_gather *g, char *work)
{
    const int threads = iso_team_size(team);
    atomic_bool infinite = false;
    struct job job;
    size_job(&job, g);
    job.infinite = &infinite;
    job.panel = (float *)(void *)work;
    if (job.padded_size > 0)
        job.padded = job.panel + panel_floats(&job);
    const int64_t rows = g->residue[0].ny;
    for (int b = 0; b < g->nresidues; b++)
        for (int r = 0; r < g->residue[b].nsegments; r++)
            g->boff[g->residue[b].first + r] *= job.width;
    const int64_t bands = iso_min64(rows, iso_ceil_div(4 * threads, g->n));
    job.bands = threads == 1 || g->n >= 4 * threads ? 1 : bands;
    job.band_rows = iso_ceil_div(rows, job.bands);
    iso_team_run(team, job.panels * g->taps, pack_unit, &job);
    iso_team_run(team, g->n * job.bands, unit, &job);
}

/* ---- The two passes ------------------------------------------------------------------------ */

size_t ISO_CPU(conv_forward_workspace)(const struct iso_window *w, int64_t filters, int threads)
{
    struct iso_gather g;
    plan_forward(&g, w, filters, NULL);
    return table_bytes(1, w->kh * w->kw) + job_bytes(&g, threads);
}

void ISO_CPU(conv_forward)(struct iso_team *team, const struct iso_window *w, int64_t filters,
                           const float *x, const float *kernel, const float *bias,
                           struct iso_ending ending, float *y, void *workspace)
{
    struct iso_gather g;
    char *work = plan_forward(&g, w, filters, workspace);
    g.source = x;
    g.result = y;
    g.weights.w = kernel;
    g.bias = bias;
    g.ending = ending;
    run(team, &g, work);
}

size_t ISO_CPU(conv_input_gradient_workspace)(const struct iso_window *w, int64_t filters,
                                              int threads)
{
    struct iso_gather g;
    plan_input_gradient(&g, w, filters, NULL);
    return table_bytes(w->sh * w->sw, w->kh * w->kw) + job_bytes(&g, threads);
}

void ISO_CPU(conv_input_gradient)(struct iso_team *team, const struct iso_window *w,
                                  int64_t filters, const float *dy, const float *kernel, bool add,
                                  struct iso_ending ending, float *dx, void *workspace)
{
    struct iso_gather g;
    char *work = plan_input_gradient(&g, w, filters, workspace);
    g.source = dy;
    g.result = dx;
    g.weights.w = kernel;
    g.ending = ending;
    g.add = add;
    run(team, &g, work);
}
