/* layer_normalization.c: mean and inverse deviation of each row, by sums along it; then
 * one formula for each element (core/ops/layer_normalization.h, core/formulas.h). */
#include "core/formulas.h"
#include "core/ops/layer_normalization.h"
#include "sums.h"

static iso_real mean_of(const iso_real *x, int64_t n)
{
    struct ref_axis sum = { 0 };
    for (int64_t i = 0; i < n; i++) {
        iso_real *chain = ref_lane(&sum);
        *chain = *chain + x[i];
    }
    return iso_div(ref_axis_total(&sum), (iso_real)n);
}

static iso_real inverse_of(const iso_real *x, int64_t n, iso_real mean, iso_real epsilon)
{
    struct ref_axis square = { 0 };
    for (int64_t i = 0; i < n; i++) {
        iso_real *chain = ref_lane(&square);
        *chain = iso_bn_square(x[i] - mean, *chain);
    }
    return iso_bn_inverse(iso_div(ref_axis_total(&square), (iso_real)n), epsilon);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_bn_rows s = iso_bn_rows(&call->x[0].shape);
    const iso_real *gamma = ref_real(&call->w[ISO_LN_GAMMA]);
    const iso_real *beta = ref_real(&call->w[ISO_LN_BETA]);
    const iso_real epsilon = (iso_real)call->scalars[ISO_LN_EPSILON];
    iso_real *mean = ref_real(&call->saved[ISO_LN_MEAN]);
    iso_real *inverse = ref_real(&call->saved[ISO_LN_INVERSE]);
    (void)backend;
    for (int64_t r = 0; r < s.rows; r++) {
        const iso_real *x = ref_real(&call->x[0]) + r * s.channels;
        iso_real *y = ref_real(&call->y[0]) + r * s.channels;
        mean[r] = mean_of(x, s.channels);
        inverse[r] = inverse_of(x, s.channels, mean[r], epsilon);
        for (int64_t i = 0; i < s.channels; i++) {
            iso_real factor = iso_bn_factor(gamma != NULL ? gamma[i] : ISO_R(1.0), inverse[r]);
            y[i] = iso_bn(x[i], mean[r], factor, beta != NULL ? beta[i] : ISO_R(0.0));
        }
    }
    return ISO_OK;
}

static void input_gradient_row(const iso_real *x, const iso_real *dy, const iso_real *gamma,
                               iso_real mean, iso_real inverse, int64_t n, iso_real *dx, bool add)
{
    struct ref_axis sum = { 0 }, product = { 0 };
    for (int64_t i = 0; i < n; i++) {
        iso_real g = iso_ln_dy(dy[i], gamma != NULL ? gamma[i] : ISO_R(1.0));
        iso_real *chain = ref_lane(&sum);
        *chain = *chain + g;
        ref_lane_product(&product, g, x[i] - mean);
    }
    const iso_real offset = iso_bn_offset(ref_axis_total(&sum), (iso_real)n);
    const iso_real slope = iso_bn_slope(ref_axis_total(&product), inverse, (iso_real)n);
    for (int64_t i = 0; i < n; i++) {
        iso_real g = iso_ln_dy(dy[i], gamma != NULL ? gamma[i] : ISO_R(1.0));
        ref_put(&dx[i], iso_bn_grad(x[i], mean, g, offset, slope, inverse), add);
    }
}

static void input_gradient(const struct iso_call *call, struct iso_bn_rows s)
{
    for (int64_t r = 0; r < s.rows; r++) {
        const int64_t at = r * s.channels;
        input_gradient_row(ref_real(&call->x[0]) + at, ref_real(&call->dy[0]) + at,
                           ref_real(&call->w[ISO_LN_GAMMA]), ref_real(&call->saved[ISO_LN_MEAN])[r],
                           ref_real(&call->saved[ISO_LN_INVERSE])[r], s.channels,
                           ref_real(&call->dx[0]) + at, call->add_dx[0]);
    }
}

static void gamma_gradient(const struct iso_call *call, struct iso_bn_rows s)
{
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    const iso_real *mean = ref_real(&call->saved[ISO_LN_MEAN]);
    const iso_real *inverse = ref_real(&call->saved[ISO_LN_INVERSE]);
    iso_real *dgamma = ref_real(&call->dw[ISO_LN_GAMMA]);
    for (int64_t c = 0; c < s.channels; c++) {
        struct ref_rows sum = { .rows = { s.rows, s.per_image } };
        for (int64_t r = 0, i = c; r < s.rows; r++, i += s.channels)
            ref_row_product(&sum, dy[i], iso_ln_unit(x[i], mean[r], inverse[r]));
        ref_put(&dgamma[c], ref_rows_total(&sum), call->add_dw[ISO_LN_GAMMA]);
    }
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_bn_rows s = iso_bn_rows(&call->x[0].shape);
    iso_real *dbeta = ref_real(&call->dw[ISO_LN_BETA]);
    (void)backend;
    if (call->dx[0].mem != NULL)
        input_gradient(call, s);
    if (call->dw[ISO_LN_GAMMA].mem != NULL)
        gamma_gradient(call, s);
    if (dbeta != NULL)
        ISO_KERNEL(column_sums)((struct iso_rows){ s.rows, s.per_image }, s.channels,
                                ref_real(&call->dy[0]), dbeta, call->add_dw[ISO_LN_BETA]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(layer_normalization) = {
    .forward = forward,
    .backward = backward,
};
