/* batch_normalization.cl: batch normalization (core/ops/batch_normalization.h). One work-item a
 * channel of a block, a channel, or an element; gamma and beta are other buffers, not read, where
 * they are left out. */
#include "common.h"
#include "blocks.h"

/* out[b, c] = sum of (x[r, c] - mean[c])^2 over the rows of block b. */
kernel void bn_squares(global const float *x, ulong x_at, global const float *mean, ulong mean_at,
                       global float *out, ulong out_at, int cols, int group_rows, int blocks)
{
    int c = get_global_id(0) % cols, b = get_global_id(0) / cols, rows;
    if (b >= blocks)
        return;
    x += x_at + block_start(b, c, cols, group_rows, &rows);
    float sum = start_of_sum(), m = mean[mean_at + c];
    for (int r = 0; r < rows; r++)
        sum = iso_bn_square(x[(ulong)r * cols] - m, sum);
    out[out_at + (ulong)b * cols + c] = sum;
}

/* out[b, c] = sum of dy[r, c] (x[r, c] - mean[c]) over the rows of block b. */
kernel void bn_products(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global float *out, ulong out_at,
                        int cols, int group_rows, int blocks)
{
    int c = get_global_id(0) % cols, b = get_global_id(0) / cols, rows;
    if (b >= blocks)
        return;
    ulong start = block_start(b, c, cols, group_rows, &rows);
    x += x_at + start;
    dy += dy_at + start;
    float sum = start_of_sum(), m = mean[mean_at + c];
    for (int r = 0; r < rows; r++)
        sum = iso_fma(dy[(ulong)r * cols], x[(ulong)r * cols] - m, sum);
    out[out_at + (ulong)b * cols + c] = sum;
}

kernel void bn_mean(global const float *total, ulong total_at, global float *mean, ulong mean_at,
                    int cols, float rows)
{
    int c = get_global_id(0);
    if (c < cols)
        mean[mean_at + c] = iso_div(total[total_at + c], rows);
}

/* From the row sum of squares: inverse, and the moving statistics after this batch. */
kernel void bn_batch(global const float *square, ulong square_at, global const float *mean,
                     ulong mean_at, global float *inverse, ulong inverse_at,
                     global float *moving_mean, ulong moving_mean_at, global float *moving_variance,
                     ulong moving_variance_at, int cols, float rows, float moving_rows,
                     float momentum, float rest, float epsilon)
{
    int c = get_global_id(0);
    if (c >= cols)
        return;
    float s = square[square_at + c];
    global float *m = moving_mean + moving_mean_at + c;
    global float *v = moving_variance + moving_variance_at + c;
    inverse[inverse_at + c] = iso_bn_inverse(iso_div(s, rows), epsilon);
    *m = iso_bn_moving(*m, mean[mean_at + c], momentum, rest);
    *v = iso_bn_moving(*v, iso_div(s, moving_rows), momentum, rest);
}

/* Outside of training the moving statistics take the place of the batch's. */
kernel void bn_moving(global const float *moving_mean, ulong moving_mean_at,
                      global const float *moving_variance, ulong moving_variance_at,
                      global float *mean, ulong mean_at, global float *inverse, ulong inverse_at,
                      int cols, float epsilon)
{
    int c = get_global_id(0);
    if (c < cols) {
        mean[mean_at + c] = moving_mean[moving_mean_at + c];
        inverse[inverse_at + c] = iso_bn_inverse(moving_variance[moving_variance_at + c], epsilon);
    }
}

kernel void bn_forward(global const float *x, ulong x_at, global const float *mean, ulong mean_at,
                       global const float *inverse, ulong inverse_at, global const float *gamma,
                       ulong gamma_at, global const float *beta, ulong beta_at, global float *y,
                       ulong y_at, uint n, uint cols, int scale, int center)
{
    uint i = get_global_id(0), c = i % cols;
    if (i < n) {
        float factor = iso_bn_factor(scale ? gamma[gamma_at + c] : 1.0f, inverse[inverse_at + c]);
        y[y_at + i] =
            iso_bn(x[x_at + i], mean[mean_at + c], factor, center ? beta[beta_at + c] : 0.0f);
    }
}

/* From the row sums of dy and of dy (x - mean): what every element's gradient needs, put where the
 * sums were; and dgamma and dbeta, where they are wanted. */
kernel void bn_channels(global float *total, ulong total_at, global float *product,
                        ulong product_at, global const float *inverse, ulong inverse_at,
                        global float *dgamma, ulong dgamma_at, global float *dbeta, ulong dbeta_at,
                        int cols, float rows, int training, int scale, int center, int add_dgamma,
                        int add_dbeta)
{
    int c = get_global_id(0);
    if (c >= cols)
        return;
    float t = total[total_at + c], p = product[product_at + c], s = inverse[inverse_at + c];
    if (scale) {
        float d = iso_bn_dgamma(p, s);
        dgamma[dgamma_at + c] = add_dgamma ? dgamma[dgamma_at + c] + d : d;
    }
    if (center)
        dbeta[dbeta_at + c] = add_dbeta ? dbeta[dbeta_at + c] + t : t;
    total[total_at + c] = training ? iso_bn_offset(t, rows) : 0.0f;
    product[product_at + c] = training ? iso_bn_slope(p, s, rows) : 0.0f;
}

kernel void bn_backward(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global const float *inverse,
                        ulong inverse_at, global const float *gamma, ulong gamma_at,
                        global const float *offset, ulong offset_at, global const float *slope,
                        ulong slope_at, global float *dx, ulong dx_at, uint n, uint cols, int scale,
                        int add)
{
    uint i = get_global_id(0), c = i % cols;
    if (i < n) {
        float factor = iso_bn_factor(scale ? gamma[gamma_at + c] : 1.0f, inverse[inverse_at + c]);
        float d = iso_bn_grad(x[x_at + i], mean[mean_at + c], dy[dy_at + i], offset[offset_at + c],
                              slope[slope_at + c], factor);
        dx[dx_at + i] = add ? dx[dx_at + i] + d : d;
    }
}
