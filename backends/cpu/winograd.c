/* winograd.c: forward pass and input gradient of a convolution by Winograd's algorithm.
 *
 * A thread takes a chunk of tiles through the source's transform, the products at 36 points and the
 * transform of the results, in scratch of its own that stays in its second-level cache: only the
 * kernel's transform u is shared. Where u would be larger than what all tiles take (many channels,
 * few tiles), it is the tiles that are shared, and a thread takes a panel of result channels from
 * the kernel to the results. */
#include "winograd_tiles.h"
#include "core/ops/activation.h"

enum { CHUNK = 28, FEW_TAPS = 8 }; /* tiles of a chunk, about; channels of a kernel at a time */

struct job {
    struct iso_pixels source;
    int64_t top, left; /* zeros before the source */
    int64_t n, rh, rw, rc;
    int k, tile;           /* taps and results of a tile, per side */
    int64_t th, tw, tiles; /* tiles of a result image; of all */
    const float *kernel, *bias;
    struct iso_ending ending;
    const float *gate; /* result of a relu through which dx passes back; NULL: none */
    float *result;
    bool add, turned; /* turned: the kernel by 180 degrees, with channels exchanged */
    int vectors, width;
    int64_t panels, padded; /* panels of result channels; channels rounded up to whole panels */
    int64_t stride;         /* floats of a tile's source channels, rounded up to whole vectors */
    bool by_panel;
    int64_t chunk, chunks;
    int64_t u_plane, v_plane, m_plane; /* floats from point to point */
    float *u, *v, *m;                  /* a thread's u or v, and m, lie so far apart: */
    int64_t u_floats, v_floats, m_floats;
};

/* ---- The kernel ------------------------------------------------------------------------------ */

/* Copies the taps of channels [k, k + few) and of the panel's columns: taps[tap][few][width]. */
static void gather_taps(const struct job *job, int64_t p, int64_t k, int64_t few, float *taps)
{
    const int64_t j0 = p * job->width, cols = iso_min64(job->width, job->rc - j0);
    const int64_t sc = job->source.channels, ntaps = job->k * job->k;
    memset(taps, 0, (size_t)(ntaps * FEW_TAPS * job->width) * sizeof *taps);
    for (int64_t tap = 0; tap < ntaps; tap++) {
        const float *from = job->kernel + tap * sc * job->rc;
        float *to = taps + (job->turned ? ntaps - 1 - tap : tap) * FEW_TAPS * job->width;
        if (job->turned)
            ISO_CPU(transpose)(from + j0 * sc + k, sc, cols, few, to, job->width);
        for (int64_t i = 0; !job->turned && i < few; i++)
            memcpy(to + i * job->width, from + (k + i) * job->rc + j0, (size_t)cols * sizeof *to);
    }
}

/* The transform of one panel: u[36 planes][channel][width]. */
ISO_CPU_INLINE void transform_taps(const struct job *job, const int k, const float *taps,
                                   int64_t few, float *u)
{
    for (int64_t e = 0; e < few * job->width; e += ISO_VEC) {
        iso_vec g[25], t[POINTS];
        ISO_CPU_UNROLL for (int i = 0; i < k * k; i++)
            g[i] = iso_vload(taps + i * FEW_TAPS * job->width + e);
        if (k == 3)
            iso_vector_taps3_square(g, t);
        else
            iso_vector_taps5_square(g, t);
        ISO_CPU_UNROLL for (int i = 0; i < POINTS; i++) iso_vstore(u + i * job->u_plane + e, t[i]);
    }
}

static void kernel_panel(const struct job *job, int64_t p, float *u)
{
    float taps[25 * FEW_TAPS * 4 * ISO_VEC];
    for (int64_t k = 0; k < job->source.channels; k += FEW_TAPS) {
        const int64_t few = iso_min64(FEW_TAPS, job->source.channels - k);
        gather_taps(job, p, k, few, taps);
        if (job->k == 3)
            transform_taps(job, 3, taps, few, u + k * job->width);
        else
            transform_taps(job, 5, taps, few, u + k * job->width);
    }
}

static void kernel_unit(void *data, int64_t p, int thread)
{
    const struct job *job = data;
    (void)thread;
    kernel_panel(job, p, job->u + p * job->source.channels * job->width);
}

/* ---- Tiles ----------------------------------------------------------------------------------- */

/* Tiles [t0, t0 + n) to v[36 planes][tile][stride]. */
static void transform_source(const struct job *job, int64_t t0, int64_t n, float *v)
{
    for (int64_t i = 0; i < n; i++)
        iso_source_tile(&job->source,
                        iso_tile_place(t0 + i, job->th, job->tw, job->tile, job->top, job->left), 0,
                        job->source.channels, v + i * job->stride, job->v_plane);
}

/* m[36 planes][tile][width of all panels] = the sums over channels of v u. */
static void multiply(const struct job *job, int64_t n, const float *v, const float *u,
                     int64_t panels, float *m)
{
    const ptrdiff_t zero = 0;
    const int64_t sc = job->source.channels;
    struct iso_tile t = { .as = job->stride,
                          .ak = 1,
                          .bk = job->width,
                          .cs = panels * job->width,
                          .aoff = &zero,
                          .boff = &zero,
                          .len = &sc,
                          .nsegments = 1,
                          .rows = (int)n,
                          .cols = job->width,
                          .block = ISO_BLOCK_CHANNELS };
    for (int64_t i = 0; i < POINTS; i++)
        for (int64_t p = 0; p < panels; p++) {
            t.a = v + i * job->v_plane;
            t.b = u + i * job->u_plane + p * sc * job->width;
            t.c = m + i * job->m_plane + p * job->width;
            ISO_CPU(tile_run)(&t, job->vectors);
        }
}

/* Puts `n` channels from c on of a tile's results into the image. Those of a gate are fetched for
 * the next tile of the row, too. */
ISO_CPU_INLINE void put_results(const struct job *job, struct iso_tile_place at, int64_t c,
                                int64_t n, const int tile, const iso_vec *t)
{
    const iso_vec bias = job->bias == NULL ? iso_vset(0.0f) : iso_vload_part(job->bias + c, n);
    const int64_t first = ((at.image * job->rh + at.y) * job->rw + at.x) * job->rc + c;
    float *to = job->result + first;
    for (int i = 0; i < tile && at.y + i < job->rh; i++)
        for (int j = 0; j < tile && at.x + j < job->rw; j++) {
            float *r = to + (i * job->rw + j) * job->rc;
            const float *gate = job->gate + first + (i * job->rw + j) * job->rc;
            iso_vec y = iso_vadd(t[i * tile + j], iso_vset(0.0f)); /* a sum never ends in -0 */
            if (job->bias != NULL)
                y = iso_vadd(y, bias);
            if (job->gate != NULL) {
                y = iso_vpass(y, n == ISO_VEC ? iso_vload(gate) : iso_vload_part(gate, n));
                __builtin_prefetch(gate + tile * job->rc);
            }
            if (n == ISO_VEC)
                iso_vstore(r, job->add ? iso_vadd(iso_vload(r), y) : y);
            else
                iso_vstore_part(r, job->add ? iso_vadd(iso_vload_part(r, n), y) : y, n);
        }
}

/* A tile's channels [c0, c0 + count) from m[36 planes][count]. */
ISO_CPU_INLINE void result_tile(const struct job *job, struct iso_tile_place at, int64_t c0,
                                int64_t count, const int tile, const float *m)
{
    for (int64_t c = 0; c < count; c += ISO_VEC) {
        iso_vec d[POINTS], t[16];
        ISO_CPU_UNROLL for (int i = 0; i < POINTS; i++) d[i] = iso_vload(m + i * job->m_plane + c);
        if (tile == 4)
            iso_vector_result4_square(d, t);
        else
            iso_vector_result2_square(d, t);
        put_results(job, at, c0 + c, iso_min64(ISO_VEC, count - c), tile, t);
    }
}

/* Applies the ending to the results; pixels of a tile's row lie end to end if all channels are
 * present. */
static void end_tile(const struct job *job, struct iso_tile_place at, int64_t c0, int64_t count)
{
    const int64_t pixels = iso_min64(job->tile, job->rw - at.x);
    const int64_t together = count == job->rc ? pixels : 1;
    for (int64_t y = at.y; y < iso_min64(at.y + job->tile, job->rh); y++)
        for (int64_t x = at.x; x < at.x + pixels; x += together)
            ISO_CPU(end)(&job->ending,
                         job->result + ((at.image * job->rh + y) * job->rw + x) * job->rc + c0,
                         together * count);
}

static void transform_results(const struct job *job, int64_t t0, int64_t n, int64_t c0,
                              int64_t count, int64_t step, const float *m)
{
    for (int64_t i = 0; i < n; i++) {
        const struct iso_tile_place at = iso_tile_place(t0 + i, job->th, job->tw, job->tile, 0, 0);
        if (job->tile == 4)
            result_tile(job, at, c0, count, 4, m + i * step);
        else
            result_tile(job, at, c0, count, 2, m + i * step);
        if (job->ending.activation != NULL)
            end_tile(job, at, c0, count);
    }
}

/* ---- Units of work --------------------------------------------------------------------------- */

static int64_t chunk_size(const struct job *job, int64_t c)
{
    return iso_min64(job->chunk, job->tiles - c * job->chunk);
}

/* A chunk of tiles, all result channels. */
static void chunk_unit(void *data, int64_t c, int thread)
{
    const struct job *job = data;
    const int64_t t0 = c * job->chunk, n = chunk_size(job, c);
    float *v = job->v + thread * job->v_floats, *m = job->m + thread * job->m_floats;
    transform_source(job, t0, n, v);
    multiply(job, n, v, job->u, job->panels, m);
    transform_results(job, t0, n, 0, job->rc, job->padded, m);
}

/* A chunk's source, for all panels. */
static void source_unit(void *data, int64_t c, int thread)
{
    const struct job *job = data;
    const int64_t t0 = c * job->chunk;
    (void)thread;
    transform_source(job, t0, chunk_size(job, c), job->v + t0 * job->stride);
}

/* A panel of result channels, all tiles. */
static void panel_unit(void *data, int64_t p, int thread)
{
    const struct job *job = data;
    const int64_t c0 = p * job->width, count = iso_min64(job->width, job->rc - c0);
    float *u = job->u + thread * job->u_floats, *m = job->m + thread * job->m_floats;
    kernel_panel(job, p, u);
    for (int64_t c = 0; c < job->chunks; c++) {
        const int64_t t0 = c * job->chunk, n = chunk_size(job, c);
        multiply(job, n, job->v + t0 * job->stride, u, 1, m);
        transform_results(job, t0, n, c0, count, job->width, m);
    }
}

/* ---- Passes ---------------------------------------------------------------------------------- */

static void divide(struct job *job, int threads)
{
    const int64_t sc = job->source.channels;
    job->tile = ISO_WINOGRAD_TILE(job->k);
    job->th = iso_ceil_div(job->rh, job->tile);
    job->tw = iso_ceil_div(job->rw, job->tile);
    job->tiles = job->n * job->th * job->tw;
    job->vectors = iso_tile_vectors(job->rc, CHUNK);
    job->width = job->vectors * ISO_VEC;
    job->panels = iso_ceil_div(job->rc, job->width);
    job->padded = job->panels * job->width;
    job->stride = iso_ceil_div(sc, ISO_VEC) * ISO_VEC;
    job->by_panel = job->tiles < job->rc;
    const int64_t rounds = iso_ceil_div(job->tiles, CHUNK * threads);
    job->chunk = iso_ceil_div(job->tiles,
                              job->by_panel ? iso_ceil_div(job->tiles, CHUNK) : rounds * threads);
    job->chunks = iso_ceil_div(job->tiles, job->chunk);
    const int64_t width = job->by_panel ? job->width : job->padded;
    const int64_t most = iso_min64(job->tiles, CHUNK); /* no chunk of a smaller batch is larger */
    job->u_plane = iso_winograd_plane(sc * width);
    job->v_plane = iso_winograd_plane(job->stride * (job->by_panel ? job->tiles : most));
    job->m_plane = iso_winograd_plane(most * width);
    job->u_floats = POINTS * job->u_plane;
    job->v_floats = POINTS * job->v_plane;
    job->m_floats = POINTS * job->m_plane;
}

static struct job forward_job(const struct iso_window *w, int64_t filters)
{
    return (struct job){ .source = { .h = w->h, .w = w->w, .channels = w->c },
                         .top = w->top,
                         .left = w->left,
                         .n = w->n,
                         .rh = w->oh,
                         .rw = w->ow,
                         .rc = filters,
                         .k = (int)w->kh };
}

static struct job input_gradient_job(const struct iso_window *w, int64_t filters)
{
    return (struct job){ .source = { .h = w->oh, .w = w->ow, .channels = filters },
                         .top = w->kh - 1 - w->top,
                         .left = w->kw - 1 - w->left,
                         .n = w->n,
                         .rh = w->h,
                         .rw = w->w,
                         .rc = w->c,
                         .k = (int)w->kh,
                         .turned = true };
}

static size_t job_bytes(const struct job *job, int threads)
{
    const int64_t u = job->by_panel ? threads : 1, v = job->by_panel ? 1 : threads;
    return (size_t)(u * job->u_floats + v * job->v_floats + threads * job->m_floats) *
           sizeof(float);
}

/* Returns the larger of the workspace for this number of images and that for the largest number of
 * images whose tiles are shared. */
static size_t workspace_of(struct job job, int threads)
{
    divide(&job, threads);
    const size_t all = job_bytes(&job, threads);
    if (job.by_panel)
        return all;
    job.n = iso_max64(1, (job.rc - 1) / (job.th * job.tw));
    divide(&job, threads);
    return iso_max_size(all, job_bytes(&job, threads));
}

size_t ISO_CPU(winograd_forward_workspace)(const struct iso_window *w, int64_t filters, int threads)
{
    return workspace_of(forward_job(w, filters), threads);
}

size_t ISO_CPU(winograd_input_gradient_workspace)(const struct iso_window *w, int64_t filters,
                                                  int threads)
{
    return workspace_of(input_gradient_job(w, filters), threads);
}

static void run(struct iso_team *team, struct job *job, void *workspace)
{
    const int threads = iso_team_size(team);
    divide(job, threads);
    job->u = workspace;
    job->v = job->u + (job->by_panel ? threads : 1) * job->u_floats;
    job->m = job->v + (job->by_panel ? 1 : threads) * job->v_floats;
    iso_team_run(team, job->by_panel ? job->chunks : job->panels,
                 job->by_panel ? source_unit : kernel_unit, job);
    iso_team_run(team, job->by_panel ? job->panels : job->chunks,
                 job->by_panel ? panel_unit : chunk_unit, job);
}

void ISO_CPU(winograd_forward)(struct iso_team *team, const struct iso_window *w, int64_t filters,
                               const float *x, const float *kernel, const float *bias,
                               struct iso_ending ending, float *y, void *workspace)
{
    struct job job = forward_job(w, filters);
    job.source.at = x;
    job.kernel = kernel;
    job.bias = bias;
    job.ending = ending;
    job.result = y;
    run(team, &job, workspace);
}

void ISO_CPU(winograd_input_gradient)(struct iso_team *team, const struct iso_window *w,
                                      int64_t filters, const float *dy, const float *kernel,
                                      bool add, struct iso_ending ending, float *dx,
                                      void *workspace)
{
    struct job job = input_gradient_job(w, filters);
    job.source.at = dy;
    job.kernel = kernel;
    job.add = add;
    if (iso_is_relu(ending.activation))
        job.gate = ending.given;
    else
        job.ending = ending;
    job.result = dx;
    run(team, &job, workspace);
}
