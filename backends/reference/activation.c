/* activation.c: y = f(x) for each element (core/arithmetic/formulas.h), or softmax or log_softmax
 * over the last axis:
 *
 *   m = max x, s = sum exp(x - m), y = exp(x - m) / s                sums along an axis
 *   dx = y (dy - sum dy y)
 *
 *   y = (x - m) - log s
 *   dx = dy - exp(y) sum dy */
#include "core/arithmetic/formulas.h"
#include "core/ops/activation.h"
#include "sums.h"

static int64_t last_axis(const struct iso_shape *shape) { return shape->dim[shape->ndim - 1]; }

static void softmax(const iso_real *x, int64_t width, iso_real *y)
{
    iso_real max, sum;
    ISO_KERNEL(softmax_row)(x, width, &max, &sum);
    for (int64_t i = 0; i < width; i++)
        y[i] = iso_softmax(x[i], max, sum);
}

static void log_softmax(const iso_real *x, int64_t width, iso_real *y)
{
    iso_real max, sum;
    ISO_KERNEL(softmax_row)(x, width, &max, &sum);
    const iso_real log_sum = iso_log(sum);
    for (int64_t i = 0; i < width; i++)
        y[i] = iso_log_softmax(x[i], max, log_sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_activation *p = call->params;
    const iso_real *x = ref_real(&call->x[0]);
    const enum iso_activation_function formula = iso_activation_formula(p);
    iso_real *y = ref_real(&call->y[0]), alpha = (iso_real)iso_activation_parameter(p);
    int64_t count = iso_shape_count(&call->x[0].shape), width = last_axis(&call->x[0].shape);
    (void)backend;
    if (!iso_act_of_rows(formula)) {
        for (int64_t i = 0; i < count; i++)
            y[i] = iso_act(formula, alpha, x[i]);
        return ISO_OK;
    }
    for (int64_t row = 0; row < count; row += width)
        (formula == ISO_SOFTMAX ? softmax : log_softmax)(x + row, width, y + row);
    return ISO_OK;
}

static void softmax_gradient(const iso_real *y, const iso_real *dy, int64_t width, iso_real *dx,
                             bool add)
{
    struct ref_axis sum = { 0 };
    for (int64_t i = 0; i < width; i++)
        ref_lane_product(&sum, dy[i], y[i]);
    iso_real dot = ref_axis_total(&sum);
    for (int64_t i = 0; i < width; i++)
        ref_put(&dx[i], iso_softmax_grad(y[i], dy[i], dot), add);
}

static void log_softmax_gradient(const iso_real *y, const iso_real *dy, int64_t width, iso_real *dx,
                                 bool add)
{
    struct ref_axis sum = { 0 };
    for (int64_t i = 0; i < width; i++) {
        iso_real *chain = ref_lane(&sum);
        *chain = *chain + dy[i];
    }
    const iso_real total = ref_axis_total(&sum);
    for (int64_t i = 0; i < width; i++)
        ref_put(&dx[i], iso_log_softmax_grad(y[i], dy[i], total), add);
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_activation *p = call->params;
    const enum iso_activation_function formula = iso_activation_formula(p);
    const iso_real *y = ref_real(iso_act_reads_x(formula) ? &call->x[0] : &call->y[0]);
    const iso_real *dy = ref_real(&call->dy[0]);
    iso_real *dx = ref_real(&call->dx[0]), alpha = (iso_real)iso_activation_parameter(p);
    int64_t count = iso_shape_count(&call->y[0].shape), width = last_axis(&call->y[0].shape);
    (void)backend;
    if (dx == NULL)
        return ISO_OK;
    if (!iso_act_of_rows(formula)) {
        for (int64_t i = 0; i < count; i++)
            ref_put(&dx[i], iso_act_grad(formula, alpha, y[i], dy[i]), call->add_dx[0]);
        return ISO_OK;
    }
    for (int64_t row = 0; row < count; row += width)
        (formula == ISO_SOFTMAX ? softmax_gradient : log_softmax_gradient)(
            y + row, dy + row, width, dx + row, call->add_dx[0]);
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(activation) = { .forward = forward, .backward = backward };
