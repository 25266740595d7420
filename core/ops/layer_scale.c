/* layer_scale.c: parameters and shapes of a learned factor for each channel. */
#include "channel_scale.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_channel_scale, member)
static const struct iso_field fields[] = {
    { "gamma_initializer", ISO_FIELD_INITIALIZER, AT(initializer), "{constant: {value: 1e-6}}", 0,
      0, NULL, "initial gamma; as ConvNeXt has it" },
    { "gamma_regularizer", ISO_FIELD_REGULARIZER, AT(regularizer), "none", 0, 0, NULL,
      "what the size of gamma costs" },
    { 0 },
};
static const struct iso_weight_def weights[] = {
    { "gamma", AT(initializer), true, AT(regularizer) },
    { 0 },
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .nw = 1, .y = { *x } };
    if (x->ndim < 2)
        return iso_expect_ndim(x, 2, "");
    out->w[0] = (struct iso_shape){ 1, { x->dim[x->ndim - 1] } };
    return iso_expect_all_countable(out);
}

static const struct iso_sum_def sums[] = {
    { "dgamma", ISO_SUM_ROWS, "a pixel, or an example" },
    { 0 },
};

const struct iso_op_def iso_def_layer_scale = {
    .doc = "multiplies each channel with a learned number, as the blocks of ConvNeXt end",
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
