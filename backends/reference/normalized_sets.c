/* normalized_sets.c: mean and inverse deviation of each set, by sums along it; then one formula for
 * each element (core/ops/normalized_sets.h, core/arithmetic/formulas.h). */
#include "core/arithmetic/formulas.h"
#include "normalized_sets.h"
#include "sums.h"

/* Returns the index of element i of a set, from its first. */
static int64_t at(const struct iso_normalized_sets *s, int64_t i)
{
    return i / s->size * iso_sets_channels(s) + i % s->size;
}

static iso_real mean_of(const struct iso_normalized_sets *s, const iso_real *x)
{
    const int64_t n = iso_sets_size(s);
    struct ref_axis sum = { 0 };
    for (int64_t i = 0; i < n; i++) {
        iso_real *chain = ref_lane(&sum);
        *chain = *chain + x[at(s, i)];
    }
    return iso_div(ref_axis_total(&sum), (iso_real)n);
}

static iso_real inverse_of(const struct iso_normalized_sets *s, const iso_real *x, iso_real mean,
                           iso_real epsilon)
{
    const int64_t n = iso_sets_size(s);
    struct ref_axis square = { 0 };
    for (int64_t i = 0; i < n; i++) {
        iso_real *chain = ref_lane(&square);
        *chain = iso_bn_square(x[at(s, i)] - mean, *chain);
    }
    return iso_bn_inverse(iso_div(ref_axis_total(&square), (iso_real)n), epsilon);
}

void ISO_KERNEL(normalize_sets)(const struct iso_call *call, const struct iso_normalized_sets *s)
{
    const iso_real *gamma = ref_real(&call->w[ISO_LN_GAMMA]);
    const iso_real *beta = ref_real(&call->w[ISO_LN_BETA]);
    const iso_real epsilon = (iso_real)call->scalars[ISO_LN_EPSILON];
    iso_real *mean = ref_real(&call->saved[ISO_LN_MEAN]);
    iso_real *inverse = ref_real(&call->saved[ISO_LN_INVERSE]);
    for (int64_t k = 0; k < iso_sets_count(s); k++) {
        const int64_t first = iso_sets_first(s, k), c = k % s->groups * s->size;
        const iso_real *x = ref_real(&call->x[0]) + first;
        iso_real *y = ref_real(&call->y[0]) + first;
        mean[k] = mean_of(s, x);
        inverse[k] = inverse_of(s, x, mean[k], epsilon);
        for (int64_t i = 0; i < iso_sets_size(s); i++) {
            const int64_t channel = c + i % s->size;
            iso_real factor =
                iso_bn_factor(gamma != NULL ? gamma[channel] : ISO_R(1.0), inverse[k]);
            y[at(s, i)] =
                iso_bn(x[at(s, i)], mean[k], factor, beta != NULL ? beta[channel] : ISO_R(0.0));
        }
    }
}

/* gamma: of the first channel of the set, or NULL. */
static void input_gradient_set(const struct iso_normalized_sets *s, const iso_real *x,
                               const iso_real *dy, const iso_real *gamma, iso_real mean,
                               iso_real inverse, iso_real *dx, bool add)
{
    const int64_t n = iso_sets_size(s);
    struct ref_axis sum = { 0 }, product = { 0 };
    for (int64_t i = 0; i < n; i++) {
        iso_real g = iso_ln_dy(dy[at(s, i)], gamma != NULL ? gamma[i % s->size] : ISO_R(1.0));
        iso_real *chain = ref_lane(&sum);
        *chain = *chain + g;
        ref_lane_product(&product, g, x[at(s, i)] - mean);
    }
    const iso_real offset = iso_bn_offset(ref_axis_total(&sum), (iso_real)n);
    const iso_real slope = iso_bn_slope(ref_axis_total(&product), inverse, (iso_real)n);
    for (int64_t i = 0; i < n; i++) {
        const int64_t j = at(s, i);
        iso_real g = iso_ln_dy(dy[j], gamma != NULL ? gamma[i % s->size] : ISO_R(1.0));
        ref_put(&dx[j], iso_bn_grad(x[j], mean, g, offset, slope, inverse), add);
    }
}

static void input_gradient(const struct iso_call *call, const struct iso_normalized_sets *s)
{
    const iso_real *gamma = ref_real(&call->w[ISO_LN_GAMMA]);
    for (int64_t k = 0; k < iso_sets_count(s); k++) {
        const int64_t first = iso_sets_first(s, k);
        input_gradient_set(s, ref_real(&call->x[0]) + first, ref_real(&call->dy[0]) + first,
                           gamma != NULL ? gamma + k % s->groups * s->size : NULL,
                           ref_real(&call->saved[ISO_LN_MEAN])[k],
                           ref_real(&call->saved[ISO_LN_INVERSE])[k],
                           ref_real(&call->dx[0]) + first, call->add_dx[0]);
    }
}

static void gamma_gradient(const struct iso_call *call, const struct iso_normalized_sets *s,
                           struct iso_rows rows)
{
    const iso_real *x = ref_real(&call->x[0]), *dy = ref_real(&call->dy[0]);
    const iso_real *mean = ref_real(&call->saved[ISO_LN_MEAN]);
    const iso_real *inverse = ref_real(&call->saved[ISO_LN_INVERSE]);
    iso_real *dgamma = ref_real(&call->dw[ISO_LN_GAMMA]);
    for (int64_t c = 0; c < iso_sets_channels(s); c++) {
        struct ref_rows sum = { .rows = rows };
        for (int64_t r = 0; r < rows.rows; r++) {
            const int64_t i = r * iso_sets_channels(s) + c, k = iso_sets_of(s, r, c);
            ref_row_product(&sum, dy[i], iso_ln_unit(x[i], mean[k], inverse[k]));
        }
        ref_put(&dgamma[c], ref_rows_total(&sum), call->add_dw[ISO_LN_GAMMA]);
    }
}

void ISO_KERNEL(sets_gradients)(const struct iso_call *call, const struct iso_normalized_sets *s)
{
    const struct iso_bn_rows r = iso_bn_rows(&call->x[0].shape);
    const struct iso_rows rows = { r.rows, r.per_image };
    iso_real *dbeta = ref_real(&call->dw[ISO_LN_BETA]);
    if (call->dx[0].mem != NULL)
        input_gradient(call, s);
    if (call->dw[ISO_LN_GAMMA].mem != NULL)
        gamma_gradient(call, s, rows);
    if (dbeta != NULL)
        ISO_KERNEL(column_sums)(rows, r.channels, ref_real(&call->dy[0]), dbeta,
                                call->add_dw[ISO_LN_BETA]);
}
