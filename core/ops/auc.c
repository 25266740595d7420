/* auc.c: the area under the ROC curve, from counts at 200 thresholds, as Keras's AUC has it with
 * its default arguments: the curve's points are joined by lines. */
#include "infer.h"
#include "score.h"
#include "threshold_counts.h"

static const struct iso_field fields[] = { { 0 } };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .y = { { 1, { 1 } } } };
    ISO_TRY(iso_expect_ndim(&x[0], 2, " (counts between thresholds)"));
    if (x[0].dim[0] != 2 || x[0].dim[1] != ISO_THRESHOLD_COLUMNS)
        return iso_fail(ISO_ESHAPE, "expected counts of shape 2x%d, got %lldx%lld",
                        ISO_THRESHOLD_COLUMNS, (long long)x[0].dim[0], (long long)x[0].dim[1]);
    return ISO_OK;
}

/* Adds the trapezia between neighbours, from the highest threshold down; what is below every
 * threshold lies beyond the curve's last point. Whole numbers, but for the last step. Without
 * targets of both kinds the area is 0, as in Keras. */
static void score(const void *params, const struct iso_shape *x, const double *counts, double *y)
{
    const double *no = counts, *yes = counts + ISO_THRESHOLD_COLUMNS;
    double above = 0, twice = 0, all_no = no[0], all_yes = yes[0];
    (void)params, (void)x;
    for (int k = ISO_THRESHOLDS; k > 0; k--) {
        twice += no[k] * (2 * above + yes[k]);
        above += yes[k];
        all_no += no[k];
        all_yes += yes[k];
    }
    y[0] = iso_share(twice / 2, all_no * all_yes);
}

const struct iso_op_def iso_def_auc = {
    .doc =
        "area under the ROC curve, as of Keras's AUC: each class of each row is a prediction, "
        "200 thresholds, lines between them",
    .topic = "metrics",
    .fields = fields,
    .nx = 1,
    .infer = infer,
    .reads = ISO_OP_threshold_counts,
    .score = score,
};
