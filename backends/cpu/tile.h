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
    const ptrdiff_t *aoff, *boff; /* where each segment starts */
    const int64_t *len;           /* its length in k */
    int nsegments, rows, cols;
    int64_t block;      /* terms of a block; */
    int64_t left_out;   /* of the first one, so many before the segments are left out as zeros */
    const float *bias;  /* [cols], or NULL */
    bool streams;       /* a and c come from memory and are fetched ahead (with 2 vectors); */
    const float *ahead; /* instead of a, two lines for each k, `step` apart; NULL: a */
    ptrdiff_t step;
    bool add, resume; /* c += sum; the sum goes on from c (for long k in pieces of whole blocks) */
};
/* Rows a tile of this many vectors (1, 2 or 4) holds. */
static inline int iso_tile_rows(int vectors)
{
    return vectors == 1 ? ISO_TILE1 : vectors == 2 ? ISO_TILE2 : ISO_TILE4;
}
/* The widest panel worth its registers: two vectors, one for a few columns, four for very few
 * rows. */
static inline int iso_tile_vectors(int64_t columns, int64_t rows)
{
    return columns <= ISO_VEC ? 1 : rows <= ISO_TILE4 && columns > 2 * ISO_VEC ? 4 : 2;
}
/* y[i] = f(y[i]) for n elements (activation.c). */
struct iso_activation;
void ISO_CPU(activate)(const struct iso_activation *, float *y, int64_t n);
/* What becomes of results that a kernel has stored (activation.c): y = f(y); or, where `given` is
 * set, they are gradients of what f gave and become those of what f was given. */
struct iso_ending {
    const struct iso_activation *activation; /* f, elementwise; NULL: results stay as they are */
    const float *first, *given; /* a tensor of gradients; what f gave, laid out alike */
};
/* Does so with n results from y on. */
void ISO_CPU(end)(const struct iso_ending *, float *y, int64_t n);
/* The ending of a forward pass; and that of the gradient of x[0]. */
struct iso_ending ISO_CPU(forward_ending)(const struct iso_call *);
struct iso_ending ISO_CPU(gradient_ending)(const struct iso_call *);

/* Runs whole for any number of rows, in balanced tiles. */
void ISO_CPU(tile_run)(const struct iso_tile *whole, int vectors);
#endif
