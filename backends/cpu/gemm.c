/* gemm.c: panels of b, packed, times rows of a.
 *
 * Where a has more rows than b has columns (the pixels of a 1x1 convolution), all panels are packed
 * first, and a thread takes a band of rows through all of them, so that a is read once. Where it
 * has fewer (a dense layer), a thread takes a group of panels, packs one after the other, and takes
 * all rows through it. A long k goes in pieces, so that a piece of a stays in the second-level
 * cache while all panels of the group pass by; and while one of these is multiplied, the next one
 * is fetched from memory.
 *
 * Rows of a that lie far apart share few cache sets and translation entries, so such an a is packed
 * too, into strips [k][rows of a tile]. */
#include "elements.h"
#include "gemm.h"

enum {
    K_PIECE = ISO_BLOCK_TERMS, /* k of a piece */
    BAND_FLOATS = 65536,       /* size of a band of a, which stays in the second-level cache */
    BAND_TILES = 8,            /* but not more tiles than this */
    FAR = 256,                 /* elements between rows from which a is packed, */
    REUSED = 6,                /* when this many panels or more meet it, */
    PAGE = 1024,               /* or any, where rows are whole pages apart */
    UNITS = 4,                 /* units per thread, */
    UNIT_PRODUCTS = 32768,     /* but less than this is not worth handing to another one */
    LINE = 16                  /* elements of a line of the cache */
};

struct job {
    const struct iso_gemm *g;
    int vectors, width, height; /* vectors and columns per panel; rows per tile */
    int64_t panels, piece;      /* piece: k per piece */
    bool by_band, packs_a;
    int64_t bands, band_rows; /* bands of a; a unit is a band, or a group of panels times a band */
    int64_t groups;           /* number of groups, about equal in size */
    float *strip;             /* packed a, [strips][k][height]: a band per thread, or all of it */
    float *panel;             /* packed b: all of it, or a piece of a panel per thread */
    size_t strip_floats, panel_floats;
};

/* In squares of eight: the last ones overlap those before them, so that none is left over. */
void ISO_CPU(transpose)(const float *from, int64_t ldf, int64_t rows, int64_t columns, float *to,
                        int64_t ldt)
{
    enum { SQUARE = 8 };
    if (rows < SQUARE || columns < SQUARE) {
        for (int64_t j = 0; j < rows; j++)
            for (int64_t k = 0; k < columns; k++)
                to[k * ldt + j] = from[j * ldf + k];
        return;
    }
    for (int64_t next = 0; next < columns; next += SQUARE) {
        const int64_t k = iso_min64(next, columns - SQUARE);
        for (int64_t after = 0; after < rows; after += SQUARE) {
            const int64_t j = iso_min64(after, rows - SQUARE);
            iso_transpose8(from + j * ldf + k, ldf, to + k * ldt + j, ldt);
        }
    }
}

/* Copies rows of whole vectors, and prefetches the next rows, which are too far apart for the
 * processor's own prefetching. */
static void copy_rows(const float *from, int64_t ldf, int64_t rows, int width, float *to)
{
    enum { AHEAD = 16 };
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

/* ---- Work ---------------------------------------------------------------------------------- */

/* Rows [i0, i0 + rows) of a as strips. */
static void pack_rows(const struct job *job, int64_t i0, int64_t rows, float *to)
{
    const struct iso_gemm *g = job->g;
    for (int64_t i = 0; i < rows; i += job->height)
        ISO_CPU(transpose)(g->a + (i0 + i) * g->lda, g->lda, iso_min64(job->height, rows - i), g->k,
                           to + i * g->k, job->height);
}

/* A piece of a panel of b: terms [k0, k0 + len) of the columns from p width on. */
struct piece {
    int64_t p, k0, len;
    const float *packed; /* [len][width] */
    const float *next;   /* the piece to fetch meanwhile, where it lies in b; NULL: none */
};

/* Lets a tile fetch its share of the next piece: a line of each row, which may begin within one,
 * or, if b is transposed, all lines of some rows. Returns false if nothing is left to fetch. */
static bool fetch_ahead(const struct job *job, const float *next, int64_t tile, struct iso_tile *t)
{
    const struct iso_gemm *g = job->g;
    const int64_t shares = job->width / LINE + !g->transposed;
    if (next == NULL || tile >= shares)
        return false;
    t->ahead = next + tile * LINE * (g->transposed ? g->ldw : 1);
    t->step = g->ldw;
    t->leap = LINE * (g->transposed ? 1 : g->ldw);
    return true;
}

/* Multiplies rows [i0, i0 + rows) by a piece, continuing the sums in c. strip: these rows, packed,
 * or NULL. */
static void multiply(const struct job *job, int64_t i0, int64_t rows, const struct piece *piece,
                     const float *strip)
{
    const struct iso_gemm *g = job->g;
    const ptrdiff_t zero = 0;
    const int64_t j0 = piece->p * job->width, k0 = piece->k0;
    const int64_t each = strip != NULL || !job->by_band ? job->height : rows;
    struct iso_tile t = { .b = piece->packed,
                          .as = strip != NULL ? 1 : g->lda,
                          .bk = job->width,
                          .ak = strip != NULL ? job->height : 1,
                          .cs = g->ldc,
                          .aoff = &zero,
                          .boff = &zero,
                          .len = &piece->len,
                          .nsegments = 1,
                          .cols = (int)iso_min64(job->width, g->n - j0),
                          .block = ISO_BLOCK_TERMS,
                          .bias = g->bias != NULL && k0 + piece->len == g->k ? g->bias + j0 : NULL,
                          .a_is_near = strip != NULL,
                          .resume = k0 > 0,
                          .add = g->add };
    for (int64_t i = 0; i < rows; i += each) {
        t.ahead = NULL;
        t.streams = fetch_ahead(job, piece->next, i / each, &t) || job->by_band;
        t.rows = (int)iso_min64(each, rows - i);
        t.a = strip != NULL ? strip + i * g->k + k0 * job->height : g->a + (i0 + i) * g->lda + k0;
        t.c = g->c + (i0 + i) * g->ldc + j0;
        ISO_CPU(tile_run)(&t, job->vectors);
    }
}

static void pack_panel_unit(void *data, int64_t p, int thread)
{
    const struct job *job = data;
    (void)thread;
    ISO_CPU(pack)(job->g, p * job->width, job->width, 0, job->g->k,
                  job->panel + p * job->g->k * job->width);
}

/* A band of rows times all panels. */
static void band_unit(void *data, int64_t band, int thread)
{
    const struct job *job = data;
    const struct iso_gemm *g = job->g;
    const int64_t i0 = band * job->band_rows, rows = iso_min64(job->band_rows, g->m - i0);
    float *strip = job->packs_a ? job->strip + (size_t)thread * job->strip_floats : NULL;
    if (strip != NULL)
        pack_rows(job, i0, rows, strip);
    for (int64_t k0 = 0; k0 == 0 || k0 < g->k; k0 += job->piece)
        for (int64_t p = 0; p < job->panels; p++) {
            const struct piece piece = { .p = p,
                                         .k0 = k0,
                                         .len = iso_min64(job->piece, g->k - k0),
                                         .packed = job->panel + (p * g->k + k0) * job->width };
            multiply(job, i0, rows, &piece, strip);
        }
    for (int64_t i = 0; g->ending.activation != NULL && i < rows; i++)
        ISO_CPU(end)(&g->ending, g->c + (i0 + i) * g->ldc, g->n);
}

static void pack_strip_unit(void *data, int64_t s, int thread)
{
    const struct job *job = data;
    const int64_t i0 = s * job->height;
    (void)thread;
    pack_rows(job, i0, iso_min64(job->height, job->g->m - i0), job->strip + i0 * job->g->k);
}

/* Returns where the terms from k0 on of panel p lie in b; NULL if there is no such panel. */
static const float *place_of(const struct job *job, int64_t p, int64_t k0)
{
    const struct iso_gemm *g = job->g;
    if (p == job->panels)
        return NULL;
    return g->transposed ? g->w + p * job->width * g->ldw + k0
                         : g->w + k0 * g->ldw + p * job->width;
}

/* Returns where the piece that follows (p, k0) lies in b: that of the group's next panel, or of its
 * first one, or the first of the next group; NULL at the end. */
static const float *place_of_next(const struct job *job, struct iso_range group, int64_t p,
                                  int64_t k0)
{
    if (p + 1 < group.end)
        return place_of(job, p + 1, k0);
    return k0 + job->piece < job->g->k ? place_of(job, group.begin, k0 + job->piece)
                                       : place_of(job, group.end, 0);
}

/* A group of panels times a band of rows. */
static void panels_unit(void *data, int64_t index, int thread)
{
    const struct job *job = data;
    const struct iso_gemm *g = job->g;
    const int64_t u = index / job->bands;
    const struct iso_range group = { u * job->panels / job->groups,
                                     (u + 1) * job->panels / job->groups };
    const int64_t i0 = index % job->bands * job->band_rows, j0 = group.begin * job->width;
    const int64_t rows = iso_min64(job->band_rows, g->m - i0);
    const int64_t columns = iso_min64(group.end * job->width, g->n) - j0;
    float *packed = job->panel + (size_t)thread * job->panel_floats;
    for (int64_t k0 = 0; k0 == 0 || k0 < g->k; k0 += job->piece)
        for (int64_t p = group.begin; p < group.end; p++) {
            const int64_t len = iso_min64(job->piece, g->k - k0);
            const struct piece piece = { p, k0, len, packed, place_of_next(job, group, p, k0) };
            ISO_CPU(pack)(g, p * job->width, job->width, k0, k0 + len, packed);
            multiply(job, i0, rows, &piece, job->packs_a ? job->strip + i0 * g->k : NULL);
        }
    for (int64_t i = 0; g->ending.activation != NULL && i < rows; i++)
        ISO_CPU(end)(&g->ending, g->c + (i0 + i) * g->ldc + j0, columns);
}

/* ---- Division ------------------------------------------------------------------------------ */

static size_t sixteens(int64_t floats) { return (size_t)iso_ceil_div(floats, 16) * 16; }

/* Bands of whole tiles that fit the cache, several for each thread. */
static void divide_by_band(struct job *job, int threads)
{
    const struct iso_gemm *g = job->g;
    const int64_t fit = BAND_FLOATS / iso_max64(1, g->k) / job->height;
    const int64_t tiles = iso_ceil_div(g->m, job->height);
    const int64_t share = iso_ceil_div(tiles, UNITS * threads);
    const int64_t each = iso_max64(1, iso_min64(iso_min64(fit, BAND_TILES), share));
    job->band_rows = each * job->height;
    job->bands = iso_ceil_div(g->m, job->band_rows);
    job->strip_floats = job->packs_a ? sixteens(job->band_rows * g->k) : 0;
    job->panel_floats = sixteens(job->panels * g->k * job->width);
}

/* All rows to a group of panels, unless there are too few panels for the threads. */
static void divide_by_panel(struct job *job, int threads)
{
    const struct iso_gemm *g = job->g;
    const int64_t tiles = iso_ceil_div(g->m, job->height);
    const int64_t worth = job->panels > 0 ? g->m * g->n * g->k / (job->panels * UNIT_PRODUCTS) : 0;
    const bool even = job->panels % threads == 0 || job->panels >= UNITS * threads;
    const int64_t wanted = even ? 1 : iso_ceil_div(UNITS * threads, iso_max64(1, job->panels));
    const int64_t bands = iso_max64(1, iso_min64(tiles, iso_min64(worth, wanted)));
    job->band_rows = iso_ceil_div(tiles, bands) * job->height;
    job->bands = iso_ceil_div(g->m, job->band_rows);
    job->groups = iso_min64(job->panels, iso_ceil_div(UNITS * threads, bands));
    job->strip_floats = job->packs_a ? sixteens(tiles * job->height * g->k) : 0;
    job->panel_floats = sixteens(iso_min64(job->piece, g->k) * job->width);
}

/* A call that adds to c cannot leave half a sum there and takes k whole. */
static void divide(struct job *job, const struct iso_gemm *g, int threads)
{
    *job = (struct job){ .g = g, .vectors = iso_tile_vectors(g->n, g->m), .by_band = g->m > g->n };
    job->width = job->vectors * ISO_VEC;
    const int64_t tiles = iso_max64(1, iso_ceil_div(g->m, iso_tile_rows(job->vectors)));
    job->height = job->by_band ? iso_tile_rows(job->vectors)
                               : (int)iso_ceil_div(iso_max64(1, g->m), tiles);
    job->panels = iso_ceil_div(g->n, job->width);
    job->piece = g->add || g->k == 0 ? g->k + 1 : K_PIECE;
    job->packs_a = g->lda >= FAR && (job->panels >= REUSED || g->lda % PAGE == 0);
    if (job->by_band)
        divide_by_band(job, threads);
    else
        divide_by_panel(job, threads);
}

static size_t workspace_of(int64_t m, int64_t n, int64_t k, int threads)
{
    const struct iso_gemm g = { .m = m, .n = n, .k = k, .lda = k, .add = true };
    struct job job;
    divide(&job, &g, threads);
    const size_t strips = job.by_band ? (size_t)threads : 1,
                 panels = job.by_band ? 1 : (size_t)threads;
    return (strips * job.strip_floats + panels * job.panel_floats) * sizeof(float);
}

/* Fewer rows than asked for may be divided otherwise: at most n of them by panels, very few with
 * wider ones. */
size_t ISO_CPU(gemm_workspace)(int64_t m, int64_t n, int64_t k, int threads)
{
    const size_t all = workspace_of(m, n, k, threads);
    const size_t fewer = workspace_of(iso_min64(m, n), n, k, threads);
    const size_t few = workspace_of(iso_min64(m, ISO_TILE4), n, k, threads);
    return iso_max_size(all, iso_max_size(fewer, few));
}

void ISO_CPU(gemm)(struct iso_team *team, const struct iso_gemm *g, void *workspace)
{
    const int threads = iso_team_size(team);
    struct job job;
    divide(&job, g, threads);
    job.strip = workspace;
    job.panel = job.strip + (size_t)(job.by_band ? threads : 1) * job.strip_floats;
    if (job.by_band) {
        iso_team_run(team, job.panels, pack_panel_unit, &job);
        iso_team_run(team, job.bands, band_unit, &job);
        return;
    }
    if (job.packs_a)
        iso_team_run(team, iso_ceil_div(g->m, job.height), pack_strip_unit, &job);
    iso_team_run(team, job.groups * job.bands, panels_unit, &job);
}
