/* bounds_normalization.c: the formulas of batch, layer and group normalization
 * (core/ops/batch_normalization.h, core/ops/normalized_sets.h), which are nearly the same, and of
 * unit_normalization. */
#include "bounds.h"
#include "core/ops/batch_normalization.h"
#include "core/ops/group_normalization.h"
#include "core/ops/infer.h"
#include "core/ops/normalized_sets.h"
#include "core/ops/unit_normalization.h"
#include "core/arithmetic/order.h"

#include <stdlib.h>

/* Numbers that are normalized together, and their statistics. */
struct set {
    const struct iso_values *v;
    const int64_t *at; /* [n]: the numbers' indices in x */
    int64_t n, channels;
    int64_t chain;   /* the roundings of their sums */
    bool of_channel; /* gamma follows the sums of dx, for it is one for all */
    struct near mean, inverse;
};

static struct near gamma_of(const struct set *s, int64_t i)
{
    return bounds_element(s->v, ISO_W, ISO_LN_GAMMA, s->at[i] % s->channels, 1);
}

/* x - mean: an error of the mean is one of each. */
static struct near centre(const struct set *s, int64_t i)
{
    return near_sub(bounds_element(s->v, ISO_X, 0, s->at[i], 0), s->mean);
}

/* The sum of the centres is zero, so that an error e of the mean adds n e^2 to the squares, and
 * nothing of first order; each centre is rounded. */
static void set_statistics(struct set *s, double epsilon)
{
    struct near_sum sum = { 0 }, squares = { 0 };
    const struct near n = near_input((double)s->n);
    for (int64_t i = 0; i < s->n; i++)
        near_term(&sum, bounds_element(s->v, ISO_X, 0, s->at[i], 0));
    s->mean = near_div(near_total(&sum, s->chain), n);
    for (int64_t i = 0; i < s->n; i++) {
        const double c = centre(s, i).v;
        near_product(&squares, near_rounded(c, 0, 1), near_rounded(c, 0, 1));
    }
    squares.e += n.v * s->mean.e * s->mean.e;
    const struct near variance = near_div(near_total(&squares, s->chain), n);
    s->inverse = near_rsqrt(near_add(variance, near_parameter(epsilon)));
}

/* y = centre (gamma inverse) + beta, of which the last two operations are one fma. */
static void set_results(const struct set *s, struct iso_values *allowed)
{
    for (int64_t i = 0; i < s->n; i++) {
        const struct near beta =
            bounds_element(s->v, ISO_W, ISO_LN_BETA, s->at[i] % s->channels, 0);
        const struct near factor = near_mul(gamma_of(s, i), s->inverse), c = centre(s, i);
        bounds_allow(
            allowed, ISO_Y, 0, s->at[i],
            near_rounded(c.v * factor.v + beta.v, fabs(c.v) * factor.e + fabs(factor.v) * c.e, 1));
    }
}

/* The gradient of number i before the statistics': of layer normalization it has gamma in it. */
static struct near own_slope(const struct set *s, int64_t i)
{
    const struct near dy = bounds_element(s->v, ISO_DY, 0, s->at[i], 0);
    return s->of_channel ? dy : near_mul(dy, gamma_of(s, i));
}

/* dx = factor ((g - a / n) - centre (b inverse^2 / n)), with a and b the sums of g and g centre.
 * total: a and b. */
static void set_gradients(const struct set *s, struct iso_values *allowed, struct near total[2])
{
    struct near_sum sum = { 0 }, product = { 0 };
    const struct near n = near_input((double)s->n);
    for (int64_t i = 0; i < s->n; i++) {
        near_term(&sum, own_slope(s, i));
        near_product(&product, own_slope(s, i), centre(s, i));
    }
    total[0] = near_total(&sum, s->chain);
    total[1] = near_total(&product, s->chain);
    const struct near offset = near_div(total[0], n);
    const struct near slope = near_div(near_mul(near_mul(total[1], s->inverse), s->inverse), n);
    for (int64_t i = 0; i < s->n; i++) {
        const struct near factor = s->of_channel ? near_mul(gamma_of(s, i), s->inverse)
                                                 : s->inverse;
        const struct near c = centre(s, i), rest = near_sub(own_slope(s, i), offset);
        const struct near inner = near_rounded(
            rest.v - c.v * slope.v, rest.e + fabs(c.v) * slope.e + fabs(slope.v) * c.e, 1);
        bounds_allow(allowed, ISO_DX, 0, s->at[i], near_mul(factor, inner));
    }
}

/* Adds to the sums of dgamma and dbeta, [channels] each, what this set's rows give. */
static void add_row_sums(const struct set *s, struct near_sum *dgamma, struct near_sum *dbeta)
{
    for (int64_t i = 0; i < s->n; i++) {
        const int64_t c = s->at[i] % s->channels;
        const struct near dy = bounds_element(s->v, ISO_DY, 0, s->at[i], 0);
        near_product(&dgamma[c], dy, near_mul(centre(s, i), s->inverse));
        near_term(&dbeta[c], dy);
    }
}

static void sets_bounds(const struct iso_call *call, const struct iso_values *v,
                        const struct iso_normalized_sets *layout, struct iso_values *allowed)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const int64_t chain = iso_row_sum_chain(r.rows / r.per_image, r.per_image);
    struct set s = { .v = v, .n = iso_sets_size(layout), .channels = r.channels };
    struct near_sum *sums = iso_alloc((size_t)(2 * r.channels), sizeof *sums);
    int64_t *at = iso_alloc((size_t)s.n, sizeof *at);
    struct near total[2];
    s.at = at;
    s.chain = iso_axis_chain(s.n);
    for (int64_t k = 0; k < iso_sets_count(layout); k++) {
        for (int64_t i = 0; i < s.n; i++)
            at[i] = iso_sets_first(layout, k) + i / layout->size * r.channels + i % layout->size;
        set_statistics(&s, call->scalars[ISO_LN_EPSILON]);
        set_results(&s, allowed);
        set_gradients(&s, allowed, total);
        add_row_sums(&s, sums, sums + r.channels);
    }
    for (int64_t c = 0; c < r.channels; c++) {
        bounds_allow(allowed, ISO_DW, ISO_LN_GAMMA, c, near_total(&sums[c], chain));
        bounds_allow(allowed, ISO_DW, ISO_LN_BETA, c, near_total(&sums[r.channels + c], chain));
    }
    free(at);
    free(sums);
}

void bounds_layer_normalization(enum iso_op op, const struct iso_call *call,
                                const struct iso_values *v, struct iso_values *allowed)
{
    const struct iso_normalized_sets s = iso_layer_normalization_sets(&call->x[0].shape);
    (void)op;
    sets_bounds(call, v, &s, allowed);
}

void bounds_group_normalization(enum iso_op op, const struct iso_call *call,
                                const struct iso_values *v, struct iso_values *allowed)
{
    const struct iso_normalized_sets s =
        iso_group_normalization_sets(call->params, &call->x[0].shape);
    (void)op;
    sets_bounds(call, v, &s, allowed);
}

/* The squares of a batch are those about each block's mean, and n (its mean - mean)^2: there an
 * error e of a block's mean counts 2 n e |its mean - mean|. */
static double block_means_error(const struct set *s, struct iso_rows rows)
{
    double error = 0;
    for (int64_t begin = 0, end; begin < rows.rows; begin = end) {
        struct near_sum sum = { 0 };
        end = iso_block_end(rows, begin);
        const struct near n = near_input((double)(end - begin));
        for (int64_t r = begin; r < end; r++)
            near_term(&sum, bounds_element(s->v, ISO_X, 0, s->at[r], 0));
        const struct near mean = near_div(near_total(&sum, end - begin), n);
        error += 2 * n.v * mean.e * fabs(mean.v - s->mean.v) + n.v * mean.e * mean.e;
    }
    return error;
}

/* In training; outside it, the statistics are weights. */
static void channel_statistics(struct set *s, const struct iso_call *call, int64_t c,
                               struct iso_rows rows)
{
    const struct near epsilon = near_parameter(call->scalars[ISO_BN_EPSILON]);
    if (call->training) {
        set_statistics(s, epsilon.v);
        const double more = block_means_error(s, rows) / (double)s->n, inverse = s->inverse.v;
        s->inverse.e += inverse * inverse * inverse * more / 2;
        return;
    }
    s->mean = bounds_element(s->v, ISO_W, ISO_BN_MOVING_MEAN, c, 0);
    s->inverse =
        near_rsqrt(near_add(bounds_element(s->v, ISO_W, ISO_BN_MOVING_VARIANCE, c, 0), epsilon));
}

/* Outside training dx = (gamma inverse) dy. */
static void inference_gradients(const struct set *s, struct iso_values *allowed)
{
    for (int64_t i = 0; i < s->n; i++)
        bounds_allow(allowed, ISO_DX, 0, s->at[i],
                     near_mul(near_mul(gamma_of(s, i), s->inverse), own_slope(s, i)));
}

void bounds_batch_normalization(enum iso_op op, const struct iso_call *call,
                                const struct iso_values *v, struct iso_values *allowed)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    struct set s = { .v = v, .n = r.rows, .channels = r.channels, .of_channel = true };
    int64_t *at = iso_alloc((size_t)r.rows, sizeof *at);
    (void)op;
    s.at = at;
    s.chain = iso_row_sum_chain(r.rows / r.per_image, r.per_image);
    for (int64_t c = 0; c < r.channels; c++) {
        struct near total[2];
        for (int64_t i = 0; i < r.rows; i++)
            at[i] = i * r.channels + c;
        channel_statistics(&s, call, c, (struct iso_rows){ r.rows, r.per_image });
        set_results(&s, allowed);
        set_gradients(&s, allowed, total);
        if (!call->training)
            inference_gradients(&s, allowed);
        bounds_allow(allowed, ISO_DW, ISO_BN_GAMMA, c, near_mul(total[1], s.inverse));
        bounds_allow(allowed, ISO_DW, ISO_BN_BETA, c, total[0]);
    }
    free(at);
}

/* y = x / the root of the sum of squares, dx = (dy - y (sum of dy y)) / that root; where epsilon is
 * the larger, dx has no second term, and is not bounded where either may be. */
void bounds_unit_normalization(enum iso_op op, const struct iso_call *call,
                               const struct iso_values *v, struct iso_values *allowed)
{
    const struct iso_unit_normalization *p = call->params;
    const struct iso_shape *shape = &call->x[0].shape;
    const int64_t n = shape->dim[shape->ndim - 1], rows = iso_shape_count(shape) / n;
    const struct near epsilon = near_parameter(p->epsilon);
    (void)op;
    for (int64_t r = 0; r < rows; r++) {
        struct near_sum sum = { 0 }, dots = { 0 };
        for (int64_t i = r * n; i < (r + 1) * n; i++) {
            const struct near x = bounds_element(v, ISO_X, 0, i, 0);
            near_product(&sum, x, x);
        }
        struct near squares = near_total(&sum, iso_axis_chain(n));
        const bool either = fabs(squares.v - epsilon.v) <= squares.e + epsilon.e;
        const bool below = squares.v <= epsilon.v;
        const struct near from = below ? epsilon : squares;
        const double root = 1 / sqrt(from.v);
        const struct near inverse = near_rounded(root, root * from.e / (2 * from.v), 2);
        for (int64_t i = r * n; i < (r + 1) * n; i++) {
            const struct near y = near_mul(bounds_element(v, ISO_X, 0, i, 0), inverse);
            bounds_allow(allowed, ISO_Y, 0, i, y);
            near_product(&dots, bounds_element(v, ISO_DY, 0, i, 0), y);
        }
        const struct near dot = near_total(&dots, iso_axis_chain(n));
        for (int64_t i = r * n; i < (r + 1) * n && !either; i++) {
            const struct near y = near_mul(bounds_element(v, ISO_X, 0, i, 0), inverse);
            const struct near dy = bounds_element(v, ISO_DY, 0, i, 0);
            const struct near minus = near_negative(y);
            bounds_allow(allowed, ISO_DX, 0, i,
                         near_mul(below ? dy : near_fma(minus, dot, dy), inverse));
        }
    }
}
