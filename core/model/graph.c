/* graph.c: from a checked description to nodes and values with names and shapes. Every fault found
 * here is about shapes or connections and carries the location of its layer. */
#include "field.h"
#include "graph_build.h"
#include "core/ops/batch_normalization.h"
#include "core/ops/infer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every layer makes at most two nodes, an augmentation three; every node at most these many values,
 * and every weight of a layer at most one penalty. */
static iso_rc reserve(struct iso_graph_builder *b)
{
    const size_t nodes = 2 * (size_t)b->model->nlayers + 1 + ISO_METRICS + 3 * ISO_AUGMENTATIONS;
    const size_t penalties = (size_t)b->model->nlayers * ISO_OPERANDS;
    struct iso_graph *g = b->graph;
    g->nodes = iso_alloc(nodes + penalties, sizeof *g->nodes);
    g->values = iso_alloc(nodes * 3 * ISO_OPERANDS + penalties + 3, sizeof *g->values);
    g->owned = b->activations = iso_alloc((size_t)b->model->nlayers + 1, sizeof *b->activations);
    b->result = iso_alloc((size_t)b->model->nlayers + 1, sizeof *b->result);
    return g->nodes != NULL && g->values != NULL && g->owned != NULL && b->result != NULL
               ? ISO_OK
               : ISO_ENOMEM;
}

/* Adds a layer's node, and one for its activation unless the loss absorbs that. */
static iso_rc add_layer(struct iso_graph_builder *b, int index, bool last)
{
    const int by_loss = last ? iso_graph_absorbed(b->graph) : ISO_LINEAR;
    const struct iso_layer *layer = &b->model->layers[index];
    struct iso_graph *g = b->graph;
    int x[ISO_OPERANDS], y;
    for (int i = 0; i < layer->ninputs; i++) {
        x[i] = layer->input[i] < 0 ? g->augmented : b->result[layer->input[i]];
        if (x[i] < 0)
            return ISO_OK; /* its own fault is reported already */
    }
    const struct iso_op_use *loss = &g->training->loss;
    const int activation = iso_layer_activation(layer);
    const bool logits = activation != ISO_LINEAR ||
                        (last && iso_op_from_logits(loss->op, loss->params));
    if (by_loss != ISO_LINEAR && iso_layer_is(layer, by_loss)) {
        b->result[index] = x[0];
        return ISO_OK;
    }
    ISO_TRY(iso_graph_add_node(g, layer->op, layer->params, index, layer->name,
                               logits ? "logits" : "y", x, layer->ninputs, &y));
    if (activation != ISO_LINEAR && activation != by_loss) {
        struct iso_activation *params = &b->activations[b->nactivations++];
        params->function = activation;
        ISO_TRY(iso_fields_default(iso_ops[ISO_OP_activation].def->fields, params));
        ISO_TRY(
            iso_graph_add_node(g, ISO_OP_activation, params, index, layer->name, "y", &y, 1, &y));
    }
    b->result[index] = y;
    return ISO_OK;
}

/* The last augmentation computes `input`; the value before the first one is then called images. */
static iso_rc add_augmentations(struct iso_graph_builder *b)
{
    const struct iso_training *t = b->graph->training;
    struct iso_graph *g = b->graph;
    for (int i = 0; i < t->naugmentations; i++) {
        const struct iso_op_use *use = &t->augmentations[i];
        const char *name = iso_ops[use->op].name;
        const iso_rc rc = iso_graph_add_node(g, use->op, use->params, -1, "augmentation", name,
                                             &g->augmented, 1, &g->augmented);
        if (rc == ISO_ENOMEM)
            return rc;
        if (rc != ISO_OK) {
            iso_faults_add_failure(b->faults, use->location, "%s", name);
            return ISO_EMODEL;
        }
        if (iso_ops[use->op].def->of_images && g->values[g->augmented].shape.ndim != 4) {
            iso_faults_add(b->faults, use->location,
                           "%s: needs images of height x width x channels: give the input such a "
                           "shape",
                           name);
            return ISO_EMODEL;
        }
        g->nodes[g->nnodes - 1].augmentation = i;
    }
    if (g->augmented != g->input)
        snprintf(g->values[g->input].name, ISO_NAME, "images");
    snprintf(g->values[g->augmented].name, ISO_NAME, "input");
    return ISO_OK;
}

static iso_rc add_layers(struct iso_graph_builder *b)
{
    for (int i = 0; i < b->model->nlayers; i++) {
        const struct iso_layer *layer = &b->model->layers[i];
        b->result[i] = -1;
        const iso_rc rc = add_layer(b, i, i + 1 == b->model->nlayers);
        if (rc == ISO_ENOMEM)
            return rc;
        if (rc != ISO_OK) {
            iso_faults_add_failure(b->faults, layer->location, "%s '%s'", iso_ops[layer->op].name,
                                   layer->name);
        }
    }
    return ISO_OK;
}

bool iso_graph_changes(const struct iso_graph *g, int node)
{
    return iso_ops[g->nodes[node].op].def->forward_changes != 0 && !g->nodes[node].inference;
}

bool iso_graph_synchronizes(const struct iso_graph *g, int node)
{
    const struct iso_node *n = &g->nodes[node];
    const struct iso_batch_normalization *p = n->params;
    return n->op == ISO_OP_batch_normalization && g->shards > 1 && !n->inference && p->synchronized;
}

/* Refuses statistics of both kinds: the sums of the others would have to be added where the
 * synchronized ones stop. */
static void check_statistics(struct iso_graph_builder *b)
{
    const struct iso_graph *g = b->graph;
    bool synchronizes = false;
    for (int i = 0; i < g->nnodes; i++)
        synchronizes = synchronizes || iso_graph_synchronizes(g, i);
    for (int i = 0; i < g->nnodes; i++) {
        if (!synchronizes || !iso_graph_changes(g, i) || iso_graph_synchronizes(g, i))
            continue;
        const struct iso_layer *layer = &g->model->layers[g->nodes[i].layer];
        iso_faults_add(b->faults, layer->location,
                       "layer '%s' has the statistics of each shard, and another layer is "
                       "`synchronized: true`: with shards, write it for all layers of batch "
                       "normalization that train, or for none",
                       layer->name);
    }
}

static iso_rc build(struct iso_graph_builder *b)
{
    struct iso_graph *g = b->graph;
    ISO_TRY(reserve(b));
    if (b->model->nlayers == 0)
        return ISO_EMODEL; /* the loader has reported it */
    struct iso_shape input = b->model->input;
    input.dim[0] = g->shard_rows;
    ISO_TRY(iso_expect_countable(&input));
    g->input = iso_graph_add_value(g, ISO_ROLE_INPUT, ISO_REAL, &input, -1);
    g->augmented = g->input;
    ISO_TRY(add_augmentations(b));
    ISO_TRY(add_layers(b));
    check_statistics(b);
    if (b->faults->count > 0)
        return ISO_EMODEL;
    return iso_graph_add_ends(b);
}

iso_rc iso_graph_build(const struct iso_model *model, int phase, int64_t batch,
                       struct iso_faults *faults, struct iso_graph **out)
{
    struct iso_graph_builder b = { .model = model, .faults = faults };
    b.graph = iso_alloc(1, sizeof *b.graph);
    if (b.graph == NULL)
        return ISO_ENOMEM;
    b.graph->model = model;
    b.graph->training = &model->phases[phase];
    b.graph->batch = batch;
    b.graph->shards = model->shards;
    b.graph->shard_rows = (batch + model->shards - 1) / model->shards;
    b.graph->sample_weight = -1;
    const iso_rc rc = build(&b);
    free(b.result);
    if (rc != ISO_OK) {
        iso_graph_free(b.graph);
        if (faults->count > 0 && rc != ISO_ENOMEM)
            return iso_fail(ISO_EMODEL, "%s does not describe a network", model->file);
        return rc;
    }
    *out = b.graph;
    return ISO_OK;
}

void iso_graph_free(struct iso_graph *g)
{
    if (g == NULL)
        return;
    free(g->nodes);
    free(g->values);
    free(g->owned);
    free(g->class_weight);
    free(g);
}
