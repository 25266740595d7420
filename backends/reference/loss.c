/* loss.c: the mean of the rows' losses, and the pointwise losses. */
#include "loss.h"

size_t ISO_KERNEL(loss_workspace)(struct iso_backend *backend, const struct iso_call *call,
                                  enum iso_pass pass)
{
    (void)backend;
    return pass == ISO_FORWARD ? (size_t)call->x[0].shape.dim[0] * sizeof(iso_real) : 0;
}

void ISO_KERNEL(loss_mean)(const struct iso_call *call, int output)
{
    const iso_real *loss = ref_work(call, 0);
    const struct iso_rows rows = { call->x[0].shape.dim[0], 1 };
    *ref_real(&call->y[output]) =
        iso_div(ref_column_sum(rows, 1, loss, 0), (iso_real)call->step_rows);
}

void ISO_KERNEL(pointwise_forward)(const struct iso_call *call, int output,
                                   ISO_KERNEL(loss_add) *add)
{
    const iso_real *p = ref_real(&call->x[0]), *t = ref_real(&call->x[1]);
    const struct iso_loss_scalars s = ref_loss_scalars(call);
    int64_t rows = call->x[0].shape.dim[0], columns = call->x[0].shape.dim[1];
    if (!ref_loss_wanted(call, output))
        return;
    for (int64_t row = 0; row < rows; row++, p += columns, t += columns) {
        struct ref_axis sum = { 0 };
        for (int64_t c = 0; c < columns; c++) {
            iso_real *chain = ref_lane(&sum);
            *chain = add(p[c], t[c], s, *chain);
        }
        iso_real loss = iso_div(ref_axis_total(&sum), (iso_real)columns);
        ref_work(call, 0)[row] = iso_weighted_loss(loss, ref_row_weight(call, row));
    }
    ISO_KERNEL(loss_mean)(call, output);
}

void ISO_KERNEL(pointwise_backward)(const struct iso_call *call, const struct iso_tensor *p,
                                    ISO_KERNEL(loss_slope) *slope)
{
    const iso_real *at = ref_real(p), *t = ref_real(&call->x[1]);
    const struct iso_loss_scalars s = ref_loss_scalars(call);
    iso_real *dx = ref_real(&call->dx[0]);
    int64_t rows = p->shape.dim[0], columns = p->shape.dim[1], count = call->step_rows * columns;
    if (dx == NULL)
        return;
    for (int64_t i = 0; i < rows * columns; i++) {
        iso_real weight = ref_row_weight(call, i / columns);
        ref_put(&dx[i], iso_loss_grad(slope(at[i], t[i], s), (iso_real)count, weight),
                call->add_dx[0]);
    }
}

/* The kernels of the losses that absorb nothing. */
#define POINTWISE_LOSS(name, add, slope)                                                    \
    static iso_rc name##_forward(struct iso_backend *backend, const struct iso_call *call)  \
    {                                                                                       \
        (void)backend;                                                                      \
        ISO_KERNEL(pointwise_forward)(call, 0, add);                                        \
        return ISO_OK;                                                                      \
    }                                                                                       \
    static iso_rc name##_backward(struct iso_backend *backend, const struct iso_call *call) \
    {                                                                                       \
        (void)backend;                                                                      \
        ISO_KERNEL(pointwise_backward)(call, &call->x[0], slope);                           \
        return ISO_OK;                                                                      \
    }                                                                                       \
    const struct iso_kernel ISO_KERNEL(name) = { .workspace = ISO_KERNEL(loss_workspace),   \
                                                 .forward = name##_forward,                 \
                                                 .backward = name##_backward };
ISO_POINTWISE_LOSSES(POINTWISE_LOSS)
