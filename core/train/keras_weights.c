#include "keras_weights.h"
#include "core/keras/config.h"
#include "core/keras/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The model's layers with weights ------------------------------------------------------- */

/* Returns the next node with weights, from `node` on; nnodes if there is none. */
static int next_layer(const struct iso_graph *g, int node)
{
    while (node < g->nlayer_nodes && g->nodes[node].nw == 0)
        node++;
    return node < g->nlayer_nodes ? node : g->nnodes;
}

static const char *layer_name(const struct iso_graph *g, int node)
{
    return g->model->layers[g->nodes[node].layer].name;
}

/* The weights that the node has, as values; returns their number. */
static int weights_of(const struct iso_graph *g, int node, int values[ISO_OPERANDS])
{
    int n = 0;
    for (int i = 0; i < g->nodes[node].nw; i++)
        if (g->nodes[node].w[i] >= 0)
            values[n++] = g->nodes[node].w[i];
    return n;
}

/* Returns the part of a weight's name after the layer: "kernel" for "layer/kernel". */
static const char *short_name(const struct iso_graph *g, int value)
{
    const char *slash = strrchr(g->values[value].name, '/');
    return slash != NULL ? slash + 1 : g->values[value].name;
}

/* ---- Finding ------------------------------------------------------------------------------- */

/* Keras 3 counts layers of a class: "conv2d", "conv2d_1", ...; the ops here have the classes'
 * names. */
static void class_of(const struct iso_graph *g, int node, char class[ISO_NAME])
{
    int before = 0;
    for (int i = next_layer(g, 0); i < node; i = next_layer(g, i + 1))
        before += g->nodes[i].op == g->nodes[node].op;
    snprintf(class, ISO_NAME, before ? "%s_%d" : "%s", iso_ops[g->nodes[node].op].name, before);
}

static const struct iso_keras_layer *find(const struct iso_keras_file *f, const struct iso_graph *g,
                                          int node, int index, enum iso_keras_match match)
{
    char class[ISO_NAME];
    class_of(g, node, class);
    for (int i = 0; i < f->nlayers; i++) {
        const struct iso_keras_layer *l = &f->layers[i];
        if (match == ISO_KERAS_BY_NAME ? strcmp(l->name, layer_name(g, node)) == 0
            : *l->class                ? strcmp(l->class, class) == 0
                                       : i == index)
            return l;
    }
    return NULL;
}

/* Returns the name of a layer of the file for messages. */
static const char *shown_name(const struct iso_keras_layer *l)
{
    return *l->name ? l->name : *l->class ? l->class : l->place;
}

static void list_name(char *list, size_t n, int before, const char *name)
{
    const size_t used = strlen(list);
    if (used + strlen(name) + 8 < n)
        snprintf(list + used, n - used, "%s%s", before ? ", " : "", name);
    else if (used + 6 < n && strcmp(list + used - 3, "...") != 0)
        snprintf(list + used, n - used, ", ...");
}

/* ---- Loading ------------------------------------------------------------------------------- */

static void check_layer(const struct iso_graph *g, int node, const struct iso_keras_layer *l,
                        struct iso_location location, struct iso_faults *faults)
{
    char have[64], want[64];
    int values[ISO_OPERANDS];
    const int n = weights_of(g, node, values);
    if (n != l->nweights) {
        iso_faults_add(faults, location,
                       "layer '%s' has %d weight%s in the file and %d in the model",
                       layer_name(g, node), l->nweights, l->nweights == 1 ? "" : "s", n);
        return;
    }
    for (int i = 0; i < n; i++) {
        const struct iso_shape *shape = &g->values[values[i]].shape, *theirs = &l->weights[i].shape;
        const bool shown = theirs->ndim >= 0;
        if (!shown || !iso_shape_equal(shape, theirs))
            iso_faults_add(faults, location, "%s has shape %s in the file and %s in the model",
                           g->values[values[i]].name,
                           shown ? iso_shape_text(theirs, 0, have, sizeof have) : "of 5 or more",
                           iso_shape_text(shape, 0, want, sizeof want));
    }
}

static iso_rc take_weight(struct iso_exec *e, const struct iso_keras_file *f, const char *name,
                          const struct iso_keras_weight *w)
{
    struct iso_tensor t;
    if (!iso_exec_tensor(e, name, &t))
        return iso_fail(ISO_EDATA, "%s has no memory", name);
    if (w->values != NULL)
        return iso_tensor_write_f32(iso_exec_backend(e), &t, w->values);
    float *values = iso_alloc((size_t)iso_shape_count(&t.shape), sizeof *values);
    if (values == NULL)
        return ISO_ENOMEM;
    iso_rc rc = iso_keras_read(f, w, values);
    if (rc == ISO_OK)
        rc = iso_tensor_write_f32(iso_exec_backend(e), &t, values);
    free(values);
    return rc;
}

static iso_rc take_layer(struct iso_exec *e, const struct iso_keras_file *f, int node,
                         const struct iso_keras_layer *l)
{
    const struct iso_graph *g = iso_exec_graph(e);
    int values[ISO_OPERANDS];
    const int n = weights_of(g, node, values);
    for (int i = 0; i < n; i++)
        ISO_TRY(take_weight(e, f, g->values[values[i]].name, &l->weights[i]));
    return ISO_OK;
}

/* By order, both must have as many layers, or the order would say nothing. */
static void check_order(const struct iso_keras_file *f, const struct iso_keras_taken *taken,
                        struct iso_location location, struct iso_faults *faults)
{
    const int n = taken->layers + taken->left;
    if (f->nlayers != n)
        iso_faults_add(faults, location,
                       "the file has %d layer%s with weights and the model %d; to "
                       "take those with equal names, leave --by order out",
                       f->nlayers, f->nlayers == 1 ? "" : "s", n);
    else if (taken->left > 0)
        iso_faults_add(faults, location,
                       "the file has no layers of the order and classes of %s; to take those with "
                       "equal names, leave --by order out",
                       taken->left_names);
}

/* Pairs the layers, checks that they fit, and finds the file's layers that are not used. */
static iso_rc compare(const struct iso_keras_file *f, const struct iso_graph *g,
                      enum iso_keras_match match, struct iso_location location,
                      struct iso_faults *faults, struct iso_keras_taken *taken)
{
    int index = 0;
    bool *used = iso_alloc((size_t)f->nlayers, sizeof *used);
    if (used == NULL)
        return ISO_ENOMEM;
    for (int i = next_layer(g, 0); i < g->nnodes; i = next_layer(g, i + 1)) {
        const struct iso_keras_layer *l = find(f, g, i, index++, match);
        if (l != NULL) {
            taken->layers++;
            used[l - f->layers] = true;
            check_layer(g, i, l, location, faults);
        } else {
            list_name(taken->left_names, sizeof taken->left_names, taken->left++, layer_name(g, i));
        }
    }
    for (int i = 0; i < f->nlayers; i++)
        if (!used[i])
            list_name(taken->unused_names, sizeof taken->unused_names, taken->unused++,
                      shown_name(&f->layers[i]));
    free(used);
    if (match == ISO_KERAS_BY_ORDER)
        check_order(f, taken, location, faults);
    else if (taken->layers == 0)
        iso_faults_add(faults, location,
                       "no layer of the file ('%s', ...) has the name of one in the "
                       "model (%s); name them alike, or take them in order: --by order",
                       shown_name(&f->layers[0]), taken->left_names);
    return ISO_OK;
}

iso_rc iso_keras_load(struct iso_exec *e, const struct iso_keras_file *f, const char *path,
                      enum iso_keras_match match, struct iso_faults *faults,
                      struct iso_keras_taken *taken)
{
    const struct iso_graph *g = iso_exec_graph(e);
    const struct iso_location location = { .file = path };
    const int before = faults->count;
    int index = 0;
    *taken = (struct iso_keras_taken){ 0 };
    ISO_TRY(compare(f, g, match, location, faults, taken));
    if (faults->count > before)
        return iso_fail(ISO_EDATA, "%s does not fit the model", path);
    for (int i = next_layer(g, 0); i < g->nnodes; i = next_layer(g, i + 1)) {
        const struct iso_keras_layer *l = find(f, g, i, index++, match);
        if (l != NULL)
            ISO_TRY(take_layer(e, f, i, l));
    }
    return ISO_OK;
}

/* ---- Saving -------------------------------------------------------------------------------- */

bool iso_keras_form_of(const char *path, enum iso_keras_form *form)
{
    /* A longer ending stands before the one that it ends in. */
    static const struct {
        const char *ending;
        enum iso_keras_form form;
    } forms[] = { { ".keras", ISO_KERAS_ARCHIVE },
                  { ".weights.h5", ISO_KERAS_WEIGHTS_H5 },
                  { ".h5", ISO_KERAS_H5 } };
    const size_t n = strlen(path);
    for (int i = 0; i < 3; i++) {
        const size_t m = strlen(forms[i].ending);
        if (n < m || strcmp(path + n - m, forms[i].ending) != 0)
            continue;
        *form = forms[i].form;
        return true;
    }
    return false;
}

struct layer_values {
    int n;
    const char *names[ISO_OPERANDS];
    struct iso_shape shapes[ISO_OPERANDS];
    float *values[ISO_OPERANDS];
};

static iso_rc read_layer(struct iso_exec *e, int node, struct layer_values *out)
{
    const struct iso_graph *g = iso_exec_graph(e);
    int values[ISO_OPERANDS];
    const int n = weights_of(g, node, values);
    for (int i = 0; i < n; i++) {
        struct iso_tensor t;
        if (!iso_exec_tensor(e, g->values[values[i]].name, &t))
            return iso_fail(ISO_EDATA, "%s has no memory", g->values[values[i]].name);
        out->names[i] = short_name(g, values[i]);
        out->shapes[i] = t.shape;
        out->values[i] = iso_alloc((size_t)iso_shape_count(&t.shape), sizeof(float));
        if (out->values[i] == NULL)
            return ISO_ENOMEM;
        out->n++;
        ISO_TRY(iso_tensor_read_f32(iso_exec_backend(e), &t, out->values[i]));
    }
    return ISO_OK;
}

static iso_rc put_layer(struct iso_exec *e, int node, const char *class_name,
                        struct iso_keras_writer *w)
{
    struct layer_values v = { 0 };
    iso_rc rc = read_layer(e, node, &v);
    const struct iso_keras_put_layer layer = { .name = layer_name(iso_exec_graph(e), node),
                                               .class = class_name,
                                               .nweights = v.n,
                                               .names = v.names,
                                               .shapes = v.shapes,
                                               .values = (const float *const *)v.values };
    if (rc == ISO_OK)
        rc = iso_keras_put(w, &layer);
    for (int i = 0; i < v.n; i++)
        free(v.values[i]);
    return rc;
}

/* Returns the node with a layer's weights; nnodes if it has none. */
static int node_of(const struct iso_graph *g, int layer)
{
    int node = next_layer(g, 0);
    while (node < g->nnodes && g->nodes[node].layer != layer)
        node = next_layer(g, node + 1);
    return node;
}

/* Writes the layers on which the output depends, in Keras's order, by which it loads a .h5. */
static iso_rc put_layers(struct iso_exec *e, const int *order, int n, char (*names)[ISO_NAME],
                         struct iso_keras_writer *w)
{
    const struct iso_graph *g = iso_exec_graph(e);
    for (int i = 0; i < n; i++) {
        const int node = node_of(g, order[i]);
        if (node < g->nnodes)
            ISO_TRY(put_layer(e, node, names[order[i]], w));
    }
    return ISO_OK;
}

static iso_rc put_in_order(struct iso_exec *e, char (*names)[ISO_NAME], struct iso_keras_writer *w)
{
    const struct iso_model *m = iso_exec_graph(e)->model;
    int *order = iso_alloc((size_t)m->nlayers, sizeof *order);
    const int n = order != NULL ? iso_keras_order(m, order) : -1;
    const iso_rc rc = n >= 0 ? put_layers(e, order, n, names, w) : ISO_ENOMEM;
    free(order);
    return rc;
}

static iso_rc save(struct iso_exec *e, const char *path, enum iso_keras_form form,
                   const char *config, const char *metadata)
{
    struct iso_keras_writer *w;
    char(*names)[ISO_NAME];
    ISO_TRY(iso_keras_class_names(iso_exec_graph(e)->model, &names));
    iso_rc rc = iso_keras_begin(path, form, &w);
    if (rc == ISO_OK) {
        rc = put_in_order(e, names, w);
        if (rc == ISO_OK)
            rc = iso_keras_end(w, config, metadata);
        else
            iso_keras_abort(w);
    }
    free(names);
    return rc;
}

iso_rc iso_keras_save(struct iso_exec *e, const char *path, enum iso_keras_form form)
{
    char *config = NULL, *metadata = NULL;
    iso_rc rc = ISO_OK;
    if (form == ISO_KERAS_ARCHIVE) {
        rc = iso_keras_config(iso_exec_graph(e)->model, &config);
        if (rc == ISO_OK)
            rc = iso_keras_metadata(&metadata);
    }
    if (rc == ISO_OK)
        rc = save(e, path, form, config, metadata);
    free(config);
    free(metadata);
    return rc;
}
