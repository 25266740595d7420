/* activation.c: parameters, shapes and cost of the elementwise functions and softmax. */
#include "activation.h"
#include "infer.h"

const char *const iso_activation_names[] = {
    "linear", "relu", "elu", "sigmoid", "tanh", "softmax", NULL
};

#define AT(member) offsetof(struct iso_activation, member)
static const struct iso_field fields[] = {
    { "function", ISO_FIELD_ENUM, AT(function), NULL, 0, 0, iso_activation_names,
      "the function; softmax runs over the last axis" },
    { "alpha", ISO_FIELD_REAL, AT(alpha), "1.0", 0, 1e6, NULL,
      "elu only: alpha (exp(x) - 1) below 0" },
    { 0 }
};

static iso_rc check(const void *params)
{
    const struct iso_activation *p = params;
    if (p->function != ISO_ELU && p->alpha != 1.0)
        return iso_fail(ISO_EMODEL, "alpha belongs to elu; leave it out for %s",
                        iso_activation_names[p->function]);
    return ISO_OK;
}

static iso_rc infer(const void *params, const struct iso_shape *x, struct iso_shapes *out)
{
    (void)params;
    *out = (struct iso_shapes){ .ny = 1, .y = { *x } };
    return iso_expect_all_countable(out);
}

static void cost(const void *params, const struct iso_shape *x, enum iso_pass pass,
                 struct iso_cost *out)
{
    const struct iso_activation *p = params;
    double flops = p->function == ISO_LINEAR ? 0 : p->function == ISO_RELU ? 1 : 20;
    iso_elementwise_cost(x, pass == ISO_FORWARD ? flops : 3, pass == ISO_FORWARD ? 2 : 3, out);
    if (p->function == ISO_SOFTMAX)
        out->chain = x->dim[x->ndim - 1] / ISO_LANES + 5;
}

const struct iso_op_def iso_def_activation = {
    .doc = "a function of each element, or softmax over the last axis",
    .section = "layers",
    .params_size = sizeof(struct iso_activation),
    .fields = fields,
    .nx = 1,
    .backward_uses = ISO_USES_Y,
    .infer = infer,
    .cost = cost,
    .check = check,
};
