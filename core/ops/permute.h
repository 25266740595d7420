/* permute.h: the axes of an example in another order, as Keras's Permute has them: axis i of y is
 * axis dims[i] of x, counted from 1. */
#ifndef ISO_OP_PERMUTE_H
#define ISO_OP_PERMUTE_H
#include "core/iso.h"
struct iso_permute {
    struct iso_shape dims; /* dim[1] on: a permutation of 1 to the number of axes */
};
/* Says where the numbers of a result, in their order, lie in what they are taken from. The result
 * has dim[0] x dim[1] x dim[2] x dim[3] of them, and a step along its axis i is stride[i] numbers.
 */
struct iso_permutation {
    int64_t dim[ISO_DIMS], stride[ISO_DIMS];
};
/* Returns that of y in x or, with back, that of dx in dy. x: the shape of x. */
struct iso_permutation iso_permute_layout(const struct iso_permute *, const struct iso_shape *x,
                                          bool back);
#endif
