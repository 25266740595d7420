/* layer_normalization.cl: layer normalization (core/ops/layer_normalization.h). One group of 16
 * work-items a row, for one sum along it; or one work-item a block's channel (rows.h), or an
 * element. gamma and beta are other buffers, not read, where they are left out. */
#include "common.h"
#include "rows.h"

kernel void ln_mean(global const float *x, ulong x_at, global float *mean, ulong mean_at, int n)
{
    local float s[ISO_LANES];
    ulong row = get_group_id(0);
    x += x_at + row * n;
    AXIS_SUM(sum, s, n, add_term(lane, x[i]))
    if (get_local_id(0) == 0)
        mean[mean_at + row] = iso_div(sum, (float)n);
}

kernel void ln_inverse(global const float *x, ulong x_at, global const float *mean, ulong mean_at,
                       global float *inverse, ulong inverse_at, int n, float epsilon)
{
    local float s[ISO_LANES];
    ulong row = get_group_id(0);
    float m = mean[mean_at + row];
    x += x_at + row * n;
    AXIS_SUM(square, s, n, iso_bn_square(x[i] - m, lane))
    if (get_local_id(0) == 0)
        inverse[inverse_at + row] = iso_bn_inverse(iso_div(square, (float)n), epsilon);
}

kernel void ln_forward(global const float *x, ulong x_at, global const float *mean, ulong mean_at,
                       global const float *inverse, ulong inverse_at, global const float *gamma,
                       ulong gamma_at, global const float *beta, ulong beta_at, global float *y,
                       ulong y_at, uint count, uint n, int scale, int center)
{
    uint i = get_global_id(0), row = i / n, c = i % n;
    if (i < count) {
        float factor = iso_bn_factor(scale ? gamma[gamma_at + c] : 1.0f, inverse[inverse_at + row]);
        y[y_at + i] =
            iso_bn(x[x_at + i], mean[mean_at + row], factor, center ? beta[beta_at + c] : 0.0f);
    }
}

kernel void ln_offset(global const float *dy, ulong dy_at, global const float *gamma,
                      ulong gamma_at, global float *offset, ulong offset_at, int n, int scale)
{
    local float s[ISO_LANES];
    ulong row = get_group_id(0);
    dy += dy_at + row * n;
    gamma += gamma_at;
    AXIS_SUM(sum, s, n, add_term(lane, iso_ln_dy(dy[i], scale ? gamma[i] : 1.0f)))
    if (get_local_id(0) == 0)
        offset[offset_at + row] = iso_bn_offset(sum, (float)n);
}

kernel void ln_slope(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                     global const float *mean, ulong mean_at, global const float *inverse,
                     ulong inverse_at, global const float *gamma, ulong gamma_at,
                     global float *slope, ulong slope_at, int n, int scale)
{
    local float s[ISO_LANES];
    ulong row = get_group_id(0);
    float m = mean[mean_at + row];
    x += x_at + row * n;
    dy += dy_at + row * n;
    gamma += gamma_at;
    AXIS_SUM(product, s, n, iso_fma(iso_ln_dy(dy[i], scale ? gamma[i] : 1.0f), x[i] - m, lane))
    if (get_local_id(0) == 0)
        slope[slope_at + row] = iso_bn_slope(product, inverse[inverse_at + row], (float)n);
}

kernel void ln_backward(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global const float *inverse,
                        ulong inverse_at, global const float *gamma, ulong gamma_at,
                        global const float *offset, ulong offset_at, global const float *slope,
                        ulong slope_at, global float *dx, ulong dx_at, uint count, uint n,
                        int scale, int add)
{
    uint i = get_global_id(0), row = i / n;
    if (i < count) {
        float g = iso_ln_dy(dy[dy_at + i], scale ? gamma[gamma_at + i % n] : 1.0f);
        float d = iso_bn_grad(x[x_at + i], mean[mean_at + row], g, offset[offset_at + row],
                              slope[slope_at + row], inverse[inverse_at + row]);
        dx[dx_at + i] = add ? dx[dx_at + i] + d : d;
    }
}

/* y[g, c] = sum of dy (x - mean) inverse in column c over the rows of group g, or added to y. */
kernel void ln_products(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global const float *inverse,
                        ulong inverse_at, global float *y, ulong y_at, int cols, int rows,
                        int image, int add)
{
    local float s[LANES];
    const struct iso_rows r = { rows, image };
    int c = get_global_id(0), end, row = own_block(r, &end);
    float sum = start_of_sum();
    x += x_at + c;
    dy += dy_at + c;
    mean += mean_at;
    inverse += inverse_at;
    for (; c < cols && row < end; row++) {
        ulong i = (ulong)row * cols;
        sum = iso_fma(dy[i], iso_ln_unit(x[i], mean[row], inverse[row]), sum);
    }
    float group = add_lanes(s, sum, start_of_sum());
    y += y_at + (ulong)get_group_id(1) * cols + c;
    if (c < cols && get_local_id(1) == 0)
        *y = add ? *y + group : group;
}
