/* torch_export.c: a network's weights as a state dict of PyTorch: what torch_weights.c reads,
 * turned back. */
#include "core/formats/safetensors.h"
#include "torch_vit.h"
#include "torch_weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct state_dict {
    struct iso_st_tensor *tensors;
    char (*names)[2 * ISO_NAME];
    int n;
    const struct iso_torch_vit_name *vit; /* [nodes]; NULL: it is no vision transformer */
};

/* Returns PyTorch's name of a weight, which isocl calls LAYER/kernel; NULL: it has none. */
static const char *torch_name(enum iso_op op, const char *weight)
{
    static const char *const names[][2] = {
        { "kernel", "weight" },
        { "depthwise_kernel", "weight" },
        { "gamma", "weight" },
        { "alpha", "weight" },
        { "bias", "bias" },
        { "beta", "bias" },
        { "moving_mean", "running_mean" },
        { "moving_variance", "running_var" },
        { "token", "weight" },
        { "embeddings", "weight" },
    };
    if (op == ISO_OP_separable_conv2d)
        return NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], weight) == 0)
            return names[i][1];
    return NULL;
}

/* [kh, kw, in, out] as [out, in, kh, kw]; a depthwise one, [kh, kw, channels, m], as [channels m,
 * 1, kh, kw]. */
static void turn_kernel(const struct iso_shape *s, bool depthwise, const float *from, float *to,
                        struct iso_st_tensor *t)
{
    const int64_t taps = s->dim[0] * s->dim[1], in = depthwise ? 1 : s->dim[2];
    const int64_t out = depthwise ? s->dim[2] * s->dim[3] : s->dim[3];
    t->ndim = 4;
    t->dim[0] = out;
    t->dim[1] = in;
    t->dim[2] = s->dim[0];
    t->dim[3] = s->dim[1];
    for (int64_t o = 0; o < out; o++)
        for (int64_t i = 0; i < in; i++)
            for (int64_t k = 0; k < taps; k++)
                to[(o * in + i) * taps + k] = from[(k * in + i) * out + o];
}

/* [in, units] as [units, in]; an image's row has its channels first there. */
static void turn_matrix(const struct iso_shape *s, const struct iso_shape *image, const float *from,
                        float *to, struct iso_st_tensor *t)
{
    const int64_t in = s->dim[0], units = s->dim[1];
    const int64_t channels = image != NULL ? image->dim[3] : 1;
    const int64_t pixels = image != NULL ? image->dim[1] * image->dim[2] : in;
    const bool row = channels * pixels == in;
    t->ndim = 2;
    t->dim[0] = units;
    t->dim[1] = in;
    for (int64_t i = 0; i < in; i++) {
        const int64_t at = row ? i % pixels * channels + i / pixels : i;
        for (int64_t o = 0; o < units; o++)
            to[o * in + i] = from[at * units + o];
    }
}

/* A token or a Linear as torchvision has it: [1, 1, channels], and without axes of one pixel. */
static void shape_for_vit(const struct iso_torch_vit_name *n, struct iso_st_tensor *t)
{
    if (n->kind == ISO_TORCH_VIT_TENSOR && t->ndim == 1) {
        t->dim[2] = t->dim[0];
        t->dim[0] = t->dim[1] = 1;
        t->ndim = 3;
    }
    t->ndim = n->linear && t->ndim == 4 ? 2 : t->ndim;
}

/* Puts a weight, which has been read, into `to` as PyTorch has it. */
static void turn(const struct iso_graph *g, int node, const struct iso_shape *s, const float *from,
                 float *to, struct iso_st_tensor *t)
{
    const enum iso_op op = g->nodes[node].op;
    if (s->ndim == 4 && (op == ISO_OP_conv2d || op == ISO_OP_depthwise_conv2d)) {
        turn_kernel(s, op == ISO_OP_depthwise_conv2d, from, to, t);
        return;
    }
    if (s->ndim == 2 && op == ISO_OP_dense) {
        turn_matrix(s, iso_torch_image_before(g, node), from, to, t);
        return;
    }
    memcpy(to, from, (size_t)iso_shape_count(s) * sizeof *to);
    t->ndim = 1; /* one number for each channel */
    t->dim[0] = iso_shape_count(s);
    if (op == ISO_OP_position_embedding) {
        t->ndim = s->ndim;
        memcpy(t->dim, s->dim, (size_t)s->ndim * sizeof *t->dim);
    }
}

static void name_tensor(const struct state_dict *d, int node, const char *layer, const char *weight,
                        char name[2 * ISO_NAME])
{
    const struct iso_torch_vit_name *n = d->vit != NULL ? &d->vit[node] : NULL;
    if (n == NULL)
        snprintf(name, 2 * ISO_NAME, "%s.%s", layer, weight);
    else if (n->kind == ISO_TORCH_VIT_TENSOR)
        snprintf(name, 2 * ISO_NAME, "%s", n->name);
    else if (n->kind == ISO_TORCH_VIT_PART) /* a third, until join_parts */
        snprintf(name, 2 * ISO_NAME, "%s_%s/%d", n->name, weight, n->part);
    else
        snprintf(name, 2 * ISO_NAME, "%s.%s", n->name, weight);
}

static iso_rc add_weight(struct iso_exec *e, int node, int value, struct state_dict *d)
{
    const struct iso_graph *g = iso_exec_graph(e);
    const struct iso_value *v = &g->values[value];
    const char *layer = g->model->layers[g->nodes[node].layer].name;
    const char *slash = strrchr(v->name, '/');
    const char *name = torch_name(g->nodes[node].op, slash + 1);
    const size_t n = (size_t)iso_shape_count(&v->shape);
    struct iso_tensor t;
    if (name == NULL || !iso_exec_tensor(e, v->name, &t))
        return iso_fail(ISO_EUNSUP,
                        "%s '%s' has no counterpart among PyTorch's layers; write .onnx or .keras",
                        iso_ops[g->nodes[node].op].name, layer);
    float *from = iso_alloc(2 * n + 1, sizeof *from);
    if (from == NULL)
        return ISO_ENOMEM;
    struct iso_st_tensor *to = &d->tensors[d->n];
    name_tensor(d, node, layer, name, d->names[d->n]);
    *to = (struct iso_st_tensor){ .name = d->names[d->n], .type = ISO_ST_F32, .data = from };
    d->n++;
    ISO_TRY(iso_tensor_read_f32(iso_exec_backend(e), &t, from + n));
    turn(g, node, &v->shape, from + n, from, to);
    if (d->vit != NULL)
        shape_for_vit(&d->vit[node], to);
    return ISO_OK;
}

/* Returns the tensor of a name with part `part` behind it, or NULL. */
static struct iso_st_tensor *find_part(struct state_dict *d, const char *name, size_t length,
                                       int part)
{
    char wanted[2 * ISO_NAME];
    snprintf(wanted, sizeof wanted, "%.*s/%d", (int)length, name, part);
    for (int i = 0; i < d->n; i++)
        if (strcmp(d->tensors[i].name, wanted) == 0)
            return &d->tensors[i];
    return NULL;
}

/* Makes one tensor of three, in place of the first; the other two are left out. */
static iso_rc join(struct state_dict *d, int first, size_t length)
{
    struct iso_st_tensor *part[3];
    const int64_t bytes = iso_st_bytes(&d->tensors[first]);
    for (int k = 0; k < 3; k++) {
        part[k] = find_part(d, d->names[first], length, k);
        if (part[k] == NULL || iso_st_bytes(part[k]) != bytes)
            return iso_fail(ISO_EUNSUP,
                            "query, key and value of an attention have not all the same size, or a "
                            "bias, which torchvision's have (%.*s); write .onnx or .keras",
                            (int)length, d->names[first]);
    }
    uint8_t *all = iso_alloc(3, (size_t)bytes);
    if (all == NULL)
        return ISO_ENOMEM;
    for (int k = 0; k < 3; k++) {
        memcpy(all + k * bytes, part[k]->data, (size_t)bytes);
        free((float *)(uintptr_t)part[k]->data);
        part[k]->data = NULL;
    }
    d->tensors[first].data = all;
    d->tensors[first].dim[0] *= 3;
    d->names[first][length] = '\0';
    return ISO_OK;
}

/* Joins what torchvision has as one tensor. */
static iso_rc join_parts(struct state_dict *d)
{
    int n = 0;
    for (int i = 0; i < d->n && d->vit != NULL; i++) {
        const char *slash = strchr(d->names[i], '/');
        if (slash != NULL && d->tensors[i].data != NULL)
            ISO_TRY(join(d, i, (size_t)(slash - d->names[i])));
    }
    for (int i = 0; i < d->n; i++)
        if (d->tensors[i].data != NULL)
            d->tensors[n++] = d->tensors[i];
    d->n = n;
    return ISO_OK;
}

static iso_rc collect(struct iso_exec *e, struct state_dict *d)
{
    const struct iso_graph *g = iso_exec_graph(e);
    for (int node = 0; node < g->nlayer_nodes; node++)
        for (int i = 0; i < g->nodes[node].nw; i++)
            if (g->nodes[node].w[i] >= 0)
                ISO_TRY(add_weight(e, node, g->nodes[node].w[i], d));
    return ISO_OK;
}

iso_rc iso_torch_save(struct iso_exec *e, const char *path)
{
    const char *const metadata[] = { "format", "pt", NULL };
    const size_t n = (size_t)iso_exec_nweights(e) + 1;
    struct state_dict d = { .tensors = iso_alloc(n, sizeof *d.tensors),
                            .names = iso_alloc(n, sizeof *d.names) };
    const struct iso_graph *g = iso_exec_graph(e);
    struct iso_torch_vit_name *vit = iso_alloc((size_t)g->nlayer_nodes + 1, sizeof *vit);
    if (vit != NULL && iso_torch_vit_names(g, vit))
        d.vit = vit;
    iso_rc rc = vit != NULL && d.tensors != NULL && d.names != NULL ? collect(e, &d) : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = join_parts(&d);
    if (rc == ISO_OK)
        rc = iso_st_write(path, d.tensors, d.n, metadata);
    for (int i = 0; i < d.n; i++)
        free((float *)(uintptr_t)d.tensors[i].data);
    free(d.tensors);
    free(d.names);
    free(vit);
    return rc;
}
