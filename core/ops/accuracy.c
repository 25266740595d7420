/* accuracy.c: how many rows have their largest prediction at the target's class. */
#include "infer.h"

static const struct iso_field fields[] = { { 0 } };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    char prediction[ISO_NAME], target[ISO_NAME];
    (void)params;
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_ndim(&x[0], 2, " (one probability per class)"));
    struct iso_shape classes = { 1, { x[0].dim[0] } };
    if (!iso_shape_equal(&x[1], &x[0]) && !iso_shape_equal(&x[1], &classes))
        return iso_fail(ISO_ESHAPE, "predictions of shape %s do not match targets of shape %s",
                        iso_shape_text(&x[0], 0, prediction, sizeof prediction),
                        iso_shape_text(&x[1], 0, target, sizeof target));
    out->y[0] = (struct iso_shape){ 1, { 1 } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(&x[0], 1, 1, out);
}

/* x: predictions REAL [rows, classes]; targets I32 [rows] or REAL [rows, classes]. y: REAL [1]. */
const struct iso_op_def iso_def_accuracy = {
    .doc = "share of the rows whose most probable class is the target's",
    .section = "metrics",
    .fields = fields,
    .nx = 2,
    .infer = infer,
    .cost = cost,
};
