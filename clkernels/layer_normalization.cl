/* layer_normalization.cl: layer and group normalization (core/ops/normalized_sets.h). A set of n
 * numbers, `size` of each pixel, is the work of its lanes, a row of common.h; for the sums over
 * rows, a column of a block is that of rows.h. gamma and beta are other buffers, not read, where
 * they are left out. */
#include "common.h"
#include "rows.h"

/* Returns the index in x of the first number of a set. */
static inline uint first_of(uint set, int n, int size, int groups)
{
    return set / groups * ((uint)n * groups) + set % groups * size;
}

/* A number of a set: its index from the first one, and its place among those of a pixel. A lane
 * takes every ISO_LANES-th number, and goes from one to the next without a division. */
struct walk {
    int at, channel;
    int size, pixel;           /* numbers of a pixel in the set, and in the image */
    int step_at, step_channel; /* for ISO_LANES numbers, before a pixel's end is looked for */
};

static inline struct walk begin_walk(int size, int groups)
{
    const int lane = get_local_id(0), pixel = groups * size;
    return (struct walk){ .at = lane / size * pixel + lane % size,
                          .channel = lane % size,
                          .size = size,
                          .pixel = pixel,
                          .step_at = ISO_LANES / size * pixel + ISO_LANES % size,
                          .step_channel = ISO_LANES % size };
}

/* Goes on to the next number. Returns value, which was found at the one before. */
static inline float advance(struct walk *w, float value)
{
    w->channel += w->step_channel;
    const int past = w->channel >= w->size;
    w->at += w->step_at + (past ? w->pixel - w->size : 0);
    w->channel -= past ? w->size : 0;
    return value;
}

/* total = the sum over the n numbers of a set; term: the number at w, added to `lane`. */
#define SET_SUM(total, s, n, term)                    \
    float total;                                      \
    {                                                 \
        struct walk w = begin_walk(size, groups);     \
        AXIS_SUM(sum_of_set, s, n, advance(&w, term)) \
        total = sum_of_set;                           \
    }

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
    SET_SUM(sum, s, n, add_term(lane, x[w.at]))
    const float m = iso_div(sum, (float)n);
    SET_SUM(square, s, n, iso_bn_square(x[w.at] - m, lane))
    const float inv = iso_bn_inverse(iso_div(square, (float)n), epsilon);
    if (!writes_row(rows))
        return;
    if (get_local_id(0) == 0) {
        mean[mean_at + row] = m;
        inverse[inverse_at + row] = inv;
    }
    struct walk w = begin_walk(size, groups);
    for (int i = get_local_id(0); i < n; i += ISO_LANES) {
        const float factor = iso_bn_factor(scale ? gamma[w.channel] : 1.0f, inv);
        const float normalized = iso_bn(x[w.at], m, factor, center ? beta[w.channel] : 0.0f);
        y[w.at] = normalized;
        advance(&w, normalized);
    }
}

#define GRADIENT iso_ln_dy(dy[w.at], scale ? gamma[w.channel] : 1.0f)
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
    SET_SUM(sum, s, n, add_term(lane, GRADIENT))
    SET_SUM(product, s, n, iso_fma(GRADIENT, x[w.at] - m, lane))
    const float offset = iso_bn_offset(sum, (float)n), slope = iso_bn_slope(product, inv, (float)n);
    struct walk w = begin_walk(size, groups);
    for (int i = get_local_id(0); writes_row(rows) && i < n; i += ISO_LANES) {
        const float d = iso_bn_grad(x[w.at], m, GRADIENT, offset, slope, inv);
        dx[w.at] = add ? dx[w.at] + d : d;
        advance(&w, d);
    }
}

/* The set that a row belongs to, for rows one after the other: of as many as an image has pixels.
 */
struct set_of_row {
    int set, left;
};
static inline int next_set(struct set_of_row *s, int pixels)
{
    const int own = s->set, last = --s->left == 0;
    s->set += last;
    s->left = last ? pixels : s->left;
    return own;
}
static inline float unit_of(float x, global const float *mean, global const float *inverse, int set)
{
    return iso_ln_unit(x, mean[set], inverse[set]);
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
    int end;
    const int first = own_block(r, &end), set = first / pixels;
    struct set_of_row of = { set, pixels - (first - set * pixels) };
    mean += mean_at + group;
    inverse += inverse_at + group;
    ROW_PRODUCTS(sum, x + x_at, dy + dy_at,
                 unit_of(own, mean, inverse, next_set(&of, pixels) * groups))
    y += y_at + (ulong)place * cols + c;
    if (c < cols && adds(0) && !(only && place > 0))
        *y = add ? *y + sum : sum;
}
