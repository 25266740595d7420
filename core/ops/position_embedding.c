/* position_embedding.c: parameters and shapes of what is learned for each position. */
#include "infer.h"
#include "position_embedding.h"

#define AT(member) offsetof(struct iso_position_embedding, member)
static const struct iso_field fields[] = {
    { "embeddings_initializer", ISO_FIELD_INITIALIZER, AT(initializer),
      "{random_normal: {stddev: 0.02}}", 0, 0, NULL, "initial embeddings" },
    { "embeddings_regularizer", ISO_FIELD_REGULARIZER, AT(regularizer), "none", 0, 0, NULL,
      "what the size of the embeddings costs" },
    { 0 },
};
static const struct iso_weight_def weights[] = {
    { "embeddings", AT(initializer), true, AT(regularizer) },
    { 0 },
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .nw = 1, .y = { *x } };
    if (x->ndim < 2)
        return iso_expect_ndim(x, 2, "");
    out->w[0].ndim = x->ndim - 1;
    for (int i = 1; i < x->ndim; i++)
        out->w[0].dim[i - 1] = x->dim[i];
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    (void)params, (void)pass;
    iso_elementwise_cost(x, 1, 2, out);
}

static const struct iso_sum_def sums[] = {
    { "dembeddings", ISO_SUM_ROWS, "an example" },
    { 0 },
};

const struct iso_op_def iso_def_position_embedding = {
    .doc = "adds a learned number to each number of an example, by which tokens know their place",
    .topic = "layers",
    .params_size = sizeof(struct iso_position_embedding),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .sums = sums,
    .infer = infer,
    .cost = cost,
};
