/* batch_normalization.c: statistics of each channel over all rows, by row sums in blocks; then one
 * formula for each element (core/ops/batch_normalization.h, core/formulas.h). */
#include "core/formulas.h"
#include "core/ops/batch_normalization.h"
#include "reference.h"

/* The row sums of a channel: two results, a block and its total. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    (void)backend, (void)pass;
    return (size_t)(4 * iso_bn_rows(&call->x[0].shape).channels) * sizeof(iso_real);
}

/* sum[c] = row sum of dy (x - mean), or of (x - mean)^2 when dy is NULL; work: 2 * channels. */
static void centred_sums(struct iso_bn_rows s, const iso_real *x, const iso_real *mean,
                         const iso_real *dy, iso_real *work, iso_real *sum)
{
    iso_real *total = work, *block = work + s.channels;
    ref_zero(total, s.channels);
    for (int64_t start = 0, end; start < s.rows; start = end) {
        end = ref_block_end(start, s.rows, s.per_image);
        ref_zero(block, s.channels);
        for (int64_t r = start; r < end; r++)
            for (int64_t c = 0; c < s.channels; c++) {
                int64_t i = r * s.channels + c;
                iso_real centre = x[i] - mean[c];
                block[c] = dy != NULL ? iso_fma(dy[i], centre, block[c])
                                      : iso_bn_square(centre, block[c]);
            }
        ref_store(total, block, s.channels, true);
    }
    ref_store(sum, total, s.channels, false);
}

/* The batch's mean and inverse deviation, and the moving statistics after it. */
static void batch_statistics(const struct iso_call *call, struct iso_bn_rows s)
{
    const iso_real *x = ref_real(&call->x[0]);
    iso_real *mean = ref_real(&call->saved[ISO_BN_MEAN]);
    iso_real *inverse = ref_real(&call->saved[ISO_BN_INVERSE]);
    iso_real *moving_mean = ref_real(&call->w[ISO_BN_MOVING_MEAN]);
    iso_real *moving_variance = ref_real(&call->w[ISO_BN_MOVING_VARIANCE]);
    iso_real *square = ref_work(call, 0), *work = ref_work(call, 2 * s.channels);
    iso_real momentum = (iso_real)call->scalars[ISO_BN_MOMENTUM];
    iso_real rest = (iso_real)call->scalars[ISO_BN_1_MOMENTUM];
    iso_real epsilon = (iso_real)call->scalars[ISO_BN_EPSILON];
    iso_real rows = (iso_real)s.rows;
    iso_real moving_rows = (iso_real)iso_bn_moving_rows(call->params, &call->x[0].shape);
    ISO_KERNEL(sum_rows)(x, s.rows, s.channels, s.per_image, work, mean, false);
    for (int64_t c = 0; c < s.channels; c++)
        mean[c] = iso_div(mean[c], rows);
    centred_sums(s, x, mean, NULL, work, square);
    for (int64_t c = 0; c < s.channels; c++) {
        iso_real variance = iso_div(square[c], moving_rows);
        inverse[c] = iso_bn_inverse(iso_div(square[c], rows), epsilon);
        moving_mean[c] = iso_bn_moving(moving_mean[c], mean[c], momentum, rest);
        moving_variance[c] = iso_bn_moving(moving_variance[c], variance, momentum, rest);
    }
}

static void moving_statistics(const struct iso_call *call, struct iso_bn_rows s)
{
    iso_real *mean = ref_real(&call->saved[ISO_BN_MEAN]);
    iso_real *inverse = ref_real(&call->saved[ISO_BN_INVERSE]);
    iso_real epsilon = (iso_real)call->scalars[ISO_BN_EPSILON];
    for (int64_t c = 0; c < s.channels; c++) {
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
        batch_statistics(call, s);
    else
        moving_statistics(call, s);
    for (int64_t r = 0; r < s.rows; r++)
        for (int64_t c = 0; c < s.channels; c++) {
            iso_real factor = iso_bn_factor(gamma != NULL ? gamma[c] : ISO_R(1.0), inverse[c]);
            y[r * s.channels + c] =
                iso_bn(x[r * s.channels + c], mean[c], factor, beta != NULL ? beta[c] : ISO_R(0.0));
        }
    return ISO_OK;
}

static void input_gradient(const struct iso_call *call, struct iso_bn_rows s, const iso_real *dbeta,
                           const iso_real *product)
{
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    const iso_real *gamma = ref_real(&call->w[ISO_BN_GAMMA]);
    const iso_real *mean = ref_real(&call->saved[ISO_BN_MEAN]);
    const iso_real *inverse = ref_real(&call->saved[ISO_BN_INVERSE]);
    iso_real *dx = ref_real(&call->dx[0]), rows = (iso_real)s.rows;
    for (int64_t r = 0; r < s.rows; r++)
        for (int64_t c = 0; c < s.channels; c++) {
            int64_t i = r * s.channels + c;
            iso_real offset = call->training ? iso_bn_offset(dbeta[c], rows) : ISO_R(0.0);
            iso_real slope = call->training ? iso_bn_slope(product[c], inverse[c], rows)
                                            : ISO_R(0.0);
            iso_real factor = iso_bn_factor(gamma != NULL ? gamma[c] : ISO_R(1.0), inverse[c]);
            ref_put(&dx[i], iso_bn_grad(x[i], mean[c], dy[i], offset, slope, factor),
                    call->add_dx[0]);
        }
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    struct iso_bn_rows s = iso_bn_rows(&call->x[0].shape);
    const iso_real *inverse = ref_real(&call->saved[ISO_BN_INVERSE]);
    iso_real *dgamma = ref_real(&call->dw[ISO_BN_GAMMA]), *dbeta = ref_real(&call->dw[ISO_BN_BETA]);
    iso_real *sum = ref_work(call, 0), *product = ref_work(call, s.channels);
    iso_real *work = ref_work(call, 2 * s.channels);
    (void)backend;
    ISO_KERNEL(sum_rows)(ref_real(&call->dy[0]), s.rows, s.channels, s.per_image, work, sum, false);
    centred_sums(s, ref_real(&call->x[0]), ref_real(&call->saved[ISO_BN_MEAN]),
                 ref_real(&call->dy[0]), work, product);
    if (call->dx[0].mem != NULL)
        input_gradient(call, s, sum, product);
    for (int64_t c = 0; c < s.channels && dgamma != NULL; c++)
        ref_put(&dgamma[c], iso_bn_dgamma(product[c], inverse[c]), call->add_dw[ISO_BN_GAMMA]);
    if (dbeta != NULL)
        ref_store(dbeta, sum, s.channels, call->add_dw[ISO_BN_BETA]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(batch_normalization) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
