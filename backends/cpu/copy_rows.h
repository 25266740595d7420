/* copy_rows.h: copies rows between tensors with different strides. */
#ifndef ISO_CPU_COPY_ROWS_H
#define ISO_CPU_COPY_ROWS_H
#include "elements.h"

/* Row r of image i begins at from + i * from_image + r * from_row, and goes to `to` in the same
 * way; `width` floats each. */
struct iso_row_copy {
    const float *from;
    float *to;
    int64_t images, rows, width;
    int64_t from_image, from_row, to_image, to_row;
    bool add; /* to the target, instead of overwriting it */
};
void ISO_CPU(copy_rows)(struct iso_backend *, const struct iso_row_copy *);
#endif
