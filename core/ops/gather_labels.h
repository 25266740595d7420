/* gather_labels.h: targets from resident labels: classes (I32 [rows]) or one-hot (REAL [rows,
 * classes]). */
#ifndef ISO_OP_GATHER_LABELS_H
#define ISO_OP_GATHER_LABELS_H
#include "../iso.h"
struct iso_gather_labels { int64_t classes; bool one_hot; };  /* x: I32 labels [N], I32 order [N];
                                                                 call.first */
#endif
