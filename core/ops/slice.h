/* slice.h: some neighbouring channels, the last axis: y = x[..., start : start + size]. */
#ifndef ISO_OP_SLICE_H
#define ISO_OP_SLICE_H
#include "core/iso.h"
struct iso_slice_params {
    int64_t start, size;
};
#endif
