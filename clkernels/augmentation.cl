/* augmentation.cl: functions shared by the augmentations. */
#include "common.h"

kernel void augmentation_copy(global const float *x, ulong x_at, global float *y, ulong y_at,
                              uint n)
{
    uint i = get_global_id(0);
    if (i < n)
        y[y_at + i] = x[x_at + i];
}
