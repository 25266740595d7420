/* layers.c: what a model file says with an op's name: layers, loss, optimizer, metrics. */
#include "section.h"
#include "field.h"
#include "suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYER_NAME = 48 }; /* with its NUL; leaves room for /kernel/velocity in ISO_NAME */

const struct iso_layer_key iso_layer_keys[] = {
    { "name", "name in weight files and messages (default: conv2d_1, conv2d_2, ...)" },
    { "inputs", "name of the layer it reads, or input; a list where it reads several, such as "
                "[conv2d_2, input] (default: the layer above)" },
    { .key = NULL }
};

iso_rc iso_params_default(enum iso_op op, void **params)
{
    const struct iso_op_def *def = iso_ops[op].def;
    *params = iso_alloc(1, def->params_size ? def->params_size : 1);
    if (!*params)
        return ISO_ENOMEM;
    iso_rc rc = iso_fields_default(def->fields, *params);
    if (rc != ISO_OK) {
        free(*params);
        *params = NULL;
    }
    return rc;
}

/* ---- Ops ----------------------------------------------------------------------------------- */

static const char *kind_text(enum iso_kind kind)
{
    switch (kind) {
    case ISO_INPUT:     return "an input";
    case ISO_LAYER:
    case ISO_VIEW:      return "a layer";
    case ISO_LOSS:      return "a loss";
    case ISO_METRIC:
    case ISO_SCORE:     return "a metric";
    case ISO_OPTIMIZER: return "an optimizer";
    case ISO_PENALTY:   return "a penalty";
    }
    return "";
}

/* The op of this name in a help section such as "layers"; -1, with a fault, for none. */
static int find_op(struct iso_loader *l, const struct iso_yaml *name, const char *section,
                   const char *kind)
{
    char hint[80];
    struct iso_suggest near;
    iso_suggest_begin(&near, name->text);
    int other = -1;
    for (int op = 0; op < ISO_OP_COUNT; op++) {
        const char *belongs = iso_ops[op].def->section;
        bool here = belongs && strcmp(belongs, section) == 0;
        if (strcmp(iso_ops[op].name, name->text) == 0) {
            if (here)
                return op;
            other = belongs ? op : -1;
        }
        if (here)
            iso_suggest_try(&near, iso_ops[op].name);
    }
    if (other >= 0)
        iso_faults_add(l->faults, name->place, "'%s' is %s, not %s", name->text,
                       kind_text(iso_ops[other].kind), kind);
    else if (near.best)
        iso_faults_add(l->faults, name->place, "unknown %s '%.40s'%s", strchr(kind, ' ') + 1,
                       name->text, iso_suggest_text(&near, hint, sizeof hint));
    else
        iso_faults_add(l->faults, name->place,
                       "unknown %s '%.40s'; `isocl help %s` lists those there are",
                       strchr(kind, ' ') + 1, name->text, section);
    return -1;
}

/* Params of an op from its args; also: as for iso_fields_read. *params is set, and to be freed by
 * the caller, even when there are faults. */
static iso_rc read_params(struct iso_loader *l, enum iso_op op, const struct iso_named *named,
                          const char *const *also, void **params)
{
    const struct iso_op_def *def = iso_ops[op].def;
    int before = l->faults->count;
    *params = iso_alloc(1, def->params_size ? def->params_size : 1);
    if (!*params)
        return ISO_ENOMEM;
    ISO_TRY(iso_fields_read(def->fields, iso_ops[op].name, named->name->place, named->args, also,
                            *params, l->faults));
    if (l->faults->count > before || !def->check)
        return ISO_OK;
    iso_error_clear();
    if (def->check(*params) != ISO_OK) {
        iso_faults_add(l->faults, named->name->place, "%s: %s", iso_ops[op].name, iso_error());
        iso_error_clear();
    }
    return ISO_OK;
}

static iso_rc read_use(struct iso_loader *l, const struct iso_yaml *node, const char *section,
                       const char *kind, struct iso_op_use *use)
{
    struct iso_named named;
    use->place = node->place;
    if (!iso_named_read(node, kind, l->faults, &named))
        return ISO_OK;
    use->place = named.name->place;
    int op = find_op(l, named.name, section, kind);
    if (op < 0)
        return ISO_OK;
    use->op = (enum iso_op)op;
    return read_params(l, use->op, &named, NULL, &use->params);
}

iso_rc iso_load_loss(struct iso_loader *l, const struct iso_yaml *node)
{
    return read_use(l, node, "losses", "a loss", &l->training->loss);
}

iso_rc iso_load_optimizer(struct iso_loader *l, const struct iso_yaml *node)
{
    return read_use(l, node, "optimizers", "an optimizer",
                    &l->training->optimizer);
}

/* A metric may stand there twice with other params, but not twice under one name. */
static void check_metric_name(struct iso_loader *l, int index)
{
    const struct iso_op_use *m = l->model->metrics, *use = &m[index];
    char name[ISO_NAME], other[ISO_NAME];
    iso_op_label(use->op, use->params, name);
    for (int i = 0; i < index; i++)
        if (m[i].params && strcmp(iso_op_label(m[i].op, m[i].params, other), name) == 0)
            iso_faults_add(l->faults, use->place, "metrics: '%s' is there twice", name);
}

iso_rc iso_load_metrics(struct iso_loader *l, const struct iso_yaml *node)
{
    struct iso_model *m = l->model;
    char found[64];
    if (node->kind != ISO_YAML_SEQUENCE) {
        iso_faults_add(l->faults, node->place,
                       "metrics: expected a list such as [accuracy], found %s",
                       iso_yaml_describe(node, found, sizeof found));
        return ISO_OK;
    }
    for (int i = 0; i < node->count; i++) {
        if (m->nmetrics == ISO_METRICS) {
            iso_faults_add(l->faults, node->items[i]->place, "metrics: more than %d", ISO_METRICS);
            return ISO_OK;
        }
        struct iso_op_use *use = &m->metrics[m->nmetrics++];
        ISO_TRY(read_use(l, node->items[i], "metrics", "a metric", use));
        if (use->params)
            check_metric_name(l, m->nmetrics - 1);
    }
    return ISO_OK;
}

/* ---- Layers -------------------------------------------------------------------------------- */

static int find_layer(const struct iso_model *m, int before, const char *name)
{
    for (int i = 0; i < before; i++)
        if (m->layers[i].name[0] && strcmp(m->layers[i].name, name) == 0)
            return i;
    return -1;
}

/* The name a file gives its layer; "" with a fault when it cannot be one. */
static void given_name(struct iso_loader *l, const struct iso_yaml *node, struct iso_layer *layer)
{
    static const char *const taken[] = { "input", "target", "sample_weight", "loss", "d", NULL };
    char found[64];
    const char *what = iso_ops[layer->op].name;
    if (node->kind != ISO_YAML_SCALAR || iso_yaml_is_null(node)) {
        iso_faults_add(l->faults, node->place, "%s: name: expected a name, found %s", what,
                       iso_yaml_describe(node, found, sizeof found));
        return;
    }
    if (strlen(node->text) >= LAYER_NAME || !iso_name_valid(node->text)) {
        iso_faults_add(l->faults, node->place,
                       "%s: name: a name is made of letters, digits, '_', '-' and "
                       "'.', begins with a letter, a digit or '_', and has at most %d of them",
                       what, LAYER_NAME - 1);
        return;
    }
    for (int i = 0; taken[i]; i++)
        if (strcmp(taken[i], node->text) == 0) {
            iso_faults_add(l->faults, node->place, "%s: name: '%s' already means something else in "
                           "traces", what, taken[i]);
            return;
        }
    strcpy(layer->name, node->text);
}

static void name_layer(struct iso_loader *l, const struct iso_yaml *args, int index, int *unnamed)
{
    struct iso_layer *layer = &l->model->layers[index];
    const struct iso_yaml *name = args ? iso_yaml_get(args, "name") : NULL;
    if (name)
        given_name(l, name, layer);
    else
        snprintf(layer->name, sizeof layer->name, "%s_%d", iso_ops[layer->op].name,
                 ++unnamed[layer->op]);
    int same = find_layer(l->model, index, layer->name);
    if (*layer->name && same >= 0)
        iso_faults_add(l->faults, name ? name->place : layer->place,
                       "%s: the layer at line %d has the name '%s' already",
                       iso_ops[layer->op].name, l->model->layers[same].place.line, layer->name);
}

/* One entry of inputs: the index of the layer that it names, -1 for the model's input. */
static void read_input(struct iso_loader *l, const struct iso_yaml *node, int index, int *input)
{
    char text[80];
    struct iso_layer *layer = &l->model->layers[index];
    const char *what = iso_ops[layer->op].name;
    *input = -1;
    if (node->kind != ISO_YAML_SCALAR || iso_yaml_is_null(node)) {
        iso_faults_add(l->faults, node->place, "%s: inputs: expected the name of a layer, found %s",
                       what, iso_yaml_describe(node, text, sizeof text));
        return;
    }
    if (strcmp(node->text, "input") == 0)
        return;
    *input = find_layer(l->model, index, node->text);
    if (*input >= 0 || l->unknown_layer)
        return;
    struct iso_suggest near;
    iso_suggest_begin(&near, node->text);
    iso_suggest_try(&near, "input");
    for (int i = 0; i < index && l->faults->count < ISO_FAULTS_MAX; i++)    /* else unseen */
        iso_suggest_try(&near, l->model->layers[i].name);
    iso_faults_add(l->faults, node->place, "%s: inputs: there is no layer '%.48s' above%s", what,
                   node->text, iso_suggest_text(&near, text, sizeof text));
}

static void connect_layer(struct iso_loader *l, const struct iso_yaml *args, int index)
{
    struct iso_layer *layer = &l->model->layers[index];
    const struct iso_yaml *inputs = args ? iso_yaml_get(args, "inputs") : NULL;
    const bool list = inputs && inputs->kind == ISO_YAML_SEQUENCE;
    const int given = list ? inputs->count : 1;
    int least, most;
    char wanted[40];
    iso_op_inputs(layer->op, &least, &most);
    layer->input[0] = index - 1;
    if (given < least || given > most) {
        iso_faults_add(l->faults, inputs ? inputs->place : layer->place,
                       "%s reads %s, not %d (inputs: names them)", iso_ops[layer->op].name,
                       iso_op_inputs_text(layer->op, wanted, sizeof wanted), given);
        return;
    }
    layer->ninputs = given;
    for (int i = 0; inputs && i < given; i++)
        read_input(l, list ? inputs->items[i] : inputs, index, &layer->input[i]);
}

static iso_rc read_layer(struct iso_loader *l, const struct iso_yaml *node, int index, int *unnamed)
{
    static const char *const also[] = { "name", "inputs", NULL };
    struct iso_layer *layer = &l->model->layers[index];
    struct iso_named named;
    layer->place = node->place;
    int op = iso_named_read(node, "a layer", l->faults, &named)
                 ? find_op(l, named.name, "layers", "a layer")
                 : -1;
    if (op < 0) {
        l->unknown_layer = true;
        return ISO_OK;
    }
    layer->op = (enum iso_op)op;
    layer->place = named.name->place;
    ISO_TRY(read_params(l, layer->op, &named, also, &layer->params));
    const struct iso_yaml *args = named.args && named.args->kind == ISO_YAML_MAPPING ? named.args
                                                                                     : NULL;
    name_layer(l, args, index, unnamed);
    connect_layer(l, args, index);
    return ISO_OK;
}

/* A layer whose result nobody reads is a mistake, most likely in an `inputs:` below it. */
static void find_unread(struct iso_loader *l)
{
    const struct iso_model *m = l->model;
    for (int i = 0; i < m->nlayers - 1; i++) {
        bool read = false;
        for (int j = i + 1; j < m->nlayers && !read; j++)
            for (int k = 0; k < m->layers[j].ninputs; k++)
                read = read || m->layers[j].input[k] == i;
        if (!read)
            iso_faults_add(l->faults, m->layers[i].place, "%s: no layer reads '%s'",
                           iso_ops[m->layers[i].op].name, m->layers[i].name);
    }
}

iso_rc iso_load_layers(struct iso_loader *l, const struct iso_yaml *node)
{
    struct iso_model *m = l->model;
    char found[64];
    int before = l->faults->count, unnamed[ISO_OP_COUNT] = { 0 };
    if (node->kind != ISO_YAML_SEQUENCE || node->count == 0) {
        iso_faults_add(l->faults, node->place, "layers: expected a list of layers, found %s",
                       node->kind == ISO_YAML_SEQUENCE
                           ? "an empty one"
                           : iso_yaml_describe(node, found, sizeof found));
        return ISO_OK;
    }
    if (node->count > ISO_LAYERS_MAX) {
        iso_faults_add(l->faults, node->place, "layers: more than %d", ISO_LAYERS_MAX);
        return ISO_OK;
    }
    m->layers = iso_alloc((size_t)node->count, sizeof *m->layers);
    if (!m->layers)
        return ISO_ENOMEM;
    m->nlayers = node->count;
    for (int i = 0; i < m->nlayers; i++)
        ISO_TRY(read_layer(l, node->items[i], i, unnamed));
    if (l->faults->count == before)
        find_unread(l);
    return ISO_OK;
}
