/* layer_normalization.cl: layer normalization (core/ops/layer_normalization.h). One group of 16
 * work-items a row, for one sum along it; or one work-item a channel of a block, or an element.
 * gamma and beta are other buffers, not read, where they are left out. */
#include "common.h"
#include "blocks.h"

kernel void ln_mean(global const float *x, ulong x_at, global float *mean, ulong mean_at, int n)
{
    local float s[ISO_LANES];
    ulong row = get_group_id(0);
    float lane = start_of_sum();
    x += x_at + row * n;
    for (int i = get_local_id(0); i < n; i += ISO_LANES)
        lane = add_term(lane, x[i]);
    float sum = lane_sum(s, lane);
    if (get_local_id(0) == 0)
        mean[mean_at + row] = iso_div(sum, (float)n);
}

kernel void ln_inverse(global const float *x, ulong x_at, global const float *mean, ulong mean_at,
                       global float *inverse, ulong inverse_at, int n, float epsilon)
{
    local float s[ISO_LANES];
    ulong row = get_group_id(0);
    float lane = start_of_sum(), m = mean[mean_at + row];
    x += x_at + row * n;
    for (int i = get_local_id(0); i < n; i += ISO_LANES)
        lane = iso_bn_square(x[i] - m, lane);
    float square = lane_sum(s, lane);
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
    float lane = start_of_sum();
    dy += dy_at + row * n;
    gamma += gamma_at;
    for (int i = get_local_id(0); i < n; i += ISO_LANES)
        lane = add_term(lane, iso_ln_dy(dy[i], scale ? gamma[i] : 1.0f));
    float sum = lane_sum(s, lane);
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
    float lane = start_of_sum(), m = mean[mean_at + row];
    x += x_at + row * n;
    dy += dy_at + row * n;
    gamma += gamma_at;
    for (int i = get_local_id(0); i < n; i += ISO_LANES)
        lane = iso_fma(iso_ln_dy(dy[i], scale ? gamma[i] : 1.0f), x[i] - m, lane);
    float product = lane_sum(s, lane);
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

/* out[b, c] = sum of dy (x - mean) inverse in column c over the rows of block b. */
kernel void ln_products(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global const float *inverse,
                        ulong inverse_at, global float *out, ulong out_at, int cols, int group_rows,
                        int blocks)
{
    int c = get_global_id(0) % cols, b = get_global_id(0) / cols, rows;
    if (b >= blocks)
        return;
    ulong start = block_start(b, c, cols, group_rows, &rows), row = start / cols;
    float sum = start_of_sum();
    x += x_at + start;
    dy += dy_at + start;
    mean += mean_at + row;
    inverse += inverse_at + row;
    for (int r = 0; r < rows; r++) {
        ulong i = (ulong)r * cols;
        sum = iso_fma(dy[i], iso_ln_unit(x[i], mean[r], inverse[r]), sum);
    }
    out[out_at + (ulong)b * cols + c] = sum;
}
