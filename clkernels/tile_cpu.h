/* tile_cpu.h: the register tile that computes every sum of products on CPU-shaped devices: at most
 * TILE_ROWS rows by TILE_COLS columns, two vectors.
 *
 *   c[i, j] = end( sum over terms k of a[i as + at(k)] b[k bk + j] )
 *
 * Terms lie in segments of `length`, `across` of them in a line: at(k) = line a_line + segment
 * a_across + place ak. The first segment begins at its place `skip`; `terms` are added in all, in
 * blocks of `block` terms, each a chain of fma; blocks are added up in ascending order. `end` adds
 * the bias, or the sum to what c held. b holds whole vectors: columns past the last are read, and
 * not stored. */
#ifndef ISO_CLKERNELS_TILE_CPU_H
#define ISO_CLKERNELS_TILE_CPU_H
#include "vectors.h"

struct tile {
    global const float *a, *b, *bias; /* bias: [cols], read if has_bias */
    global float *c;
    long as, ak, bk, cs, a_line, a_across;
    int length, across, terms, skip, block, rows, cols;
    int has_bias, add;
};

/* Puts the two vectors of a row's sums into c. */
INLINE void end_vector(const struct tile *t, vec sum, int col, global float *c)
{
    const int n = t->cols - col;
    sum = sum + (vec)(start_of_sum()); /* a sum never ends in -0 */
    if (t->has_bias)
        sum = sum + load_some(t->bias + col, n);
    if (t->add)
        sum = load_some(c + col, n) + sum;
    store_some(sum, c + col, n);
}
INLINE void end_row(const struct tile *t, vec v, vec w, global float *c)
{
    if (t->cols >= TILE_COLS && !t->has_bias && !t->add) {
        STORE(v + (vec)(start_of_sum()), c);
        STORE(w + (vec)(start_of_sum()), c + VECTOR);
        return;
    }
    end_vector(t, v, 0, c);
    end_vector(t, w, VECTOR, c);
}

#define ROWS 1
#include "tile_rows.h"
#define ROWS 2
#include "tile_rows.h"
#define ROWS 3
#include "tile_rows.h"
#define ROWS 4
#include "tile_rows.h"
#define ROWS 5
#include "tile_rows.h"
#define ROWS 6
#include "tile_rows.h"
#define ROWS 7
#include "tile_rows.h"
#define ROWS 8
#include "tile_rows.h"
#define ROWS 9
#include "tile_rows.h"
#define ROWS 10
#include "tile_rows.h"
#define ROWS 11
#include "tile_rows.h"
#define ROWS 12
#include "tile_rows.h"
#define ROWS 13
#include "tile_rows.h"
#define ROWS 14
#include "tile_rows.h"

#define TILE_CASE(n)         \
    case n:                  \
        JOIN(tile, n)(t);    \
        break;

static inline void tile(const struct tile *t)
{
    switch (t->rows) {
        TILE_CASE(1)
        TILE_CASE(2)
        TILE_CASE(3)
        TILE_CASE(4)
        TILE_CASE(5)
        TILE_CASE(6)
#if TILE_ROWS > 6
        TILE_CASE(7)
        TILE_CASE(8)
        TILE_CASE(9)
        TILE_CASE(10)
        TILE_CASE(11)
        TILE_CASE(12)
        TILE_CASE(13)
        TILE_CASE(14)
#endif
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
