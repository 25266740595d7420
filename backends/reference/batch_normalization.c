/* batch_normalization.c: statistics of each channel, by sums over rows; then one formula for each
 * element (core/ops/batch_normalization.h, core/arithmetic/formulas.h). */
#include "core/arithmetic/formulas.h"
#include "core/ops/batch_normalization.h"
#include "sums.h"

/* The rows that the statistics are of. */
static struct iso_rows rows_of(const struct iso_call *call)
{
    const struct iso_bn_rows s = iso_bn_rows(&call->x[0].shape);
    return (struct iso_rows){ s.rows, s.per_image };
}

/* x, but with the images of the whole step. */
static struct iso_shape whole_step(const struct iso_call *call)
{
    struct iso_shape x = call->x[0].shape;
    x.dim[0] = call->step_rows;
    return x;
}

/* A block's numbers: its sum and the squares about its own mean. */
struct block {
    iso_real rows, mean, squares;
};

/* Computes the sums of the rows [begin, end) of a channel; x: its first row. */
static struct block block_of(const iso_real *x, int64_t channels, int64_t begin, int64_t end)
{
    struct block b = { .rows = (iso_real)(end - begin) };
    iso_real sum = ISO_R(0.0);
    for (int64_t r = begin; r < end; r++)
        sum = sum + x[r * channels];
    b.mean = iso_bn_block_mean(sum, b.rows);
    for (int64_t r = begin; r < end; r++)
        b.squares = iso_bn_square(x[r * channels] - b.mean, b.squares);
    return b;
}

/* The sum of (x - mean)^2 over a channel's rows. */
static iso_real squares_about(iso_real mean, const iso_real *x, int64_t channels,
                              struct iso_rows rows)
{
    struct ref_rows sum = { .rows = rows };
    for (int64_t begin = 0, end; begin < rows.rows; begin = end) {
        end = iso_block_end(rows, begin);
        const struct block b = block_of(x, channels, begin, end);
        ref_row_block(&sum, iso_bn_block_square(b.mean, b.squares, b.rows, mean));
    }
    return ref_rows_total(&sum);
}

/* The moving statistics of channel c after a step with these sums over its rows. */
static void move_statistics(const struct iso_call *call, int64_t c, iso_real sum, iso_real square)
{
    const struct iso_shape step = whole_step(call);
    iso_real *mean = &ref_real(&call->w[ISO_BN_MOVING_MEAN])[c];
    iso_real *variance = &ref_real(&call->w[ISO_BN_MOVING_VARIANCE])[c];
    iso_real momentum = (iso_real)call->scalars[ISO_BN_MOMENTUM];
    iso_real rest = (iso_real)call->scalars[ISO_BN_1_MOMENTUM];
    iso_real rows = (iso_real)iso_bn_rows(&step).rows;
    iso_real moving_rows = (iso_real)iso_bn_moving_rows(call->params, &step);
    *mean = iso_bn_moving_sum(*mean, sum, rows, momentum, rest);
    *variance = iso_bn_moving_sum(*variance, square, moving_rows, momentum, rest);
}

/* The batch's mean and inverse deviation; and the moving statistics after it, or its sums where
 * they are wanted. */
static void batch_statistics(const struct iso_call *call)
{
    const struct iso_shape step = whole_step(call);
    const int64_t channels = iso_bn_rows(&step).channels;
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *sums = ref_real(&call->dw[ISO_BN_MOVING_MEAN]);
    iso_real *squares = ref_real(&call->dw[ISO_BN_MOVING_VARIANCE]);
    iso_real epsilon = (iso_real)call->scalars[ISO_BN_EPSILON];
    iso_real rows = (iso_real)iso_bn_rows(&step).rows;
    for (int64_t c = 0; c < channels; c++) {
        iso_real sum = ref_column_sum(rows_of(call), channels, x, c), mean = iso_div(sum, rows);
        iso_real square = squares_about(mean, x + c, channels, rows_of(call));
        ref_real(&call->saved[ISO_BN_MEAN])[c] = mean;
        ref_real(&call->saved[ISO_BN_INVERSE])[c] = iso_bn_inverse(iso_div(square, rows), epsilon);
        if (sums == NULL)
            move_statistics(call, c, sum, square);
        else
            sums[c] = sum, squares[c] = square;
    }
}

/* The moving statistics, from the sums of the whole step. */
static iso_rc update(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *sums = ref_real(&call->dw[ISO_BN_MOVING_MEAN]);
    const iso_real *squares = ref_real(&call->dw[ISO_BN_MOVING_VARIANCE]);
    (void)backend;
    for (int64_t c = 0; c < iso_bn_rows(&call->x[0].shape).channels; c++)
        move_statistics(call, c, sums[c], squares[c]);
    return ISO_OK;
}

static void moving_statistics(const struct iso_call *call)
{
    iso_real *mean = ref_real(&call->saved[ISO_BN_MEAN]);
    iso_real *inverse = ref_real(&call->saved[ISO_BN_INVERSE]);
    iso_real epsilon = (iso_real)call->scalars[ISO_BN_EPSILON];
    for (int64_t c = 0; c < iso_bn_rows(&call->x[0].shape).channels; c++) {
        mean[c] = ref_real(&call->w[ISO_BN_MOVING_MEAN])[c];
        inverse[c] = iso_bn_inverse(ref_real(&call->w[ISO_BN_MOVING_VARIANCE])[c], epsilon);
    }
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    struct iso_bn_rows s = iso_bn_rows(&call->x[0].shape);
    const iso_real *gamma = ref_real(&call->w[ISO_BN_GAMMA]);
    const iso_real *beta = ref_real(&call->w[ISO_BN_BETA]);
    const iso_real *x = ref_real(&call->x[0]);
    const iso_real *mean = ref_real(&call->saved[ISO_BN_MEAN]);
    const iso_real *inverse = ref_real(&call->saved[ISO_BN_INVERSE]);
    iso_real *y = ref_real(&call->y[0]);
    (void)backend;
    if (call->training)
        batch_statistics(call);
    else
        moving_statistics(call);
    for (int64_t r = 0; r < s.rows; r++)
        for (int64_t c = 0; c < s.channels; c++) {
            iso_real factor = iso_bn_factor(gamma != NULL ? gamma[c] : ISO_R(1.0), inverse[c]);
            y[r * s.channels + c] =
                iso_bn(x[r * s.channels + c], mean[c], factor, beta != NULL ? beta[c] : ISO_R(0.0));
        }
    return ISO_OK;
}

/* The sum over a channel's rows of dy (x - mean). */
static iso_real product_of(const struct iso_call *call, int64_t channels, iso_real mean, int64_t c)
{
    const iso_real *x = ref_real(&call->x[0]) + c, *dy = ref_real(&call->dy[0]) + c;
    struct ref_rows sum = { .rows = rows_of(call) };
    for (int64_t r = 0; r < sum.rows.rows; r++)
        ref_row_product(&sum, dy[r * channels], x[r * channels] - mean);
    return ref_rows_total(&sum);
}

/* dx of channel c, from its two sums. */
static void input_gradient(const struct iso_call *call, struct iso_bn_rows s, int64_t c,
                           iso_real dbeta, iso_real product)
{
    const struct iso_shape step = whole_step(call);
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    const iso_real *gamma = ref_real(&call->w[ISO_BN_GAMMA]);
    iso_real *dx = ref_real(&call->dx[0]), rows = (iso_real)iso_bn_rows(&step).rows;
    iso_real mean = ref_real(&call->saved[ISO_BN_MEAN])[c];
    iso_real inverse = ref_real(&call->saved[ISO_BN_INVERSE])[c];
    iso_real offset = call->training ? iso_bn_offset(dbeta, rows) : ISO_R(0.0);
    iso_real slope = call->training ? iso_bn_slope(product, inverse, rows) : ISO_R(0.0);
    iso_real factor = iso_bn_factor(gamma != NULL ? gamma[c] : ISO_R(1.0), inverse);
    for (int64_t i = c; i < s.rows * s.channels; i += s.channels)
        ref_put(&dx[i], iso_bn_grad(x[i], mean, dy[i], offset, slope, factor), call->add_dx[0]);
}

/* dx from the sums of the whole step. */
static iso_rc second_part(const struct iso_call *call)
{
    const struct iso_bn_rows s = iso_bn_rows(&call->x[0].shape);
    const iso_real *gamma = ref_real(&call->w[ISO_BN_GAMMA]);
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    const iso_real *mean = ref_real(&call->saved[ISO_BN_MEAN]);
    const iso_real *inverse = ref_real(&call->saved[ISO_BN_INVERSE]);
    const iso_real *offset = ref_real(&call->saved[ISO_BN_OFFSET]);
    const iso_real *slope = ref_real(&call->saved[ISO_BN_SLOPE]);
    iso_real *dx = ref_real(&call->dx[0]);
    for (int64_t i = 0; i < s.rows * s.channels; i++) {
        const int64_t c = i % s.channels;
        iso_real factor = iso_bn_factor(gamma != NULL ? gamma[c] : ISO_R(1.0), inverse[c]);
        ref_put(&dx[i], iso_bn_grad(x[i], mean[c], dy[i], offset[c], slope[c], factor),
                call->add_dx[0]);
    }
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    if (call->saved[ISO_BN_OFFSET].mem != NULL)
        return second_part(call);
    const struct iso_bn_rows s = iso_bn_rows(&call->x[0].shape);
    const iso_real *mean = ref_real(&call->saved[ISO_BN_MEAN]);
    const iso_real *inverse = ref_real(&call->saved[ISO_BN_INVERSE]);
    iso_real *dgamma = ref_real(&call->dw[ISO_BN_GAMMA]), *dbeta = ref_real(&call->dw[ISO_BN_BETA]);
    (void)backend;
    for (int64_t c = 0; c < s.channels; c++) {
        iso_real sum = ref_column_sum(rows_of(call), s.channels, ref_real(&call->dy[0]), c);
        iso_real product = product_of(call, s.channels, mean[c], c);
        if (call->dx[0].mem != NULL)
            input_gradient(call, s, c, sum, product);
        if (dgamma != NULL)
            ref_put(&dgamma[c], iso_bn_dgamma(product, inverse[c]), call->add_dw[ISO_BN_GAMMA]);
        if (dbeta != NULL)
            ref_put(&dbeta[c], sum, call->add_dw[ISO_BN_BETA]);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(batch_normalization) = {
    .forward = forward,
    .backward = backward,
    .update = update,
};
