/* class_loss.h: softmax and a loss with a target for each class; core/ops/crossentropy.h and
 * focal_crossentropy.h have the formulas. */
#ifndef ISO_CLKERNELS_CLASS_LOSS_H
#define ISO_CLKERNELS_CLASS_LOSS_H
#include "loss.h"
#include "softmax.h"

/* A loss's kernels (ISO_CLASS_LOSSES): a row by its lanes; a narrow row by a work-item, with the
 * sums of blocks of rows (end_of_losses); and the gradient of a row by its lanes, and of a narrow
 * row by a work-item. */
#define CLASS_LOSS(name, added, kept)                                                              \
    kernel void name##_forward(global const float *z, ulong z_at, global const float *t,           \
                               ulong t_at, global float *p, ulong p_at,                            \
                               global const float *weight, ulong weight_at, global float *loss,    \
                               ulong loss_at, int n, uint rows, int weighted, int want_p,          \
                               int want_loss, struct iso_loss_scalars scalars)                     \
    {                                                                                              \
        local int si[GROUP_LANES];                                                                 \
        local float s[GROUP_LANES];                                                                \
        const uint row = own_row(rows);                                                            \
        float max, sum;                                                                            \
        z += z_at + row * n;                                                                       \
        t += t_at + row * n;                                                                       \
        p += p_at + row * n;                                                                       \
        softmax_row(si, s, z, n, &max, &sum);                                                      \
        float log_sum = iso_log(sum);                                                              \
        for (int i = get_local_id(0); writes_row(rows) && want_p && i < n; i += ISO_LANES)         \
            p[i] = iso_softmax(z[i], max, sum);                                                    \
        if (!want_loss)                                                                            \
            return;                                                                                \
        AXIS_SUM(total, s, n, added(iso_log_softmax(z[i], max, log_sum), t[i], scalars, lane))     \
        if (get_local_id(0) == 0 && writes_row(rows)) {                                            \
            float by = row_weight(weight, weight_at, row, weighted);                               \
            loss[loss_at + row] = iso_weighted_loss(-total, by);                                   \
        }                                                                                          \
    }                                                                                              \
    kernel void name##_narrow(global const float *z, ulong z_at, global const float *t,            \
                              ulong t_at, global float *p, ulong p_at, global const float *weight, \
                              ulong weight_at, global float *loss, ulong loss_at, int n,           \
                              uint rows, int weighted, int want_p, int want_loss,                  \
                              struct iso_loss_scalars scalars, float count)                        \
    {                                                                                              \
        local float s[ISO_BLOCK_ROWS];                                                             \
        const uint row = get_global_id(0);                                                         \
        float max, sum, own = 0.0f;                                                                \
        z += z_at + row * n;                                                                       \
        t += t_at + row * n;                                                                       \
        p += p_at + row * n;                                                                       \
        if (row < rows)                                                                            \
            softmax_narrow(z, n, &max, &sum);                                                      \
        for (int i = 0; row < rows && want_p && i < n; i++)                                        \
            p[i] = iso_softmax(z[i], max, sum);                                                    \
        if (want_loss && row < rows) {                                                             \
            float log_sum = iso_log(sum);                                                          \
            NARROW_SUM(total, n, added(iso_log_softmax(z[i], max, log_sum), t[i], scalars, lane))  \
            own = iso_weighted_loss(-total, row_weight(weight, weight_at, row, weighted));         \
        }                                                                                          \
        if (want_loss)                                                                             \
            end_of_losses(s, own, rows, loss + loss_at, count);                                    \
    }                                                                                              \
    kernel void name##_backward(global const float *p, ulong p_at, global const float *t,          \
                                ulong t_at, global const float *weight, ulong weight_at,           \
                                global float *dz, ulong dz_at, int n, uint rows, float step_rows,  \
                                int weighted, int add, struct iso_loss_scalars scalars)            \
    {                                                                                              \
        local float s[GROUP_LANES];                                                                \
        const uint row = own_row(rows), at = row * n;                                              \
        float by = row_weight(weight, weight_at, row, weighted);                                   \
        p += p_at + at;                                                                            \
        t += t_at + at;                                                                            \
        dz += dz_at + at;                                                                          \
        AXIS_SUM(total, s, n, add_term(lane, kept(t[i], p[i], scalars)))                           \
        for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES) {                 \
            float own_kept = kept(t[i], p[i], scalars);                                            \
            float d = iso_crossentropy_grad(p[i], own_kept, total, step_rows, by);                 \
            dz[i] = add ? dz[i] + d : d;                                                           \
        }                                                                                          \
    }                                                                                              \
    kernel void name##_narrow_backward(                                                            \
        global const float *p, ulong p_at, global const float *t, ulong t_at,                      \
        global const float *weight, ulong weight_at, global float *dz, ulong dz_at, int n,         \
        uint rows, float step_rows, int weighted, int add, struct iso_loss_scalars scalars)        \
    {                                                                                              \
        const uint row = get_global_id(0), at = row * n;                                           \
        if (row >= rows)                                                                           \
            return;                                                                                \
        float by = row_weight(weight, weight_at, row, weighted);                                   \
        p += p_at + at;                                                                            \
        t += t_at + at;                                                                            \
        dz += dz_at + at;                                                                          \
        NARROW_SUM(total, n, add_term(lane, kept(t[i], p[i], scalars)))                            \
        for (int i = 0; i < n; i++) {                                                              \
            float own_kept = kept(t[i], p[i], scalars);                                            \
            float d = iso_crossentropy_grad(p[i], own_kept, total, step_rows, by);                 \
            dz[i] = add ? dz[i] + d : d;                                                           \
        }                                                                                          \
    }

#endif
