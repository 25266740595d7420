/* stochastic_depth.c: shapes and cost of dropout of whole images. */
#include "stochastic_depth.h"
#include "infer.h"

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .nsaved = 1, .y = { *x }, .saved_dtype = { ISO_U8 } };
    out->saved[0] = (struct iso_shape){ 1, { x->dim[0] } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 1, 2, out);
}

static const char *const saved[] = { "mask", NULL };

const struct iso_op_def iso_def_stochastic_depth = {
    .doc =
        "in training, zeroes a random share of the images and scales up the rest; before an "
        "add it drops a block's branch (drop path)",
    .topic = "layers",
    .params_size = sizeof(struct iso_dropout),
    .fields = iso_dropout_fields,
    .nx = 1,
    .saved = saved,
    .random = true,
    .infer = infer,
    .cost = cost,
    .scalars = iso_dropout_scalars,
    .check = iso_dropout_check,
};
