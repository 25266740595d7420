/* sparse_categorical_crossentropy.cl: softmax and cross-entropy against class indices.
 * One group of 16 work-items a row; the formulas stand in core/ops/crossentropy.h. */
#include "common.h"
#include "loss.h"
#include "softmax.h"

kernel void sparse_categorical_crossentropy_forward(global const float *z, ulong z_at,
                                                    global const int *t, ulong t_at,
                                                    global float *p, ulong p_at,
                                                    global const float *weight, ulong weight_at,
                                                    global float *loss, ulong loss_at, int n,
                                                    int weighted, int want_p, int want_loss)
{
    local int si[ISO_LANES];
    local float s[ISO_LANES];
    ulong row = get_group_id(0);
    float max, sum;
    z += z_at + row * n;
    p += p_at + row * n;
    softmax_row(si, s, z, n, &max, &sum);
    for (int i = get_local_id(0); want_p && i < n; i += ISO_LANES)
        p[i] = iso_softmax(z[i], max, sum);
    if (want_loss && get_local_id(0) == 0) {
        float by = row_weight(weight, weight_at, row, weighted);
        float l = iso_log_softmax(z[t[t_at + row]], max, iso_log(sum));
        loss[loss_at + row] = iso_weighted_loss(-l, by);
    }
}

kernel void sparse_categorical_crossentropy_backward(global const float *p, ulong p_at,
                                                     global const int *t, ulong t_at,
                                                     global const float *weight, ulong weight_at,
                                                     global float *dz, ulong dz_at, int n,
                                                     uint elements, float step_rows, int weighted,
                                                     int add)
{
    uint e = get_global_id(0);
    if (e >= elements)
        return;
    float hit = t[t_at + e / n] == (int)(e % n) ? 1.0f : 0.0f;
    float by = row_weight(weight, weight_at, e / n, weighted);
    float d = iso_crossentropy_grad(p[p_at + e], hit, 1.0f, step_rows, by);
    dz[dz_at + e] = add ? dz[dz_at + e] + d : d;
}
