/* class_token.c: parameters and shapes of the learned token before others. */
#include "class_token.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_class_token, member)
static const struct iso_field fields[] = {
    { "token_initializer", ISO_FIELD_INITIALIZER, AT(initializer), "zeros", 0, 0, NULL,
      "initial token" },
    { "token_regularizer", ISO_FIELD_REGULARIZER, AT(regularizer), "none", 0, 0, NULL,
      "what the size of the token costs" },
    { 0 },
};
static const struct iso_weight_def weights[] = {
    { "token", AT(initializer), true, AT(regularizer) },
    { 0 },
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .nw = 1 };
    ISO_TRY(iso_expect_ndim(x, 4, " (a batch of height x width x channels)"));
    ISO_TRY(iso_expect_countable(x));
    out->y[0] = (struct iso_shape){ 4, { x->dim[0], 1, 1 + x->dim[1] * x->dim[2], x->dim[3] } };
    out->w[0] = (struct iso_shape){ 1, { x->dim[3] } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 0, 2, out);
}

static const struct iso_sum_def sums[] = {
    { "dtoken", ISO_SUM_ROWS, "an example" },
    { 0 },
};

const struct iso_op_def iso_def_class_token = {
    .doc =
        "makes the pixels of an image a row of tokens and puts a learned one before them, as "
        "vision transformers do",
    .topic = "layers",
    .params_size = sizeof(struct iso_class_token),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .sums = sums,
    .infer = infer,
    .cost = cost,
};
