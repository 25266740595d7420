/* group_normalization.c: parameters, shapes, cost and scalars of group normalization. */
#include "group_normalization.h"
#include "infer.h"
#include "shared_fields.h"

static const struct iso_field fields[] = {
    { "groups", ISO_FIELD_INT, offsetof(struct iso_group_normalization, groups), "32", -1, 1 << 24,
      NULL, "groups that the channels are divided into; -1: as many as channels" },
    ISO_NORMALIZATION_FIELDS(struct iso_group_normalization, "channel"),
    ISO_BETA_AND_GAMMA_INITIALIZER_FIELDS(struct iso_group_normalization),
    ISO_BETA_AND_GAMMA_REGULARIZER_FIELDS(struct iso_group_normalization),
    { 0 },
};
static const struct iso_weight_def weights[] = {
    ISO_GAMMA_AND_BETA_WEIGHTS(struct iso_group_normalization),
    { 0 },
};
static const char *const saved[] = { "mean", "inverse_deviation", NULL };

struct iso_normalized_sets iso_group_normalization_sets(const struct iso_group_normalization *p,
                                                        const struct iso_shape *x)
{
    const struct iso_bn_rows r = iso_bn_rows(x);
    const int64_t groups = p->groups == -1 ? r.channels : p->groups;
    return (struct iso_normalized_sets){ x->dim[0], r.per_image, groups, r.channels / groups };
}

static iso_rc check(const void *params)
{
    const struct iso_group_normalization *p = params;
    return p->groups != 0 ? ISO_OK
                          : iso_fail(ISO_EMODEL,
                                     "groups: 0; give 1 or more, or -1 for as many as "
                                     "there are channels");
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_group_normalization *p = params;
    const int64_t channels = x->dim[x->ndim - 1];
    const struct iso_shape channel = { 1, { channels } }, none = { 0 };
    *out = (struct iso_shapes){ .ny = 1, .nw = 2, .nsaved = 2 };
    if (x->ndim < 2)
        return iso_expect_ndim(x, 2, "");
    if (p->groups != -1 && channels % p->groups != 0)
        return iso_fail(ISO_ESHAPE, "groups: %lld do not divide the %lld channels",
                        (long long)p->groups, (long long)channels);
    out->y[0] = *x;
    out->w[ISO_LN_GAMMA] = p->scale ? channel : none;
    out->w[ISO_LN_BETA] = p->center ? channel : none;
    const struct iso_normalized_sets s = iso_group_normalization_sets(p, x);
    out->saved[ISO_LN_MEAN] = out->saved[ISO_LN_INVERSE] =
        (struct iso_shape){ 2, { s.outer, s.groups } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_normalized_sets s = iso_group_normalization_sets(params, x);
    iso_normalized_sets_cost(&s, x, pass, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_group_normalization *p = params;
    (void)step;
    out[ISO_LN_EPSILON] = p->epsilon;
}

static const struct iso_sum_def sums[] = {
    { "mean, variance, dx", ISO_SUM_AXIS, "pixels, then channels of the group" },
    { "dgamma, dbeta", ISO_SUM_ROWS, "a pixel, or an example" },
    { 0 },
};

const struct iso_op_def iso_def_group_normalization = {
    .doc =
        "normalizes groups of channels of each example to mean 0 and variance 1, then scales "
        "and shifts each channel; groups: -1 is instance normalization",
    .topic = "layers",
    .params_size = sizeof(struct iso_group_normalization),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .saved = saved,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .check = check,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
};
