/* categorical_crossentropy.cl: softmax and cross-entropy against one-hot targets;
 * core/ops/crossentropy.h has the formulas. */
#include "common.h"
#include "loss.h"
#include "softmax.h"

/* Element i added to its lane's chain of the loss. */
#define LOSS_TERM                            \
    iso_fma(iso_class_target(t[i], scalars), \
            iso_clip_log(iso_log_softmax(z[i], max, log_sum), clip), lane)

/* A row by its lanes. */
kernel void categorical_crossentropy_forward(global const float *z, ulong z_at,
                                             global const float *t, ulong t_at, global float *p,
                                             ulong p_at, global const float *weight,
                                             ulong weight_at, global float *loss, ulong loss_at,
                                             int n, uint rows, int weighted, int want_p,
                                             int want_loss, float clip, float keep, float extra)
{
    local int si[GROUP_LANES];
    local float s[GROUP_LANES];
    struct iso_loss_scalars scalars = { clip, keep, iso_div(extra, (float)n) };
    const uint row = own_row(rows);
    float max, sum;
    z += z_at + row * n;
    t += t_at + row * n;
    p += p_at + row * n;
    softmax_row(si, s, z, n, &max, &sum);
    float log_sum = iso_log(sum);
    for (int i = get_local_id(0); writes_row(rows) && want_p && i < n; i += ISO_LANES)
        p[i] = iso_softmax(z[i], max, sum);
    if (!want_loss)
        return;
    AXIS_SUM(total, s, n, LOSS_TERM)
    if (get_local_id(0) == 0 && writes_row(rows)) {
        float by = row_weight(weight, weight_at, row, weighted);
        loss[loss_at + row] = iso_weighted_loss(-total, by);
    }
}

/* A narrow row by a work-item, and the sums of blocks of rows (end_of_losses). */
kernel void categorical_crossentropy_narrow(global const float *z, ulong z_at,
                                            global const float *t, ulong t_at, global float *p,
                                            ulong p_at, global const float *weight, ulong weight_at,
                                            global float *loss, ulong loss_at, int n, uint rows,
                                            int weighted, int want_p, int want_loss, float clip,
                                            float keep, float extra, float count)
{
    local float s[ISO_BLOCK_ROWS];
    struct iso_loss_scalars scalars = { clip, keep, iso_div(extra, (float)n) };
    const uint row = get_global_id(0);
    float max, sum, own = 0.0f;
    z += z_at + row * n;
    t += t_at + row * n;
    p += p_at + row * n;
    if (row < rows)
        softmax_narrow(z, n, &max, &sum);
    for (int i = 0; row < rows && want_p && i < n; i++)
        p[i] = iso_softmax(z[i], max, sum);
    if (want_loss && row < rows) {
        float log_sum = iso_log(sum);
        NARROW_SUM(total, n, LOSS_TERM)
        own = iso_weighted_loss(-total, row_weight(weight, weight_at, row, weighted));
    }
    if (want_loss)
        end_of_losses(s, own, rows, loss + loss_at, count);
}

kernel void categorical_crossentropy_backward(global const float *p, ulong p_at,
                                              global const float *t, ulong t_at,
                                              global const float *weight, ulong weight_at,
                                              global float *dz, ulong dz_at, int n, uint rows,
                                              float step_rows, int weighted, int add, float clip,
                                              float keep, float extra)
{
    local float s[GROUP_LANES];
    struct iso_loss_scalars scalars = { clip, keep, iso_div(extra, (float)n) };
    const uint row = own_row(rows), at = row * n;
    float by = row_weight(weight, weight_at, row, weighted);
    p += p_at + at;
    t += t_at + at;
    dz += dz_at + at;
    AXIS_SUM(total, s, n, add_term(lane, iso_clip_target(t[i], p[i], scalars)))
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES) {
        float kept = iso_clip_target(t[i], p[i], scalars);
        float d = iso_crossentropy_grad(p[i], kept, total, step_rows, by);
        dz[i] = add ? dz[i] + d : d;
    }
}
