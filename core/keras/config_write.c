/* config_write.c: a model as Keras's config.json. */
#include "classes.h"
#include "config.h"
#include "order.h"
#include "core/text/json.h"
#include "core/model/field.h"
#include "core/text/number.h"
#include "core/ops/activation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version whose form the file has. */
static const char keras_version[] = "3.0.0";

struct class_use { /* a layer's class, and one key that is not a field of the op */
    const char *name, *key;
    json_t *value;
};

static iso_rc refuse(const struct iso_layer *l, const char *what)
{
    return iso_fail(ISO_EDATA,
                    "%s:%d: layer '%s': Keras has no %s; export as .onnx, or only the weights as "
                    ".h5",
                    l->location.file, l->location.line, l->name, what);
}

/* ---- Values -------------------------------------------------------------------------------- */

static json_t *whole_numbers(const int64_t *v, int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++)
        iso_json_append(list, json_integer(v[i]));
    return list;
}

static json_t *sides(const int64_t *v)
{
    json_t *both = json_array();
    iso_json_append(both, whole_numbers(v, 2));
    iso_json_append(both, whole_numbers(v + 2, 2));
    return both;
}

static json_t *object(const char *module, const char *class_name, json_t *config)
{
    return json_pack("{s:s, s:s, s:o, s:n}", "module", module, "class_name", class_name, "config",
                     config, "registered_name");
}

static json_t *regularizer(const struct iso_regularizer *r)
{
    if (r->l1 == 0 && r->l2 == 0)
        return json_null();
    return object("keras.regularizers", "L1L2", json_pack("{s:f, s:f}", "l1", r->l1, "l2", r->l2));
}

/* Returns a field's value as Keras has it; NULL: it has no such parameter. */
static json_t *value_of(const struct iso_field *f, const void *params)
{
    const void *at = (const char *)params + f->offset;
    const int64_t *whole = at;
    if (strcmp(f->key, "winograd") == 0 || strcmp(f->key, "moving_variance_correction") == 0)
        return NULL;
    switch (f->type) {
    case ISO_FIELD_INT: return json_integer(*whole);
    case ISO_FIELD_INT2:
        if (strcmp(f->key, "output_padding") == 0)
            return whole[0] < 0 ? NULL : whole_numbers(whole, 2);
        return whole[0] == 0 ? NULL : whole_numbers(whole, 2);
    case ISO_FIELD_SIDES: return sides(whole);
    case ISO_FIELD_REAL: return json_real(*(const double *)at);
    case ISO_FIELD_BOOL: return json_boolean(*(const bool *)at);
    case ISO_FIELD_ENUM:
    case ISO_FIELD_ACTIVATION: return iso_json_string(iso_field_choices(f)[*(const int *)at]);
    case ISO_FIELD_SHAPE:
        return whole_numbers(((const struct iso_shape *)at)->dim + 1,
                             ((const struct iso_shape *)at)->ndim - 1);
    case ISO_FIELD_REGULARIZER: return regularizer(at);
    default: return NULL; /* initializers: the weights are in the file */
    }
}

/* ---- Layers -------------------------------------------------------------------------------- */

/* Chooses the class of an activation, and its one parameter. */
static iso_rc choose_activation(const struct iso_layer *l, struct class_use *use)
{
    const struct iso_activation *p = l->params;
    const char *name = iso_activation_names[p->function];
    if (p->approximate)
        return refuse(l, "layer gelu by tanh");
    if (p->function == ISO_HARD_SIGMOID && p->slope != 1.0 / 6.0)
        return refuse(l, "hard_sigmoid of another slope than 1/6");
    if (p->function == ISO_RELU && p->max_value > 0)
        *use = (struct class_use){ "ReLU", "max_value", json_real(p->max_value) };
    else if (p->function == ISO_LEAKY_RELU)
        *use = (struct class_use){ "LeakyReLU", "negative_slope", json_real(p->negative_slope) };
    else if (p->function == ISO_ELU)
        *use = (struct class_use){ "ELU", "alpha", json_real(p->alpha) };
    else
        *use = (struct class_use){ "Activation", "activation", iso_json_string(name) };
    return ISO_OK;
}

/* A PReLU of images has one slope for each channel, like isocl's. */
static iso_rc choose_class(const struct iso_layer *l, int rank, struct class_use *use)
{
    *use = (struct class_use){ .name = iso_keras_class(l->op) };
    if (l->op == ISO_OP_activation)
        return choose_activation(l, use);
    if (use->name == NULL || l->op == ISO_OP_layer_scale || l->op == ISO_OP_stochastic_depth)
        return refuse(l, iso_ops[l->op].name);
    if (l->op == ISO_OP_prelu && rank == 4) {
        use->key = "shared_axes";
        use->value = whole_numbers((const int64_t[]){ 1, 2 }, 2);
    }
    return ISO_OK;
}

static json_t *fields_of(const struct iso_layer *l)
{
    json_t *config = json_pack("{s:s}", "name", l->name);
    const struct iso_field *f = iso_ops[l->op].def->fields;
    for (; l->op != ISO_OP_activation && f->key != NULL; f++) {
        json_t *value = value_of(f, l->params);
        if (value != NULL)
            iso_json_set(config, f->key, value);
    }
    if (l->frozen && iso_ops[l->op].def->weights != NULL)
        iso_json_set(config, "trainable", json_false());
    return config;
}

/* ---- Connections --------------------------------------------------------------------------- */

struct writer {
    const struct iso_model *m;
    struct iso_shape *shapes; /* shape of each layer's result */
    const char *input;
};

static json_t *batch_shape(const struct iso_shape *s)
{
    json_t *list = whole_numbers(s->dim + 1, s->ndim - 1);
    if (json_array_insert_new(list, 0, json_null()) == 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *tensor(const struct writer *w, int layer)
{
    const char *name = layer < 0 ? w->input : w->m->layers[layer].name;
    const struct iso_shape *shape = layer < 0 ? &w->m->input : &w->shapes[layer];
    json_t *config = json_pack("{s:o, s:s, s:[s, i, i]}", "shape", batch_shape(shape), "dtype",
                               "float32", "keras_history", name, 0, 0);
    return json_pack("{s:s, s:o}", "class_name", "__keras_tensor__", "config", config);
}

/* Returns the tensors that a layer reads: one, or a list of them for a layer that joins some. */
static json_t *inbound(const struct writer *w, const struct iso_layer *l)
{
    json_t *list = json_array(), *args = json_array();
    for (int i = 0; i < l->ninputs; i++)
        iso_json_append(l->ninputs > 1 ? list : args, tensor(w, l->input[i]));
    if (l->ninputs > 1)
        json_array_append(args, list);
    json_decref(list);
    return json_pack("[{s:o, s:{}}]", "args", args, "kwargs");
}

/* Computes the shape of a layer's result, for one row. */
static iso_rc infer(const struct writer *w, int layer)
{
    const struct iso_layer *l = &w->m->layers[layer];
    struct iso_shape x[ISO_OPERANDS] = { 0 };
    struct iso_shapes shapes;
    for (int i = 0; i < l->ninputs; i++) {
        x[i] = l->input[i] < 0 ? w->m->input : w->shapes[l->input[i]];
        x[i].dim[0] = 1;
    }
    ISO_TRY(iso_ops[l->op].def->infer(l->params, x, &shapes));
    w->shapes[layer] = shapes.y[0];
    return ISO_OK;
}

static iso_rc add_layer(const struct writer *w, int layer, json_t *list)
{
    const struct iso_layer *l = &w->m->layers[layer];
    struct class_use use;
    ISO_TRY(
        choose_class(l, l->input[0] < 0 ? w->m->input.ndim : w->shapes[l->input[0]].ndim, &use));
    json_t *config = fields_of(l), *whole;
    if (use.key != NULL)
        iso_json_set(config, use.key, use.value);
    whole = object("keras.layers", use.name, config);
    iso_json_set(whole, "name", iso_json_string(l->name));
    iso_json_set(whole, "inbound_nodes", inbound(w, l));
    return json_array_append_new(list, whole) == 0 ? ISO_OK : iso_fail(ISO_ENOMEM, "out of memory");
}

static json_t *input_layer(const struct writer *w)
{
    json_t *config = json_pack("{s:o, s:s, s:s}", "batch_shape", batch_shape(&w->m->input), "dtype",
                               "float32", "name", w->input);
    json_t *whole = object("keras.layers", "InputLayer", config);
    iso_json_set(whole, "name", iso_json_string(w->input));
    iso_json_set(whole, "inbound_nodes", json_array());
    return whole;
}

static iso_rc add_layers(const struct writer *w, const int *order, int n, json_t *list)
{
    iso_json_append(list, input_layer(w));
    for (int i = 0; i < w->m->nlayers; i++)
        ISO_TRY(infer(w, i));
    for (int i = 0; i < n; i++)
        ISO_TRY(add_layer(w, order[i], list));
    return ISO_OK;
}

/* ---- The whole ----------------------------------------------------------------------------- */

static iso_rc write_text(json_t *whole, char **out)
{
    return iso_json_text(whole, JSON_REAL_PRECISION(17), out);
}

static json_t *network(const struct writer *w, json_t *layers)
{
    const char *output = w->m->layers[w->m->nlayers - 1].name;
    json_t *config = json_pack("{s:s, s:b, s:o, s:[[s, i, i]], s:[[s, i, i]]}", "name", w->m->name,
                               "trainable", true, "layers", layers, "input_layers", w->input, 0, 0,
                               "output_layers", output, 0, 0);
    return object("keras.src.models.functional", "Functional", config);
}

iso_rc iso_keras_config(const struct iso_model *m, char **out)
{
    struct writer w = { .m = m, .input = "input" };
    int *order = iso_alloc((size_t)m->nlayers, sizeof *order);
    json_t *layers = json_array();
    w.shapes = iso_alloc((size_t)m->nlayers, sizeof *w.shapes);
    const int n = order != NULL && w.shapes != NULL ? iso_keras_order(m, order) : -1;
    iso_rc rc = n >= 0 ? add_layers(&w, order, n, layers) : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = write_text(network(&w, layers), out);
    else
        json_decref(layers);
    free(order);
    free(w.shapes);
    return rc;
}

iso_rc iso_keras_metadata(char **out)
{
    return write_text(json_pack("{s:s, s:s}", "keras_version", keras_version, "date_saved",
                                "1980-01-01@00:00:00"),
                      out);
}
