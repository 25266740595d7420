/* binary_counts.c: counts what is right and wrong in each column, for the score binary_accuracy. */
#include "binary_counts.h"
#include "metric.h"

static const struct iso_field fields[] = { { 0 } };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    ISO_TRY(iso_metric_infer(x, out));
    out->y[0] = (struct iso_shape){ 2, { x[0].dim[1], ISO_BINARY_KINDS } };
    out->y_dtype[0] = ISO_I32;
    return iso_expect_all_countable(out);
}

const struct iso_op_def iso_def_binary_counts = {
    .doc = "rows of each column whose prediction and target are above a half, or not",
    .fields = fields,
    .nx = 2,
    .infer = infer,
    .cost = iso_metric_cost,
    .forward_adds = true,
};
