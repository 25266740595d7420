/* gemm.c: panels of b, packed by the thread that uses them, times strips of a's rows.
 *
 * Rows of a that lie far apart share few cache sets and translation entries, so such an a is packed
 * too, once, into strips [k][rows of a tile]. */
#include "gemm.h"

enum {
    K_PIECE = 4 * ISO_BLOCK_TERMS, /* k of a panel that stays in the second-level cache beside
                                      a strip */
    FAR = 256,                     /* elements between rows from which a is packed, */
    REUSED = 4,                    /* when this many panels or more meet it */
    UNIT_PRODUCTS = 32768          /* less is not worth handing to another thread */
};

struct job {
    const struct iso_gemm *g;
    int vectors, width; /* of a panel */
    int64_t panels, strips, strip_rows;
    bool packs_a;
    float *strip; /* packed a, [strips][k][strip_rows], or NULL */
    float *scratch;
    size_t scratch_size; /* one panel a thread, in floats */
    int64_t *packed;     /* the panel each thread holds whole, or -1; 8 apart */
};

void ISO_CPU(transpose)(const float *from, int64_t ldf, int64_t rows, int64_t columns, float *to,
                        int64_t ldt)
{
    const int64_t whole_rows = rows / 8 * 8, whole_columns = columns / 8 * 8;
    for (int64_t k = 0; k < whole_columns; k += 8)
        for (int64_t j = 0; j < whole_rows; j += 8)
            iso_transpose8(from + j * ldf + k, ldf, to + k * ldt + j, ldt);
    for (int64_t j = 0; j < rows; j++)
        for (int64_t k = j < whole_rows ? whole_columns : 0; k < columns; k++)
            to[k * ldt + j] = from[j * ldf + k];
}

/* Rows of whole vectors; those that come next are fetched, since they lie too far apart for the
 * processor to see them coming. */
static void copy_rows(const float *from, int64_t ldf, int64_t rows, int width, float *to)
{
    enum { AHEAD = 16, LINE = 16 };
    for (int64_t r = 0; r < rows; r++, from += ldf, to += width) {
        for (int i = 0; i < width; i += LINE)
            __builtin_prefetch(from + (r + AHEAD < rows ? AHEAD * ldf : 0) + i);
        for (int i = 0; i < width; i += ISO_VEC)
            iso_vstore(to + i, iso_vload(from + i));
    }
}

void ISO_CPU(pack)(const struct iso_gemm *g, int64_t j0, int width, int64_t k0, int64_t k1,
                   float *panel)
{
    const int64_t cols = iso_min64(width, g->n - j0);
    if (cols < width)
        memset(panel, 0, (size_t)((k1 - k0) * width) * sizeof *panel);
    if (g->transposed) {
        ISO_CPU(transpose)(g->w + j0 * g->ldw + k0, g->ldw, cols, k1 - k0, panel, width);
        return;
    }
    const float *from = g->w + k0 * g->ldw + j0;
    if (cols == width && width % ISO_VEC == 0)
        copy_rows(from, g->ldw, k1 - k0, width, panel);
    else
        for (int64_t k = k0; k < k1; k++, from += g->ldw)
            memcpy(panel + (k - k0) * width, from, (size_t)cols * sizeof *panel);
}

static void pack_strip(void *data, int64_t s, int thread)
{
    const struct job *job = data;
    const struct iso_gemm *g = job->g;
    const int64_t i0 = s * job->strip_rows, rows = iso_min64(job->strip_rows, g->m - i0);
    (void)thread;
    if (rows > 0)
        ISO_CPU(transpose)(g->a + i0 * g->lda, g->lda, rows, g->k, job->strip + i0 * g->k,
                           job->strip_rows);
}

/* One panel times one strip. A long k goes in pieces, the sum resuming from what c holds; a call
 * that adds to c cannot leave half a sum there and takes k whole. */
static void unit(void *data, int64_t index, int thread)
{
    struct job *job = data;
    const struct iso_gemm *g = job->g;
    const int64_t p = index / job->strips, i0 = index % job->strips * job->strip_rows;
    const int64_t j0 = p * job->width, rows = iso_min64(job->strip_rows, g->m - i0);
    float *panel = job->scratch + (size_t)thread * job->scratch_size;
    const ptrdiff_t zero = 0;
    if (rows <= 0)
        return;
    if (job->packed[thread * 8] != p)
        ISO_CPU(pack)(g, j0, job->width, 0, g->k, panel);
    job->packed[thread * 8] = p;
    struct iso_tile t = { .c = g->c + i0 * g->ldc + j0,
                          .as = job->strip != NULL ? 1 : g->lda,
                          .bk = job->width,
                          .ak = job->strip != NULL ? job->strip_rows : 1,
                          .cs = g->ldc,
                          .aoff = &zero,
                          .boff = &zero,
                          .nsegments = 1,
                          .rows = (int)rows,
                          .cols = (int)iso_min64(job->width, g->n - j0),
                          .block = ISO_BLOCK_TERMS,
                          .add = g->add };
    const int64_t piece = g->add || g->k == 0 ? g->k + 1 : K_PIECE;
    for (int64_t k0 = 0; k0 == 0 || k0 < g->k; k0 += piece) {
        const int64_t len = iso_min64(piece, g->k - k0);
        t.a = (job->strip != NULL ? job->strip + i0 * g->k : g->a + i0 * g->lda) + k0 * t.ak;
        t.b = panel + k0 * job->width;
        t.len = &len;
        t.resume = k0 > 0;
        t.bias = g->bias != NULL && k0 + len == g->k ? g->bias + j0 : NULL;
        ISO_CPU(tile_run)(&t, job->vectors);
    }
    for (int64_t i = 0; g->activation != NULL && i < rows; i++)
        ISO_CPU(activate)(g->activation, t.c + i * g->ldc, t.cols);
}

/* A strip is one tile high where a is packed, so that its rows lie side by side for every k. */
static void divide(struct job *job, const struct iso_gemm *g, int threads)
{
    *job = (struct job){ .g = g, .vectors = iso_tile_vectors(g->n, g->m) };
    job->width = job->vectors * ISO_VEC;
    job->panels = iso_ceil_div(g->n, job->width);
    job->scratch_size = (size_t)iso_ceil_div(g->k * job->width, 16) * 16;
    const int64_t tiles = iso_ceil_div(g->m, iso_tile_rows(job->vectors));
    const int64_t worth = job->panels > 0 ? g->m * g->n * g->k / (job->panels * UNIT_PRODUCTS) : 0;
    const int64_t wanted =
        threads == 1 ? 1 : iso_max64(1, iso_min64(worth, iso_ceil_div(4 * threads, job->panels)));
    job->packs_a = g->lda >= FAR && job->panels >= REUSED;
    job->strips = job->packs_a ? tiles : iso_min64(tiles, wanted);
    job->strip_rows = iso_ceil_div(g->m, job->strips);
}

static size_t strip_floats(const struct job *job)
{
    const int64_t floats = job->strips * job->strip_rows * job->g->k;
    return job->packs_a ? (size_t)iso_ceil_div(floats, 16) * 16 : 0;
}

static size_t workspace_of(int64_t m, int64_t n, int64_t k, int threads)
{
    const struct iso_gemm g = { .m = m, .n = n, .k = k, .lda = k };
    struct job job;
    divide(&job, &g, threads);
    return (strip_floats(&job) + (size_t)threads * (job.scratch_size + 16)) * sizeof(float) + 64;
}

/* Very few rows take wider panels: a batch smaller than the one asked for may be such. */
size_t ISO_CPU(gemm_workspace)(int64_t m, int64_t n, int64_t k, int threads)
{
    const size_t all = workspace_of(m, n, k, threads);
    const size_t few = workspace_of(iso_min64(m, ISO_TILE4), n, k, threads);
    return all > few ? all : few;
}

void ISO_CPU(gemm)(struct iso_team *team, const struct iso_gemm *g, void *workspace)
{
    const int threads = iso_team_size(team);
    struct job job;
    divide(&job, g, threads);
    job.packed = workspace;
    float *rest = (float *)workspace + (size_t)threads * 16;
    job.strip = job.packs_a ? rest : NULL;
    job.scratch = rest + strip_floats(&job);
    for (int i = 0; i < threads; i++)
        job.packed[i * 8] = -1;
    if (job.strip != NULL)
        iso_team_run(team, job.strips, pack_strip, &job);
    iso_team_run(team, job.panels * job.strips, unit, &job);
}
