#include "layer_about.h"

#include "field.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct iso_value *iso_layer_value(const struct iso_graph *graph, int layer)
{
    char name[ISO_NAME + 4];
    if (layer < 0)
        return &graph->values[graph->augmented];
    snprintf(name, sizeof name, "%s/y", graph->model->layers[layer].name);
    int value = iso_graph_find(graph, name);
    return value < 0 ? NULL : &graph->values[value];
}

const char *iso_layer_shape(const struct iso_graph *graph, int layer, char *buf, size_t n)
{
    const struct iso_value *v = iso_layer_value(graph, layer);
    buf[0] = 0;
    return v != NULL ? iso_shape_text(&v->shape, 1, buf, n) : buf;
}

int64_t iso_layer_parameters(const struct iso_graph *graph, int layer, bool trainable)
{
    int64_t sum = 0;
    for (int i = 0; i < graph->nvalues; i++) {
        const struct iso_value *v = &graph->values[i];
        if (v->role == ISO_ROLE_WEIGHT && v->layer == layer && (v->trainable || !trainable))
            sum += iso_shape_count(&v->shape);
    }
    return sum;
}

/* ---- Parameters ---------------------------------------------------------------------------- */

static bool is_one_of(const char *key, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (strcmp(*keys, key) == 0)
            return true;
    return false;
}

/* Sizes are always told; what does not change the result's shape or kind is not. */
static bool is_told(const struct iso_field *f, const void *params, const void *usual, bool counts)
{
    static const char *const sizes[] = { "kernel_size", "pool_size", NULL };
    static const char *const numbers[] = { "filters", "units", NULL };
    static const char *const others[] = { "winograd", "epsilon", "momentum", "seed", NULL };
    char text[256], as_usual[256];
    if (is_one_of(f->key, numbers))
        return counts;
    if (is_one_of(f->key, sizes) || f->type == ISO_FIELD_SIDES)
        return true;
    if (f->type == ISO_FIELD_INITIALIZER || f->type == ISO_FIELD_REGULARIZER ||
        f->type == ISO_FIELD_BOOL || is_one_of(f->key, others))
        return false;
    return strcmp(iso_field_text(f, params, text, sizeof text),
                  iso_field_text(f, usual, as_usual, sizeof as_usual)) != 0;
}

/* "[5, 5]" becomes "5x5", and of strides "2"; equal sides become one number. */
static void put_field(const struct iso_field *f, const void *params, char *buf, size_t n)
{
    static const char *const speaking[] = { "kernel_size", "pool_size", "filters", "units",
                                            "activation",  "function",  "padding", NULL };
    const int64_t *pair = (const int64_t *)(const void *)((const char *)params + f->offset);
    char text[256];
    const bool sides = f->type == ISO_FIELD_SIDES, two = f->type == ISO_FIELD_INT2;
    const bool equal = (sides || two) && pair[0] == pair[1] &&
                       (two || (pair[0] == pair[2] && pair[0] == pair[3]));
    if (equal && (sides || !is_one_of(f->key, speaking)))
        snprintf(text, sizeof text, "%lld", (long long)pair[0]);
    else if (!two)
        iso_field_text(f, params, text, sizeof text);
    else
        snprintf(text, sizeof text, "%lldx%lld", (long long)pair[0], (long long)pair[1]);
    const bool speaks = is_one_of(f->key, speaking);
    snprintf(buf, n, "%s%s%s", speaks ? "" : f->key, speaks ? "" : " ", text);
}

enum { PARAMS = 4096 }; /* bytes that no op's parameters exceed */

const char *iso_layer_text(const struct iso_layer *l, bool counts, char *buf, size_t n)
{
    const struct iso_field *f = iso_ops[l->op].def->fields;
    max_align_t usual[PARAMS / sizeof(max_align_t)] = { 0 };
    const bool speaks = l->op == ISO_OP_activation; /* by its function */
    size_t used = speaks ? 0 : (size_t)snprintf(buf, n, "%s", iso_ops[l->op].name);
    const char *before = speaks ? "" : " ";
    *buf = speaks ? '\0' : *buf;
    assert(iso_ops[l->op].def->params_size <= sizeof usual);
    if (iso_fields_default(f, usual) != ISO_OK)
        f = NULL; /* the op's name must do */
    for (; f != NULL && f->key != NULL && used < n; f++) {
        char text[300];
        if (!is_told(f, l->params, usual, counts) && !(speaks && used == 0))
            continue;
        put_field(f, l->params, text, sizeof text);
        used += (size_t)snprintf(buf + used, n - used, "%s%s", before, text);
        before = ", ";
    }
    return buf;
}
