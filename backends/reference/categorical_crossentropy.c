/* categorical_crossentropy.c: targets t as one probability per class.
 *
 *   row loss = -sum over classes of t l, with l = clipped (z - m) - log s
 *   dz = weight (p T - t) / rows of the step, with T = sum over classes of t
 *
 * Both sums are along an axis. t is smoothed; it counts as 0 in the gradient where clipping holds
 * p. */
#include "crossentropy.h"

/* The op's scalars; the smoothing's share of one class. */
static struct iso_loss_scalars scalars(const struct iso_call *call)
{
    struct iso_loss_scalars s = ref_loss_scalars(call);
    s.c = iso_div(s.c, (iso_real)call->x[0].shape.dim[1]);
    return s;
}

static iso_real row_loss(const struct iso_call *call, int64_t row, iso_real max, iso_real log_sum)
{
    int64_t classes = call->x[0].shape.dim[1];
    const iso_real *z = ref_real(&call->x[0]) + row * classes;
    const iso_real *t = ref_real(&call->x[1]) + row * classes;
    const struct iso_loss_scalars s = scalars(call);
    struct ref_axis sum = { 0 };
    for (int64_t c = 0; c < classes; c++) {
        iso_real l = iso_clip_log(iso_log_softmax(z[c], max, log_sum), s.a);
        ref_lane_product(&sum, iso_class_target(t[c], s), l);
    }
    return -ref_axis_total(&sum);
}

static iso_rc forward(struct iso_backend *backend, const struct iso_call *call)
{
    (void)backend;
    ISO_KERNEL(crossentropy)(call, row_loss);
    return ISO_OK;
}

static iso_rc backward(struct iso_backend *backend, const struct iso_call *call)
{
    const iso_real *t = ref_real(&call->x[1]), *p = ref_real(&call->y[0]);
    iso_real *dz = ref_real(&call->dx[0]);
    int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    const struct iso_loss_scalars s = scalars(call);
    (void)backend;
    for (int64_t row = 0; row < rows; row++, t += classes, p += classes, dz += classes) {
        struct ref_axis sum = { 0 };
        for (int64_t c = 0; c < classes; c++) {
            iso_real *chain = ref_lane(&sum);
            *chain = *chain + iso_clip_target(t[c], p[c], s);
        }
        iso_real total = ref_axis_total(&sum), weight = ref_row_weight(call, row);
        for (int64_t c = 0; c < classes; c++) {
            iso_real kept = iso_clip_target(t[c], p[c], s);
            ref_put(&dz[c],
                    iso_crossentropy_grad(p[c], kept, total, (iso_real)call->step_rows, weight),
                    call->add_dx[0]);
        }
    }
    return ISO_OK;
}

const struct iso_kernel ISO_KERNEL(categorical_crossentropy) = {
    .workspace = ISO_KERNEL(loss_workspace),
    .forward = forward,
    .backward = backward,
};
