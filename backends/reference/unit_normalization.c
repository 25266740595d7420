/* unit_normalization.c: y = x r, r = 1 / sqrt(max(sum of x^2, epsilon)); dx = r (dy - y (sum of dy
 * y)). */
#include "core/ops/unit_normalization.h"
#include "core/arithmetic/formulas.h"
#include "sums.h"

static int64_t width_of(const struct iso_call *call)
{
    return call->x[0].shape.dim[call->x[0].shape.ndim - 1];
}

static iso_real sum_of(const iso_real *a, const iso_real *b, int64_t n)
{
    struct ref_axis sum = { 0 };
    for (int64_t i = 0; i < n; i++)
        ref_lane_product(&sum, a[i], b[i]);
    return ref_axis_total(&sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_unit_normalization *p = call->params;
    const int64_t n = width_of(call), rows = iso_shape_count(&call->x[0].shape) / n;
    const iso_real *x = ref_real(&call->x[0]), epsilon = (iso_real)p->epsilon;
    iso_real *y = ref_real(&call->y[0]), *squares = ref_real(&call->saved[0]);
    (void)backend;
    for (int64_t r = 0; r < rows; r++) {
        squares[r] = sum_of(x + r * n, x + r * n, n);
        const iso_real inverse = iso_unit_inverse(squares[r], epsilon);
        for (int64_t i = r * n; i < (r + 1) * n; i++)
            y[i] = iso_unit_scaled(x[i], inverse);
    }
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const struct iso_unit_normalization *p = call->params;
    const int64_t n = width_of(call), rows = iso_shape_count(&call->x[0].shape) / n;
    const iso_real *y = ref_real(&call->y[0]), *dy = ref_real(&call->dy[0]);
    const iso_real *squares = ref_real(&call->saved[0]), epsilon = (iso_real)p->epsilon;
    iso_real *dx = ref_real(&call->dx[0]);
    (void)backend;
    for (int64_t r = 0; dx != NULL && r < rows; r++) {
        const iso_real inverse = iso_unit_inverse(squares[r], epsilon);
        const iso_real dot = squares[r] > epsilon ? sum_of(dy + r * n, y + r * n, n) : ISO_R(0.0);
        for (int64_t i = r * n; i < (r + 1) * n; i++)
            ref_put(&dx[i], iso_unit_grad(y[i], dy[i], dot, inverse), call->add_dx[0]);
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(unit_normalization) = { .forward = forward,
                                                           .backward = backward };
