/* layer_normalization.cl: layer and group normalization (core/ops/normalized_sets.h). A set of n
 * numbers, `size` of each pixel, is the work of its lanes, a row of common.h; for the sums over
 * rows, a column of a block is that of rows.h. gamma and beta are other buffers, not read, where
 * they are left out. */
#include "common.h"
#include "rows.h"

/* Returns the index in x of the first number of a set, and of number i of one, from its first. */
static inline uint first_of(uint set, int n, int size, int groups)
{
    return set / groups * ((uint)n * groups) + set % groups * size;
}
static inline int place_of(int i, int n, int size, int groups)
{
    return size == n ? i : i / size * (groups * size) + i % size;
}
#define PLACE(i) place_of(i, n, size, groups)
#define CHANNEL(i) (size == n ? (i) : (i) % size)

kernel void ln_forward(global const float *x, ulong x_at, global float *mean, ulong mean_at,
                       global float *inverse, ulong inverse_at, global const float *gamma,
                       ulong gamma_at, global const float *beta, ulong beta_at, global float *y,
                       ulong y_at, uint rows, int n, int size, int groups, int scale, int center,
                       float epsilon)
{
    local float s[GROUP_LANES];
    const uint row = own_row(rows), first = first_of(row, n, size, groups);
    x += x_at + first;
    y += y_at + first;
    gamma += gamma_at + row % groups * size;
    beta += beta_at + row % groups * size;
    AXIS_SUM(sum, s, n, add_term(lane, x[PLACE(i)]))
    const float m = iso_div(sum, (float)n);
    AXIS_SUM(square, s, n, iso_bn_square(x[PLACE(i)] - m, lane))
    const float inv = iso_bn_inverse(iso_div(square, (float)n), epsilon);
    if (!writes_row(rows))
        return;
    if (get_local_id(0) == 0) {
        mean[mean_at + row] = m;
        inverse[inverse_at + row] = inv;
    }
    for (int i = get_local_id(0); i < n; i += ISO_LANES)
        y[PLACE(i)] = iso_bn(x[PLACE(i)], m, iso_bn_factor(scale ? gamma[CHANNEL(i)] : 1.0f, inv),
                             center ? beta[CHANNEL(i)] : 0.0f);
}

#define GRADIENT(i) iso_ln_dy(dy[PLACE(i)], scale ? gamma[CHANNEL(i)] : 1.0f)
kernel void ln_backward(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global const float *inverse,
                        ulong inverse_at, global const float *gamma, ulong gamma_at,
                        global float *dx, ulong dx_at, uint rows, int n, int size, int groups,
                        int scale, int add)
{
    local float s[GROUP_LANES];
    const uint row = own_row(rows), first = first_of(row, n, size, groups);
    const float m = mean[mean_at + row], inv = inverse[inverse_at + row];
    x += x_at + first;
    dy += dy_at + first;
    dx += dx_at + first;
    gamma += gamma_at + row % groups * size;
    AXIS_SUM(sum, s, n, add_term(lane, GRADIENT(i)))
    AXIS_SUM(product, s, n, iso_fma(GRADIENT(i), x[PLACE(i)] - m, lane))
    const float offset = iso_bn_offset(sum, (float)n), slope = iso_bn_slope(product, inv, (float)n);
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES) {
        const int at = PLACE(i);
        const float d = iso_bn_grad(x[at], m, GRADIENT(i), offset, slope, inv);
        dx[at] = add ? dx[at] + d : d;
    }
}

/* y[p, c] = sum of dy (x - mean) inverse in column c over the rows of place p; or, of the only
 * block, into y[c] or added to it. */
kernel void ln_products(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *mean, ulong mean_at, global const float *inverse,
                        ulong inverse_at, global float *y, ulong y_at, int cols, int rows,
                        int image, int pixels, int size, int groups, int only, int add)
{
    const struct iso_rows r = { rows, image };
    const int c = get_global_id(0), place = own_place();
    const int group = (c < cols ? c : cols - 1) / size;
    mean += mean_at + group;
    inverse += inverse_at + group;
    ROW_PRODUCTS(sum, x + x_at, dy + dy_at,
                 iso_ln_unit(own, mean[row / pixels * groups], inverse[row / pixels * groups]))
    y += y_at + (ulong)place * cols + c;
    if (c < cols && adds(0) && !(only && place > 0))
        *y = add ? *y + sum : sum;
}
