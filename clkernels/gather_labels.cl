/* gather_labels.cl: a batch of targets from resident class labels. */
#include "common.h"

kernel void gather_labels_classes(global const int *labels, ulong labels_at,
                                  global const int *order, ulong order_at, global int *y,
                                  ulong y_at, uint n, ulong first)
{
    uint i = get_global_id(0);
    if (i < n)
        y[y_at + i] = labels[labels_at + order[order_at + first + i]];
}

kernel void gather_labels_one_hot(global const int *labels, ulong labels_at,
                                  global const int *order, ulong order_at, global float *y,
                                  ulong y_at, uint n, uint columns, uint from, ulong first)
{
    uint i = get_global_id(0);
    if (i < n) {
        int label = labels[labels_at + order[order_at + first + i / columns]];
        y[y_at + i] = label == (int)(i % columns + from) ? 1.0f : 0.0f;
    }
}
