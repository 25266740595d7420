/* tile.h: the register tile that computes every sum of products: dense and convolution, forward and
 * backward.
 *
 *   c[i, j] = end( sum over segments r, then k:  a[aoff[r] + i as + k ak] b[boff[r] + k bk + j] )
 *
 * for i in [0, rows), j in [0, cols), in blocks of `block` terms: each is a chain of fma from +0,
 * and they are added up in ascending order, from +0 or, when `resume` is set, from c. `end` adds
 * the bias, or adds the sum to what c held, or stores it. b holds whole vectors: columns beyond the
 * last are read (and ignored), so a packed panel is padded. */
#ifndef ISO_CPU_TILE_H
#define ISO_CPU_TILE_H
#include "cpu.h"
#include "simd.h"

struct iso_tile {
    const float *a, *b;
    float *c;
    ptrdiff_t as, ak, bk, cs;     /* strides in elements: a by row, a and b by k, c by row */
    const ptrdiff_t *aoff, *boff; /* start of each segment */
    const int64_t *len;           /* length of each segment in k */
    int nsegments, rows, cols;
    int64_t block;     /* terms per block */
    int64_t left_out;  /* zero terms of the first block that precede the segments and are skipped */
    const float *bias; /* [cols], or NULL */
    bool streams;      /* prefetch a and c, which come from memory (with 2 vectors), */
    bool a_is_near;    /* but not a, which has been copied; */
    const float *ahead;   /* prefetch instead of a, a line for each k; NULL: a */
    ptrdiff_t step, leap; /* elements from one such line to the next, and from 16 to the next 16 */
    bool add, resume; /* add: c += sum; resume: the sum continues from c (for long k, in pieces of
                         whole blocks) */
};
/* Returns the rows of a tile of this many vectors (1, 2 or 4). */
static inline int iso_tile_rows(int vectors)
{
    return vectors == 1 ? ISO_TILE1 : vectors == 2 ? ISO_TILE2 : ISO_TILE4;
}
/* Returns the vectors of the widest panel that is worth its registers: two, one for few columns,
 * four for very few rows. */
static inline int iso_tile_vectors(int64_t columns, int64_t rows)
{
    return columns <= ISO_VEC ? 1 : rows <= ISO_TILE4 && columns > 2 * ISO_VEC ? 4 : 2;
}
/* Computes y[i] = f(y[i]) for n elements (activation.c). */
struct iso_activation;
void ISO_CPU(activate)(const struct iso_activation *, float *y, int64_t n);
/* The function applied to results that a kernel has stored (activation.c): y = f(y); or, if `given`
 * is set, the results are gradients of f's results and become gradients of f's arguments. */
struct iso_ending {
    const struct iso_activation *activation; /* f, elementwise; NULL: none */
    const float *first, *given; /* the tensor of gradients; f's results, laid out alike */
};
/* Applies the ending to n results from y on. */
void ISO_CPU(end)(const struct iso_ending *, float *y, int64_t n);
/* Return the ending of a forward pass, and that of the gradient of x[0]. */
struct iso_ending ISO_CPU(forward_ending)(const struct iso_call *);
struct iso_ending ISO_CPU(gradient_ending)(const struct iso_call *);

/* Runs `whole`, with any number of rows, in tiles of about equal size. */
void ISO_CPU(tile_run)(const struct iso_tile *whole, int vectors);
#endif
