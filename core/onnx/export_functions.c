/* export_functions.c: activations in ONNX's operators. */
#include "export_build.h"
#include "core/ops/activation.h"

#include <stddef.h>

enum { NEWEST = 20 };

/* A function in ONNX: an operator, the first version that has it, and, if x is multiplied with the
 * result, another operator before that. */
struct written {
    const char *op, *then;
    bool times_x;
    int opset;
};

static const struct written forms[] = {
    [ISO_LINEAR] = { "Identity", NULL, false, 1 },
    [ISO_RELU] = { "Relu", NULL, false, 1 },
    [ISO_ELU] = { "Elu", NULL, false, 1 },
    [ISO_SIGMOID] = { "Sigmoid", NULL, false, 1 },
    [ISO_TANH] = { "Tanh", NULL, false, 1 },
    [ISO_LEAKY_RELU] = { "LeakyRelu", NULL, false, 1 },
    [ISO_SOFTPLUS] = { "Softplus", NULL, false, 1 },
    [ISO_SWISH] = { "Sigmoid", NULL, true, 1 },
    [ISO_GELU] = { "Gelu", NULL, false, NEWEST },
    [ISO_HARD_SIGMOID] = { "HardSigmoid", NULL, false, 1 },
    [ISO_RELU6] = { "Clip", NULL, false, 11 },
    [ISO_HARD_TANH] = { "Clip", NULL, false, 11 },
    [ISO_SELU] = { "Selu", NULL, false, 1 },
    [ISO_HARD_SILU] = { "HardSwish", NULL, false, 14 },
    [ISO_MISH] = { "Softplus", "Tanh", true, 1 },
    [ISO_SOFTSIGN] = { "Softsign", NULL, false, 1 },
    [ISO_SOFTMAX] = { "Softmax", NULL, false, 13 },
    [ISO_LOG_SOFTMAX] = { "LogSoftmax", NULL, false, 13 },
    [ISO_GELU_TANH] = { "Gelu", NULL, false, NEWEST },
};

static const char *limit(struct iso_onnx_exporter *e, const char *suffix, double value)
{
    const int64_t none = 0;
    const char *name = iso_onnx_subname(e, suffix);
    float *number = iso_onnx_constant(e, name, 0, &none);
    if (number != NULL)
        *number = (float)value;
    return name;
}

/* The limits' names, before the node that reads them is made. */
struct limits {
    const char *low, *high;
};

static struct limits limits_of(struct iso_onnx_exporter *e, const struct iso_activation *p)
{
    const int formula = iso_activation_formula(p);
    if (formula != ISO_RELU6 && formula != ISO_HARD_TANH)
        return (struct limits){ NULL, NULL };
    const bool tanh = formula == ISO_HARD_TANH;
    const char *low = limit(e, "min", tanh ? -1 : 0);
    return (struct limits){ low, limit(e, "max", tanh ? 1 : iso_activation_parameter(p)) };
}

static void set_function(struct iso_onnx_exporter *e, struct iso_onnx_node *node,
                         const struct iso_activation *p, int64_t channels)
{
    const int formula = iso_activation_formula(p);
    if (formula == ISO_ELU || formula == ISO_LEAKY_RELU || formula == ISO_HARD_SIGMOID)
        iso_onnx_real(e, node, "alpha", iso_activation_parameter(p));
    if (formula == ISO_HARD_SIGMOID)
        iso_onnx_real(e, node, "beta", 0.5);
    if (iso_act_of_rows(formula))
        iso_onnx_int(e, node, "axis", channels);
    if (p->function == ISO_GELU)
        iso_onnx_word(e, node, "approximate", p->approximate ? "tanh" : "none");
    if (e->m->opset < forms[formula].opset)
        e->m->opset = forms[formula].opset;
}

/* A factor of x: one node, or two. Returns its name. */
static const char *factor(struct iso_onnx_exporter *e, const struct written *form, const char *x)
{
    const char *name = iso_onnx_subname(e, form->op);
    iso_onnx_input(e, iso_onnx_add(e, form->op, name, name), x);
    if (form->then == NULL)
        return name;
    const char *then = iso_onnx_subname(e, form->then);
    iso_onnx_input(e, iso_onnx_add(e, form->then, then, then), name);
    return then;
}

void iso_onnx_export_activation(struct iso_onnx_exporter *e, const struct iso_activation *p, int x,
                                int y)
{
    const struct written *form = &forms[iso_activation_formula(p)];
    const bool first = iso_onnx_lies_first(e, x);
    const char *from = iso_onnx_as(e, x, first);
    const char *name = iso_onnx_subname(e, iso_activation_names[p->function]);
    const char *by = form->times_x ? factor(e, form, from) : NULL;
    const struct limits limits = limits_of(e, p);
    struct iso_onnx_node *node =
        iso_onnx_add_for(e, form->times_x ? "Mul" : form->op, name, y, first);
    iso_onnx_input(e, node, from);
    if (by != NULL)
        iso_onnx_input(e, node, by);
    if (limits.low != NULL) {
        iso_onnx_input(e, node, limits.low);
        iso_onnx_input(e, node, limits.high);
    }
    if (node != NULL)
        set_function(e, node, p, first ? 1 : iso_onnx_shape(e, x)->ndim - 1);
}
