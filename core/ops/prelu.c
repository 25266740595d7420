/* prelu.c: parameters and shapes of a relu whose slope below 0 is learned. */
#include "channel_scale.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_channel_scale, member)
static const struct iso_field fields[] = {
    { "alpha_initializer", ISO_FIELD_INITIALIZER, AT(initializer), "zeros", 0, 0, NULL,
      "initial alpha; PyTorch's PReLU has {constant: {value: 0.25}}" },
    { "alpha_regularizer", ISO_FIELD_REGULARIZER, AT(regularizer), "none", 0, 0, NULL,
      "what the size of alpha costs" },
    { 0 },
};
static const struct iso_weight_def weights[] = {
    { "alpha", AT(initializer), true, AT(regularizer) },
    { 0 },
};

/* alpha has the shape that Keras's has: 1 along the axes that share it. */
static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .nw = 1, .y = { *x } };
    if (x->ndim < 2)
        return iso_expect_ndim(x, 2, "");
    out->w[0].ndim = x->ndim - 1;
    for (int i = 0; i + 1 < x->ndim; i++)
        out->w[0].dim[i] = i + 2 < x->ndim ? 1 : x->dim[x->ndim - 1];
    return iso_expect_all_countable(out);
}

static const struct iso_sum_def sums[] = {
    { "dalpha", ISO_SUM_ROWS, "a pixel, or an example" },
    { 0 },
};

const struct iso_op_def iso_def_prelu = {
    .doc =
        "x above 0, and alpha x below, with an alpha learned for each channel: Keras's PReLU "
        "with shared_axes [1, 2]",
    .topic = "layers",
    .params_size = sizeof(struct iso_channel_scale),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = iso_channel_scale_cost,
};
