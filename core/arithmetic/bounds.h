/* bounds.h (private): how far a sum of products may be from the exact one.
 *
 *   |got - exact| <= c eps sqrt(k) S
 *
 * element by element: eps is the distance of 1 to the next float, k the roundings that a term of
 * the sum passes through (and one more, of a bias or of a product that a device rounds by itself),
 * and S the same sum over the absolute values of its factors. Each rounds
 * by at most eps/2 of a partial sum, and no partial sum is larger than S. The errors are as often
 * up as down, so that k of them add up to about sqrt(k) of one, in whatever order: the largest of
 * some hundred thousand honest sums of positive terms is at 0.6 eps sqrt(k) S. There is one c for
 * each class of algorithm. core/arithmetic/bounds.md derives it, and says what is proved and what
 * is not.
 *
 * Blocks (core/arithmetic/order.h): a term of n passes through the n additions of its block at
 * most, then through one for each of b blocks, so that k = n + b. The blocks' own errors do not add
 * up to more: they are at most sqrt(n) eps/2 of S_1, S_2, ..., which together are S. Groups add the
 * additions of the groups.
 *
 * Winograd's algorithm (core/arithmetic/winograd.h), along one dimension: result i is the sum over
 * the six points p of a[i, p] m[p], and m[p] a sum of v u, where v is row p of B times six pixels
 * and u row p of G times n taps. Where the pixels are all as large as x and the taps as large as g,
 * v is about |B_p| x and u about |G_p| sqrt(n) g, with the lengths of those rows. So rounding moves
 * result i by eps sqrt(k)/2 times sqrt(sum over p of (a[i, p] |B_p| |G_p|)^2) sqrt(n) x g, and S is
 * n x g: in two dimensions
 *
 *   c = (greatest i of the sum over p of (a[i, p] |B_p| |G_p|)^2) / n
 *
 * which core/parity/allowed.c takes from the transforms themselves: 8.2 for 3x3 kernels, 6.6 for
 * their gradients (n is 4, the pixels of a tile are the taps), 5.8 and 11.4 for 5x5. k is that of
 * the sum at a point, and ISO_WINOGRAD_ROUNDINGS on the way there and back: in each dimension 2
 * for a pixel, 4 for a tap with its rounded factor, 4 for the result. For S each factor counts as
 * the largest of its tile or kernel, and each result as the largest of its tile, since all of a
 * tile have a share in every error. Signs of pixels and taps that are those of a row of B and of G,
 * all over, are the worst there can be: they use a quarter of the bound, as measured. */
#ifndef ISO_BOUNDS_H
#define ISO_BOUNDS_H

#define ISO_BOUND_DIRECT 1.0
enum { ISO_BOUND_BIAS = 1 };
enum { ISO_WINOGRAD_ROUNDINGS = 2 * (2 + 4 + 4) };

#endif
