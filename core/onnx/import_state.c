/* import_state.c: an import so far: the values that ONNX's nodes name, and the layers made of them
 * with their weights; reads a node's inputs and attributes. */
#include "import_build.h"
#include "core/model/field.h"
#include "core/model/section.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Refusals ------------------------------------------------------------------------------ */

iso_rc iso_onnx_refuse(const struct iso_onnx_importer *im, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (im->node == NULL)
        return iso_fail(ISO_EDATA, "%s: %s", im->path, text);
    return iso_fail(ISO_EDATA, "%s: node '%.60s', %.40s: %s", im->path,
                    *im->node->name    ? im->node->name
                    : im->node->ny > 0 ? im->node->y[0]
                                       : "",
                    im->node->op, text);
}

/* ---- Values -------------------------------------------------------------------------------- */

const struct iso_onnx_known *iso_onnx_find(const struct iso_onnx_importer *im, const char *name)
{
    for (int i = im->nvalues - 1; i >= 0; i--)
        if (strcmp(im->values[i].name, name) == 0)
            return &im->values[i];
    return NULL;
}

const struct iso_onnx_known *iso_onnx_value(const struct iso_onnx_importer *im, const char *name)
{
    const struct iso_onnx_known *v = iso_onnx_find(im, name);
    if (v == NULL)
        iso_onnx_refuse(im, "reads '%.60s', which nothing before it gives", name);
    return v;
}

bool iso_onnx_has(const struct iso_onnx_importer *im, int i)
{
    return i < im->node->nx && *im->node->x[i];
}

static const struct iso_onnx_known *input(const struct iso_onnx_importer *im, int i)
{
    if (iso_onnx_has(im, i))
        return iso_onnx_value(im, im->node->x[i]);
    iso_onnx_refuse(im, "input %d is missing", i);
    return NULL;
}

const struct iso_onnx_known *iso_onnx_x(const struct iso_onnx_importer *im, int i)
{
    const struct iso_onnx_known *v = input(im, i);
    if (v != NULL && v->constant != NULL) {
        iso_onnx_refuse(im, "input '%.60s' is constant; isocl has no layer for that", v->name);
        return NULL;
    }
    return v;
}

const struct iso_onnx_tensor *iso_onnx_c(const struct iso_onnx_importer *im, int i)
{
    const struct iso_onnx_known *v = input(im, i);
    if (v != NULL && v->constant == NULL)
        iso_onnx_refuse(im, "input '%.60s' is computed; isocl has layers for constant ones only",
                        v->name);
    return v != NULL ? v->constant : NULL;
}

int iso_onnx_readers(const struct iso_onnx_importer *im, const char *name)
{
    int n = 0;
    for (int i = 0; i < im->m->nnodes; i++)
        for (int k = 0; k < im->m->nodes[i].nx; k++)
            n += strcmp(im->m->nodes[i].x[k], name) == 0;
    for (int i = 0; i < im->m->ny; i++)
        n += strcmp(im->m->y[i].name, name) == 0;
    return n;
}

int iso_onnx_uses(const struct iso_onnx_importer *im, const struct iso_onnx_known *x)
{
    int names = 0, reads = 0;
    for (int i = 0; i < im->nvalues; i++)
        if (im->values[i].constant == NULL && im->values[i].layer == x->layer) {
            names++;
            reads += iso_onnx_readers(im, im->values[i].name);
        }
    return reads - (names - 1); /* each name but the first was made by a read */
}

const struct iso_onnx_node *iso_onnx_only_reader(const struct iso_onnx_importer *im,
                                                 const char *name, const char *op)
{
    const struct iso_onnx_node *found = NULL;
    for (int i = 0; i < im->m->nnodes; i++)
        if (im->m->nodes[i].nx > 0 && strcmp(im->m->nodes[i].x[0], name) == 0)
            found = &im->m->nodes[i];
    return found != NULL && strcmp(found->op, op) == 0 && iso_onnx_readers(im, name) == 1 ? found
                                                                                          : NULL;
}

iso_rc iso_onnx_know(struct iso_onnx_importer *im, const struct iso_onnx_known *v)
{
    if (!*v->name)
        return ISO_OK;
    if (iso_onnx_find(im, v->name) != NULL)
        return iso_onnx_refuse(im, "'%.60s' is given twice", v->name);
    im->values[im->nvalues++] = *v;
    return ISO_OK;
}

iso_rc iso_onnx_same(struct iso_onnx_importer *im, const struct iso_onnx_known *v)
{
    struct iso_onnx_known same = *v;
    same.name = im->node->y[0];
    return iso_onnx_know(im, &same);
}

/* ---- Attributes ---------------------------------------------------------------------------- */

int64_t iso_onnx_get_int(const struct iso_onnx_importer *im, const char *name, int64_t otherwise)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, name);
    return a != NULL ? a->i : otherwise;
}

double iso_onnx_get_real(const struct iso_onnx_importer *im, const char *name, double otherwise)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, name);
    return a != NULL ? iso_onnx_decimal(a->f) : otherwise;
}

iso_rc iso_onnx_get_ints(const struct iso_onnx_importer *im, const char *name, int n, int64_t *out)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, name);
    if (a == NULL)
        return ISO_OK;
    if (a->kind != ISO_ONNX_INTS)
        return iso_onnx_refuse(im, "attribute %s is not a list of whole numbers", name);
    if (a->n != n)
        return iso_onnx_refuse(im,
                               "attribute %s has %d numbers; isocl has layers for those of "
                               "images, with %d",
                               name, a->n, n);
    memcpy(out, a->ints, (size_t)n * sizeof *out);
    return ISO_OK;
}

iso_rc iso_onnx_get_list(const struct iso_onnx_importer *im, int i, const char *attribute, int *n,
                         int64_t *out)
{
    const struct iso_onnx_attribute *a = iso_onnx_attribute(im->node, attribute);
    const struct iso_onnx_tensor *t = NULL;
    const int most = *n;
    if (iso_onnx_has(im, i) && (t = iso_onnx_c(im, i)) == NULL)
        return ISO_EDATA;
    const int64_t count = t != NULL ? iso_onnx_count(t) : a != NULL ? a->n : 0;
    if (count > most || (t != NULL ? t->type != ISO_ONNX_INT64 || t->data == NULL
                                   : count > 0 && a->kind != ISO_ONNX_INTS))
        return iso_onnx_refuse(im, "%s are not at most %d whole numbers", attribute, most);
    *n = (int)count;
    if (count > 0)
        memcpy(out, t != NULL ? t->data : a->ints, (size_t)count * sizeof *out);
    return ISO_OK;
}

double iso_onnx_decimal(float f)
{
    char text[32];
    double d = f;
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)f);
        d = strtod(text, NULL);
        if ((float)d == f)
            return d;
    }
    return f;
}

/* ---- Layers -------------------------------------------------------------------------------- */

static bool taken(const struct iso_onnx_importer *im, const char *name)
{
    static const char *const others[] = { "input", "target", "sample_weight", "loss", "d",
                                          "null",  "Null",   "NULL",          NULL };
    for (int i = 0; others[i] != NULL; i++)
        if (strcmp(others[i], name) == 0)
            return true;
    for (int i = 0; i < im->nlayers; i++)
        if (strcmp(im->layers[i].name, name) == 0)
            return true;
    return false;
}

/* Takes a layer's name from a longer one: "features.0" from "features.0.weight", "conv2d_1" from
 * "conv2d_1/relu". The last component of a path names a part of the layer. Returns false if the
 * rest is not a valid, free name. */
static bool take_name(const struct iso_onnx_importer *im, const char *from, char *out)
{
    const char *slash = strchr(from, '/'), *dot = strrchr(from, '.');
    const bool weight = dot != NULL && (strcmp(dot, ".weight") == 0 || strcmp(dot, ".gamma") == 0);
    const size_t n = slash != NULL ? (size_t)(slash - from)
                     : weight      ? (size_t)(dot - from)
                                   : strlen(from);
    if (n == 0 || n >= ISO_LAYER_NAME)
        return false;
    memcpy(out, from, n);
    out[n] = '\0';
    return iso_name_valid(out) && !taken(im, out);
}

static void name_layer(struct iso_onnx_importer *im, struct iso_onnx_layer *l, const char *name)
{
    if (take_name(im, name, l->name))
        return;
    do
        snprintf(l->name, sizeof l->name, "%s_%d", iso_ops[l->op].name, ++im->unnamed[l->op]);
    while (taken(im, l->name));
}

struct iso_onnx_layer *iso_onnx_layer(struct iso_onnx_importer *im, enum iso_op op,
                                      const char *name, int nx,
                                      const struct iso_onnx_known *const *x)
{
    const struct iso_op_def *def = iso_ops[op].def;
    struct iso_onnx_layer layer = { .op = op, .nx = nx };
    if (im->nlayers == im->room) {
        const int room = 2 * im->room + 32;
        struct iso_onnx_layer *more = iso_onnx_alloc(im->m, (size_t)room, sizeof *more);
        if (more == NULL)
            return NULL;
        if (im->nlayers > 0)
            memcpy(more, im->layers, (size_t)im->nlayers * sizeof *more);
        im->layers = more;
        im->room = room;
    }
    layer.params = iso_onnx_alloc(im->m, 1, def->params_size ? def->params_size : 1);
    if (layer.params == NULL || iso_fields_default(def->fields, layer.params) != ISO_OK)
        return NULL;
    for (int i = 0; i < nx; i++)
        layer.x[i] = x[i]->layer;
    name_layer(im, &layer, name);
    im->layers[im->nlayers] = layer;
    return &im->layers[im->nlayers++];
}

iso_rc iso_onnx_result(struct iso_onnx_importer *im, struct iso_onnx_layer *l,
                       enum iso_onnx_order order)
{
    const struct iso_op_def *def = iso_ops[l->op].def;
    struct iso_onnx_known y = { .name = im->node->y[0],
                                .layer = (int)(l - im->layers),
                                .order = order };
    struct iso_shape x[ISO_OPERANDS] = { 0 };
    struct iso_shapes shapes;
    for (int i = 0; i < l->nx; i++)
        x[i] = l->x[i] < 0 ? im->input : im->layers[l->x[i]].shape;
    if ((def->check != NULL && def->check(l->params) != ISO_OK) ||
        def->infer(l->params, x, &shapes) != ISO_OK) {
        char why[256];
        return iso_onnx_refuse(im, "%s", iso_error_take(why, sizeof why));
    }
    l->shape = y.shape = shapes.y[0];
    return iso_onnx_know(im, &y);
}

/* ---- Weights ------------------------------------------------------------------------------- */

const float *iso_onnx_floats(const struct iso_onnx_importer *im, const struct iso_onnx_tensor *t,
                             int64_t count)
{
    if (t->type != ISO_ONNX_FLOAT || t->data == NULL) {
        iso_onnx_refuse(im, "'%.60s' is not of type float32, but ONNX's type %d", t->name, t->type);
        return NULL;
    }
    if (iso_onnx_count(t) != count) {
        iso_onnx_refuse(im, "'%.60s' has %lld numbers instead of %lld", t->name,
                        (long long)iso_onnx_count(t), (long long)count);
        return NULL;
    }
    return t->data;
}

float *iso_onnx_new_weight(struct iso_onnx_importer *im, struct iso_onnx_layer *l, int w, int ndim,
                           const int64_t *dim)
{
    struct iso_shape *shape = &l->w[w].shape;
    shape->ndim = ndim;
    memcpy(shape->dim, dim, (size_t)ndim * sizeof *dim);
    float *values = iso_onnx_alloc(im->m, (size_t)iso_shape_count(shape), sizeof *values);
    l->w[w].values = values;
    return values;
}

int64_t iso_onnx_element(const struct iso_onnx_known *x, int64_t i)
{
    if (x->seen != NULL)
        return iso_onnx_view_channel(&x->seen->v, i);
    if (x->order != ISO_ONNX_ROW_FIRST)
        return i;
    const int64_t pixels = x->image.dim[1] * x->image.dim[2], channels = x->image.dim[3];
    return i % pixels * channels + i / pixels;
}

iso_rc iso_onnx_channel_weight(struct iso_onnx_importer *im, struct iso_onnx_layer *l, int w,
                               const struct iso_onnx_tensor *t, const struct iso_onnx_known *x)
{
    const int64_t n = x->shape.dim[x->shape.ndim - 1];
    const float *from = t != NULL ? iso_onnx_floats(im, t, n) : NULL;
    float *to = from != NULL ? iso_onnx_new_weight(im, l, w, 1, &n) : NULL;
    if (to == NULL)
        return from != NULL ? ISO_ENOMEM : ISO_EDATA;
    for (int64_t i = 0; i < n; i++)
        to[iso_onnx_element(x, i)] = from[i];
    return ISO_OK;
}

int *iso_onnx_free_activation(const struct iso_onnx_layer *l)
{
    for (const struct iso_field *f = iso_ops[l->op].def->fields; f->key != NULL; f++)
        if (f->type == ISO_FIELD_ACTIVATION) {
            int *chosen = (int *)(void *)((char *)l->params + f->offset);
            return *chosen == 0 ? chosen : NULL;
        }
    return NULL;
}
