/* graph.c: from a checked description to nodes and values with names and shapes. Every fault found
 * here is about shapes or connections and carries the place of its layer. */
#include "field.h"
#include "graph.h"
#include "../ops/activation.h"
#include "../ops/infer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a builder keeps while it walks the layers. */
struct builder {
    const struct iso_model *model;
    struct iso_graph *graph;
    struct iso_faults *faults;
    int *result;                       /* value each layer ends in; -1 when the layer has a fault */
    struct iso_activation *activations;
    int nactivations;
};

static void set_name(char *out, const char *layer, const char *part)
{
    snprintf(out, ISO_NAME, "%.*s/%s", ISO_NAME - 24, layer, part);
}

/* Every layer makes at most two nodes; every node at most these many values, and every weight of a
 * layer at most one penalty. */
static iso_rc reserve(struct builder *b)
{
    const size_t nodes = 2 * (size_t)b->model->nlayers + 1 + ISO_METRICS + ISO_AUGMENTATIONS;
    const size_t penalties = (size_t)b->model->nlayers * ISO_SLOTS;
    struct iso_graph *g = b->graph;
    g->nodes = iso_alloc(nodes + penalties, sizeof *g->nodes);
    g->values = iso_alloc(nodes * 3 * ISO_SLOTS + penalties + 3, sizeof *g->values);
    g->owned = b->activations = iso_alloc((size_t)b->model->nlayers + 1, sizeof *b->activations);
    b->result = iso_alloc((size_t)b->model->nlayers + 1, sizeof *b->result);
    return g->nodes && g->values && g->owned && b->result ? ISO_OK : ISO_ENOMEM;
}

static int add_value(struct iso_graph *g, enum iso_role role, enum iso_dtype dtype,
                     const struct iso_shape *shape, int layer)
{
    struct iso_value *v = &g->values[g->nvalues];
    v->role = role;
    v->dtype = dtype;
    v->shape = *shape;
    v->batched = role != ISO_ROLE_WEIGHT && role != ISO_ROLE_SCALAR;
    v->layer = layer;
    v->view_of = -1;
    return g->nvalues++;
}

static const struct iso_shape *input_shapes(const struct iso_graph *g, const int *x, int nx,
                                            struct iso_shape *out)
{
    for (int i = 0; i < nx; i++)
        out[i] = g->values[x[i]].shape;
    return out;
}

static const void *param_at(const struct iso_node *node, size_t offset)
{
    return (const char *)node->params + offset;
}

/* What the size of a trained weight costs; NULL for nothing. */
static const struct iso_regularizer *regularizer_of(const struct iso_node *node,
                                                    const struct iso_weight_def *w)
{
    const struct iso_regularizer *r = w->regularizer > 0 ? param_at(node, w->regularizer) : NULL;
    return r && (r->l1 > 0 || r->l2 > 0) ? r : NULL;
}

static void add_weights(struct iso_graph *g, struct iso_node *node, const struct iso_shapes *s,
                        const char *layer_name)
{
    const struct iso_op_def *def = iso_ops[node->op].def;
    const bool frozen = s->nw > 0 && g->model->layers[node->layer].frozen;
    node->inference = frozen && def->forward_changes != 0;
    for (int i = 0; i < s->nw; i++) {
        const struct iso_weight_def *w = &def->weights[i];
        node->w[i] = -1;
        if (s->w[i].ndim == 0)
            continue;
        const int id = add_value(g, ISO_ROLE_WEIGHT, ISO_REAL, &s->w[i], node->layer);
        struct iso_value *v = &g->values[id];
        set_name(v->name, layer_name, w->name);
        v->trainable = v->gradient = w->trainable && !frozen;
        v->initializer = param_at(node, w->initializer);
        v->regularizer = v->trainable ? regularizer_of(node, w) : NULL;
        v->weight = i;
        node->w[i] = id;
    }
    node->nw = s->nw;
}

static void add_saved(struct iso_graph *g, struct iso_node *node, const struct iso_shapes *s,
                      const char *layer_name)
{
    const char *const *names = iso_ops[node->op].def->saved;
    for (int i = 0; i < s->nsaved; i++) {
        node->saved[i] = add_value(g, ISO_ROLE_SAVED, s->saved_dtype[i], &s->saved[i], node->layer);
        set_name(g->values[node->saved[i]].name, layer_name, names ? names[i] : "saved");
        g->values[node->saved[i]].batched = !s->saved_whole[i];
    }
    node->nsaved = s->nsaved;
}

/* A gradient flows to y when one flows to an input or a weight is trained. */
static bool wants_gradient(const struct iso_graph *g, const struct iso_node *node)
{
    for (int i = 0; i < node->nx; i++)
        if (g->values[node->x[i]].gradient)
            return true;
    for (int i = 0; i < node->nw; i++)
        if (node->w[i] >= 0 && g->values[node->w[i]].gradient)
            return true;
    return false;
}

/* Adds a node and the values it makes; *y is its first result, named <layer>/<part>. */
static iso_rc add_node(struct iso_graph *g, enum iso_op op, const void *params, int layer,
                       const char *layer_name, const char *part, const int *x, int nx, int *y)
{
    struct iso_shape in[ISO_SLOTS] = { 0 };
    struct iso_shapes s = { 0 };
    ISO_TRY(iso_ops[op].def->infer(params, input_shapes(g, x, nx, in), &s));
    struct iso_node *node = &g->nodes[g->nnodes++];
    *node = (struct iso_node){ .op = op, .params = params, .layer = layer, .nx = nx, .ny = s.ny };
    memcpy(node->x, x, (size_t)nx * sizeof *x);
    add_weights(g, node, &s, layer_name);
    add_saved(g, node, &s, layer_name);
    for (int i = 0; i < s.ny; i++)
        node->y[i] = add_value(g, ISO_ROLE_VALUE, s.y_dtype[i], &s.y[i], layer);
    struct iso_value *first = &g->values[node->y[0]];
    set_name(first->name, layer_name, part);
    first->gradient = iso_ops[op].kind != ISO_LOSS && wants_gradient(g, node);
    if (iso_ops[op].kind == ISO_VIEW)
        first->view_of = g->values[x[0]].view_of >= 0 ? g->values[x[0]].view_of : x[0];
    *y = node->y[0];
    return ISO_OK;
}

/* The activation a layer's field table holds; linear when it has none. */
static int layer_activation(const struct iso_layer *layer)
{
    for (const struct iso_field *f = iso_ops[layer->op].def->fields; f && f->key; f++)
        if (f->type == ISO_FIELD_ACTIVATION)
            return *(const int *)(const void *)((const char *)layer->params + f->offset);
    return ISO_LINEAR;
}

static bool is_activation(const struct iso_layer *layer, int function)
{
    return layer->op == ISO_OP_activation &&
           ((const struct iso_activation *)layer->params)->function == function;
}

/* The activation that the loss node absorbs; linear: none. */
static int absorbed(const struct iso_model *m)
{
    return iso_ops[m->training.loss.op].def->absorbs;
}

/* Where the loss absorbs the last layer's activation, that has no node of its own. */
static iso_rc add_layer(struct builder *b, int index, bool last)
{
    const int by_loss = last ? absorbed(b->model) : ISO_LINEAR;
    const struct iso_layer *layer = &b->model->layers[index];
    struct iso_graph *g = b->graph;
    int x[ISO_SLOTS], y;
    for (int i = 0; i < layer->ninputs; i++) {
        x[i] = layer->input[i] < 0 ? g->augmented : b->result[layer->input[i]];
        if (x[i] < 0)
            return ISO_OK;             /* its own fault is reported already */
    }
    const int activation = layer_activation(layer);
    if (by_loss != ISO_LINEAR && is_activation(layer, by_loss)) {
        b->result[index] = x[0];
        return ISO_OK;
    }
    ISO_TRY(add_node(g, layer->op, layer->params, index, layer->name,
                     activation == ISO_LINEAR ? "y" : "logits", x, layer->ninputs, &y));
    if (activation != ISO_LINEAR && activation != by_loss) {
        struct iso_activation *params = &b->activations[b->nactivations++];
        params->function = activation;
        ISO_TRY(iso_fields_default(iso_ops[ISO_OP_activation].def->fields, params));
        ISO_TRY(add_node(g, ISO_OP_activation, params, index, layer->name, "y", &y, 1, &y));
    }
    b->result[index] = y;
    return ISO_OK;
}

/* The last one makes `input`; what is before the first one is then called images. */
static iso_rc add_augmentations(struct builder *b)
{
    const struct iso_training *t = &b->model->training;
    struct iso_graph *g = b->graph;
    for (int i = 0; i < t->naugmentations; i++) {
        const struct iso_op_use *use = &t->augmentations[i];
        const char *name = iso_ops[use->op].name;
        const iso_rc rc = add_node(g, use->op, use->params, -1, "augmentation", name,
                                   &g->augmented, 1, &g->augmented);
        if (rc == ISO_ENOMEM)
            return rc;
        if (rc != ISO_OK) {
            iso_faults_add(b->faults, use->place, "%s: %s", name, iso_error());
            iso_error_clear();
            return ISO_EMODEL;
        }
        g->nodes[g->nnodes - 1].augmentation = i;
    }
    if (g->augmented != g->input)
        snprintf(g->values[g->input].name, ISO_NAME, "images");
    snprintf(g->values[g->augmented].name, ISO_NAME, "input");
    return ISO_OK;
}

static iso_rc add_layers(struct builder *b)
{
    for (int i = 0; i < b->model->nlayers; i++) {
        const struct iso_layer *layer = &b->model->layers[i];
        b->result[i] = -1;
        const iso_rc rc = add_layer(b, i, i + 1 == b->model->nlayers);
        if (rc == ISO_ENOMEM)
            return rc;
        if (rc != ISO_OK) {
            iso_faults_add(b->faults, layer->place, "%s '%s': %s", iso_ops[layer->op].name,
                           layer->name, iso_error());
            iso_error_clear();
        }
    }
    return ISO_OK;
}

static bool ends_in(const struct iso_model *m, int function)
{
    const struct iso_layer *last = &m->layers[m->nlayers - 1];
    return is_activation(last, function) || layer_activation(last) == function;
}

/* The target's type and shape follow from the loss and the number of classes. */
static void add_target(struct builder *b, int64_t rows)
{
    struct iso_graph *g = b->graph;
    const bool one_hot = iso_ops[b->model->training.loss.op].def->target == ISO_TARGET_VALUES;
    const struct iso_shape shape = { one_hot ? 2 : 1, { rows, one_hot ? g->classes : 0 } };
    g->target = add_value(g, ISO_ROLE_TARGET, one_hot ? ISO_REAL : ISO_I32, &shape, -1);
    snprintf(g->values[g->target].name, ISO_NAME, "target");
}

/* The table of weights, and the value that holds those of a batch's rows. */
static iso_rc add_class_weight(struct builder *b, int64_t rows)
{
    const struct iso_model *m = b->model;
    struct iso_graph *g = b->graph;
    const struct iso_shape shape = { 1, { rows } };
    if (m->nclass_weights == 0)
        return ISO_OK;
    g->class_weight = iso_alloc((size_t)g->classes, sizeof *g->class_weight);
    if (!g->class_weight)
        return ISO_ENOMEM;
    for (int64_t c = 0; c < g->classes; c++)
        g->class_weight[c] = 1.0f;
    for (int i = 0; i < m->nclass_weights; i++) {
        const struct iso_class_weight *w = &m->class_weights[i];
        if (w->class < g->classes)
            g->class_weight[w->class] = (float)w->weight;
        else
            iso_faults_add(b->faults, w->place, "class_weight: there is no class %lld: the last "
                           "layer tells %lld apart, from 0", (long long)w->class,
                           (long long)g->classes);
    }
    g->sample_weight = add_value(g, ISO_ROLE_TARGET, ISO_REAL, &shape, -1);
    snprintf(g->values[g->sample_weight].name, ISO_NAME, "sample_weight");
    return b->faults->count > 0 ? ISO_EMODEL : ISO_OK;
}

static void name_result(struct iso_value *v, enum iso_role role, const char *name)
{
    v->role = role;
    v->batched = v->gradient = false;
    v->layer = -1;
    snprintf(v->name, ISO_NAME, "%s", name);
}

/* The value is one number a step: it gets the log's next column. */
static void make_scalar(struct iso_graph *g, int value, const char *name)
{
    name_result(&g->values[value], ISO_ROLE_SCALAR, name);
    g->values[value].at = g->columns++;
}

static void make_counts(struct iso_graph *g, int value, const char *name)
{
    struct iso_value *v = &g->values[value];
    name_result(v, ISO_ROLE_COUNTS, name);
    v->at = g->ncounts;
    g->ncounts += iso_shape_count(&v->shape);
}

static iso_rc add_loss(struct builder *b)
{
    const struct iso_model *m = b->model;
    const struct iso_op_use *loss = &m->training.loss;
    struct iso_graph *g = b->graph;
    const int last = m->nlayers - 1, prediction = b->result[last], absorbs = absorbed(m);
    if (absorbs != ISO_LINEAR && !ends_in(m, absorbs)) {
        const char *name = iso_activation_names[absorbs];
        iso_faults_add(b->faults, loss->place, "%s needs a %s at the end: give layer '%s' "
                       "`activation: %s`", iso_ops[loss->op].name, name, m->layers[last].name,
                       name);
        return ISO_EMODEL;
    }
    const struct iso_shape *shape = &g->values[prediction].shape;
    char text[64];
    if (shape->ndim != 2) {
        iso_faults_add(b->faults, m->layers[last].place,
                       "%s '%s': the last layer must give one number a class, not %s (add flatten "
                       "and dense)", iso_ops[m->layers[last].op].name, m->layers[last].name,
                       iso_shape_text(shape, 1, text, sizeof text));
        return ISO_EMODEL;
    }
    g->classes = shape->dim[1];
    add_target(b, g->batch);
    ISO_TRY(add_class_weight(b, g->batch));
    g->loss_node = g->nlayer_nodes = g->nnodes;
    const int x[3] = { prediction, g->target, g->sample_weight };
    ISO_TRY(add_node(g, loss->op, loss->params, last, m->layers[last].name, "y", x,
                     g->sample_weight >= 0 ? 3 : 2, &g->output));
    g->loss = g->nodes[g->loss_node].y[g->nodes[g->loss_node].ny - 1];
    if (g->output == g->loss)          /* absorbs nothing: the prediction is the last layer's own */
        g->output = prediction;
    make_scalar(g, g->loss, "loss");
    return ISO_OK;
}

/* A metric that counts on the device, with its node; a metric that adds has no params that change
 * what it counts, so one node is enough for all who read it. */
static iso_rc add_counter(struct iso_graph *g, enum iso_op op, const void *params,
                          const char *name, int *y)
{
    const int x[2] = { g->output, g->target };
    *y = iso_graph_find(g, name);
    if (*y >= 0 && iso_ops[op].def->forward_adds)
        return ISO_OK;
    ISO_TRY(add_node(g, op, params, -1, name, "y", x, 2, y));
    if (iso_ops[op].def->forward_adds)
        make_counts(g, *y, name);
    else
        make_scalar(g, *y, name);
    return ISO_OK;
}

static iso_rc add_metric(struct iso_graph *g, const struct iso_op_use *use, int *y)
{
    const struct iso_op_def *def = iso_ops[use->op].def;
    struct iso_shapes score;
    char name[ISO_NAME];
    if (iso_ops[use->op].kind == ISO_METRIC)
        return add_counter(g, use->op, use->params, iso_op_label(use->op, use->params, name), y);
    ISO_TRY(add_counter(g, def->reads, NULL, iso_ops[def->reads].name, y));
    return def->infer(use->params, &g->values[*y].shape, &score);
}

static iso_rc add_metrics(struct builder *b)
{
    for (int i = 0; i < b->model->nmetrics; i++) {
        const struct iso_op_use *use = &b->model->metrics[i];
        const iso_rc rc = add_metric(b->graph, use, &b->graph->metric[i]);
        if (rc == ISO_ENOMEM)
            return rc;
        if (rc != ISO_OK) {
            iso_faults_add(b->faults, use->place, "%s: %s", iso_ops[use->op].name, iso_error());
            iso_error_clear();
        }
    }
    return b->faults->count > 0 ? ISO_EMODEL : ISO_OK;
}

/* One node a regularised weight, behind all others: its gradient is added to a finished one. */
static iso_rc add_penalties(struct iso_graph *g)
{
    const int n = g->nvalues;
    for (int i = 0; i < n; i++) {
        const struct iso_value *w = &g->values[i];
        struct iso_shapes s;
        char name[ISO_NAME];
        if (!w->regularizer)
            continue;
        ISO_TRY(iso_ops[ISO_OP_regularizer].def->infer(w->regularizer, &w->shape, &s));
        snprintf(name, sizeof name, "%.*s/penalty", ISO_NAME - 9, w->name);
        const int y = add_value(g, ISO_ROLE_SCALAR, ISO_REAL, &s.y[0], -1);
        make_scalar(g, y, name);
        g->nodes[g->nnodes++] = (struct iso_node){
            .op = ISO_OP_regularizer, .params = w->regularizer, .layer = w->layer,
            .nw = 1, .w = { i }, .ny = 1, .y = { y } };
    }
    return ISO_OK;
}

static iso_rc build(struct builder *b)
{
    struct iso_graph *g = b->graph;
    ISO_TRY(reserve(b));
    if (b->model->nlayers == 0)
        return ISO_EMODEL;             /* the loader has reported it */
    struct iso_shape input = b->model->input;
    input.dim[0] = g->batch;
    ISO_TRY(iso_expect_countable(&input));
    g->input = add_value(g, ISO_ROLE_INPUT, ISO_REAL, &input, -1);
    g->augmented = g->input;
    ISO_TRY(add_augmentations(b));
    ISO_TRY(add_layers(b));
    if (b->faults->count > 0)
        return ISO_EMODEL;
    ISO_TRY(add_loss(b));
    ISO_TRY(add_metrics(b));
    return add_penalties(g);
}

iso_rc iso_graph_build(const struct iso_model *model, int64_t batch, struct iso_faults *faults,
                       struct iso_graph **out)
{
    struct builder b = { .model = model, .faults = faults };
    b.graph = iso_alloc(1, sizeof *b.graph);
    if (!b.graph)
        return ISO_ENOMEM;
    b.graph->model = model;
    b.graph->batch = batch;
    b.graph->sample_weight = -1;
    const iso_rc rc = build(&b);
    free(b.result);
    if (rc != ISO_OK) {
        iso_graph_free(b.graph);
        if (faults->count > 0)
            return iso_fail(ISO_EMODEL, "%s does not describe a network", model->file);
        return rc;
    }
    *out = b.graph;
    return ISO_OK;
}

void iso_graph_free(struct iso_graph *g)
{
    if (!g)
        return;
    free(g->nodes);
    free(g->values);
    free(g->owned);
    free(g->class_weight);
    free(g);
}

bool iso_graph_has_backward(const struct iso_graph *g, int node)
{
    return node <= g->loss_node || iso_ops[g->nodes[node].op].kind == ISO_PENALTY;
}

int iso_graph_find(const struct iso_graph *g, const char *name)
{
    for (int i = 0; i < g->nvalues; i++)
        if (strcmp(g->values[i].name, name) == 0)
            return i;
    return -1;
}

static void set_tensor(const struct iso_graph *g, int value, int64_t rows, struct iso_tensor *out)
{
    const struct iso_value *v = &g->values[value];
    out->dtype = v->dtype;
    out->shape = v->shape;
    if (v->batched)
        out->shape.dim[0] = rows;
}

iso_rc iso_graph_call(const struct iso_graph *g, int index, int64_t rows, struct iso_call *out)
{
    const struct iso_node *n = &g->nodes[index];
    const bool augments = iso_ops[n->op].kind == ISO_AUGMENTATION;
    *out = (struct iso_call){ .params = n->params,
                              .layer = (uint32_t)(augments ? n->augmentation
                                                  : n->layer < 0 ? 0 : n->layer) };
    for (int i = 0; i < n->nx; i++)
        set_tensor(g, n->x[i], rows, &out->x[i]);
    for (int i = 0; i < n->ny; i++)
        set_tensor(g, n->y[i], rows, &out->y[i]);
    for (int i = 0; i < n->nw; i++)
        if (n->w[i] >= 0)
            set_tensor(g, n->w[i], rows, &out->w[i]);
    for (int i = 0; i < n->nsaved; i++)
        set_tensor(g, n->saved[i], rows, &out->saved[i]);
    return ISO_OK;
}
