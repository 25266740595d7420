/* export_nodes.c: ONNX's nodes and constants, one by one. */
#include "export_build.h"

#include <stdlib.h>
#include <string.h>

enum { NODE_INPUTS = 6, NODE_ATTRIBUTES = 6 };

/* Returns the list with room for one more item. The items are copied; the old list is freed with
 * the model. */
static void *grow(struct iso_onnx_exporter *e, void *list, int n, int *room, size_t size)
{
    if (n < *room)
        return list;
    void *more = iso_onnx_alloc(e->m, 2 * (size_t)*room + 16, size);
    if (more == NULL) {
        e->failed = true;
        return NULL;
    }
    if (n > 0)
        memcpy(more, list, (size_t)n * size);
    *room = 2 * *room + 16;
    return more;
}

const char *iso_onnx_subname(struct iso_onnx_exporter *e, const char *suffix)
{
    const char *name = iso_onnx_text(e->m, "%s/%s", e->layer, suffix);
    e->failed = e->failed || name == NULL;
    return name;
}

struct iso_onnx_node *iso_onnx_add(struct iso_onnx_exporter *e, const char *op, const char *name,
                                   const char *y)
{
    struct iso_onnx *m = e->m;
    struct iso_onnx_node *list = grow(e, m->nodes, m->nnodes, &e->room, sizeof *list);
    const char **results = iso_onnx_alloc(m, 1, sizeof *results);
    const char **inputs = iso_onnx_alloc(m, NODE_INPUTS, sizeof *inputs);
    struct iso_onnx_attribute *attributes = iso_onnx_alloc(m, NODE_ATTRIBUTES, sizeof *attributes);
    if (list == NULL || results == NULL || inputs == NULL || attributes == NULL || name == NULL ||
        y == NULL) {
        e->failed = true;
        return NULL;
    }
    m->nodes = list;
    results[0] = y;
    list[m->nnodes] = (struct iso_onnx_node){ .name = name,
                                              .op = op,
                                              .domain = "",
                                              .ny = 1,
                                              .x = inputs,
                                              .y = results,
                                              .attributes = attributes };
    return &list[m->nnodes++];
}

void iso_onnx_input(struct iso_onnx_exporter *e, struct iso_onnx_node *node, const char *x)
{
    if (node == NULL || x == NULL || node->nx == NODE_INPUTS)
        e->failed = true;
    else
        ((const char **)(uintptr_t)node->x)[node->nx++] = x;
}

static struct iso_onnx_attribute *attribute(struct iso_onnx_exporter *e, struct iso_onnx_node *node,
                                            const char *name, enum iso_onnx_kind kind)
{
    if (node == NULL || node->nattributes == NODE_ATTRIBUTES) {
        e->failed = true;
        return NULL;
    }
    struct iso_onnx_attribute *list = (struct iso_onnx_attribute *)(uintptr_t)node->attributes;
    list[node->nattributes].name = name;
    list[node->nattributes].kind = kind;
    return &list[node->nattributes++];
}

void iso_onnx_int(struct iso_onnx_exporter *e, struct iso_onnx_node *node, const char *name,
                  int64_t value)
{
    struct iso_onnx_attribute *a = attribute(e, node, name, ISO_ONNX_INT);
    if (a != NULL)
        a->i = value;
}

void iso_onnx_real(struct iso_onnx_exporter *e, struct iso_onnx_node *node, const char *name,
                   double value)
{
    struct iso_onnx_attribute *a = attribute(e, node, name, ISO_ONNX_REAL);
    if (a != NULL)
        a->f = (float)value;
}

void iso_onnx_word(struct iso_onnx_exporter *e, struct iso_onnx_node *node, const char *name,
                   const char *value)
{
    struct iso_onnx_attribute *a = attribute(e, node, name, ISO_ONNX_TEXT);
    if (a != NULL)
        a->text = value;
}

static const int64_t *copy_numbers(struct iso_onnx_exporter *e, int n, const int64_t *from)
{
    int64_t *numbers = iso_onnx_alloc(e->m, (size_t)n, sizeof *numbers);
    if (numbers != NULL)
        memcpy(numbers, from, (size_t)n * sizeof *numbers);
    e->failed = e->failed || numbers == NULL;
    return numbers;
}

void iso_onnx_ints(struct iso_onnx_exporter *e, struct iso_onnx_node *node, const char *name, int n,
                   const int64_t *values)
{
    struct iso_onnx_attribute *a = attribute(e, node, name, ISO_ONNX_INTS);
    if (a != NULL && (a->ints = copy_numbers(e, n, values)) != NULL)
        a->n = n;
}

static struct iso_onnx_tensor *new_tensor(struct iso_onnx_exporter *e, const char *name, int type,
                                          int ndim, const int64_t *dim)
{
    struct iso_onnx *m = e->m;
    struct iso_onnx_tensor *list = grow(e, m->tensors, m->ntensors, &e->tensor_room, sizeof *list);
    if (list == NULL || name == NULL) {
        e->failed = true;
        return NULL;
    }
    m->tensors = list;
    struct iso_onnx_tensor *t = &list[m->ntensors++];
    *t = (struct iso_onnx_tensor){ .name = name, .type = type, .ndim = ndim };
    if (ndim > 0)
        memcpy(t->dim, dim, (size_t)ndim * sizeof *dim);
    return t;
}

float *iso_onnx_constant(struct iso_onnx_exporter *e, const char *name, int ndim,
                         const int64_t *dim)
{
    struct iso_onnx_tensor *t = new_tensor(e, name, ISO_ONNX_FLOAT, ndim, dim);
    float *values = t != NULL ? iso_onnx_alloc(e->m, (size_t)iso_onnx_count(t), sizeof *values)
                              : NULL;
    if (t != NULL)
        t->data = values;
    e->failed = e->failed || values == NULL;
    return values;
}

const char *iso_onnx_numbers(struct iso_onnx_exporter *e, const char *suffix, int n,
                             const int64_t *values)
{
    const int64_t dim[1] = { n };
    struct iso_onnx_tensor *t = new_tensor(e, iso_onnx_subname(e, suffix), ISO_ONNX_INT64, 1, dim);
    if (t != NULL)
        t->data = copy_numbers(e, n, values);
    return t != NULL ? t->name : NULL;
}

float *iso_onnx_weight_read(struct iso_onnx_exporter *e, int value)
{
    struct iso_tensor t;
    if (!iso_exec_tensor(e->exec, e->graph->values[value].name, &t)) {
        iso_fail(ISO_EDATA, "%s has no memory", e->graph->values[value].name);
        e->failed = true;
        return NULL;
    }
    float *values = iso_alloc((size_t)iso_shape_count(&t.shape), sizeof *values);
    if (values != NULL && iso_tensor_read_f32(iso_exec_backend(e->exec), &t, values) == ISO_OK)
        return values;
    free(values);
    e->failed = true;
    return NULL;
}

const char *iso_onnx_weight(struct iso_onnx_exporter *e, const struct iso_node *node, int w)
{
    const int value = w < node->nw ? node->w[w] : -1;
    if (value < 0)
        return NULL;
    const struct iso_value *v = &e->graph->values[value];
    float *from = iso_onnx_weight_read(e, value);
    float *to = from != NULL ? iso_onnx_constant(e, v->name, v->shape.ndim, v->shape.dim) : NULL;
    if (to != NULL)
        memcpy(to, from, (size_t)iso_shape_count(&v->shape) * sizeof *to);
    free(from);
    return v->name;
}

/* ---- The order of axes --------------------------------------------------------------------- */

const struct iso_shape *iso_onnx_shape(const struct iso_onnx_exporter *e, int value)
{
    return &e->graph->values[value].shape;
}

static const char *transpose(struct iso_onnx_exporter *e, int value, bool channels_first)
{
    static const int64_t first[] = { 0, 3, 1, 2 }, last[] = { 0, 2, 3, 1 };
    const struct iso_onnx_names *n = &e->names[value];
    const char *name = iso_onnx_text(e->m, "%s/%s", e->graph->values[value].name,
                                     channels_first ? "channels_first" : "channels_last");
    struct iso_onnx_node *t = iso_onnx_add(e, "Transpose", name, name);
    iso_onnx_input(e, t, channels_first ? n->last : n->first);
    iso_onnx_ints(e, t, "perm", 4, channels_first ? first : last);
    return name;
}

const char *iso_onnx_as(struct iso_onnx_exporter *e, int value, bool channels_first)
{
    struct iso_onnx_names *n = &e->names[value];
    if (iso_onnx_shape(e, value)->ndim != 4)
        return n->last;
    if (channels_first && n->first == NULL)
        n->first = transpose(e, value, true);
    if (!channels_first && n->last == NULL)
        n->last = transpose(e, value, false);
    return channels_first ? n->first : n->last;
}

bool iso_onnx_lies_first(const struct iso_onnx_exporter *e, int value)
{
    return e->names[value].first != NULL;
}

struct iso_onnx_node *iso_onnx_add_for(struct iso_onnx_exporter *e, const char *op,
                                       const char *name, int value, bool channels_first)
{
    const char *y = e->graph->values[value].name;
    struct iso_onnx_node *node = iso_onnx_add(e, op, name, y);
    *(channels_first ? &e->names[value].first : &e->names[value].last) = y;
    return node;
}
