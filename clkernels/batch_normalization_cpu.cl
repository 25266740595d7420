/* batch_normalization_cpu.cl: batch normalization (core/ops/batch_normalization.h) on CPU-shaped
 * devices. A work-item is a work-group; it takes a vector of channels of a group of rows, or of all
 * of them, or some rows of all channels. Gamma and beta are other buffers, not read, where they are
 * left out. */
#include "common.h"
#include "arguments.h"
#include "vectors.h"

/* iso_div of each element and one number. */
INLINE vec divide(vec a, float by)
{
    float all[VECTOR];
    STORE(a, all);
    for (int i = 0; i < VECTOR; i++)
        all[i] = iso_div(all[i], by);
    return LOAD(all);
}

/* The sums over rows take WIDE vectors of channels side by side where there are as many, because
 * memory gives lines that follow one another faster; `wide` and n are literals then. */
enum { WIDE = OPENCL_WIDE_VECTORS };
#define EACH_WIDE(v) UNROLLED(v, wide)

/* bn_cpu_statistics of n channels, of group g. */
INLINE void statistics(const int wide, global const float *x, global float *blocks,
                       global float *groups, int channels, struct iso_rows r, int g, int n)
{
    const int at = iso_group_begin(r, g), stop = iso_group_end(r, at);
    vec group[WIDE], sum[WIDE], square[WIDE], mean[WIDE];
    EACH_WIDE(v)
    group[v] = (vec)(start_of_sum());
    for (int row = at, end; row < stop; row = end, blocks += 2 * channels) {
        end = iso_block_end(r, row);
        EACH_WIDE(v)
        sum[v] = square[v] = (vec)(start_of_sum());
        for (int i = row; i < end; i++)
            EACH_WIDE(v)
        sum[v] = sum[v] + load_some(x + (ulong)i * channels + v * VECTOR, n - v * VECTOR);
        EACH_WIDE(v)
        mean[v] = divide(sum[v], (float)(end - row));
        for (int i = row; i < end; i++) {
            EACH_WIDE(v)
            {
                const vec value = load_some(x + (ulong)i * channels + v * VECTOR, n - v * VECTOR);
                const vec centre = value - mean[v];
                square[v] = fma(centre, centre, square[v]);
            }
        }
        EACH_WIDE(v)
        {
            group[v] = group[v] + sum[v];
            store_some(mean[v], blocks + v * VECTOR, n - v * VECTOR);
            store_some(square[v], blocks + channels + v * VECTOR, n - v * VECTOR);
        }
    }
    EACH_WIDE(v)
    store_some(group[v], groups + (ulong)g * channels + v * VECTOR, n - v * VECTOR);
}

/* Computes blocks[g ISO_GROUP_BLOCKS + block][2][channel] for each block of group g: the mean of
 * its rows and the sum of squares about it; and groups[g][channel], the sum of all rows of the
 * group. */
KERNEL bn_cpu_statistics(global const float *x, ulong x_at, global float *blocks, ulong blocks_at,
                         global float *groups, ulong groups_at, int channels, int rows, int image)
{
    const struct iso_rows r = { rows, image };
    const int first = get_group_id(0) * WIDE * VECTOR, g = get_group_id(1);
    x += x_at;
    blocks += blocks_at + (ulong)g * ISO_GROUP_BLOCKS * 2 * channels;
    groups += groups_at;
    if (channels - first >= WIDE * VECTOR) {
        statistics(WIDE, x + first, blocks + first, groups + first, channels, r, g, WIDE * VECTOR);
        return;
    }
    for (int c = first; c < channels; c += VECTOR)
        statistics(1, x + c, blocks + c, groups + c, channels, r, g, channels - c);
}

/* The sum over all rows of the squares about their mean. */
INLINE vec all_squares(global const float *blocks, int channels, int n, struct iso_rows r, vec mean)
{
    vec total = (vec)(start_of_sum());
    for (int at = 0, stop; at < r.rows; at = stop) {
        vec group = (vec)(start_of_sum());
        global const float *block = blocks;
        stop = iso_group_end(r, at);
        for (int row = at, end; row < stop; row = end, block += 2 * channels) {
            end = iso_block_end(r, row);
            const vec centre = load_some(block, n) - mean;
            group =
                group + fma((float)(end - row) * centre, centre, load_some(block + channels, n));
        }
        total = total + group;
        blocks += ISO_GROUP_BLOCKS * 2 * channels;
    }
    return total;
}

/* From what bn_cpu_statistics gave: mean and inverse, and the moving statistics after this batch
 * or, with `sums`, the batch's sums in their place. */
KERNEL bn_cpu_batch(global const float *blocks, ulong blocks_at, global const float *groups,
                    ulong groups_at, global float *mean, ulong mean_at, global float *inverse,
                    ulong inverse_at, global float *moving_mean, ulong moving_mean_at,
                    global float *moving_variance, ulong moving_variance_at, int channels, int rows,
                    int image, float step_rows, float moving_rows, float momentum, float rest,
                    float epsilon, int sums)
{
    const struct iso_rows r = { rows, image };
    const int c = get_group_id(0) * VECTOR, n = channels - c, count = iso_group_count(r);
    float totals[VECTOR], means[VECTOR], squares[VECTOR];
    vec total = (vec)(start_of_sum());
    for (int g = 0; g < count; g++)
        total = total + load_some(groups + groups_at + (ulong)g * channels + c, n);
    const vec m = divide(total, step_rows);
    STORE(total, totals);
    STORE(m, means);
    STORE(all_squares(blocks + blocks_at + c, channels, n, r, m), squares);
    moving_mean += moving_mean_at + c;
    moving_variance += moving_variance_at + c;
    for (int i = 0; i < VECTOR && i < n; i++) {
        mean[mean_at + c + i] = means[i];
        inverse[inverse_at + c + i] = iso_bn_inverse(iso_div(squares[i], step_rows), epsilon);
        moving_mean[i] = sums ? totals[i] : iso_bn_moving(moving_mean[i], means[i], momentum, rest);
        moving_variance[i] =
            sums ? squares[i]
                 : iso_bn_moving_sum(moving_variance[i], squares[i], moving_rows, momentum, rest);
    }
}

/* The normalization of a vector of channels. */
struct line {
    vec mean, factor, beta;
};
INLINE struct line line_of(const struct opencl_bn *g, global const float *mean,
                           global const float *inverse, global const float *gamma,
                           global const float *beta, int c, int n)
{
    struct line l;
    vec inv = load_some(inverse + c, n);
    l.mean = load_some(mean + c, n);
    l.factor = flush(g->scale ? load_some(gamma + c, n) * inv : inv); /* iso_bn_factor */
    l.beta = (vec)(0.0f);
    if (g->center)
        l.beta = load_some(beta + c, n);
    return l;
}
/* iso_bn */
INLINE vec normalized(const struct line *l, vec x)
{
    return flush(fma(x - l->mean, l->factor, l->beta));
}

/* The rows of a work-item over elements. */
#define OWN_ROWS(row) \
    for (int row = get_group_id(0) * g.each, end_ = row + g.each; row < end_ && row < g.rows; row++)

/* y, the addend added and relu taken where they are wanted. */
KERNEL bn_cpu_forward(global const float *x, ulong x_at, global const float *mean, ulong mean_at,
                      global const float *inverse, ulong inverse_at, global const float *gamma,
                      ulong gamma_at, global const float *beta, ulong beta_at,
                      global const float *addend, ulong addend_at, global float *y, ulong y_at,
                      struct opencl_bn all)
{
    const struct opencl_bn g = all;
    OWN_ROWS(row)
    {
        const ulong at = (ulong)row * g.cols;
        for (int c = 0; c < g.cols; c += VECTOR) {
            const int n = g.cols - c;
            const struct line l = line_of(&g, mean + mean_at, inverse + inverse_at,
                                          gamma + gamma_at, beta + beta_at, c, n);
            vec result = normalized(&l, load_some(x + x_at + at + c, n));
            if (g.adds) /* iso_add */
                result = flush(result + load_some(addend + addend_at + at + c, n));
            if (g.relu)
                result = relu_of(result);
            store_some(result, y + y_at + at + c, n);
        }
    }
}

/* A gradient, if it passes; y: the results, read BY_RESULT. */
INLINE vec passing(const struct opencl_bn *g, const struct line *l, vec x, global const float *y,
                   vec dy, int n)
{
    if (g->pass == OPENCL_PASS_ALL)
        return dy;
    vec result = (vec)(0.0f);
    if (g->pass == OPENCL_PASS_BY_RESULT)
        result = load_some(y, n);
    else
        result = normalized(l, x);
    return result > (vec)(0.0f) ? dy : (vec)(0.0f);
}

/* The operands of the sums of gradients, at a work-item's first channel, and where the gradients
 * that pass go. */
struct gradients {
    global const float *x, *dy, *y;
    global float *passed;
};

/* bn_cpu_products of n channels, of group `group`. */
INLINE void products(const int wide, const struct opencl_bn *g, const struct line *l,
                     struct gradients at, global float *groups, int group, int n)
{
    const struct iso_rows r = { g->rows, g->image };
    const int begin = iso_group_begin(r, group), stop = iso_group_end(r, begin);
    vec total[WIDE], product[WIDE], sum[WIDE], chain[WIDE];
    EACH_WIDE(v)
    total[v] = product[v] = (vec)(start_of_sum());
    for (int row = begin, end; row < stop; row = end) {
        end = iso_block_end(r, row);
        EACH_WIDE(v)
        sum[v] = chain[v] = (vec)(start_of_sum());
        for (int i = row; i < end; i++) {
            EACH_WIDE(v)
            {
                const ulong e = (ulong)i * g->cols + v * VECTOR;
                const int left = n - v * VECTOR;
                const vec value = load_some(at.x + e, left);
                const vec d = passing(g, &l[v], value, at.y + e, load_some(at.dy + e, left), left);
                sum[v] = sum[v] + d;
                chain[v] = fma(d, value - l[v].mean, chain[v]);
                if (g->want_passed) {
                    global float *to = at.passed + e;
                    store_some(g->add_passed ? load_some(to, left) + d : d, to, left);
                }
            }
        }
        EACH_WIDE(v)
        {
            total[v] = total[v] + sum[v];
            product[v] = product[v] + chain[v];
        }
    }
    groups += (ulong)group * 2 * g->cols;
    EACH_WIDE(v)
    {
        store_some(total[v], groups + v * VECTOR, n - v * VECTOR);
        store_some(product[v], groups + g->cols + v * VECTOR, n - v * VECTOR);
    }
}

/* groups[g][2][channel]: the sums of dy, and of dy (x - mean), over the rows of group g, of the
 * gradients that pass; these to `passed`, where they are wanted. */
KERNEL bn_cpu_products(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                       global const float *y, ulong y_at, global const float *mean, ulong mean_at,
                       global const float *inverse, ulong inverse_at, global const float *gamma,
                       ulong gamma_at, global const float *beta, ulong beta_at,
                       global float *passed, ulong passed_at, global float *groups, ulong groups_at,
                       struct opencl_bn all)
{
    const struct opencl_bn g = all;
    const int first = get_group_id(0) * WIDE * VECTOR, group = get_group_id(1);
    const bool is_wide = g.cols - first >= WIDE * VECTOR;
    struct gradients at = { x + x_at + first, dy + dy_at + first, y + y_at + first,
                            passed + passed_at + first };
    struct line l[WIDE];
    groups += groups_at + first;
    for (int v = 0; v < WIDE && first + v * VECTOR < g.cols; v++)
        l[v] = line_of(&g, mean + mean_at, inverse + inverse_at, gamma + gamma_at, beta + beta_at,
                       first + v * VECTOR, g.cols - first - v * VECTOR);
    if (is_wide) {
        products(WIDE, &g, l, at, groups, group, WIDE * VECTOR);
        return;
    }
    for (int v = 0; first + v * VECTOR < g.cols; v++, groups += VECTOR) {
        products(1, &g, &l[v], at, groups, group, g.cols - first - v * VECTOR);
        at.x += VECTOR;
        at.dy += VECTOR;
        at.y += VECTOR;
        at.passed += VECTOR;
    }
}

/* From what bn_cpu_products gave: what every element's gradient needs, offset and slope; and dgamma
 * and dbeta, where they are wanted. */
KERNEL bn_cpu_channels(global const float *groups, ulong groups_at, global const float *inverse,
                       ulong inverse_at, global float *dgamma, ulong dgamma_at, global float *dbeta,
                       ulong dbeta_at, global float *offset, ulong offset_at, global float *slope,
                       ulong slope_at, int channels, int count, float step_rows, int training,
                       int scale, int center, int add_dgamma, int add_dbeta)
{
    const int c = get_group_id(0) * VECTOR, n = channels - c;
    float totals[VECTOR], products[VECTOR];
    vec total = (vec)(start_of_sum()), product = total;
    groups += groups_at + c;
    for (int g = 0; g < count; g++, groups += 2 * channels) {
        total = total + load_some(groups, n);
        product = product + load_some(groups + channels, n);
    }
    STORE(total, totals);
    STORE(product, products);
    for (int i = 0; i < VECTOR && i < n; i++) {
        const int at = c + i;
        const float inv = inverse[inverse_at + at];
        if (scale) {
            float d = iso_bn_dgamma(products[i], inv);
            dgamma[dgamma_at + at] = add_dgamma ? dgamma[dgamma_at + at] + d : d;
        }
        if (center)
            dbeta[dbeta_at + at] = add_dbeta ? dbeta[dbeta_at + at] + totals[i] : totals[i];
        offset[offset_at + at] = training ? iso_bn_offset(totals[i], step_rows) : 0.0f;
        slope[slope_at + at] = training ? iso_bn_slope(products[i], inv, step_rows) : 0.0f;
    }
}

KERNEL bn_cpu_backward(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                       global const float *y, ulong y_at, global const float *mean, ulong mean_at,
                       global const float *inverse, ulong inverse_at, global const float *gamma,
                       ulong gamma_at, global const float *beta, ulong beta_at,
                       global const float *offset, ulong offset_at, global const float *slope,
                       ulong slope_at, global float *dx, ulong dx_at, struct opencl_bn all)
{
    const struct opencl_bn g = all;
    const bool x_relu = g.x_activation == 1 + ISO_RELU;
    OWN_ROWS(row)
    {
        const ulong at = (ulong)row * g.cols;
        for (int c = 0; c < g.cols; c += VECTOR) {
            const int n = g.cols - c;
            const ulong e = at + c;
            const struct line l = line_of(&g, mean + mean_at, inverse + inverse_at,
                                          gamma + gamma_at, beta + beta_at, c, n);
            const vec value = load_some(x + x_at + e, n);
            const vec d = passing(&g, &l, value, y + y_at + e, load_some(dy + dy_at + e, n), n);
            const vec lost = d - load_some(offset + offset_at + c, n);
            const vec slant = load_some(slope + slope_at + c, n);
            vec result = flush(l.factor * fma(-(value - l.mean), slant, lost)); /* iso_bn_grad */
            global float *to = dx + dx_at + e;
            result = g.add_dx ? load_some(to, n) + result : result;
            store_some(x_relu ? relu_grad(value, result) : result, to, n);
        }
    }
}
