/* reshape.h: the same numbers, in row-major order, under another shape. */
#ifndef ISO_OP_RESHAPE_H
#define ISO_OP_RESHAPE_H
#include "core/iso.h"
struct iso_reshape {
    struct iso_shape target;
}; /* dim[0] is 0; -1 once: what is left */
#endif
