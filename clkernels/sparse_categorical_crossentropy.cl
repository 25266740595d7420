/* sparse_categorical_crossentropy.cl: softmax and cross-entropy against class indices;
 * core/ops/crossentropy.h has the formulas. */
#include "common.h"
#include "loss.h"
#include "softmax.h"

/* The loss of a row, whose softmax has this maximum and sum. */
static inline float row_loss(global const float *z, int target, float max, float sum, float weight)
{
    return iso_weighted_loss(-iso_log_softmax(z[target], max, iso_log(sum)), weight);
}

/* A row by its lanes. */
kernel void sparse_categorical_crossentropy_forward(
    global const float *z, ulong z_at, global const int *t, ulong t_at, global float *p, ulong p_at,
    global const float *weight, ulong weight_at, global float *loss, ulong loss_at, int n,
    uint rows, int weighted, int want_p, int want_loss)
{
    local int si[GROUP_LANES];
    local float s[GROUP_LANES];
    const uint row = own_row(rows);
    float max, sum;
    z += z_at + row * n;
    p += p_at + row * n;
    softmax_row(si, s, z, n, &max, &sum);
    if (!writes_row(rows))
        return;
    for (int i = get_local_id(0); want_p && i < n; i += ISO_LANES)
        p[i] = iso_softmax(z[i], max, sum);
    if (want_loss && get_local_id(0) == 0)
        loss[loss_at + row] =
            row_loss(z, t[t_at + row], max, sum, row_weight(weight, weight_at, row, weighted));
}

/* A narrow row by a work-item, and the sums of blocks of rows (end_of_losses). */
kernel void sparse_categorical_crossentropy_narrow(global const float *z, ulong z_at,
                                                   global const int *t, ulong t_at, global float *p,
                                                   ulong p_at, global const float *weight,
                                                   ulong weight_at, global float *loss,
                                                   ulong loss_at, int n, uint rows, int weighted,
                                                   int want_p, int want_loss, float count)
{
    local float s[ISO_BLOCK_ROWS];
    const uint row = get_global_id(0);
    float max, sum, own = 0.0f;
    z += z_at + row * n;
    p += p_at + row * n;
    if (row < rows)
        softmax_narrow(z, n, &max, &sum);
    for (int i = 0; row < rows && want_p && i < n; i++)
        p[i] = iso_softmax(z[i], max, sum);
    if (want_loss && row < rows)
        own = row_loss(z, t[t_at + row], max, sum, row_weight(weight, weight_at, row, weighted));
    if (want_loss)
        end_of_losses(s, own, rows, loss + loss_at, count);
}

/* A work-item an element: its column, and its row. */
kernel void sparse_categorical_crossentropy_backward(global const float *p, ulong p_at,
                                                     global const int *t, ulong t_at,
                                                     global const float *weight, ulong weight_at,
                                                     global float *dz, ulong dz_at, int n, int rows,
                                                     float step_rows, int weighted, int add)
{
    const int c = get_global_id(0), row = get_global_id(1), e = row * n + c;
    if (c >= n || row >= rows)
        return;
    float hit = t[t_at + row] == c ? 1.0f : 0.0f;
    float by = row_weight(weight, weight_at, row, weighted);
    float d = iso_crossentropy_grad(p[p_at + e], hit, 1.0f, step_rows, by);
    dz[dz_at + e] = add ? dz[dz_at + e] + d : d;
}
