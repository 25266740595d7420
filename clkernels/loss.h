/* loss.h: functions shared by the losses; core/ops/loss.h has the formulas. */
#ifndef ISO_CLKERNELS_LOSS_H
#define ISO_CLKERNELS_LOSS_H

static inline float row_weight(global const float *weight, ulong weight_at, ulong row, int weighted)
{
    return weighted ? weight[weight_at + row] : 1.0f;
}

/* Ends a kernel whose work-items have the loss of a row each, in groups of ISO_BLOCK_ROWS: loss[b]
 * = the sum of block b, or, of an only block, the mean over `count` rows (0: there are several). */
static inline void end_of_losses(local float *s, float own, uint rows, global float *loss,
                                 float count)
{
    const uint block = get_group_id(0), left = rows - block * ISO_BLOCK_ROWS;
    float sum = start_of_sum();
    s[get_local_id(0)] = own;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (get_local_id(0) > 0)
        return;
    for (uint i = 0; i < left && i < ISO_BLOCK_ROWS; i++)
        sum = add_term(sum, s[i]);
    sum = end_of_sum(sum);
    loss[block] = count > 0.0f ? iso_div(sum, count) : sum;
}

/* A pointwise loss's pair of kernels: the weighted loss of each row, by its lanes,
 * and the gradient of each element; count: the elements of the whole step. */
#define POINTWISE_LOSS(name, added, slope)                                                        \
    kernel void name##_forward(global const float *p, ulong p_at, global const float *t,          \
                               ulong t_at, global const float *weight, ulong weight_at,           \
                               global float *loss, ulong loss_at, int n, uint rows, int weighted, \
                               struct iso_loss_scalars scalars)                                   \
    {                                                                                             \
        local float s[GROUP_LANES];                                                               \
        const uint row = own_row(rows);                                                           \
        p += p_at + row * n;                                                                      \
        t += t_at + row * n;                                                                      \
        AXIS_SUM(sum, s, n, added(p[i], t[i], scalars, lane))                                     \
        float mean = iso_div(sum, (float)n);                                                      \
        if (get_local_id(0) == 0 && writes_row(rows)) {                                           \
            float by = row_weight(weight, weight_at, row, weighted);                              \
            loss[loss_at + row] = iso_weighted_loss(mean, by);                                    \
        }                                                                                         \
    }                                                                                             \
    kernel void name##_backward(global const float *p, ulong p_at, global const float *t,         \
                                ulong t_at, global const float *weight, ulong weight_at,          \
                                global float *dx, ulong dx_at, int n, int weighted,               \
                                struct iso_loss_scalars scalars, int rows, float count, int add)  \
    {                                                                                             \
        const int column = get_global_id(0), row = get_global_id(1), i = row * n + column;        \
        if (column < n && row < rows) {                                                           \
            float by = row_weight(weight, weight_at, row, weighted);                              \
            float d = slope(p[p_at + i], t[t_at + i], scalars);                                   \
            d = iso_loss_grad(d, count, by);                                                      \
            dx[dx_at + i] = add ? dx[dx_at + i] + d : d;                                          \
        }                                                                                         \
    }

/* The kernels of a loss that absorbs a sigmoid: the probabilities, and a pointwise loss's pair. */
#define SIGMOID_LOSS(name, added, slope)                                                 \
    kernel void name##_probabilities(global const float *z, ulong z_at, global float *p, \
                                     ulong p_at, uint n)                                 \
    {                                                                                    \
        uint i = get_global_id(0);                                                       \
        if (i < n)                                                                       \
            p[p_at + i] = iso_sigmoid(z[z_at + i]);                                      \
    }                                                                                    \
    POINTWISE_LOSS(name, added, slope)

#endif
