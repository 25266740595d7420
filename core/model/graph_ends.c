/* graph_ends.c: what comes behind the layers: the loss and its target, metrics, penalties. */
#include "graph_build.h"
#include "core/data/csv_list.h"

#include <stdio.h>
#include <string.h>

int iso_graph_absorbed(const struct iso_graph *g)
{
    const struct iso_op_use *loss = &g->training->loss;
    return iso_op_from_logits(loss->op, loss->params) ? ISO_LINEAR : iso_ops[loss->op].def->absorbs;
}

static bool ends_in(const struct iso_model *m, int function)
{
    const struct iso_layer *last = &m->layers[m->nlayers - 1];
    return iso_layer_is(last, function) || iso_layer_activation(last) == function;
}

/* The target's type and shape follow from the loss and the prediction's columns. One number is the
 * target of a single unit, which tells two classes apart. */
static void add_target(struct iso_graph_builder *b, int64_t rows, int64_t columns)
{
    struct iso_graph *g = b->graph;
    const bool one_hot = iso_ops[b->graph->training->loss.op].def->target != ISO_TARGET_CLASS;
    const struct iso_shape shape = { one_hot ? 2 : 1, { rows, one_hot ? columns : 0 } };
    g->targets = iso_model_targets(b->model);
    g->classes = columns == 1 && !g->targets ? 2 : columns;
    g->target = iso_graph_add_value(g, ISO_ROLE_TARGET, one_hot ? ISO_REAL : ISO_I32, &shape, -1);
    snprintf(g->values[g->target].name, ISO_NAME, "target");
}

/* Rows with targets have no class: what needs one is a fault, and so is another number of units. */
static void check_targets(struct iso_graph_builder *b, int64_t columns)
{
    const struct iso_model *m = b->model;
    const struct iso_op_use *loss = &b->graph->training->loss;
    const int64_t listed = iso_csv_list_count(m->train.options.target_columns);
    if (iso_ops[loss->op].def->target != ISO_TARGET_VALUES)
        iso_faults_add(b->faults, loss->location,
                       "%s takes one class of each row, and the rows of the training data have "
                       "targets: write binary_crossentropy for targets of 0 and 1, or "
                       "mean_squared_error for other numbers",
                       iso_ops[loss->op].name);
    if (listed > 0 && listed != columns)
        iso_faults_add(b->faults, m->layers[m->nlayers - 1].location,
                       "layer '%s' gives %lld numbers, and `target_columns:` of the training data "
                       "names %lld: give it %lld units",
                       m->layers[m->nlayers - 1].name, (long long)columns, (long long)listed,
                       (long long)listed);
    if (m->nclass_weights > 0)
        iso_faults_add(b->faults, m->class_weights[0].location,
                       "class_weight: weighs rows by their class, and the rows of the training "
                       "data have targets: leave it out");
    for (int i = 0; i < m->nmetrics; i++) {
        const struct iso_op_use *use = &m->metrics[i];
        const struct iso_op_def *def = iso_ops[use->op].def;
        if (def->of_class ||
            (iso_ops[use->op].kind == ISO_SCORE && iso_ops[def->reads].def->of_class))
            iso_faults_add(b->faults, use->location,
                           "%s compares the class of each row, and the rows of the training data "
                           "have targets: write binary_accuracy or auc for targets of 0 and 1, or "
                           "mean_absolute_error",
                           iso_ops[use->op].name);
    }
}

/* Makes the table of weights, and the value with the weights of a batch's rows. */
static iso_rc add_class_weight(struct iso_graph_builder *b, int64_t rows)
{
    const struct iso_model *m = b->model;
    struct iso_graph *g = b->graph;
    const struct iso_shape shape = { 1, { rows } };
    if (m->nclass_weights == 0)
        return ISO_OK;
    g->class_weight = iso_alloc((size_t)g->classes, sizeof *g->class_weight);
    if (g->class_weight == NULL)
        return ISO_ENOMEM;
    for (int64_t c = 0; c < g->classes; c++)
        g->class_weight[c] = 1.0f;
    for (int i = 0; i < m->nclass_weights; i++) {
        const struct iso_class_weight *w = &m->class_weights[i];
        if (w->class < g->classes)
            g->class_weight[w->class] = (float)w->weight;
        else
            iso_faults_add(b->faults, w->location,
                           "class_weight: there is no class %lld: the last "
                           "layer tells %lld apart, from 0",
                           (long long)w->class, (long long)g->classes);
    }
    g->sample_weight = iso_graph_add_value(g, ISO_ROLE_TARGET, ISO_REAL, &shape, -1);
    snprintf(g->values[g->sample_weight].name, ISO_NAME, "sample_weight");
    return b->faults->count > 0 ? ISO_EMODEL : ISO_OK;
}

/* ---- Mixtures ------------------------------------------------------------------------------ */

/* Replaces *value (-1: none) by the result of an augmentation that mixes rows. The node has the
 * same index among the augmentations as the one for images, so that it draws the same numbers. */
static iso_rc mix_value(struct iso_graph *g, int augmentation, const char *name, int *value)
{
    const struct iso_op_use *use = &g->training->augmentations[augmentation];
    if (*value < 0)
        return ISO_OK;
    ISO_TRY(iso_graph_add_node(g, use->op, use->params, -1, name, iso_ops[use->op].name, value, 1,
                               value));
    g->nodes[g->nnodes - 1].augmentation = augmentation;
    return ISO_OK;
}

static void name_mixture(struct iso_graph *g, int from, const char *given, int to, const char *name)
{
    if (from == to)
        return;
    snprintf(g->values[from].name, ISO_NAME, "%s", given);
    snprintf(g->values[to].name, ISO_NAME, "%s", name);
}

/* Targets and weights follow the images. */
static iso_rc add_mixtures(struct iso_graph_builder *b)
{
    const struct iso_training *t = b->graph->training;
    const enum iso_target takes = iso_ops[t->loss.op].def->target;
    struct iso_graph *g = b->graph;
    g->mixed_target = g->target;
    g->mixed_weight = g->sample_weight;
    for (int i = 0; i < t->naugmentations; i++) {
        const enum iso_op op = t->augmentations[i].op;
        if (!iso_ops[op].def->mixes)
            continue;
        if (takes != ISO_TARGET_VALUES) {
            iso_faults_add(b->faults, t->augmentations[i].location,
                           "%s: mixes targets, and %s takes "
                           "%s: write `loss: categorical_crossentropy`",
                           iso_ops[op].name, iso_ops[t->loss.op].name,
                           takes == ISO_TARGET_CLASS ? "classes" : "targets of two values");
            return ISO_EMODEL;
        }
        ISO_TRY(mix_value(g, i, "target", &g->mixed_target));
        ISO_TRY(mix_value(g, i, "sample_weight", &g->mixed_weight));
    }
    name_mixture(g, g->target, "labels", g->mixed_target, "target");
    name_mixture(g, g->sample_weight, "label_weight", g->mixed_weight, "sample_weight");
    return ISO_OK;
}

/* ---- Loss, metrics, penalties -------------------------------------------------------------- */

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

/* Checks that the network ends in what the loss takes: its activation, or logits. */
static iso_rc check_end(struct iso_graph_builder *b, const struct iso_op_use *loss,
                        const struct iso_layer *last)
{
    const int function = iso_ops[loss->op].def->absorbs;
    const bool logits = iso_op_from_logits(loss->op, loss->params);
    const char *op = iso_ops[loss->op].name, *name = iso_activation_names[function];
    if (function == ISO_LINEAR || ends_in(b->model, function) != logits)
        return ISO_OK;
    if (logits)
        iso_faults_add(
            b->faults, loss->location,
            "%s: from_logits: true, and layer '%s' ends in %s already: leave one of them "
            "out",
            op, last->name, name);
    else
        iso_faults_add(b->faults, loss->location,
                       "%s needs a %s at the end: give layer '%s' `activation: %s`, or the loss "
                       "`from_logits: true`",
                       op, name, last->name, name);
    return ISO_EMODEL;
}

static iso_rc add_loss(struct iso_graph_builder *b)
{
    const struct iso_model *m = b->model;
    struct iso_graph *g = b->graph;
    const struct iso_op_use *loss = &g->training->loss;
    const int last = m->nlayers - 1, prediction = b->result[last],
              absorbs = iso_ops[loss->op].def->absorbs;
    ISO_TRY(check_end(b, loss, &m->layers[last]));
    const struct iso_shape *shape = &g->values[prediction].shape;
    char text[64];
    if (shape->ndim != 2) {
        iso_faults_add(b->faults, m->layers[last].location,
                       "%s '%s': the last layer must give one number a class, not %s (add flatten "
                       "and dense)",
                       iso_ops[m->layers[last].op].name, m->layers[last].name,
                       iso_shape_text(shape, 1, text, sizeof text));
        return ISO_EMODEL;
    }
    if (shape->dim[1] == 1 && (absorbs == ISO_SOFTMAX || ends_in(m, ISO_SOFTMAX))) {
        iso_faults_add(b->faults, m->layers[last].location,
                       "%s '%s': the softmax of one unit is always 1: for two classes give it 2 "
                       "units, or `activation: sigmoid` and the loss binary_crossentropy",
                       iso_ops[m->layers[last].op].name, m->layers[last].name);
        return ISO_EMODEL;
    }
    add_target(b, g->shard_rows, shape->dim[1]);
    if (g->targets)
        check_targets(b, shape->dim[1]);
    if (b->faults->count > 0)
        return ISO_EMODEL;
    ISO_TRY(add_class_weight(b, g->shard_rows));
    ISO_TRY(add_mixtures(b));
    g->loss_node = g->nlayer_nodes = g->nnodes;
    const int x[3] = { prediction, g->mixed_target, g->mixed_weight };
    ISO_TRY(iso_graph_add_node(g, loss->op, loss->params, last, m->layers[last].name, "y", x,
                               g->mixed_weight >= 0 ? 3 : 2, &g->output));
    g->loss = g->nodes[g->loss_node].y[g->nodes[g->loss_node].ny - 1];
    if (g->output == g->loss) /* absorbs nothing: the prediction is the last layer's own */
        g->output = prediction;
    make_scalar(g, g->loss, "loss");
    return ISO_OK;
}

/* Adds a metric that counts on the device, with its node. No params change the counts of a metric
 * with forward_adds, so one node serves all scores that read it. */
static iso_rc add_counter(struct iso_graph *g, enum iso_op op, const void *params, const char *name,
                          int *y)
{
    const int x[2] = { g->output, g->mixed_target };
    *y = iso_graph_find(g, name);
    if (*y >= 0 && iso_ops[op].def->forward_adds)
        return ISO_OK;
    ISO_TRY(iso_graph_add_node(g, op, params, -1, name, "y", x, 2, y));
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
    if (iso_ops[use->op].kind != ISO_SCORE)
        return add_counter(g, use->op, use->params, iso_op_label(use->op, use->params, name), y);
    ISO_TRY(add_counter(g, def->reads, NULL, iso_ops[def->reads].name, y));
    return def->infer(use->params, &g->values[*y].shape, &score);
}

static iso_rc add_metrics(struct iso_graph_builder *b)
{
    for (int i = 0; i < b->model->nmetrics; i++) {
        const struct iso_op_use *use = &b->model->metrics[i];
        const iso_rc rc = add_metric(b->graph, use, &b->graph->metric[i]);
        if (rc == ISO_ENOMEM)
            return rc;
        if (rc != ISO_OK) {
            iso_faults_add_failure(b->faults, use->location, "%s", iso_ops[use->op].name);
        }
    }
    return b->faults->count > 0 ? ISO_EMODEL : ISO_OK;
}

/* One node a regularised weight, behind all others: its gradient is added to a finished one. */
static iso_rc add_penalties(struct iso_graph *g)
{
    const int n = g->nvalues;
    g->first_penalty = g->nnodes;
    g->step_columns = g->columns;
    for (int i = 0; i < n; i++) {
        const struct iso_value *w = &g->values[i];
        struct iso_shapes s;
        char name[ISO_NAME];
        if (w->regularizer == NULL)
            continue;
        ISO_TRY(iso_ops[ISO_OP_regularizer].def->infer(w->regularizer, &w->shape, &s));
        snprintf(name, sizeof name, "%.*s/penalty", ISO_NAME - 9, w->name);
        const int y = iso_graph_add_value(g, ISO_ROLE_SCALAR, ISO_REAL, &s.y[0], -1);
        make_scalar(g, y, name);
        g->nodes[g->nnodes++] = (struct iso_node){ .op = ISO_OP_regularizer,
                                                   .params = w->regularizer,
                                                   .layer = w->layer,
                                                   .nw = 1,
                                                   .w = { i },
                                                   .ny = 1,
                                                   .y = { y } };
    }
    return ISO_OK;
}

iso_rc iso_graph_add_ends(struct iso_graph_builder *b)
{
    ISO_TRY(add_loss(b));
    ISO_TRY(add_metrics(b));
    return add_penalties(b->graph);
}
