/* activation.c: parameters, shapes and cost of the elementwise functions, softmax and log_softmax.
 */
#include "activation.h"
#include "infer.h"

#include <string.h>

#define NAME(name, NAME, ...) #name,
const char *const iso_activation_names[] = { ISO_ACTIVATIONS(NAME) ISO_ROW_FUNCTIONS(NAME) NULL };

const char *iso_activation_own_name(const char *name)
{
    static const char *const others[][2] = { { "silu", "swish" }, { "hard_swish", "hard_silu" } };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i][0]) == 0)
            return others[i][1];
    return name;
}

#define AT(member) offsetof(struct iso_activation, member)
static const struct iso_field fields[] = {
    { "function", ISO_FIELD_ENUM, AT(function), NULL, 0, 0, iso_activation_names,
      "the function; softmax and log_softmax run over the last axis; silu is swish, and "
      "hard_swish is hard_silu" },
    { "max_value", ISO_FIELD_REAL, AT(max_value), "0", 0, 1e6, NULL,
      "relu only: the largest result, 6 for relu6; 0: no limit" },
    { "alpha", ISO_FIELD_REAL, AT(alpha), "1.0", 0, 1e6, NULL,
      "elu only: alpha (exp(x) - 1) below 0" },
    { "negative_slope", ISO_FIELD_REAL, AT(negative_slope), "0.2", 0, 1e6, NULL,
      "leaky_relu only: slope below 0; 0.2 as in Keras's function, its layer LeakyReLU has 0.3" },
    { "slope", ISO_FIELD_REAL, AT(slope), "1/6", 1e-6, 1e6, NULL,
      "hard_sigmoid only: slope x + 0.5, clamped to [0, 1]; 1/6 as in Keras 3, 0.2 as in Keras 2" },
    { "approximate", ISO_FIELD_BOOL, AT(approximate), "false", 0, 0, NULL,
      "gelu only: by tanh instead of the error function" },
    { 0 }
};

enum iso_activation_function iso_activation_formula(const struct iso_activation *p)
{
    return p->approximate ? ISO_GELU_TANH
           : p->function == ISO_RELU && p->max_value > 0
               ? ISO_RELU6
               : (enum iso_activation_function)p->function;
}

bool iso_is_relu(const struct iso_activation *p)
{
    return p != NULL && iso_activation_formula(p) == ISO_RELU;
}

double iso_activation_parameter(const struct iso_activation *p)
{
    return p->function == ISO_LEAKY_RELU     ? p->negative_slope
           : p->function == ISO_HARD_SIGMOID ? p->slope
           : p->function == ISO_RELU         ? p->max_value
           : p->function == ISO_RELU6        ? 6.0
                                             : p->alpha;
}

/* Fails if a parameter that belongs to another function differs from its default. */
static iso_rc check(const void *params)
{
    const struct iso_activation *p = params;
    const struct {
        const char *key;
        int function;
        bool set;
    } owned[] = {
        { "alpha", ISO_ELU, p->alpha != 1.0 },
        { "negative_slope", ISO_LEAKY_RELU, p->negative_slope != 0.2 },
        { "slope", ISO_HARD_SIGMOID, p->slope != 1.0 / 6.0 },
        { "max_value", ISO_RELU, p->max_value != 0 },
        { "approximate", ISO_GELU, p->approximate },
    };
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++)
        if (owned[i].set && p->function != owned[i].function)
            return iso_fail(ISO_EMODEL, "%s belongs to %s; leave it out for %s", owned[i].key,
                            iso_activation_names[owned[i].function],
                            iso_activation_names[p->function]);
    return ISO_OK;
}

static unsigned uses(const void *params)
{
    return iso_act_reads_x(iso_activation_formula(params)) ? ISO_USES_X : ISO_USES_Y;
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
    if (iso_act_of_rows(p->function))
        out->chain = iso_axis_chain(x->dim[x->ndim - 1]);
}

static const struct iso_sum_def sums[] = {
    { "softmax, log_softmax: the exponentials; dx", ISO_SUM_AXIS, "columns" },
    { 0 },
};

const struct iso_op_def iso_def_activation = {
    .doc = "a function of each element, or softmax or log_softmax over the last axis",
    .topic = "layers",
    .params_size = sizeof(struct iso_activation),
    .fields = fields,
    .nx = 1,
    .uses = uses,
    .sums = sums,
    .infer = infer,
    .cost = cost,
    .check = check,
};
