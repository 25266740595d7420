/* layer_normalization.c: parameters, shapes, cost and scalars of layer normalization. */
#include "infer.h"
#include "layer_normalization.h"
#include "shared_fields.h"

static const struct iso_field fields[] = {
    ISO_NORMALIZATION_FIELDS(struct iso_layer_normalization, "row"),
    ISO_BETA_AND_GAMMA_INITIALIZER_FIELDS(struct iso_layer_normalization),
    ISO_BETA_AND_GAMMA_REGULARIZER_FIELDS(struct iso_layer_normalization),
    { 0 },
};
static const struct iso_weight_def weights[] = {
    ISO_GAMMA_AND_BETA_WEIGHTS(struct iso_layer_normalization),
    { 0 },
};
static const char *const saved[] = { "mean", "inverse_deviation", NULL };

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_layer_normalization *p = params;
    const struct iso_shape row = { 1, { x->dim[x->ndim - 1] } }, none = { 0 };
    *out = (struct iso_shapes){ .ny = 1, .nw = 2, .nsaved = 2 };
    if (x->ndim < 2)
        return iso_expect_ndim(x, 2, "");
    out->y[0] = *x;
    out->w[ISO_LN_GAMMA] = p->scale ? row : none;
    out->w[ISO_LN_BETA] = p->center ? row : none;
    struct iso_shape rows = *x;
    rows.dim[--rows.ndim] = 0;
    out->saved[ISO_LN_MEAN] = out->saved[ISO_LN_INVERSE] = rows;
    return iso_expect_all_countable(out);
}

struct iso_normalized_sets iso_layer_normalization_sets(const struct iso_shape *x)
{
    const struct iso_bn_rows r = iso_bn_rows(x);
    return (struct iso_normalized_sets){ r.rows, 1, 1, r.channels };
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_normalized_sets s = iso_layer_normalization_sets(x);
    (void)params;
    iso_normalized_sets_cost(&s, x, pass, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_layer_normalization *p = params;
    (void)step;
    out[ISO_LN_EPSILON] = p->epsilon;
}

static const struct iso_sum_def sums[] = {
    { "mean, variance, dx", ISO_SUM_AXIS, "channels" },
    { "dgamma, dbeta", ISO_SUM_ROWS, "a pixel, or an example" },
    { 0 },
};

const struct iso_op_def iso_def_layer_normalization = {
    .doc =
        "normalizes each row along the last axis to mean 0 and variance 1, then scales and shifts "
        "it",
    .topic = "layers",
    .params_size = sizeof(struct iso_layer_normalization),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .saved = saved,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
};
