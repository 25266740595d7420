/* batch_normalization.cl: batch normalization (core/ops/batch_normalization.h). One work-item a
 * block's channel (rows.h) or an element; gamma and beta are other buffers, not read, where they
 * are left out. */
#include "common.h"
#include "rows.h"

/* For each block of rows, the ISO_GROUP_BLOCKS of group g from number g ISO_GROUP_BLOCKS on:
 * blocks[b, 0, c] = the sum of its x, and blocks[b, 1, c] = the sum of squares about their mean. A
 * group has fewer where the image ends: the rest of them are not written. And groups[g, c] = the
 * sum over the rows of group g. */
kernel void bn_statistics(global const float *x, ulong x_at, global float *blocks, ulong blocks_at,
                          global float *groups, ulong groups_at, int cols, int rows, int image)
{
    local float s[LANES];
    const struct iso_rows r = { rows, image };
    int c = get_global_id(0), end, begin = own_block(r, &end), g = get_group_id(1);
    float sum = start_of_sum(), square = start_of_sum();
    x += x_at + c;
    for (int row = begin; c < cols && row < end; row++)
        sum = add_term(sum, x[(ulong)row * cols]);
    sum = end_of_sum(sum);
    if (c < cols && begin < end) {
        ulong block = ((ulong)g * ISO_GROUP_BLOCKS + get_local_id(1)) * 2;
        float mean = iso_bn_block_mean(sum, (float)(end - begin));
        for (int row = begin; row < end; row++)
            square = iso_bn_square(x[(ulong)row * cols] - mean, square);
        blocks += blocks_at + block * cols + c;
        blocks[0] = sum;
        blocks[cols] = end_of_sum(square);
    }
    float group = add_lanes(s, sum, start_of_sum());
    if (c < cols && get_local_id(1) == 0)
        groups[groups_at + (ulong)g * cols + c] = group;
}

/* The sum over group g of the squares of column c about the mean of all rows. */
static inline float group_square(global const float *blocks, int cols, struct iso_rows r, int g,
                                 float mean)
{
    int at = iso_group_begin(r, g), stop = iso_group_end(r, at), end;
    float sum = start_of_sum();
    blocks += (ulong)g * ISO_GROUP_BLOCKS * 2 * cols;
    for (; at < stop; at = end, blocks += 2 * cols) {
        end = iso_block_end(r, at);
        float rows = (float)(end - at), own = iso_bn_block_mean(blocks[0], rows);
        sum = add_term(sum, iso_bn_block_square(own, blocks[cols], rows, mean));
    }
    return end_of_sum(sum);
}

/* From what bn_statistics gave: mean and inverse, and the moving statistics after this batch. The
 * work-items of a column take a group each at a time. */
kernel void bn_batch(global const float *blocks, ulong blocks_at, global const float *groups,
                     ulong groups_at, global float *mean, ulong mean_at, global float *inverse,
                     ulong inverse_at, global float *moving_mean, ulong moving_mean_at,
                     global float *moving_variance, ulong moving_variance_at, int cols, int rows,
                     int image, float step_rows, float moving_rows, float momentum, float rest,
                     float epsilon)
{
    local float s[LANES];
    const struct iso_rows r = { rows, image };
    int c = get_global_id(0), lane = get_local_id(1), count = iso_group_count(r);
    float total = start_of_sum(), square = start_of_sum();
    groups += groups_at + c;
    for (int g = lane; g - lane < count; g += ISO_GROUP_BLOCKS) {
        bool there = c < cols && g < count;
        total = add_lanes(s, there ? groups[(ulong)g * cols] : 0.0f, total);
    }
    float m = iso_div(total, step_rows);
    for (int g = lane; g - lane < count; g += ISO_GROUP_BLOCKS) {
        bool there = c < cols && g < count;
        float own = there ? group_square(blocks + blocks_at + c, cols, r, g, m) : 0.0f;
        square = add_lanes(s, own, square);
    }
    if (c < cols && lane == 0) {
        global float *moving = moving_mean + moving_mean_at + c;
        global float *variance = moving_variance + moving_variance_at + c;
        mean[mean_at + c] = m;
        inverse[inverse_at + c] = iso_bn_inverse(iso_div(square, step_rows), epsilon);
        *moving = iso_bn_moving(*moving, m, momentum, rest);
        *variance = iso_bn_moving(*variance, iso_div(square, moving_rows), momentum, rest);
    }
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

/* groups[g, 0, c] = sum of dy[r, c], groups[g, 1, c] = sum of dy[r, c] (x[r, c] - mean[c]), over
 * the rows of group g. */
kernel void bn_products(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global float *groups,
                        ulong groups_at, int cols, int rows, int image)
{
    local float s[LANES];
    const struct iso_rows r = { rows, image };
    int c = get_global_id(0), end, row = own_block(r, &end);
    float total = start_of_sum(), product = start_of_sum(), m = c < cols ? mean[mean_at + c] : 0.0f;
    x += x_at + c;
    dy += dy_at + c;
    for (; c < cols && row < end; row++) {
        float d = dy[(ulong)row * cols];
        total = add_term(total, d);
        product = iso_fma(d, x[(ulong)row * cols] - m, product);
    }
    total = add_lanes(s, total, start_of_sum());
    product = add_lanes(s, product, start_of_sum());
    groups += groups_at + (ulong)get_group_id(1) * 2 * cols + c;
    if (c < cols && get_local_id(1) == 0) {
        groups[0] = total;
        groups[cols] = product;
    }
}

/* From what bn_products gave: what every element's gradient needs, offset and slope; and dgamma and
 * dbeta, where they are wanted. The work-items of a column take a group each at a time. */
kernel void bn_channels(global const float *groups, ulong groups_at, global const float *inverse,
                        ulong inverse_at, global float *dgamma, ulong dgamma_at,
                        global float *dbeta, ulong dbeta_at, global float *offset, ulong offset_at,
                        global float *slope, ulong slope_at, int cols, int count, float step_rows,
                        int training, int scale, int center, int add_dgamma, int add_dbeta)
{
    local float s[LANES];
    int c = get_global_id(0), lane = get_local_id(1);
    float total = start_of_sum(), product = start_of_sum();
    groups += groups_at + c;
    for (int g = lane; g - lane < count; g += ISO_GROUP_BLOCKS) {
        bool there = c < cols && g < count;
        ulong at = (ulong)g * 2 * cols;
        total = add_lanes(s, there ? groups[at] : 0.0f, total);
        product = add_lanes(s, there ? groups[at + cols] : 0.0f, product);
    }
    if (c >= cols || lane > 0)
        return;
    float inv = inverse[inverse_at + c];
    if (scale) {
        float d = iso_bn_dgamma(product, inv);
        dgamma[dgamma_at + c] = add_dgamma ? dgamma[dgamma_at + c] + d : d;
    }
    if (center)
        dbeta[dbeta_at + c] = add_dbeta ? dbeta[dbeta_at + c] + total : total;
    offset[offset_at + c] = training ? iso_bn_offset(total, step_rows) : 0.0f;
    slope[slope_at + c] = training ? iso_bn_slope(product, inv, step_rows) : 0.0f;
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
