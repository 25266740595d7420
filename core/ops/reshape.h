/* reshape.h: the same numbers, in row-major order, with another shape. */
#ifndef ISO_OP_RESHAPE_H
#define ISO_OP_RESHAPE_H
#include "core/iso.h"
struct iso_reshape {
    struct iso_shape target;
}; /* dim[0] is 0; one dimension may be -1: the one that is left to compute */
#endif
