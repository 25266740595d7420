/* binary_crossentropy.cl: p = sigmoid(z); mean of -(t log p + (1 - t) log(1 - p)). */
#include "common.h"
#include "loss.h"

kernel void binary_crossentropy_probabilities(global const float *z, ulong z_at, global float *p,
                                              ulong p_at, uint n)
{
    uint i = get_global_id(0);
    if (i < n)
        p[p_at + i] = iso_sigmoid(z[z_at + i]);
}

POINTWISE_LOSS(binary_crossentropy, iso_binary_add, iso_binary_slope)
