/* tile.c: the register tiles, one per number of rows and vectors, all from one inlined body. */
#include "tile.h"

enum { LINE = 16 }; /* floats of a line of the cache */

/* P rows by V vectors; all are constants where this is inlined, so that acc lives in registers.
 * Adjacent rows (as = 1) are reached from one pointer, others from one in four, which keeps the
 * addresses in few registers. Fetches a line for each k, from `ahead` on, unless it is NULL. */
static inline __attribute__((always_inline)) void multiply(const struct iso_tile *t, const int P,
                                                           const int V, const bool adjacent,
                                                           const float *ahead, ptrdiff_t near,
                                                           const float *a, const float *b,
                                                           int64_t n, iso_vec acc[][4])
{
    const ptrdiff_t as = t->as, ak = t->ak, bk = t->bk, as3 = 3 * t->as;
    const float *a0 = a, *a1 = a + 4 * as, *a2 = a + 8 * as, *a3 = a + 12 * as, *a4 = a + 16 * as,
                *a5 = a + 20 * as;
    for (int64_t k = 0; k < n; k++) {
        iso_vec column[4];
        if (ahead != NULL) {
            __builtin_prefetch(ahead);
            ahead += near;
        }
        ISO_CPU_UNROLL for (int v = 0; v < V; v++) column[v] = iso_vload(b + v * ISO_VEC);
        ISO_CPU_UNROLL for (int i = 0; i < P; i++)
        {
            const float *base = i < 4    ? a0
                                : i < 8  ? a1
                                : i < 12 ? a2
                                : i < 16 ? a3
                                : i < 20 ? a4
                                         : a5;
            const iso_vec x = iso_vset(adjacent       ? a0[i]
                                       : (i & 3) == 0 ? base[0]
                                       : (i & 3) == 1 ? base[as]
                                       : (i & 3) == 2 ? base[2 * as]
                                                      : base[as3]);
            ISO_CPU_UNROLL for (int v = 0; v < V; v++)
                acc[i][v] = iso_vfma(x, column[v], acc[i][v]);
        }
        b += bk;
        a0 += ak;
        if (P > 4 && !adjacent)
            a1 += ak;
        if (P > 8 && !adjacent)
            a2 += ak;
        if (P > 12 && !adjacent)
            a3 += ak;
        if (P > 16 && !adjacent)
            a4 += ak;
        if (P > 20 && !adjacent)
            a5 += ak;
    }
}

/* As multiply, and fetches lines meanwhile: those that the tile names, or else the terms of the
 * next tile, or, where rows are adjacent, of the next stretch. */
static inline __attribute__((always_inline)) void stream(const struct iso_tile *t, const int P,
                                                         const int V, const bool adjacent,
                                                         const float *a, const float *b, int64_t n,
                                                         iso_vec acc[][4])
{
    const float *ahead = t->ahead;
    ptrdiff_t near = t->step, far = t->leap;
    if (ahead == NULL && t->a_is_near) {
        multiply(t, P, V, adjacent, NULL, 0, a, b, n, acc);
        return;
    }
    if (ahead == NULL) {
        ahead = adjacent ? a + n * t->ak : a + P * t->as;
        near = adjacent ? t->ak : t->as;
        far = adjacent ? LINE * t->ak : LINE;
    }
    for (int64_t k = 0; k < n; k += LINE, ahead += far)
        multiply(t, P, V, adjacent, ahead, near, a + k * t->ak, b + k * t->bk,
                 n - k < LINE ? n - k : LINE, acc);
}

/* The paths below are loops without branches inside, so that compilers unroll them whole and keep
 * acc in registers. A tile with fewer columns than its vectors hold goes by way of a buffer. */
#define EACH ISO_CPU_UNROLL for (int i = 0; i < P; i++) ISO_CPU_UNROLL for (int v = 0; v < V; v++)

/* Adds a finished block to the sum of those before it, and begins another. */
static inline __attribute__((always_inline)) void next_block(const int P, const int V, float *sum,
                                                             iso_vec acc[][4])
{
    EACH acc[i][v] = iso_vadd(iso_vload(sum + (i * V + v) * ISO_VEC), acc[i][v]);
    EACH iso_vstore(sum + (i * V + v) * ISO_VEC, acc[i][v]);
    EACH acc[i][v] = iso_vset(0.0f);
}

static inline int64_t terms_of(const struct iso_tile *t)
{
    int64_t terms = 0;
    for (int r = 0; r < t->nsegments; r++)
        terms += t->len[r];
    return terms;
}

/* Computes the whole sum in acc, continuing from c. The sum of finished blocks is kept in `sum`, in
 * memory, because the registers are full. */
static inline __attribute__((always_inline)) void
products(const struct iso_tile *t, const int P, const int V, const bool streams,
         const bool adjacent, const float *c, ptrdiff_t cs, float *sum, iso_vec acc[][4])
{
    int64_t left = t->block - t->left_out % t->block;
    const bool several = t->resume || terms_of(t) > left;
    if (t->resume)
        EACH iso_vstore(sum + (i * V + v) * ISO_VEC, iso_vload(c + i * cs + v * ISO_VEC));
    else if (several)
        EACH iso_vstore(sum + (i * V + v) * ISO_VEC, iso_vset(0.0f));
    EACH acc[i][v] = iso_vset(0.0f);
    for (int r = 0; r < t->nsegments; r++) {
        const float *a = t->a + t->aoff[r], *b = t->b + t->boff[r];
        for (int64_t rest = t->len[r], n; rest > 0; rest -= n, left -= n) {
            if (left == 0) {
                next_block(P, V, sum, acc);
                left = t->block;
            }
            n = rest < left ? rest : left;
            if (streams)
                stream(t, P, V, adjacent, a, b, n, acc);
            else
                multiply(t, P, V, adjacent, NULL, 0, a, b, n, acc);
            a += n * t->ak;
            b += n * t->bk;
        }
    }
    if (several)
        EACH acc[i][v] = iso_vadd(iso_vload(sum + (i * V + v) * ISO_VEC), acc[i][v]);
}

static inline __attribute__((always_inline)) void end(const struct iso_tile *t, const int P,
                                                      const int V, const float *bias, float *c,
                                                      ptrdiff_t cs, iso_vec acc[][4])
{
    EACH acc[i][v] = iso_vadd(acc[i][v], iso_vset(0.0f)); /* a sum never ends in -0 */
    if (t->bias != NULL)
        EACH acc[i][v] = iso_vadd(acc[i][v], iso_vload(bias + v * ISO_VEC));
    if (t->add)
        EACH acc[i][v] = iso_vadd(iso_vload(c + i * cs + v * ISO_VEC), acc[i][v]);
    EACH iso_vstore(c + i * cs + v * ISO_VEC, acc[i][v]);
}

static inline __attribute__((always_inline)) void tile(const struct iso_tile *t, const int P,
                                                       const int V, const bool streams,
                                                       const bool adjacent, float *sum)
{
    enum { WIDTH = 4 * ISO_VEC };
    float whole[24 * WIDTH], bias[WIDTH];
    iso_vec acc[24][4];
    if (t->cols == V * ISO_VEC) {
        if (streams)
            EACH __builtin_prefetch(t->c + i * t->cs + v * ISO_VEC, 1);
        products(t, P, V, streams, adjacent, t->c, t->cs, sum, acc);
        end(t, P, V, t->bias, t->c, t->cs, acc);
        return;
    }
    memset(bias, 0, sizeof bias);
    if (t->bias != NULL)
        memcpy(bias, t->bias, (size_t)t->cols * sizeof *bias);
    memset(whole, 0, (size_t)P * WIDTH * sizeof *whole);
    if (t->resume || t->add)
        for (int i = 0; i < P; i++)
            memcpy(whole + i * WIDTH, t->c + i * t->cs, (size_t)t->cols * sizeof *whole);
    products(t, P, V, streams, adjacent, whole, WIDTH, sum, acc);
    end(t, P, V, bias, whole, WIDTH, acc);
    for (int i = 0; i < P; i++)
        memcpy(t->c + i * t->cs, whole + i * WIDTH, (size_t)t->cols * sizeof *whole);
}

/* clang-format off */
#define ROW(P) P(1) P(2) P(3) P(4) P(5) P(6) P(7) P(8) P(9) P(10) P(11) P(12) P(13) P(14) P(15) \
    P(16) P(17) P(18) P(19) P(20) P(21) P(22) P(23) P(24)
#define CASE1(p) case p: if (p <= ISO_TILE1) tile(t, p, 1, false, false, sum); return;
#define CASE2(p) case p: if (p <= ISO_TILE2) tile(t, p, 2, false, false, sum); return;
#define CASE4(p) case p: if (p <= ISO_TILE4) tile(t, p, 4, false, false, sum); return;
#define ADJACENT(p) case p: if (p <= ISO_TILE2) tile(t, p, 2, false, true, sum); return;
#define ADJACENT_STREAM(p) case p: if (p <= ISO_TILE2) tile(t, p, 2, true, true, sum); return;
#define STREAM(p) case p: if (p <= ISO_TILE2) tile(t, p, 2, true, false, sum); return;
static void tile1(const struct iso_tile *t, float *sum) { switch (t->rows) { ROW(CASE1) } }
static void tile2(const struct iso_tile *t, float *sum) { switch (t->rows) { ROW(CASE2) } }
static void tile4(const struct iso_tile *t, float *sum) { switch (t->rows) { ROW(CASE4) } }
static void stream2(const struct iso_tile *t, float *sum) { switch (t->rows) { ROW(STREAM) } }
static void adjacent2(const struct iso_tile *t, float *sum) { switch (t->rows) { ROW(ADJACENT) } }
static void adjacent_stream2(const struct iso_tile *t, float *sum) { switch (t->rows) { ROW(ADJACENT_STREAM) } }
/* clang-format on */
typedef void run(const struct iso_tile *, float *sum);
static run *const tiles2[2][2] = { { tile2, stream2 }, { adjacent2, adjacent_stream2 } };

void ISO_CPU(tile_run)(const struct iso_tile *whole, int vectors)
{
    const int most = iso_tile_rows(vectors);
    struct iso_tile t = *whole;
    float sum[24 * 4 * ISO_VEC];
    for (int done = 0, left = whole->rows; left > 0; left -= t.rows, done += t.rows) {
        const int pieces = (left + most - 1) / most;
        t.rows = (left + pieces - 1) / pieces; /* 32 rows: 11 + 11 + 10, not 14 + 14 + 4 */
        t.a = whole->a + done * whole->as;
        t.c = whole->c + done * whole->cs;
        if (whole->ahead != NULL)
            t.ahead = whole->ahead + (done > 0 ? LINE : 0);
        if (vectors == 1)
            tile1(&t, sum);
        else if (vectors == 2)
            tiles2[t.as == 1][t.streams](&t, sum);
        else
            tile4(&t, sum);
    }
}
