/* layer_normalization.c: mean and inverse deviation of each row, by sums along it in lanes; then
 * one formula for each element (core/ops/layer_normalization.h, core/formulas.h). */
#include "core/formulas.h"
#include "core/ops/layer_normalization.h"
#include "reference.h"

/* The row sums of a weight: a block and its total. */
static size_t workspace(struct iso_backend *backend, const struct iso_call *call,
                        enum iso_pass pass)
{
    (void)backend;
    if (pass == ISO_FORWARD)
        return 0;
    return (size_t)(2 * iso_bn_rows(&call->x[0].shape).channels) * sizeof(iso_real);
}

static iso_real mean_of(const iso_real *x, int64_t n)
{
    iso_real lane[ISO_LANES] = { ISO_R(0.0) };
    for (int64_t i = 0; i < n; i++)
        lane[i % ISO_LANES] = lane[i % ISO_LANES] + x[i];
    return iso_div(ref_lanes_total(lane), (iso_real)n);
}

static iso_real inverse_of(const iso_real *x, int64_t n, iso_real mean, iso_real epsilon)
{
    iso_real lane[ISO_LANES] = { ISO_R(0.0) };
    for (int64_t i = 0; i < n; i++)
        lane[i % ISO_LANES] = iso_bn_square(x[i] - mean, lane[i % ISO_LANES]);
    return iso_bn_inverse(iso_div(ref_lanes_total(lane), (iso_real)n), epsilon);
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
    iso_real sum[ISO_LANES] = { ISO_R(0.0) }, product[ISO_LANES] = { ISO_R(0.0) };
    for (int64_t i = 0; i < n; i++) {
        const int64_t l = i % ISO_LANES;
        iso_real g = iso_ln_dy(dy[i], gamma != NULL ? gamma[i] : ISO_R(1.0));
        sum[l] = sum[l] + g;
        product[l] = iso_fma(g, x[i] - mean, product[l]);
    }
    const iso_real offset = iso_bn_offset(ref_lanes_total(sum), (iso_real)n);
    const iso_real slope = iso_bn_slope(ref_lanes_total(product), inverse, (iso_real)n);
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
    iso_real *total = ref_work(call, 0), *block = ref_work(call, s.channels);
    ref_zero(total, s.channels);
    for (int64_t start = 0, end; start < s.rows; start = end) {
        end = ref_block_end(start, s.rows, s.per_image);
        ref_zero(block, s.channels);
        for (int64_t r = start; r < end; r++)
            for (int64_t c = 0; c < s.channels; c++) {
                int64_t i = r * s.channels + c;
                block[c] = iso_fma(dy[i], iso_ln_unit(x[i], mean[r], inverse[r]), block[c]);
            }
        ref_store(total, block, s.channels, true);
    }
    ref_store(ref_real(&call->dw[ISO_LN_GAMMA]), total, s.channels, call->add_dw[ISO_LN_GAMMA]);
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
        ISO_KERNEL(sum_rows)(ref_real(&call->dy[0]), s.rows, s.channels, s.per_image,
                             ref_work(call, 0), dbeta, call->add_dw[ISO_LN_BETA]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(layer_normalization) = {
    .workspace = workspace,
    .forward = forward,
    .backward = backward,
};
