/* precision.c: share of predictions of a class that are correct. */
#include "score.h"

static double of_class(const struct iso_class_counts *c)
{
    return iso_share(c->right, c->predicted);
}

static void score(const void *params, const struct iso_shape *x, const double *counts, double *y)
{
    iso_score_average(params, x, counts, of_class, y);
}

const struct iso_op_def iso_def_precision = {
    .doc = "share of predictions of a class that are correct; 0 if there are none",
    .topic = "metrics",
    .params_size = sizeof(struct iso_score),
    .fields = iso_score_fields,
    .nx = 1,
    .infer = iso_score_infer,
    .reads = ISO_OP_confusion_matrix,
    .score = score,
    .label = iso_score_label,
};
