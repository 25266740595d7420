/* recall.c: share of a class's rows that are predicted correctly. */
#include "score.h"

static double of_class(const struct iso_class_counts *c) { return iso_share(c->right, c->actual); }

static void score(const void *params, const struct iso_shape *x, const double *counts, double *y)
{
    iso_score_average(params, x, counts, of_class, y);
}

const struct iso_op_def iso_def_recall = {
    .doc = "share of a class's rows that are predicted correctly; 0 if it has none",
    .topic = "metrics",
    .params_size = sizeof(struct iso_score),
    .fields = iso_score_fields,
    .nx = 1,
    .infer = iso_score_infer,
    .reads = ISO_OP_confusion_matrix,
    .score = score,
    .label = iso_score_label,
};
