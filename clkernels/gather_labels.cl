/* gather_labels.cl: a batch of targets from resident class labels. */
#include "common.h"
#include "target.h"

kernel void gather_labels(global const int *labels, ulong labels_at, global const int *order,
                          ulong order_at, global float *y, ulong y_at, int columns, int from,
                          ulong first)
{
    const uint row = get_global_id(1);
    put_target(y + y_at, row, labels[labels_at + order[order_at + first + row]], columns, from);
}
