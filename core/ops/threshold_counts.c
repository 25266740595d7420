/* threshold_counts.c: counts predictions between thresholds, for the score auc. */
#include "metric.h"
#include "threshold_counts.h"

static const struct iso_field fields[] = { { 0 } };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    ISO_TRY(iso_metric_infer(x, out));
    out->y[0] = (struct iso_shape){ 2, { 2, ISO_THRESHOLD_COLUMNS } };
    out->y_dtype[0] = ISO_I32;
    return ISO_OK;
}

const struct iso_op_def iso_def_threshold_counts = {
    .doc = "predictions between neighbours of 200 thresholds, of targets of 0 and of others",
    .fields = fields,
    .nx = 2,
    .infer = infer,
    .cost = iso_metric_cost,
    .forward_adds = true,
};
