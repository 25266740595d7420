/* torch_weights.c: the layers of a state dict, turned to isocl's order of axes. */
#include "torch_weights.h"
#include "torch_vit.h"
#include "core/model/model.h"
#include "core/ops/batch_normalization.h"
#include "core/ops/conv2d.h"
#include "core/ops/depthwise_conv2d.h"
#include "core/ops/pooling2d.h"
#include "core/ops/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Layers of the file -------------------------------------------------------------------- */

/* A layer's tensors in PyTorch's order: weight, bias, statistics; then what it has of its own. */
struct group {
    char name[ISO_NAME];
    int n;
    const struct iso_torch_tensor *tensors[ISO_KERAS_WEIGHTS];
};

static int rank(const struct iso_torch_tensor *t)
{
    static const char *const order[] = { "weight", "bias", "running_mean", "running_var" };
    const char *dot = strrchr(t->name, '.'), *last = dot != NULL ? dot + 1 : t->name;
    int k = 0;
    while (k < 4 && strcmp(order[k], last) != 0)
        k++;
    return k;
}

static void insert(struct group *g, const struct iso_torch_tensor *t)
{
    int at = g->n;
    for (; at > 0 && rank(g->tensors[at - 1]) > rank(t); at--)
        g->tensors[at] = g->tensors[at - 1];
    g->tensors[at] = t;
    g->n++;
}

/* Sets groups, of which there is room for one for each tensor. */
static iso_rc find_groups(const struct iso_torch_file *f, struct group *groups, int *n)
{
    char name[ISO_NAME];
    for (int i = 0; i < f->n; i++) {
        const char *dot = strrchr(f->tensors[i].name, '.');
        const size_t length = dot != NULL ? (size_t)(dot - f->tensors[i].name) : 0;
        int k = 0;
        if (length >= sizeof name)
            return iso_fail(ISO_EDATA, "tensor '%.80s' has too long a name", f->tensors[i].name);
        snprintf(name, sizeof name, "%.*s", (int)length, f->tensors[i].name);
        while (k < *n && strcmp(groups[k].name, name) != 0)
            k++;
        if (k == *n)
            memcpy(groups[(*n)++].name, name, sizeof name);
        if (groups[k].n == ISO_KERAS_WEIGHTS)
            return iso_fail(ISO_EDATA, "layer '%.80s' has more than %d tensors", name,
                            ISO_KERAS_WEIGHTS);
        insert(&groups[k], &f->tensors[i]);
    }
    return ISO_OK;
}

/* ---- Order of axes ------------------------------------------------------------------------- */

const struct iso_shape *iso_torch_image_before(const struct iso_graph *g, int node)
{
    int value = g->nodes[node].x[0];
    for (int i = node - 1; i >= 0; i--) {
        const struct iso_node *n = &g->nodes[i];
        if (n->y[0] != value)
            continue;
        const struct iso_shape *x = &g->values[n->x[0]].shape;
        const bool view = n->op == ISO_OP_flatten || n->op == ISO_OP_reshape;
        if (view && x->ndim == 4)
            return x;
        if (!view && n->op != ISO_OP_dropout && n->op != ISO_OP_activation &&
            n->op != ISO_OP_batch_normalization)
            return NULL;
        value = n->x[0];
    }
    return NULL;
}

/* [out, in, kh, kw] as [kh, kw, in, out]; for a depthwise one [channels m, 1, kh, kw] as [kh, kw,
 * channels, m], in which the last two axes are one. */
static void turn_kernel(const struct iso_torch_tensor *t, bool depthwise, struct iso_shape *shape,
                        int64_t channels, float *to)
{
    const int64_t out = t->dim[0], in = t->dim[1], taps = t->dim[2] * t->dim[3];
    *shape = (struct iso_shape){ 4, { t->dim[2], t->dim[3], in, out } };
    if (depthwise && in == 1 && channels > 0 && out % channels == 0)
        *shape = (struct iso_shape){ 4, { t->dim[2], t->dim[3], channels, out / channels } };
    for (int64_t o = 0; o < out; o++)
        for (int64_t i = 0; i < in; i++)
            for (int64_t k = 0; k < taps; k++)
                to[(k * in + i) * out + o] = t->values[(o * in + i) * taps + k];
}

/* [units, in] as [in, units]; `in` may be an image's row with its channels first. */
static void turn_matrix(const struct iso_torch_tensor *t, const struct iso_shape *image,
                        struct iso_shape *shape, float *to)
{
    const int64_t units = t->dim[0], in = t->dim[1];
    const int64_t channels = image != NULL ? image->dim[3] : 1;
    const int64_t pixels = image != NULL ? image->dim[1] * image->dim[2] : in;
    const bool row = channels * pixels == in;
    *shape = (struct iso_shape){ 2, { in, units } };
    for (int64_t i = 0; i < in; i++) {
        const int64_t at = row ? i % pixels * channels + i / pixels : i;
        for (int64_t o = 0; o < units; o++)
            to[at * units + o] = t->values[o * in + i];
    }
}

/* [units, in] as [1, 1, in, units] */
static void turn_pixelwise(const struct iso_torch_tensor *t, struct iso_shape *shape, float *to)
{
    struct iso_shape matrix;
    turn_matrix(t, NULL, &matrix, to);
    *shape = (struct iso_shape){ 4, { 1, 1, matrix.dim[0], matrix.dim[1] } };
}

static int64_t count_of(const struct iso_torch_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->ndim; i++)
        n *= t->dim[i];
    return n;
}

/* A weight of the node, `want` in isocl's shape; its values are the caller's to free. */
static iso_rc turn(const struct iso_graph *g, int node, const struct iso_shape *want,
                   const struct iso_torch_tensor *t, struct iso_keras_weight *out)
{
    const enum iso_op op = g->nodes[node].op;
    const bool depthwise = op == ISO_OP_depthwise_conv2d;
    float *values = iso_alloc((size_t)count_of(t) + 1, sizeof *values);
    if (values == NULL)
        return ISO_ENOMEM;
    out->values = values;
    memcpy(values, t->values, (size_t)count_of(t) * sizeof *values);
    out->shape = (struct iso_shape){ .ndim = t->ndim <= ISO_DIMS ? t->ndim : -1 };
    memcpy(out->shape.dim, t->dim, sizeof out->shape.dim);
    if (t->ndim == 4 && (depthwise || op == ISO_OP_conv2d))
        turn_kernel(t, depthwise, &out->shape, want->dim[2], values);
    else if (t->ndim == 2 && op == ISO_OP_dense)
        turn_matrix(t, iso_torch_image_before(g, node), &out->shape, values);
    else if (t->ndim == 2 && op == ISO_OP_conv2d) /* a Linear that reads pixels or tokens */
        turn_pixelwise(t, &out->shape, values);
    else if (count_of(t) == iso_shape_count(want) && count_of(t) == want->dim[want->ndim - 1])
        out->shape = *want; /* one number for each channel, with axes of 1 around them */
    return ISO_OK;
}

/* ---- Loading ------------------------------------------------------------------------------- */

static iso_rc fill(const struct iso_graph *g, int node, const struct group *group,
                   struct iso_keras_layer *to)
{
    int w = 0;
    for (int i = 0; i < group->n; i++) {
        while (w < g->nodes[node].nw - 1 && g->nodes[node].w[w] < 0)
            w++;
        const int value = w < g->nodes[node].nw && g->nodes[node].w[w] >= 0 ? g->nodes[node].w[w]
                                                                            : g->nodes[node].w[0];
        to->nweights++;
        ISO_TRY(turn(g, node, &g->values[value].shape, group->tensors[i], &to->weights[i]));
        w++;
    }
    return ISO_OK;
}

/* Returns the group of a layer, or -1. */
static int find_group(const struct group *groups, int n, const char *name, int index,
                      enum iso_keras_match match)
{
    if (match == ISO_KERAS_BY_ORDER)
        return index < n ? index : -1;
    for (int i = 0; i < n; i++)
        if (strcmp(groups[i].name, name) == 0)
            return i;
    return -1;
}

/* Gives each group that a layer of the model is paired with that layer's name and order of axes. */
static iso_rc pair(const struct iso_graph *g, const struct group *groups, int n,
                   enum iso_keras_match match, struct iso_keras_file *file)
{
    int index = 0;
    for (int i = 0; i < n; i++)
        snprintf(file->layers[i].name, sizeof file->layers[i].name, "%s", groups[i].name);
    for (int node = 0; node < g->nlayer_nodes; node++) {
        if (g->nodes[node].nw == 0)
            continue;
        const char *name = g->model->layers[g->nodes[node].layer].name;
        const int at = find_group(groups, n, name, index++, match);
        if (at < 0)
            continue;
        snprintf(file->layers[at].name, sizeof file->layers[at].name, "%s", name);
        ISO_TRY(fill(g, node, &groups[at], &file->layers[at]));
    }
    return ISO_OK;
}

/* Fails unless the layers' order says how they are paired. */
static iso_rc check_order(const struct iso_graph *g, const struct iso_torch_file *f,
                          const char *path, int n)
{
    int layers = 0;
    for (int node = 0; node < g->nlayer_nodes; node++)
        layers += g->nodes[node].nw > 0;
    if (!f->ordered)
        return iso_fail(
            ISO_EDATA,
            "%s: its tensors are in the order of their names, not of layers; leave --by "
            "order out and give the model file's layers their names, or save a .pth",
            path);
    if (layers != n)
        return iso_fail(ISO_EDATA,
                        "%s: has %d layers with weights and the model %d; to take those with equal "
                        "names, leave --by order out",
                        path, n, layers);
    return ISO_OK;
}

static iso_rc load(struct iso_exec *e, const struct group *groups, int n, const char *path,
                   enum iso_keras_match match, struct iso_faults *faults,
                   struct iso_keras_taken *taken)
{
    struct iso_keras_file file = { .nlayers = n };
    file.layers = iso_alloc((size_t)n, sizeof *file.layers);
    iso_rc rc = file.layers != NULL ? pair(iso_exec_graph(e), groups, n, match, &file) : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = iso_keras_load(e, &file, path, ISO_KERAS_BY_NAME, faults, taken);
    for (int i = 0; file.layers != NULL && i < n; i++)
        for (int k = 0; k < file.layers[i].nweights; k++)
            free((float *)(uintptr_t)file.layers[i].weights[k].values);
    free(file.layers);
    return rc;
}

static iso_rc load_file(struct iso_exec *e, const struct iso_torch_file *f, const char *path,
                        enum iso_keras_match match, struct iso_faults *faults,
                        struct iso_keras_taken *taken)
{
    struct group *groups = iso_alloc((size_t)f->n + 1, sizeof *groups);
    int n = 0;
    if (groups == NULL)
        return ISO_ENOMEM;
    iso_rc rc = find_groups(f, groups, &n);
    if (rc == ISO_OK && n == 0)
        rc = iso_fail(ISO_EDATA, "%s: holds no tensors of real numbers", path);
    if (rc == ISO_OK && match == ISO_KERAS_BY_ORDER)
        rc = check_order(iso_exec_graph(e), f, path, n);
    if (rc == ISO_OK)
        rc = load(e, groups, n, path, match, faults, taken);
    free(groups);
    return rc;
}

/* The tensors of a vision transformer have torchvision's names, whatever the model's layers have,
 * and not their order. */
iso_rc iso_torch_load(struct iso_exec *e, const struct iso_torch_file *f, const char *path,
                      enum iso_keras_match match, struct iso_faults *faults,
                      struct iso_keras_taken *taken)
{
    const struct iso_graph *g = iso_exec_graph(e);
    struct iso_torch_file own;
    if (!iso_torch_vit_is(f))
        return load_file(e, f, path, match, faults, taken);
    struct iso_torch_vit_name *names = iso_alloc((size_t)g->nlayer_nodes + 1, sizeof *names);
    iso_rc rc = names != NULL ? ISO_OK : ISO_ENOMEM;
    if (rc == ISO_OK && !iso_torch_vit_names(g, names))
        rc = iso_fail(ISO_EDATA,
                      "%s: holds attentions whose query, key and value are one tensor, in_proj, "
                      "and the model is no vision transformer like torchvision's (models/imagenet/"
                      "vit-tiny.yaml is one)",
                      path);
    if (rc == ISO_OK)
        rc = iso_torch_vit_take(g, names, f, &own);
    if (rc == ISO_OK) {
        rc = load_file(e, &own, path, ISO_KERAS_BY_NAME, faults, taken);
        free(own.tensors);
    }
    free(names);
    return rc;
}

/* ---- What weights do not say --------------------------------------------------------------- */

static bool is_uneven(const struct iso_window *w, int padding)
{
    const int64_t below = (w->oh - 1) * w->sh + (w->kh - 1) * w->dh + 1 - w->h - w->top;
    const int64_t right = (w->ow - 1) * w->sw + (w->kw - 1) * w->dw + 1 - w->w - w->left;
    return padding == ISO_PADDING_SAME && (below > w->top || right > w->left);
}

static bool pads_unevenly(const struct iso_node *n, const struct iso_shape *x)
{
    const struct iso_conv2d *c = n->params;
    const struct iso_depthwise_conv2d *d = n->params;
    const struct iso_pooling2d *p = n->params;
    struct iso_window w;
    switch (n->op) {
    case ISO_OP_conv2d: w = iso_conv2d_window(c, x); return is_uneven(&w, c->padding);
    case ISO_OP_depthwise_conv2d:
        w = iso_depthwise_conv2d_window(d, x);
        return is_uneven(&w, d->padding);
    case ISO_OP_max_pooling2d:
    case ISO_OP_average_pooling2d: w = iso_pooling2d_window(p, x); return is_uneven(&w, p->padding);
    default: return false;
    }
}

struct iso_torch_unlike iso_torch_compare(const struct iso_graph *g)
{
    struct iso_torch_unlike unlike = { 0 };
    for (int i = 0; i < g->nlayer_nodes; i++) {
        const struct iso_node *n = &g->nodes[i];
        unlike.padded += pads_unevenly(n, &g->values[n->x[0]].shape);
        if (n->op == ISO_OP_batch_normalization)
            unlike.normalized +=
                (float)((const struct iso_batch_normalization *)n->params)->epsilon != 1e-5F;
    }
    return unlike;
}
