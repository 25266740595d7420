/* layer_normalization.cl: layer normalization (core/ops/layer_normalization.h). A row is the work
 * of its lanes (common.h), or, for the sums over rows, a column of a block that of rows.h. gamma
 * and beta are other buffers, not read, where they are left out. */
#include "common.h"
#include "rows.h"

kernel void ln_forward(global const float *x, ulong x_at, global float *mean, ulong mean_at,
                       global float *inverse, ulong inverse_at, global const float *gamma,
                       ulong gamma_at, global const float *beta, ulong beta_at, global float *y,
                       ulong y_at, uint rows, int n, int scale, int center, float epsilon)
{
    local float s[GROUP_LANES];
    const uint row = own_row(rows);
    x += x_at + row * n;
    y += y_at + row * n;
    gamma += gamma_at;
    beta += beta_at;
    AXIS_SUM(sum, s, n, add_term(lane, x[i]))
    const float m = iso_div(sum, (float)n);
    AXIS_SUM(square, s, n, iso_bn_square(x[i] - m, lane))
    const float inv = iso_bn_inverse(iso_div(square, (float)n), epsilon);
    if (!writes_row(rows))
        return;
    if (get_local_id(0) == 0) {
        mean[mean_at + row] = m;
        inverse[inverse_at + row] = inv;
    }
    for (int i = get_local_id(0); i < n; i += ISO_LANES)
        y[i] =
            iso_bn(x[i], m, iso_bn_factor(scale ? gamma[i] : 1.0f, inv), center ? beta[i] : 0.0f);
}

kernel void ln_backward(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global const float *inverse,
                        ulong inverse_at, global const float *gamma, ulong gamma_at,
                        global float *dx, ulong dx_at, uint rows, int n, int scale, int add)
{
    local float s[GROUP_LANES];
    const uint row = own_row(rows);
    const float m = mean[mean_at + row], inv = inverse[inverse_at + row];
    x += x_at + row * n;
    dy += dy_at + row * n;
    dx += dx_at + row * n;
    gamma += gamma_at;
    AXIS_SUM(sum, s, n, add_term(lane, iso_ln_dy(dy[i], scale ? gamma[i] : 1.0f)))
    AXIS_SUM(product, s, n, iso_fma(iso_ln_dy(dy[i], scale ? gamma[i] : 1.0f), x[i] - m, lane))
    const float offset = iso_bn_offset(sum, (float)n), slope = iso_bn_slope(product, inv, (float)n);
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES) {
        float d = iso_ln_dy(dy[i], scale ? gamma[i] : 1.0f);
        d = iso_bn_grad(x[i], m, d, offset, slope, inv);
        dx[i] = add ? dx[i] + d : d;
    }
}

/* y[p, c] = sum of dy (x - mean) inverse in column c over the rows of place p; or, of the only
 * block, into y[c] or added to it. */
kernel void ln_products(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global const float *inverse,
                        ulong inverse_at, global float *y, ulong y_at, int cols, int rows,
                        int image, int only, int add)
{
    const struct iso_rows r = { rows, image };
    const int c = get_global_id(0), place = own_place();
    ROW_PRODUCTS(sum, x + x_at, dy + dy_at,
                 iso_ln_unit(own, mean[mean_at + row], inverse[inverse_at + row]))
    y += y_at + (ulong)place * cols + c;
    if (c < cols && adds(0) && !(only && place > 0))
        *y = add ? *y + sum : sum;
}
