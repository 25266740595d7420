/* gemm.c: panels of b, packed by the thread that uses them, times strips of a's rows. */
#include "gemm.h"

/* A panel piece of this many k fits the second-level cache beside the rows of a. */
enum { K_PIECE = 2048, K_BLOCK = 64 };

struct job {
    const struct iso_gemm *g;
    int vectors, width;                /* of a panel */
    int64_t panels, strips, strip_rows;
    float *scratch; size_t scratch_size;       /* one panel a thread, in floats */
    int64_t *packed;                   /* the panel each thread holds whole, or -1 */
};

void ISO_CPU(pack)(const struct iso_gemm *g, int64_t j0, int width, int64_t k0, int64_t k1, float *panel)
{
    const int64_t lanes = iso_min64(width, g->n - j0);
    if (lanes < width)
        memset(panel, 0, (size_t)((k1 - k0) * width) * sizeof *panel);
    if (!g->transposed) {
        for (int64_t k = k0; k < k1; k++)
            memcpy(panel + (k - k0) * width, g->w + k * g->ldw + j0, (size_t)lanes * sizeof *panel);
        return;
    }
    for (int64_t kb = k0; kb < k1; kb += K_BLOCK)
        for (int64_t j = 0; j < lanes; j++)
            for (int64_t k = kb; k < iso_min64(kb + K_BLOCK, k1); k++)
                panel[(k - k0) * width + j] = g->w[(j0 + j) * g->ldw + k];
}

/* One panel times one strip. A long k goes in pieces, the chain resuming from what c holds; a call that
 * adds to c cannot leave half a chain there and takes k whole. */
static void unit(void *data, int64_t index, int thread)
{
    struct job *job = data;
    const struct iso_gemm *g = job->g;
    const int64_t p = index / job->strips, i0 = index % job->strips * job->strip_rows;
    const int64_t j0 = p * job->width, i1 = iso_min64(g->m, i0 + job->strip_rows);
    const int64_t piece = g->add || g->k <= K_PIECE ? g->k : K_PIECE;
    float *panel = job->scratch + (size_t)thread * job->scratch_size;
    const ptrdiff_t zero = 0;
    if (i0 >= i1)
        return;
    struct iso_tile t = { .b = panel, .c = g->c + i0 * g->ldc + j0, .as = g->lda, .ak = 1, .bk = job->width,
                          .cs = g->ldc, .aoff = &zero, .boff = &zero, .nruns = 1, .rows = (int)(i1 - i0),
                          .lanes = (int)iso_min64(job->width, g->n - j0), .add = g->add };
    for (int64_t k0 = 0; k0 == 0 || k0 < g->k; k0 += piece) {
        const int64_t len = iso_min64(piece, g->k - k0);
        if (job->packed[thread * 8] != p || piece < g->k)
            ISO_CPU(pack)(g, j0, job->width, k0, k0 + len, panel);
        job->packed[thread * 8] = p;
        t.a = g->a + i0 * g->lda + k0;
        t.len = &len;
        t.resume = k0 > 0;
        t.bias = g->bias && k0 + len == g->k ? g->bias + j0 : NULL;
        ISO_CPU(tile_run)(&t, job->vectors);
        if (piece == 0)
            break;
    }
}

static size_t panel_floats(int64_t m, int64_t n, int64_t k)
{
    return (size_t)(k * ISO_VEC * iso_tile_vectors(n, m) + 15) / 16 * 16;
}

size_t ISO_CPU(gemm_workspace)(int64_t m, int64_t n, int64_t k, int threads)
{
    return (size_t)threads * (panel_floats(m, n, k) * sizeof(float) + 8 * sizeof(int64_t)) + 64;
}

void ISO_CPU(gemm)(struct iso_team *team, const struct iso_gemm *g, void *workspace)
{
    const int threads = iso_team_size(team);
    struct job job = { .g = g, .vectors = iso_tile_vectors(g->n, g->m), .packed = workspace };
    job.width = job.vectors * ISO_VEC;
    job.panels = iso_ceil_div(g->n, job.width);
    job.scratch = (float *)workspace + (size_t)threads * 8 * sizeof(int64_t) / sizeof(float);
    job.scratch_size = panel_floats(g->m, g->n, g->k);
    const int64_t most = iso_ceil_div(g->m, iso_tile_rows(job.vectors));
    job.strips = threads == 1 ? 1 : iso_min64(most, iso_ceil_div(4 * threads, job.panels));
    job.strip_rows = iso_ceil_div(g->m, job.strips);
    for (int i = 0; i < threads; i++)
        job.packed[i * 8] = -1;
    iso_team_run(team, job.panels * job.strips, unit, &job);
}
