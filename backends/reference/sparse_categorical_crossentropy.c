/* sparse_categorical_crossentropy.c: targets as one class t per row.
 *
 *   row loss = -l[t], with l = (z - m) - log s
 *   dz[c] = weight (p[c] - (c == t)) / rows of the step */
#include "crossentropy.h"

static iso_real row_loss(const struct iso_call *call, int64_t row, iso_real max, iso_real log_sum)
{
    int64_t classes = call->x[0].shape.dim[1];
    int32_t target = ref_i32(&call->x[1])[row];
    return -iso_log_softmax(ref_real(&call->x[0])[row * classes + target], max, log_sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    ISO_KERNEL(crossentropy)(call, row_loss);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const int32_t *target = ref_i32(&call->x[1]);
    const iso_real *p = ref_real(&call->y[0]);
    iso_real *dz = ref_real(&call->dx[0]);
    int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    (void)backend;
    for (int64_t row = 0; row < rows; row++, p += classes, dz += classes)
        for (int64_t c = 0; c < classes; c++) {
            iso_real t = c == target[row] ? ISO_R(1.0) : ISO_R(0.0);
            iso_real gradient = iso_crossentropy_grad(
                p[c], t, ISO_R(1.0), (iso_real)call->step_rows, ref_row_weight(call, row));
            ref_put(&dz[c], gradient, call->add_dx[0]);
        }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(sparse_categorical_crossentropy) = {
    .workspace = ISO_KERNEL(loss_workspace),
    .forward = forward,
    .backward = backward,
};
