/* bounds.h (private): how far a sum of products in fast mode may be from the exact one.
 *
 *   |got - exact| <= c eps sqrt(k) S
 *
 * element by element: eps is the distance of 1 to the next float, k the length of the longest chain
 * of the sum, and S the same sum over the absolute values of its factors. Each addition rounds by
 * at most eps/2 of a partial sum, and no partial sum is larger than S. The errors are as often up
 * as down, so that k of them add up to about sqrt(k) of one, in whatever order: honest orders of
 * summation stay under 0.45 eps sqrt(k) S, as measured, and c = 1 leaves them twice that. There is
 * one c for each class of algorithm.
 *
 * Winograd F(4x4, 3x3): a rounding error at one of the six points of a dimension reaches result i
 * times a[i, p], and the numbers there are larger than d and g by the norms of row p of B and of G.
 * Taken together, sqrt(sum over p of a[i, p]^2 |B_p|^2 |G_p|^2) is at most 9.7 where a direct sum
 * has sqrt(3), for the kernel gradient 9.8 where it has sqrt(4): 5.6 times a dimension, 32 in two.
 * Every pixel of a tile has a share in the errors of the whole tile, so that for S each pixel
 * counts as the largest in its reach. */
#ifndef ISO_BOUNDS_H
#define ISO_BOUNDS_H

#define ISO_BOUND_DIRECT 1.0
#define ISO_BOUND_WINOGRAD 32.0

#endif
