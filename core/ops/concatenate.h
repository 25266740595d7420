/* concatenate.h: joins several tensors along their last axis, the channels.
 *
 * x: 2 to ISO_OPERANDS tensors whose shapes differ in the last axis only; y: their channels in the
 * order of the inputs; each dx: its channels of dy. */
#ifndef ISO_OP_CONCATENATE_H
#define ISO_OP_CONCATENATE_H
#include "core/iso.h"
struct iso_concatenate {
    int64_t axis;
};
/* An input as rows: `width` channels of each of `rows` pixels. In y, whose pixels have `stride`
 * channels, they begin at channel `at`. */
struct iso_slice {
    int64_t rows, width, at, stride;
};
struct iso_slice iso_concatenate_slice(const struct iso_call *, int input);
#endif
