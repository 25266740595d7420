/* multiply.h: the product of two tensors, element by element.
 *
 * One of them may be smaller: neighbouring axes that have one element there are repeated, as
 * Keras's Multiply does. So the larger is [outer, repeats, inner], and the smaller [outer, inner].
 *
 *   y[o, r, i] = large[o, r, i] small[o, i]
 *   dlarge     = dy small
 *   dsmall[o, i] = sum over r of dy[o, r, i] large[o, r, i]       a sum of products; r ascending
 *
 * Where both have one shape, both gradients are of the second line. */
#ifndef ISO_OP_MULTIPLY_H
#define ISO_OP_MULTIPLY_H
#include "core/iso.h"
struct iso_repeated {
    int64_t outer, repeats, inner;
    int small; /* index of the smaller input; 1 where both have one shape */
};
/* Returns how the inputs x[0] and x[1] fit; false when they do not. */
bool iso_repeated(const struct iso_shape *x, struct iso_repeated *out);
#endif
