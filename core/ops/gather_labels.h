/* gather_labels.h: targets from resident labels: classes (I32 [rows]) or one-hot (REAL [rows,
 * classes - from]): a number for each class from `from` on. */
#ifndef ISO_OP_GATHER_LABELS_H
#define ISO_OP_GATHER_LABELS_H
#include "core/iso.h"
struct iso_gather_labels { /* x: I32 labels [N], I32 order [N]; call.first */
    int64_t classes;
    bool one_hot;
    int64_t from; /* 0 without one_hot */
};
#endif
