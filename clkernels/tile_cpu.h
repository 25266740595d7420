/* tile_cpu.h: the register tile that computes every sum of products on CPU-shaped devices: at most
 * TILE_ROWS rows by TILE_COLS columns, two vectors.
 *
 *   c[i, j] = end( sum over terms k of a[i as + at(k)] b[k bk + j] )
 *
 * Terms lie in segments of `length`, `across` of them in each of `lines` lines: at(k) = line
 * a_line + segment a_across + k ak. They are added in blocks of `block` terms, each a chain of fma;
 * blocks are added up in ascending order. `end` adds the bias, or the sum to what c held. b holds
 * whole vectors: columns past the last are read, and not stored. */
#ifndef ISO_CLKERNELS_TILE_CPU_H
#define ISO_CLKERNELS_TILE_CPU_H
#include "vectors.h"

struct tile {
    global const float *a, *b, *bias; /* bias: [cols], read if has_bias */
    global float *c;
    long as, ak, bk, cs, a_line, a_across;
    int length, across, lines, block, rows, cols;
    int has_bias, add;
};

/* A set of sums, one of each result of the tile. */
struct sums {
    vec v0[TILE_ROWS], v1[TILE_ROWS];
};
#define EACH_ROW(i, count) UNROLLED(i, count)

INLINE void clear(const int rows, struct sums *s)
{
    EACH_ROW(i, rows)
        s->v0[i] = s->v1[i] = (vec)(start_of_sum());
}

/* total = total + block, of each result, and the next block begins. */
INLINE void end_block(const int rows, struct sums *block, struct sums *total)
{
    EACH_ROW(i, rows) {
        total->v0[i] = total->v0[i] + block->v0[i];
        total->v1[i] = total->v1[i] + block->v1[i];
    }
    clear(rows, block);
}

/* Continues the chains by n terms. Rows are reached from one pointer in four, which keeps their
 * addresses in few registers. */
INLINE void chains(const struct tile *t, const int rows, global const float *a,
                   global const float *b, int n, struct sums *s)
{
    const long as = t->as, ak = t->ak, bk = t->bk, as3 = 3 * as;
    global const float *a0 = a, *a4 = a + 4 * as, *a8 = a + 8 * as, *a12 = a + 12 * as;
    for (int k = 0; k < n; k++, a0 += ak, a4 += ak, a8 += ak, a12 += ak, b += bk) {
        const vec b0 = LOAD(b), b1 = LOAD(b + VECTOR);
        EACH_ROW(i, rows) {
            global const float *base = i < 4 ? a0 : i < 8 ? a4 : i < 12 ? a8 : a12;
            const vec x = (vec)(base[(i & 3) == 3 ? as3 : (i & 3) * as]);
            s->v0[i] = fma(x, b0, s->v0[i]);
            s->v1[i] = fma(x, b1, s->v1[i]);
        }
    }
}

/* Leaves the whole sums in `s`; those of finished blocks wait in `total`, for which the registers
 * have no room. */
INLINE void products(const struct tile *t, const int rows, struct sums *s, struct sums *total)
{
    global const float *b = t->b;
    const bool several = (long)t->length * t->across * t->lines > t->block;
    int left = t->block;
    if (several)
        clear(rows, total);
    clear(rows, s);
    for (int line = 0; line < t->lines; line++) {
        for (int segment = 0; segment < t->across; segment++) {
            global const float *a = t->a + line * t->a_line + segment * t->a_across;
            for (int rest = t->length, n; rest > 0; rest -= n, left -= n) {
                if (left == 0) {
                    end_block(rows, s, total);
                    left = t->block;
                }
                n = rest < left ? rest : left;
                chains(t, rows, a, b, n, s);
                a += n * t->ak;
                b += n * t->bk;
            }
        }
    }
    if (several) {
        EACH_ROW(i, rows) {
            s->v0[i] = total->v0[i] + s->v0[i];
            s->v1[i] = total->v1[i] + s->v1[i];
        }
    }
}

/* One vector of a row's sums into c, n columns of it. */
INLINE void end_row(const struct tile *t, vec sum, int col, int n, global float *c)
{
    sum = sum + (vec)(start_of_sum()); /* a sum never ends in -0 */
    if (t->has_bias)
        sum = sum + load_some(t->bias + col, n);
    if (t->add)
        sum = load_some(c, n) + sum;
    store_some(sum, c, n);
}

INLINE void tile_of_rows(const struct tile *t, const int rows)
{
    struct sums s, total;
    products(t, rows, &s, &total);
    if (t->cols >= TILE_COLS) {
        EACH_ROW(i, rows) {
            end_row(t, s.v0[i], 0, VECTOR, t->c + i * t->cs);
            end_row(t, s.v1[i], VECTOR, VECTOR, t->c + i * t->cs + VECTOR);
        }
        return;
    }
    EACH_ROW(i, rows) {
        total.v0[i] = s.v0[i];
        total.v1[i] = s.v1[i];
    }
    for (int i = 0; i < rows; i++) {
        end_row(t, total.v0[i], 0, t->cols, t->c + i * t->cs);
        if (t->cols > VECTOR)
            end_row(t, total.v1[i], VECTOR, t->cols - VECTOR, t->c + i * t->cs + VECTOR);
    }
}

#define TILE_CASE(n)                \
    case n:                         \
        if (n <= TILE_ROWS)         \
            tile_of_rows(t, n);     \
        break;

static __attribute__((noinline)) void tile(const struct tile *t)
{
    switch (t->rows) {
        TILE_CASE(1)
        TILE_CASE(2)
        TILE_CASE(3)
        TILE_CASE(4)
        TILE_CASE(5)
        TILE_CASE(6)
        TILE_CASE(7)
        TILE_CASE(8)
        TILE_CASE(9)
        TILE_CASE(10)
        TILE_CASE(11)
        TILE_CASE(12)
        TILE_CASE(13)
        TILE_CASE(14)
    }
}

/* Any number of rows, in balanced tiles: 32 rows are 11 + 11 + 10, not 14 + 14 + 4. */
static inline void tiles(const struct tile *whole)
{
    struct tile t = *whole;
    for (int done = 0, left = whole->rows; left > 0; left -= t.rows, done += t.rows) {
        int pieces = (left + TILE_ROWS - 1) / TILE_ROWS;
        t.rows = (left + pieces - 1) / pieces;
        t.a = whole->a + done * whole->as;
        t.c = whole->c + done * whole->cs;
        tile(&t);
    }
}

#endif
