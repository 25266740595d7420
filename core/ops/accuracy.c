/* accuracy.c: counts the rows whose prediction is the target's class. */
#include "metric.h"

static const struct iso_field fields[] = { { 0 } };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    return iso_metric_infer(x, out);
}

const struct iso_op_def iso_def_accuracy = {
    .doc =
        "share of rows whose most probable class is the target's; a single unit predicts class 1 "
        "above 0.5",
    .topic = "metrics",
    .fields = fields,
    .nx = 2,
    .of_class = true,
    .infer = infer,
    .cost = iso_metric_cost,
};
