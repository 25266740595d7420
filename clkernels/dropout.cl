/* dropout.cl: each element's mask from its own random number (core/ops/dropout.h). */
#include "common.h"
#include "elements.h"

/* Work-items along the first axis take the elements of a row, the second axis the rows. A work-item
 * draws the four numbers of its element's Philox block and takes one: that costs a GPU nothing, and
 * a CPU's compiler makes vector code of it. */
kernel void dropout_forward(global const float *x, ulong x_at, global float *y, ulong y_at,
                            global uchar *mask, ulong mask_at, uint size, uint threshold,
                            float scale, uint first, uint step, uint layer, uint seed_low,
                            uint seed_high, int want_mask)
{
    uint e = get_global_id(0), row = get_global_id(1);
    if (e < size) {
        uint block = (first + row) * ((size + 3) / 4) + (e >> 2);
        iso_u32x4 r = iso_philox(block, step, layer, ISO_RANDOM_DROPOUT, seed_low, seed_high);
        uint even = e & 2 ? r.v[2] : r.v[0], odd = e & 2 ? r.v[3] : r.v[1];
        int keep = (e & 1 ? odd : even) >= threshold;
        ulong i = row * (ulong)size + e;
        if (want_mask)
            mask[mask_at + i] = keep;
        y[y_at + i] = iso_dropout(keep, x[x_at + i], scale);
    }
}

/* Outside of training. */
kernel void dropout_copy(global const float *x, ulong x_at, global float *y, ulong y_at,
                         global uchar *mask, ulong mask_at, uint n, int want_mask)
{
    EACH_ELEMENT(i, n)
    {
        if (want_mask)
            mask[mask_at + i] = 1;
        y[y_at + i] = iso_dropout(1, x[x_at + i], 1.0f);
    }
}

/* A kernel for each way to pass the gradient back through the activation that gave x, so that a
 * CPU's compiler sees no branch to vectorise over. */
#define BACKWARD(name, activation)                                                                 \
    kernel void name(global const float *dy, ulong dy_at, global const uchar *mask, ulong mask_at, \
                     global const float *x, ulong x_at, global float *dx, ulong dx_at, uint n,     \
                     float scale, int add, int x_activation, float x_alpha)                        \
    {                                                                                              \
        EACH_ELEMENT(i, n)                                                                         \
        {                                                                                          \
            float d = iso_dropout(mask[mask_at + i], dy[dy_at + i], scale);                        \
            if ((activation) != 0)                                                                 \
                d = passed_back(activation, x_alpha, x[x_at + i], d);                              \
            dx[dx_at + i] = add ? dx[dx_at + i] + d : d;                                           \
        }                                                                                          \
    }
BACKWARD(dropout_backward, 0)
BACKWARD(dropout_backward_relu, 1 + ISO_RELU)
BACKWARD(dropout_backward_any, x_activation)
