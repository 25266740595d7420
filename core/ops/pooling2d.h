/* pooling2d.h: definitions shared by the four pooling layers. Padding is not part of a maximum or a
 * mean. */
#ifndef ISO_OP_POOLING2D_H
#define ISO_OP_POOLING2D_H
#include "core/iso.h"
#include "window.h"
struct iso_pooling2d {
    int64_t pool_size[2], strides[2]; /* pool_size 0: the whole image; strides 0: the pool size */
    int padding;
    bool keepdims; /* for a whole image: y is [n, 1, 1, c] instead of [n, c] */
};
extern const struct iso_field iso_pooling2d_fields[];        /* a window */
extern const struct iso_field iso_global_pooling2d_fields[]; /* the whole image */
struct iso_window iso_pooling2d_window(const struct iso_pooling2d *, const struct iso_shape *x);
/* Infers y and, with argmax, saved[0] of the same shape: I32, the tap ky * kw + kx of each maximum.
 */
iso_rc iso_pooling2d_infer(const struct iso_pooling2d *, const struct iso_shape *x, bool argmax,
                           struct iso_shapes *out);
void iso_pooling2d_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                        struct iso_cost *out);
#endif
