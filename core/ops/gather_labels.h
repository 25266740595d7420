/* gather_labels.h: targets from labels in device memory: class indices (I32 [rows]) or one-hot rows
 * (REAL [rows, classes - from]), with a number for each class from `from` on. */
#ifndef ISO_OP_GATHER_LABELS_H
#define ISO_OP_GATHER_LABELS_H
#include "core/iso.h"
struct iso_gather_labels { /* x: I32 labels [N], I32 order [N]; call.first */
    int64_t classes;
    bool one_hot;
    int64_t from; /* 0 without one_hot */
};
#endif
