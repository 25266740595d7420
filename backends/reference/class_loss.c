/* class_loss.c: the losses that absorb a softmax and have a target t for each class
 * (ISO_CLASS_LOSSES in core/arithmetic/formulas.h).
 *
 *   row loss = -sum over classes of what the loss adds from t and l = (z - m) - log s
 *   dz = weight (p K - k) / rows of the step, with K = sum over classes of k, which follows from t,
 * p
 *
 * Both sums are along an axis. For the cross-entropy, k is t, smoothed, and 0 where clipping holds
 * p. */
#include "crossentropy.h"

/* The op's scalars; the smoothing's share of one class. */
static struct iso_loss_scalars scalars(const struct iso_call *call)
{
    struct iso_loss_scalars s = ref_loss_scalars(call);
    s.c = iso_div(s.c, (iso_real)call->x[0].shape.dim[1]);
    return s;
}

/* Add a class to a lane, from l and t, and return k, from t and p (core/arithmetic/formulas.h). */
typedef iso_real class_add(iso_real l, iso_real t, struct iso_loss_scalars, iso_real lane);
typedef iso_real class_kept(iso_real t, iso_real p, struct iso_loss_scalars);

static iso_real row_loss(const struct iso_call *call, int64_t row, iso_real max, iso_real log_sum,
                         class_add *add)
{
    int64_t classes = call->x[0].shape.dim[1];
    const iso_real *z = ref_real(&call->x[0]) + row * classes;
    const iso_real *t = ref_real(&call->x[1]) + row * classes;
    const struct iso_loss_scalars s = scalars(call);
    struct ref_axis sum = { 0 };
    for (int64_t c = 0; c < classes; c++) {
        iso_real *chain = ref_lane(&sum);
        *chain = add(iso_log_softmax(z[c], max, log_sum), t[c], s, *chain);
    }
    return -ref_axis_total(&sum);
}

static void gradients(const struct iso_call *call, class_kept *kept)
{
    const iso_real *t = ref_real(&call->x[1]), *p = ref_real(&call->y[0]);
    iso_real *dz = ref_real(&call->dx[0]);
    int64_t rows = call->x[0].shape.dim[0], classes = call->x[0].shape.dim[1];
    const struct iso_loss_scalars s = scalars(call);
    for (int64_t row = 0; row < rows; row++, t += classes, p += classes, dz += classes) {
        struct ref_axis sum = { 0 };
        for (int64_t c = 0; c < classes; c++) {
            iso_real *chain = ref_lane(&sum);
            *chain = *chain + kept(t[c], p[c], s);
        }
        iso_real total = ref_axis_total(&sum), weight = ref_row_weight(call, row);
        for (int64_t c = 0; c < classes; c++)
            ref_put(&dz[c],
                    iso_crossentropy_grad(p[c], kept(t[c], p[c], s), total,
                                          (iso_real)call->step_rows, weight),
                    call->add_dx[0]);
    }
}

#define CLASS_LOSS(name, add, kept)                                                         \
    static iso_real name##_row(const struct iso_call *call, int64_t row, iso_real max,      \
                               iso_real log_sum)                                            \
    {                                                                                       \
        return row_loss(call, row, max, log_sum, add);                                      \
    }                                                                                       \
    static iso_rc name##_forward(struct iso_backend *backend, const struct iso_call *call)  \
    {                                                                                       \
        (void)backend;                                                                      \
        ISO_KERNEL(crossentropy)(call, name##_row);                                         \
        return ISO_OK;                                                                      \
    }                                                                                       \
    static iso_rc name##_backward(struct iso_backend *backend, const struct iso_call *call) \
    {                                                                                       \
        (void)backend;                                                                      \
        gradients(call, kept);                                                              \
        return ISO_OK;                                                                      \
    }                                                                                       \
    const struct iso_kernel ISO_KERNEL(name) = { .workspace = ISO_KERNEL(loss_workspace),   \
                                                 .forward = name##_forward,                 \
                                                 .backward = name##_backward };
ISO_CLASS_LOSSES(CLASS_LOSS)
