/* max_pooling2d.h: the largest value in each window; padding takes no part, NaN wins, the first of
 * equals. */
#ifndef ISO_OP_MAX_POOLING2D_H
#define ISO_OP_MAX_POOLING2D_H
#include "../iso.h"
#include "window.h"
struct iso_max_pooling2d {             /* saved[0]: I32, shape of y: tap ky * kw + kx of the
                                          maximum */
    int64_t pool_size[2], strides[2];  /* strides 0: the pool size */
    int padding;
};
struct iso_window iso_max_pooling2d_window(const struct iso_max_pooling2d *,
                                           const struct iso_shape *x);
#endif
