/* order.h: the order in which sums run; valid C11 and OpenCL C 1.2. It is part of the definition of
 * every op that has such a sum: ISO_ARITH_VERSION rises when it changes. */
#ifndef ISO_ORDER_H
#define ISO_ORDER_H

/* Sums over rows (weight and bias gradients, batch statistics, loss) run in blocks of this many
 * rows, starting anew at each image that has several rows. */
enum { ISO_BLOCK_ROWS = 128 };
/* Chains of fma start at +0, and a finished chain is added to +0, so that no result depends on the
 * sign a device gives to a zero product. */
/* Sums along a contiguous axis use this many lanes: element i in lane i mod 16, then pairs
 * 8-4-2-1. */
enum { ISO_LANES = 16 };
/* Sums over a whole tensor (regularisers, norms): blocks of this many elements, each such a sum of
 * 16 lanes; the block sums are added in ascending order, starting at +0. */
enum { ISO_BLOCK_ELEMENTS = 4096 };

#endif
