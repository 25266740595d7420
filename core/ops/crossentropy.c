/* crossentropy.c: shapes and cost that the two softmax cross-entropies share. */
#include "crossentropy.h"
#include "infer.h"

iso_rc iso_crossentropy_infer(const struct iso_shape *x, bool sparse, struct iso_shapes *out)
{
    char logits[ISO_NAME], target[ISO_NAME];
    *out = (struct iso_shapes){ .ny = 2 };
    ISO_TRY(iso_expect_ndim(&x[0], 2, " (end with a dense layer of one unit per class)"));
    struct iso_shape expected = { sparse ? 1 : 2, { x[0].dim[0], x[0].dim[1] } };
    if (!iso_shape_equal(&x[1], &expected))
        return iso_fail(ISO_ESHAPE, "predictions of shape %s need targets %s, got %s",
                        iso_shape_text(&x[0], 0, logits, sizeof logits),
                        sparse ? "with one class per row" : "of the same shape",
                        iso_shape_text(&x[1], 0, target, sizeof target));
    out->y[0] = x[0];
    out->y[1] = (struct iso_shape){ 1, { 1 } };
    return iso_expect_all_countable(out);
}

void iso_crossentropy_cost(const struct iso_shape *x, struct iso_cost *out)
{
    iso_elementwise_cost(&x[0], 30, 3, out);
    int64_t along = x[0].dim[1] / ISO_LANES + 5, rows = iso_row_sum_chain(x[0].dim[0], 1);
    out->chain = along + rows;
}
