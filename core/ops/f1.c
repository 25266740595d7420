/* f1.c: the harmonic mean of precision and recall, 2 / (1 / precision + 1 / recall), without the
 * divisions by 0. */
#include "score.h"

static double of_class(const struct iso_class_counts *c)
{
    return iso_share(2 * c->right, c->predicted + c->actual);
}

static void score(const void *params, const struct iso_shape *x, const double *counts, double *y)
{
    iso_score_average(params, x, counts, of_class, y);
}

const struct iso_op_def iso_def_f1 = {
    .doc =
        "harmonic mean of a class's precision and recall; 0 where it has no rows and was never "
        "predicted",
    .topic = "metrics",
    .params_size = sizeof(struct iso_score),
    .fields = iso_score_fields,
    .nx = 1,
    .infer = iso_score_infer,
    .reads = ISO_OP_confusion_matrix,
    .score = score,
    .label = iso_score_label,
};
