/* concatenate.h: several tensors side by side along their last axis, the channels.
 *
 * x: 2 to ISO_OPERANDS tensors that are alike but for their last axis; y: their pixels joined in
 * the order of the inputs; each dx: its channels of dy. */
#ifndef ISO_OP_CONCATENATE_H
#define ISO_OP_CONCATENATE_H
#include "core/iso.h"
struct iso_concatenate {
    int64_t axis;
};
/* Input `input` as rows: `width` channels of each pixel, which begin at `at` of the `stride`
 * channels of y's pixel. */
struct iso_slice {
    int64_t rows, width, at, stride;
};
struct iso_slice iso_concatenate_slice(const struct iso_call *, int input);
#endif
