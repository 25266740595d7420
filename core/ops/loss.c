/* loss.c: shapes and cost that the losses share. */
#include "loss.h"
#include "infer.h"

static iso_rc check_target(const struct iso_shape *x, enum iso_target target)
{
    const bool one = target == ISO_TARGET_CLASS;
    char prediction[ISO_NAME], got[ISO_NAME];
    struct iso_shape expected = { one ? 1 : 2, { x[0].dim[0], x[0].dim[1] } };
    if (iso_shape_equal(&x[1], &expected))
        return ISO_OK;
    return iso_fail(ISO_ESHAPE, "predictions of shape %s need targets %s, got %s",
                    iso_shape_text(&x[0], 0, prediction, sizeof prediction),
                    one ? "with one class per row" : "of the same shape",
                    iso_shape_text(&x[1], 0, got, sizeof got));
}

const struct iso_sum_def iso_pointwise_sums[] = {
    { "loss of a row", ISO_SUM_AXIS, "columns" },
    { "loss", ISO_SUM_ROWS, "an example" },
    { 0 },
};

iso_rc iso_loss_infer(const struct iso_shape *x, enum iso_target target, bool absorbs,
                      struct iso_shapes *out)
{
    char text[ISO_NAME];
    *out = (struct iso_shapes){ .ny = absorbs ? 2 : 1 };
    ISO_TRY(iso_expect_ndim(&x[0], 2, " (end with a dense layer of one unit per class)"));
    ISO_TRY(check_target(x, target));
    const struct iso_shape rows = { 1, { x[0].dim[0] } };
    if (x[2].ndim != 0 && !iso_shape_equal(&x[2], &rows))
        return iso_fail(ISO_ESHAPE, "%lld rows need as many weights, got %s",
                        (long long)x[0].dim[0], iso_shape_text(&x[2], 0, text, sizeof text));
    if (absorbs)
        out->y[0] = x[0];
    out->y[out->ny - 1] = (struct iso_shape){ 1, { 1 } };
    return iso_expect_all_countable(out);
}

void iso_loss_cost(const struct iso_shape *x, double flops, struct iso_cost *out)
{
    iso_elementwise_cost(&x[0], flops, 3, out);
    const int64_t along = iso_axis_chain(x[0].dim[1]), rows = iso_row_sum_chain(x[0].dim[0], 1);
    out->chain = along + rows;
}

iso_rc iso_pointwise_infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    return iso_loss_infer(x, ISO_TARGET_VALUES, false, out);
}

void iso_pointwise_cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                        struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_loss_cost(x, 5, out);
}
