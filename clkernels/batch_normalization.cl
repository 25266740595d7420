/* batch_normalization.cl: batch normalization (core/ops/batch_normalization.h) of rows of `cols`
 * numbers, with fused ops: an addend, then a relu.
 *
 * The sums over rows begin as rows.h says. The kernels that go on from there, bn_batch and
 * bn_channels, finish them in every work-group anew, which is faster than a launch of its own as
 * long as there are few blocks; then each of them takes `each` rows, or none, which bn_forward and
 * bn_backward do by themselves. gamma, beta, an addend and the like are other buffers, not read,
 * where they are left out. The struct is copied, since Mesa warns of arguments that are read behind
 * a branch. */
#include "common.h"
#include "rows.h"

/* The normalization of a channel: y = (x - mean) factor + beta. */
struct channel {
    float mean, factor, beta;
};
static inline void set_channel(struct channel *c, const struct opencl_bn *g, float mean,
                               float inverse, global const float *gamma, global const float *beta)
{
    c->mean = mean;
    c->factor = iso_bn_factor(g->scale ? *gamma : 1.0f, inverse);
    c->beta = g->center ? *beta : 0.0f;
}

/* bn_batch and bn_channels: rows per work-group, of which each lane takes every
 * ISO_GROUP_BLOCKS-th; and rows that a lane loads at a time, where the last row replaces those
 * beyond the end. */
enum { AHEAD = 4 };
#define OWN_ROWS(g, row, stop)                                                        \
    const int begin_ = get_group_id(1) * (g)->each;                                   \
    const int stop = (g)->rows - begin_ < (g)->each ? (g)->rows : begin_ + (g)->each; \
    for (int row = begin_ + own_lane(); row < stop; row += AHEAD * ISO_GROUP_BLOCKS)
static inline int index_of(const struct opencl_bn *g, int row, int k, int stop)
{
    row += k * ISO_GROUP_BLOCKS;
    return (row < stop ? row : stop - 1) * g->cols + get_global_id(0);
}

/* ---- Forward ---- */

/* From one place of the statistics to the next: the sums of x, of squares, and the rows. */
#define PLACE(cols) (2 * (cols) + 1)

/* places[p, 0, c] = the sum of x over the rows of place p, places[p, 1, c] = the sum of squares
 * about their mean, and their number behind these. */
kernel void bn_statistics(global const float *x, ulong x_at, global float *places, ulong places_at,
                          struct opencl_bn all)
{
    local float stage[STAGE(ISO_BLOCK_ROWS)];
    const struct opencl_bn g = all;
    const struct iso_rows r = { g.rows, g.image };
    int c = get_global_id(0), end, begin = own_block(r, &end);
    float sum = start_of_sum(), square = start_of_sum(), n = (float)(end - begin);
    x = own_column(x + x_at, g.cols);
    load_rows(stage, ISO_BLOCK_ROWS, x, g.cols, begin, end);
    if (c >= g.cols || !adds(0))
        return;
    for (int row = begin; row < end; row++)
        sum = add_term(sum, loaded_row(stage, begin, x, g.cols, row));
    sum = end_of_sum(sum);
    float mean = iso_bn_block_mean(sum, n);
    for (int row = begin; row < end; row++)
        square = iso_bn_square(loaded_row(stage, begin, x, g.cols, row) - mean, square);
    places += places_at + (ulong)own_place() * PLACE(g.cols);
    places[c] = sum;
    places[g.cols + c] = end_of_sum(square);
    if (c == 0)
        places[2 * g.cols] = n;
}

/* The sum over a group of the squares of column c about the mean of all rows. */
static inline float group_square(global const float *place, int cols, int c, float mean)
{
    float own[ISO_GROUP_BLOCKS], square[ISO_GROUP_BLOCKS], n[ISO_GROUP_BLOCKS];
    float sum = start_of_sum();
    UNROLLED(b, ISO_GROUP_BLOCKS) {
        own[b] = place[b * PLACE(cols) + c];
        square[b] = place[b * PLACE(cols) + cols + c];
        n[b] = place[b * PLACE(cols) + 2 * cols];
    }
    UNROLLED(b, ISO_GROUP_BLOCKS) {
        float m = iso_bn_block_mean(own[b], n[b]);
        sum = add_term(sum, n[b] > 0.0f ? iso_bn_block_square(m, square[b], n[b], mean) : 0.0f);
    }
    return end_of_sum(sum);
}

/* The sum of a column's squares about its mean, by its lanes; each gets it. */
static inline float column_square(local float *s, global const float *places, int cols, int groups,
                                  float mean)
{
    const int c = get_global_id(0), apart = ISO_GROUP_BLOCKS * PLACE(cols);
    float square = start_of_sum();
    for (int g = own_lane(); g - own_lane() < groups; g += ISO_GROUP_BLOCKS) {
        const int mine = c < cols && g < groups;
        float own = mine ? group_square(places + (ulong)g * apart, cols, c, mean) : 0.0f;
        square = add_lanes(s, own, square);
    }
    return square;
}

/* An element, and what follows it. */
static inline float normal(const struct opencl_bn *g, struct channel c, float x, float addend)
{
    float y = iso_bn(x, c.mean, c.factor, c.beta);
    y = g->adds ? iso_add(y, addend) : y;
    return g->relu ? iso_act(ISO_RELU, 0.0f, y) : y;
}

static inline void normalize_rows(const struct opencl_bn *g, struct channel c,
                                  global const float *x, global const float *addend,
                                  global float *y)
{
    OWN_ROWS(g, row, stop)
    {
        float own[AHEAD], other[AHEAD];
        UNROLLED(k, AHEAD) {
            const int i = index_of(g, row, k, stop);
            own[k] = x[i];
            other[k] = g->adds ? addend[i] : 0.0f;
        }
        UNROLLED(k, AHEAD)
            if (row + k * ISO_GROUP_BLOCKS < stop)
                y[index_of(g, row, k, stop)] = normal(g, c, own[k], other[k]);
    }
}

/* From what bn_statistics gave: mean and inverse, and the moving statistics after this batch or,
 * with g.sums, the batch's sums in their place; and y of this work-group's rows. */
kernel void bn_batch(global const float *places, ulong places_at, global float *mean, ulong mean_at,
                     global float *inverse, ulong inverse_at, global float *moving_mean,
                     ulong moving_mean_at, global float *moving_variance, ulong moving_variance_at,
                     global const float *x, ulong x_at, global const float *gamma, ulong gamma_at,
                     global const float *beta, ulong beta_at, global const float *addend,
                     ulong addend_at, global float *y, ulong y_at, float step_rows,
                     float moving_rows, float momentum, float rest, float epsilon,
                     struct opencl_bn all)
{
    local float s[LANES];
    const struct opencl_bn g = all;
    const int c = get_global_id(0);
    places += places_at;
    const float sum = add_groups(s, places + c, PLACE(g.cols), c < g.cols, g.groups);
    const float m = iso_div(sum, step_rows);
    float square = column_square(s, places, g.cols, g.groups, m);
    float inv = iso_bn_inverse(iso_div(square, step_rows), epsilon);
    if (c >= g.cols)
        return;
    if (get_group_id(1) == 0 && own_lane() == 0) {
        global float *moving = moving_mean + moving_mean_at + c;
        global float *variance = moving_variance + moving_variance_at + c;
        mean[mean_at + c] = m;
        inverse[inverse_at + c] = inv;
        *moving = g.sums ? sum : iso_bn_moving(*moving, m, momentum, rest);
        *variance = g.sums ? square
                           : iso_bn_moving_sum(*variance, square, moving_rows, momentum, rest);
    }
    struct channel own;
    set_channel(&own, &g, m, inv, gamma + gamma_at + c, beta + beta_at + c);
    normalize_rows(&g, own, x + x_at, addend + addend_at, y + y_at);
}

/* The moving statistics, from the sums of the whole step. */
kernel void bn_move(global const float *sums, ulong sums_at, global const float *squares,
                    ulong squares_at, global float *moving_mean, ulong moving_mean_at,
                    global float *moving_variance, ulong moving_variance_at, int cols,
                    float step_rows, float moving_rows, float momentum, float rest)
{
    const int c = get_global_id(0);
    if (c < cols) {
        global float *moving = moving_mean + moving_mean_at + c;
        global float *variance = moving_variance + moving_variance_at + c;
        *moving = iso_bn_moving_sum(*moving, sums[sums_at + c], step_rows, momentum, rest);
        *variance =
            iso_bn_moving_sum(*variance, squares[squares_at + c], moving_rows, momentum, rest);
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

/* A work-item an element: its column, and its row. */
kernel void bn_forward(global const float *mean, ulong mean_at, global const float *inverse,
                       ulong inverse_at, global const float *x, ulong x_at,
                       global const float *gamma, ulong gamma_at, global const float *beta,
                       ulong beta_at, global const float *addend, ulong addend_at, global float *y,
                       ulong y_at, struct opencl_bn all)
{
    const struct opencl_bn g = all;
    const int c = get_global_id(0), row = get_global_id(1), i = row * g.cols + c;
    if (c < g.cols && row < g.rows) {
        struct channel own;
        set_channel(&own, &g, mean[mean_at + c], inverse[inverse_at + c], gamma + gamma_at + c,
                    beta + beta_at + c);
        y[y_at + i] = normal(&g, own, x[x_at + i], g.adds ? addend[addend_at + i] : 0.0f);
    }
}

/* ---- Backward ---- */

/* Returns the gradient of the normalized value, given that of the fused ops' result. */
static inline float passing(int pass, struct channel c, float x, float y, float dy)
{
    if (pass == OPENCL_PASS_BY_RESULT)
        return iso_act_grad(ISO_RELU, 0.0f, y, dy);
    if (pass == OPENCL_PASS_BY_INPUT)
        return iso_act_grad(ISO_RELU, 0.0f, iso_bn(x, c.mean, c.factor, c.beta), dy);
    return dy;
}

/* places[p, 0, c] = sum of d[r, c], places[p, 1, c] = sum of d[r, c] (x[r, c] - mean[c]), over the
 * rows of place p; d: the gradients dy that pass. They are the addend's gradient, too, and go to
 * `passed`, or are added there, where that is wanted. */
kernel void bn_products(global const float *x, ulong x_at, global const float *dy, ulong dy_at,
                        global const float *y, ulong y_at, global const float *mean, ulong mean_at,
                        global const float *inverse, ulong inverse_at, global const float *gamma,
                        ulong gamma_at, global const float *beta, ulong beta_at,
                        global float *passed, ulong passed_at, global float *places,
                        ulong places_at, struct opencl_bn all)
{
    local float stage[STAGE(STAGED_ROWS)], stage_d[STAGE(STAGED_ROWS)], stage_y[STAGE(STAGED_ROWS)];
    const struct opencl_bn g = all;
    const struct iso_rows r = { g.rows, g.image };
    const int c = get_global_id(0), column = c < g.cols ? c : g.cols - 1;
    struct channel own;
    set_channel(&own, &g, mean[mean_at + column], inverse[inverse_at + column],
                gamma + gamma_at + column, beta + beta_at + column);
    int end, first = own_block(r, &end), by_result = g.pass == OPENCL_PASS_BY_RESULT;
    float total = start_of_sum(), product = start_of_sum();
    x += x_at + column, dy += dy_at + column, y += y_at + column, passed += passed_at + column;
    for (int stop; first < end; first = stop) {
        stop = stage_end(first, end);
        load_rows(stage, STAGED_ROWS, x, g.cols, first, stop);
        load_rows(stage_d, STAGED_ROWS, dy, g.cols, first, stop);
        if (by_result)
            load_rows(stage_y, STAGED_ROWS, y, g.cols, first, stop);
        for (int row = first; c < g.cols && (adds(0) || adds(1)) && row < stop; row++) {
            float value = loaded_row(stage, first, x, g.cols, row);
            float d = loaded_row(stage_d, first, dy, g.cols, row);
            float result = by_result ? loaded_row(stage_y, first, y, g.cols, row) : 0.0f;
            d = passing(g.pass, own, value, result, d);
            if (adds(0) && g.want_passed)
                passed[row * g.cols] = g.add_passed ? passed[row * g.cols] + d : d;
            total = add_term(total, d);
            product = iso_fma(d, value - own.mean, product);
        }
        stage_read();
    }
    places += places_at + (ulong)own_place() * 2 * g.cols + c;
    if (c < g.cols && adds(0))
        places[0] = end_of_sum(total);
    if (c < g.cols && adds(1))
        places[g.cols] = end_of_sum(product);
}

static inline float gradient(const struct opencl_bn *g, struct channel c, float offset, float slope,
                             float x, float y, float dy)
{
    float d = iso_bn_grad(x, c.mean, passing(g->pass, c, x, y, dy), offset, slope, c.factor);
    return g->x_activation != 0 ? passed_back(g->x_activation, g->x_alpha, x, d) : d;
}

static inline void gradient_rows(const struct opencl_bn *g, struct channel c, float offset,
                                 float slope, global const float *x, global const float *y,
                                 global const float *dy, global float *dx)
{
    OWN_ROWS(g, row, stop)
    {
        float own[AHEAD], result[AHEAD], d[AHEAD];
        UNROLLED(k, AHEAD) {
            const int i = index_of(g, row, k, stop);
            own[k] = x[i];
            d[k] = dy[i];
            result[k] = g->pass == OPENCL_PASS_BY_RESULT ? y[i] : 0.0f;
        }
        UNROLLED(k, AHEAD) {
            d[k] = gradient(g, c, offset, slope, own[k], result[k], d[k]);
            const int i = index_of(g, row, k, stop);
            if (row + k * ISO_GROUP_BLOCKS < stop)
                dx[i] = g->add_dx ? dx[i] + d[k] : d[k];
        }
    }
}

/* From what bn_products gave: what every element's gradient needs, offset and slope; dgamma and
 * dbeta, where they are wanted; and dx of this work-group's rows. */
kernel void bn_channels(global const float *places, ulong places_at, global float *dgamma,
                        ulong dgamma_at, global float *dbeta, ulong dbeta_at, global float *offset,
                        ulong offset_at, global float *slope, ulong slope_at,
                        global const float *mean, ulong mean_at, global const float *inverse,
                        ulong inverse_at, global const float *x, ulong x_at, global const float *dy,
                        ulong dy_at, global const float *y, ulong y_at, global const float *gamma,
                        ulong gamma_at, global const float *beta, ulong beta_at, global float *dx,
                        ulong dx_at, float step_rows, struct opencl_bn all)
{
    local float s[LANES];
    const struct opencl_bn g = all;
    const int c = get_global_id(0);
    places += places_at + c;
    float total = add_groups(s, places, 2 * g.cols, c < g.cols, g.groups);
    float product = add_groups(s, places + g.cols, 2 * g.cols, c < g.cols, g.groups);
    if (c >= g.cols)
        return;
    float inv = inverse[inverse_at + c], d = iso_bn_dgamma(product, inv);
    float off = g.training ? iso_bn_offset(total, step_rows) : 0.0f;
    float steep = g.training ? iso_bn_slope(product, inv, step_rows) : 0.0f;
    if (get_group_id(1) == 0 && own_lane() == 0) {
        if (g.want_dgamma)
            dgamma[dgamma_at + c] = g.add_dgamma ? dgamma[dgamma_at + c] + d : d;
        if (g.want_dbeta)
            dbeta[dbeta_at + c] = g.add_dbeta ? dbeta[dbeta_at + c] + total : total;
        offset[offset_at + c] = off;
        slope[slope_at + c] = steep;
    }
    struct channel own;
    set_channel(&own, &g, mean[mean_at + c], inv, gamma + gamma_at + c, beta + beta_at + c);
    gradient_rows(&g, own, off, steep, x + x_at, y + y_at, dy + dy_at, dx + dx_at);
}

/* A work-item an element: its column, and its row. */
kernel void bn_backward(global const float *offset, ulong offset_at, global const float *slope,
                        ulong slope_at, global const float *mean, ulong mean_at,
                        global const float *inverse, ulong inverse_at, global const float *x,
                        ulong x_at, global const float *dy, ulong dy_at, global const float *y,
                        ulong y_at, global const float *gamma, ulong gamma_at,
                        global const float *beta, ulong beta_at, global float *dx, ulong dx_at,
                        struct opencl_bn all)
{
    const struct opencl_bn g = all;
    const int c = get_global_id(0), row = get_global_id(1), i = row * g.cols + c;
    if (c < g.cols && row < g.rows) {
        struct channel own;
        set_channel(&own, &g, mean[mean_at + c], inverse[inverse_at + c], gamma + gamma_at + c,
                    beta + beta_at + c);
        float d = gradient(&g, own, offset[offset_at + c], slope[slope_at + c], x[x_at + i],
                           g.pass == OPENCL_PASS_BY_RESULT ? y[y_at + i] : 0.0f, dy[dy_at + i]);
        dx[dx_at + i] = g.add_dx ? dx[dx_at + i] + d : d;
    }
}
