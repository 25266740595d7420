#include "metric.h"

iso_rc iso_metric_infer(const struct iso_shape *x, struct iso_shapes *out)
{
    char prediction[ISO_NAME], target[ISO_NAME];
    *out = (struct iso_shapes){ .ny = 1 };
    ISO_TRY(iso_expect_ndim(&x[0], 2, " (one probability per class)"));
    struct iso_shape classes = { 1, { x[0].dim[0] } };
    if (!iso_shape_equal(&x[1], &x[0]) && !iso_shape_equal(&x[1], &classes))
        return iso_fail(ISO_ESHAPE, "predictions of shape %s do not match targets of shape %s",
                        iso_shape_text(&x[0], 0, prediction, sizeof prediction),
                        iso_shape_text(&x[1], 0, target, sizeof target));
    if (x[0].dim[1] == 1 && x[1].ndim == 1)
        return iso_fail(ISO_ESHAPE,
                        "one prediction per row tells two classes apart, by targets of "
                        "0 and 1, not by the numbers of classes");
    out->y[0] = (struct iso_shape){ 1, { 1 } };
    return iso_expect_all_countable(out);
}

void iso_metric_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                     struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(&x[0], 1, 1, out);
}
