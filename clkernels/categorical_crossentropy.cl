/* categorical_crossentropy.cl: softmax and cross-entropy against one-hot (or soft) targets.
 * One group of 16 work-items a row; the formulas stand in core/ops/crossentropy.h. */
#include "common.h"
#include "loss.h"
#include "softmax.h"

kernel void categorical_crossentropy_forward(global const float *z, ulong z_at,
                                             global const float *t, ulong t_at, global float *p,
                                             ulong p_at, global const float *weight,
                                             ulong weight_at, global float *loss, ulong loss_at,
                                             int n, int weighted, int want_p, int want_loss,
                                             float clip, float keep, float extra)
{
    local int si[ISO_LANES];
    local float s[ISO_LANES];
    struct iso_loss_scalars scalars = { clip, keep, iso_div(extra, (float)n) };
    ulong row = get_group_id(0), at = row * n;
    float max, sum;
    z += z_at + at;
    t += t_at + at;
    p += p_at + at;
    softmax_row(si, s, z, n, &max, &sum);
    float log_sum = iso_log(sum);
    for (int i = get_local_id(0); want_p && i < n; i += ISO_LANES)
        p[i] = iso_softmax(z[i], max, sum);
    if (!want_loss)
        return;
    AXIS_SUM(total, s, n,
             iso_fma(iso_class_target(t[i], scalars),
                     iso_clip_log(iso_log_softmax(z[i], max, log_sum), clip), lane))
    if (get_local_id(0) == 0) {
        float by = row_weight(weight, weight_at, row, weighted);
        loss[loss_at + row] = iso_weighted_loss(-total, by);
    }
}

kernel void categorical_crossentropy_backward(global const float *p, ulong p_at,
                                              global const float *t, ulong t_at,
                                              global const float *weight, ulong weight_at,
                                              global float *dz, ulong dz_at, int n, float step_rows,
                                              int weighted, int add, float clip, float keep,
                                              float extra)
{
    local float s[ISO_LANES];
    struct iso_loss_scalars scalars = { clip, keep, iso_div(extra, (float)n) };
    ulong row = get_group_id(0), at = row * n;
    float by = row_weight(weight, weight_at, row, weighted);
    p += p_at + at;
    t += t_at + at;
    dz += dz_at + at;
    AXIS_SUM(total, s, n, add_term(lane, iso_clip_target(t[i], p[i], scalars)))
    for (int i = get_local_id(0); i < n; i += ISO_LANES) {
        float kept = iso_clip_target(t[i], p[i], scalars);
        float d = iso_crossentropy_grad(p[i], kept, total, step_rows, by);
        dz[i] = add ? dz[i] + d : d;
    }
}
