/* gather_labels.c: a batch of targets from labels in device memory. */
#include "gather_labels.h"
#include "infer.h"

#define AT(member) offsetof(struct iso_gather_labels, member)
static const struct iso_field fields[] = {
    { "classes", ISO_FIELD_INT, AT(classes), NULL, 1, 1 << 24, NULL, "number of classes" },
    { "one_hot", ISO_FIELD_BOOL, AT(one_hot), "false", 0, 0, NULL,
      "one number per class instead of an index" },
    { "from", ISO_FIELD_INT, AT(from), "0", 0, 1, NULL,
      "the first of these classes: 1 leaves class 0 out, as a single sigmoid does" },
    { 0 }
};

/* y has as many rows as the order has entries; a call may take fewer. */
static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    const struct iso_gather_labels *p = params;
    *out = (struct iso_shapes){ .ny = 1, .y_dtype = { p->one_hot ? ISO_REAL : ISO_I32 } };
    out->y[0] = (struct iso_shape){ 1, { x[1].dim[0] } };
    if (p->one_hot)
        out->y[0] = (struct iso_shape){ 2, { x[1].dim[0], p->classes - p->from } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_gather_labels *p = params;
    (void)pass;
    iso_elementwise_cost(&x[1], 0, p->one_hot ? 2 + (double)p->classes : 3, out);
}

static iso_rc check(const void *params)
{
    const struct iso_gather_labels *p = params;
    if (p->from == 0 || (p->one_hot && p->classes > p->from))
        return ISO_OK;
    return iso_fail(ISO_EMODEL,
                    "from: 1 leaves a class out of one_hot numbers: it needs one_hot "
                    "and 2 classes");
}

const struct iso_op_def iso_def_gather_labels = {
    .doc = "a batch of targets from labels in device memory",
    .params_size = sizeof(struct iso_gather_labels),
    .fields = fields,
    .nx = 2,
    .resident = ISO_I32,
    .infer = infer,
    .cost = cost,
    .check = check,
};
