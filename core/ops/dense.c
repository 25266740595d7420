/* dense.c: parameters, shapes and cost of the fully connected layer. */
#include "dense.h"
#include "infer.h"
#include "shared_fields.h"

#define AT(member) offsetof(struct iso_dense, member)
static const struct iso_field fields[] = {
    { "units", ISO_FIELD_INT, AT(units), NULL, 1, 1 << 24, NULL, "number of outputs" },
    ISO_ACTIVATION_AND_BIAS_FIELDS(struct iso_dense, "output"),
    ISO_KERNEL_FIELDS(struct iso_dense, kernel),
    { 0 },
};
static const struct iso_weight_def weights[] = {
    ISO_KERNEL_WEIGHTS(struct iso_dense, kernel),
    { 0 },
};

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_dense *p = params;
    *out = (struct iso_shapes){ .ny = 1, .nw = p->use_bias ? 2 : 1 };
    ISO_TRY(iso_expect_ndim(x, 2, " (add flatten)"));
    out->y[0] = (struct iso_shape){ 2, { x->dim[0], p->units } };
    out->w[0] = (struct iso_shape){ 2, { x->dim[1], p->units } };
    if (p->use_bias)
        out->w[1] = (struct iso_shape){ 1, { p->units } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_dense *p = params;
    double rows = (double)x->dim[0], in = (double)x->dim[1], units = (double)p->units;
    double products = rows * in * units;
    double bytes = sizeof(float) * (rows * in + rows * units + in * units);
    if (pass == ISO_FORWARD) {
        *out = (struct iso_cost){ 2 * products, bytes, iso_product_chain(x->dim[1]) };
        return;
    }
    const int64_t dx = iso_product_chain(p->units), dw = iso_row_sum_chain(x->dim[0], 1);
    *out = (struct iso_cost){ 4 * products, 2 * bytes, dx > dw ? dx : dw };
}

static const struct iso_sum_def sums[] = {
    { "y", ISO_SUM_PRODUCTS, "inputs" },
    { "dx", ISO_SUM_PRODUCTS, "units" },
    { "dkernel, dbias", ISO_SUM_ROWS, "an example" },
    { 0 },
};

const struct iso_op_def iso_def_dense = {
    .doc = "fully connected layer: every output depends on every input",
    .topic = "layers",
    .params_size = sizeof(struct iso_dense),
    .fields = fields,
    .weights = weights,
    .nx = 1,
    .product = true,
    .backward_uses = ISO_USES_X,
    .sums = sums,
    .infer = infer,
    .cost = cost,
};
