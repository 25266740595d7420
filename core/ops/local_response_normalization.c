/* local_response_normalization.c: parameters, shapes and cost of normalization across channels. */
#include "infer.h"
#include "local_response_normalization.h"

#define AT(member) offsetof(struct iso_local_response_normalization, member)
static const struct iso_field fields[] = {
    { "size", ISO_FIELD_INT, AT(size), "5", 1, 1023, NULL,
      "number of neighbouring channels to sum over, odd; PyTorch and ONNX differ for even ones" },
    { "alpha", ISO_FIELD_REAL, AT(alpha), "0.0001", 0, 1e6, NULL,
      "factor of the mean of their squares" },
    { "beta", ISO_FIELD_REAL, AT(beta), "0.75", 0, 100, NULL, "exponent" },
    { "bias", ISO_FIELD_REAL, AT(bias), "1", 1e-30, 1e6, NULL,
      "number that is added to that; PyTorch calls it k" },
    { 0 },
};

static iso_rc check(const void *params)
{
    const struct iso_local_response_normalization *p = params;
    return p->size % 2 == 1 ? ISO_OK
                            : iso_fail(ISO_EMODEL, "size: an odd number of channels is needed");
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .y = { *x } };
    if (x->ndim < 2)
        return iso_expect_ndim(x, 2, "");
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_local_response_normalization *p = params;
    iso_elementwise_cost(x, 2 * (double)p->size, pass == ISO_FORWARD ? 2 : 3, out);
}

static void scalars(const void *params, uint64_t step, double out[ISO_SCALARS])
{
    const struct iso_local_response_normalization *p = params;
    (void)step;
    out[ISO_LRN_SCALE] = p->alpha / (double)p->size;
    out[ISO_LRN_BIAS] = p->bias;
    out[ISO_LRN_BETA] = p->beta;
    out[ISO_LRN_FACTOR] = 2 * p->alpha * p->beta / (double)p->size;
}

static const struct iso_sum_def sums[] = {
    { "squares, and the part of dx that comes from them", ISO_SUM_CHAIN, "channel" },
    { 0 },
};

const struct iso_op_def iso_def_local_response_normalization = {
    .doc =
        "divides each number by a power of the squares in neighbouring channels, as AlexNet "
        "does: PyTorch's LocalResponseNorm",
    .topic = "layers",
    .params_size = sizeof(struct iso_local_response_normalization),
    .fields = fields,
    .nx = 1,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .scalars = scalars,
    .check = check,
};
