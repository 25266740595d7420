/* space_to_depth.h: each block of block_size x block_size pixels becomes one pixel, with the
 * channels of all of them: y[h, w, (a, b, c)] = x[h size + a, w size + b, c], as TensorFlow and
 * ONNX have it. */
#ifndef ISO_OP_SPACE_TO_DEPTH_H
#define ISO_OP_SPACE_TO_DEPTH_H
#include "permute.h"
struct iso_space_to_depth {
    int64_t block_size;
};
/* Returns where the numbers of y lie in x or, with back, those of dx in dy. x: the shape of x. */
struct iso_permutation iso_space_to_depth_layout(const struct iso_space_to_depth *,
                                                 const struct iso_shape *x, bool back);
#endif
