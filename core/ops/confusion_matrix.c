/* confusion_matrix.c: counts the rows of each class that are predicted as each class. Precision,
 * recall and f1 follow from it (score.h). */
#include "core/arithmetic/formulas.h"
#include "metric.h"

static const struct iso_field fields[] = { { 0 } };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    ISO_TRY(iso_metric_infer(x, out));
    const int64_t classes = iso_row_classes((int)x[0].dim[1]);
    out->y[0] = (struct iso_shape){ 2, { classes, classes } };
    out->y_dtype[0] = ISO_I32;
    return iso_expect_all_countable(out);
}

/* y: I32 [classes, classes], a row for each true class, a column for each predicted one, as
 * scikit-learn has it. */
const struct iso_op_def iso_def_confusion_matrix = {
    .doc = "rows of each true class (down) that were predicted as each class (across)",
    .topic = "metrics",
    .fields = fields,
    .nx = 2,
    .of_class = true,
    .infer = infer,
    .cost = iso_metric_cost,
    .forward_adds = true,
};
