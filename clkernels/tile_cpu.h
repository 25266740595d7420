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
    int has_bias, add, relu; /* relu: of the result */
};

#define BOTH(x) x
#define TILE(n) JOIN(tile_of_two_, n)
#include "tile_sizes.h"
#undef BOTH
#undef TILE
#define BOTH(x)
#define TILE(n) JOIN(tile_of_one_, n)
#include "tile_sizes.h"
#undef BOTH
#undef TILE

/* The tile of as many rows as it has; kind: the names of its functions without the number. */
#define TILE_CASE(kind, n)      \
    case n:                     \
        JOIN(kind, n)(t, sums); \
        break;
#if TILE_ROWS > 6
#define LARGE_TILES(kind) \
    TILE_CASE(kind, 7)    \
    TILE_CASE(kind, 8)    \
    TILE_CASE(kind, 9)    \
    TILE_CASE(kind, 10)   \
    TILE_CASE(kind, 11)   \
    TILE_CASE(kind, 12)   \
    TILE_CASE(kind, 13)   \
    TILE_CASE(kind, 14)
#else
#define LARGE_TILES(kind)
#endif
#define MAKE_SUMS(kind)    \
    switch (t->rows) {     \
        TILE_CASE(kind, 1) \
        TILE_CASE(kind, 2) \
        TILE_CASE(kind, 3) \
        TILE_CASE(kind, 4) \
        TILE_CASE(kind, 5) \
        TILE_CASE(kind, 6) \
        LARGE_TILES(kind)  \
    }

INLINE void make_sums(const struct tile *t, vec *sums)
{
    if (t->cols > VECTOR)
        MAKE_SUMS(tile_of_two_)
    else
        MAKE_SUMS(tile_of_one_)
}

/* Puts the sums of whole rows into c; a bias of +0 changes none, since no sum is -0. */
INLINE void end_rows(const struct tile *t, const vec *sums)
{
    vec bias0 = (vec)(0.0f), bias1 = (vec)(0.0f);
    if (t->has_bias) {
        bias0 = LOAD(t->bias);
        bias1 = LOAD(t->bias + VECTOR);
    }
    for (int i = 0; i < t->rows; i++) {
        global float *c = t->c + i * t->cs;
        vec v = sums[2 * i] + bias0, w = sums[2 * i + 1] + bias1;
        if (t->relu) {
            v = relu_of(v);
            w = relu_of(w);
        }
        STORE(t->add ? LOAD(c) + v : v, c);
        STORE(t->add ? LOAD(c + VECTOR) + w : w, c + VECTOR);
    }
}

/* Puts one vector of a row's sums into c, as many columns of it as there are. */
INLINE void end_sum(const struct tile *t, vec sum, int col, global float *c)
{
    const int n = t->cols - col;
    sum = t->has_bias ? sum + load_some(t->bias + col, n) : sum;
    sum = t->relu ? relu_of(sum) : sum;
    store_some(t->add ? load_some(c + col, n) + sum : sum, c + col, n);
}

static inline void tile(const struct tile *t)
{
    vec sums[2 * TILE_ROWS];
    make_sums(t, sums);
    if (t->cols >= TILE_COLS) {
        end_rows(t, sums);
        return;
    }
    for (int i = 0; i < 2 * t->rows; i++)
        end_sum(t, sums[i], i % 2 * VECTOR, t->c + i / 2 * t->cs);
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
