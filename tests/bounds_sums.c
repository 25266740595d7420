/* bounds_sums.c: weights that are added to every example, whose gradients are row sums of dy
 * (core/ops/class_token.h, core/ops/position_embedding.h). */
#include "bounds.h"
#include "core/ops/infer.h"

/* Sets the bounds of dw[0], the sum over the examples of the first numbers of dy. Forward adds x,
 * or copies it. */
void bounds_token(const struct iso_call *call, const struct iso_values *v,
                  struct iso_values *allowed)
{
    const int64_t examples = call->y[0].shape.dim[0];
    const int64_t size = iso_shape_count(&call->y[0].shape) / examples;
    for (int64_t c = 0; c < allowed->a[ISO_DW][0].n; c++) {
        struct near_sum sum = { 0 };
        for (int64_t n = 0; n < examples; n++)
            near_term(&sum, bounds_element(v, ISO_DY, 0, n * size + c, 0));
        bounds_allow(allowed, ISO_DW, 0, c, near_total(&sum, iso_row_sum_chain(examples, 1)));
    }
}
