/* gather_rows.c: the rows of a batch from numbers in device memory: weights in the loss, kept
 * features.
 *
 * x: REAL [N, ...], order I32 [N]; call.first; y: REAL [rows, ...], the rows order[first + r]. */
#include "infer.h"

static const struct iso_field fields[] = { { 0 } };

/* y has as many rows as the order has entries; a call may take fewer. */
static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .y = { x[0] } };
    out->y[0].dim[0] = x[1].dim[0];
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(&x[0], 0, 2, out);
}

const struct iso_op_def iso_def_gather_rows = {
    .doc = "the rows of a batch from numbers in device memory",
    .fields = fields,
    .nx = 2,
    .resident = ISO_REAL,
    .infer = infer,
    .cost = cost,
};
