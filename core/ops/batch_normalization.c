/* batch_normalization.c: parameters, shapes, cost and scalars of batch normalization. */
#include "batch_normalization.h"
#include "infer.h"
#include "shared_fields.h"

static const char *const corrections[] = { "none", "bessel", "keras_2", NULL };

#define AT(member) offsetof(struct iso_batch_normalization, member)
static const struct iso_field fields[] = {
    { "momentum", ISO_FIELD_REAL, AT(momentum), "0.99", 0, 1, NULL,
      "share of the old value that a moving statistic keeps in each step" },
    ISO_NORMALIZATION_FIELDS(struct iso_batch_normalization, "channel"),
    { "synchronized", ISO_FIELD_BOOL, AT(synchronized), "false", 0, 0, NULL,
      "the statistics are of the whole batch where `train: {shards: N}` divides it, and not of "
      "each "
      "shard: these then go through the network together, and need the memory of all" },
    { "moving_variance_correction", ISO_FIELD_ENUM, AT(moving_variance_correction), "none", 0, 0,
      corrections,
      "none: the batch's variance, as in Keras 3; bessel: times n/(n-1), as in tf.keras 2 on "
      "images; keras_2: times n/(n-1-epsilon), on images with bessel, as in Keras 2.2 and 2.3" },
    ISO_BETA_AND_GAMMA_INITIALIZER_FIELDS(struct iso_batch_normalization),
    ISO_INITIALIZER_FIELD(struct iso_batch_normalization, moving_mean, "zeros", "moving mean"),
    ISO_INITIALIZER_FIELD(struct iso_batch_normalization, moving_variance, "ones",
                          "moving variance"),
    ISO_BETA_AND_GAMMA_REGULARIZER_FIELDS(struct iso_batch_normalization),
    { 0 }
};
static const struct iso_weight_def weights[] = {
    ISO_GAMMA_AND_BETA_WEIGHTS(struct iso_batch_normalization),
    { "moving_mean", AT(moving_mean_initializer), false, 0 },
    { "moving_variance", AT(moving_variance_initializer), false, 0 },
    { 0 }
};
static const char *const saved[] = { "mean", "inverse_deviation", NULL };

struct iso_bn_rows iso_bn_rows(const struct iso_shape *x)
{
    const int64_t channels = x->dim[x->ndim - 1], rows = iso_shape_count(x) / channels;
    return (struct iso_bn_rows){ rows, rows / x->dim[0], channels };
}

/* Keras 2.2 and 2.3 multiply the variance by n / (n - 1 - epsilon); that of images, which their
 * TensorFlow computed, had been multiplied by n / (n - 1) already. One row has no variance. */
double iso_bn_moving_rows(const struct iso_batch_normalization *p, const struct iso_shape *x)
{
    const double rows = (double)iso_bn_rows(x).rows, fewer = rows - (1 + p->epsilon);
    if (rows < 2 || p->moving_variance_correction == ISO_CORRECTION_NONE)
        return rows;
    if (p->moving_variance_correction == ISO_CORRECTION_BESSEL)
        return rows - 1;
    return x->ndim == 4 ? fewer * (rows - 1) / rows : fewer;
}

static iso_rc check(const void *params)
{
    const struct iso_batch_normalization *p = params;
    if (p->moving_variance_correction == ISO_CORRECTION_KERAS_2 && p->epsilon >= 1)
        return iso_fail(ISO_EMODEL,
                        "moving_variance_correction: keras_2 divides by "
                        "n - 1 - epsilon; give an epsilon below 1");
    return ISO_OK;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_batch_normalization *p = params;
    const struct iso_shape channel = { 1, { x->dim[x->ndim - 1] } }, none = { 0 };
    *out = (struct iso_shapes){ .ny = 1, .nw = 4, .nsaved = 2 };
    if (x->ndim < 2)
        return iso_expect_ndim(x, 2, "");
    out->y[0] = *x;
    out->w[ISO_BN_GAMMA] = p->scale ? channel : none;
    out->w[ISO_BN_BETA] = p->center ? channel : none;
    out->w[ISO_BN_MOVING_MEAN] = out->w[ISO_BN_MOVING_VARIANCE] = channel;
    out->saved[ISO_BN_MEAN] = out->saved[ISO_BN_INVERSE] = channel;
    out->saved_whole[ISO_BN_MEAN] = out->saved_whole[ISO_BN_INVERSE] = true;
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_bn_rows r = iso_bn_rows(x);
    (void)params;
    iso_elementwise_cost(x, pass == ISO_FORWARD ? 7 : 8, pass == ISO_FORWARD ? 3 : 5, out);
    out->chain = iso_row_sum_chain(x->dim[0], r.per_image);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_batch_normalization *p = params;
    (void)step;
    out[ISO_BN_MOMENTUM] = p->momentum;
    out[ISO_BN_1_MOMENTUM] = 1 - p->momentum;
    out[ISO_BN_EPSILON] = p->epsilon;
}

static const struct iso_sum_def sums[] = {
    { "mean, dgamma, dbeta", ISO_SUM_ROWS, "a pixel, or an example" },
    { "variance", ISO_SUM_ROWS, "the same; squares are about the mean of their block" },
    { 0 },
};

const struct iso_op_def iso_def_batch_normalization = {
    .doc =
        "normalizes each channel to mean 0 and variance 1 over the batch, then scales and shifts "
        "it",
    .topic = "layers",
    .params_size = sizeof(struct iso_batch_normalization),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .forward_changes = 1u << ISO_BN_MOVING_MEAN | 1u << ISO_BN_MOVING_VARIANCE,
    .saved = saved,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
