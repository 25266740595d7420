/* loss.h: what the losses share; formulas: core/ops/loss.h. */
#ifndef ISO_CLKERNELS_LOSS_H
#define ISO_CLKERNELS_LOSS_H

static inline float row_weight(global const float *weight, ulong weight_at, ulong row, int weighted)
{
    return weighted ? weight[weight_at + row] : 1.0f;
}

/* A pointwise loss's pair of kernels: the weighted loss of each row, by one group of 16 work-items,
 * and the gradient of each element; count: the elements of the whole step. */
#define POINTWISE_LOSS(name, added, slope)                                                      \
    kernel void name##_forward(global const float *p, ulong p_at, global const float *t,        \
                               ulong t_at, global const float *weight, ulong weight_at,         \
                               global float *loss, ulong loss_at, int n, int weighted, float a, \
                               float b, float c)                                                \
    {                                                                                           \
        local float s[ISO_LANES];                                                               \
        struct iso_loss_scalars scalars = { a, b, c };                                          \
        ulong row = get_group_id(0);                                                            \
        p += p_at + row * n;                                                                    \
        t += t_at + row * n;                                                                    \
        AXIS_SUM(sum, s, n, added(p[i], t[i], scalars, lane))                                   \
        float mean = iso_div(sum, (float)n);                                                    \
        if (get_local_id(0) == 0) {                                                             \
            float by = row_weight(weight, weight_at, row, weighted);                            \
            loss[loss_at + row] = iso_weighted_loss(mean, by);                                  \
        }                                                                                       \
    }                                                                                           \
    kernel void name##_backward(global const float *p, ulong p_at, global const float *t,       \
                                ulong t_at, global const float *weight, ulong weight_at,        \
                                global float *dx, ulong dx_at, int n, int weighted, float a,    \
                                float b, float c, uint elements, float count, int add)          \
    {                                                                                           \
        struct iso_loss_scalars scalars = { a, b, c };                                          \
        uint i = get_global_id(0);                                                              \
        if (i < elements) {                                                                     \
            float by = row_weight(weight, weight_at, i / (uint)n, weighted);                    \
            float d = slope(p[p_at + i], t[t_at + i], scalars);                                 \
            d = iso_loss_grad(d, count, by);                                                    \
            dx[dx_at + i] = add ? dx[dx_at + i] + d : d;                                        \
        }                                                                                       \
    }

#endif
