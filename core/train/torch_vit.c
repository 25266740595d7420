/* torch_vit.c: names of a vision transformer's layers in PyTorch's state dicts. */
#include "torch_vit.h"
#include "core/model/model.h"
#include "core/system/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Names of the graph's layers ------------------------------------------------------------- */

struct walk {
    const struct iso_graph *g;
    struct iso_torch_vit_name *names;
    int node;
};

/* Goes to the next node with weights. */
static void step(struct walk *w)
{
    do
        w->node++;
    while (w->node < w->g->nlayer_nodes && w->g->nodes[w->node].nw == 0);
}

static bool at_op(const struct walk *w, enum iso_op op)
{
    return w->node < w->g->nlayer_nodes && w->g->nodes[w->node].op == op;
}

/* Names a node; returns false if it is not of this op. */
static bool name_node(struct walk *w, enum iso_op op, enum iso_torch_vit_kind kind,
                      const char *format, ...) ISO_PRINTF(4, 5);
static bool name_node(struct walk *w, enum iso_op op, enum iso_torch_vit_kind kind,
                      const char *format, ...)
{
    if (!at_op(w, op))
        return false;
    struct iso_torch_vit_name *n = &w->names[w->node];
    va_list list;
    va_start(list, format);
    vsnprintf(n->name, sizeof n->name, format, list);
    va_end(list);
    n->kind = kind;
    step(w);
    return true;
}

/* The attention that reads what the node gives, and as which of its inputs; -1: none does. */
static int part_of(const struct iso_graph *g, int node)
{
    for (int i = node + 1; i < g->nlayer_nodes; i++)
        for (int k = 0; k < 3 && g->nodes[i].op == ISO_OP_dot_product_attention; k++)
            if (g->nodes[i].x[k] == g->nodes[node].y[0])
                return k;
    return -1;
}

/* Query, key and value, which are each an input of the attention. */
static bool name_parts(struct walk *w, int block)
{
    int seen = 0;
    for (int k = 0; k < 3; k++) {
        struct iso_torch_vit_name *n = &w->names[w->node];
        const int part = at_op(w, ISO_OP_conv2d) ? part_of(w->g, w->node) : -1;
        if (part < 0)
            return false;
        n->part = part;
        n->linear = true;
        seen |= 1 << part;
        name_node(w, ISO_OP_conv2d, ISO_TORCH_VIT_PART,
                  "encoder.layers.encoder_layer_%d.self_attention.in_proj", block);
    }
    return seen == 7;
}

static bool name_linear(struct walk *w, int block, const char *name)
{
    const int node = w->node;
    if (!name_node(w, ISO_OP_conv2d, ISO_TORCH_VIT_LAYER, "encoder.layers.encoder_layer_%d.%s",
                   block, name))
        return false;
    w->names[node].linear = true;
    return true;
}

static bool name_block(struct walk *w, int block)
{
    static const char format[] = "encoder.layers.encoder_layer_%d.ln_%d";
    return name_node(w, ISO_OP_layer_normalization, ISO_TORCH_VIT_LAYER, format, block, 1) &&
           name_parts(w, block) && name_linear(w, block, "self_attention.out_proj") &&
           name_node(w, ISO_OP_layer_normalization, ISO_TORCH_VIT_LAYER, format, block, 2) &&
           name_linear(w, block, "mlp.0") && name_linear(w, block, "mlp.3");
}

/* A block begins with a normalization that convolutions follow; the last one is that of a head. */
static bool at_block(const struct walk *w)
{
    struct walk next = *w;
    step(&next);
    return at_op(w, ISO_OP_layer_normalization) && at_op(&next, ISO_OP_conv2d);
}

bool iso_torch_vit_names(const struct iso_graph *g, struct iso_torch_vit_name *names)
{
    struct walk w = { g, names, -1 };
    int block = 0;
    memset(names, 0, (size_t)g->nlayer_nodes * sizeof *names);
    step(&w);
    if (!name_node(&w, ISO_OP_conv2d, ISO_TORCH_VIT_LAYER, "conv_proj") ||
        !name_node(&w, ISO_OP_class_token, ISO_TORCH_VIT_TENSOR, "class_token") ||
        !name_node(&w, ISO_OP_position_embedding, ISO_TORCH_VIT_TENSOR, "encoder.pos_embedding"))
        return false;
    while (at_block(&w))
        if (!name_block(&w, block++))
            return false;
    return block > 0 &&
           name_node(&w, ISO_OP_layer_normalization, ISO_TORCH_VIT_LAYER, "encoder.ln") &&
           name_node(&w, ISO_OP_dense, ISO_TORCH_VIT_LAYER, "heads.head") &&
           w.node == g->nlayer_nodes;
}

/* ---- Tensors of a file ----------------------------------------------------------------------- */

bool iso_torch_vit_is(const struct iso_torch_file *f)
{
    for (int i = 0; i < f->n; i++)
        if (iso_ends_in(f->tensors[i].name, ".in_proj_weight"))
            return true;
    return false;
}

/* Writes the name that torchvision has today for one of its older ones: mlp.linear_1 is mlp.0. */
static void newer_name(const char *name, char out[160])
{
    static const char *const older[][2] = { { ".mlp.linear_1.", ".mlp.0." },
                                            { ".mlp.linear_2.", ".mlp.3." } };
    snprintf(out, 160, "%s", name);
    for (int i = 0; i < 2; i++) {
        const char *at = strstr(name, older[i][0]);
        if (at != NULL)
            snprintf(out, 160, "%.*s%s%s", (int)(at - name), name, older[i][1],
                     at + strlen(older[i][0]));
    }
}

/* Returns what of a layer a tensor is, "weight" or "bias"; NULL: it is another's. */
static const char *weight_of(const struct iso_torch_vit_name *n, const char *tensor)
{
    const size_t length = strlen(n->name);
    if (*n->name == '\0' || strncmp(tensor, n->name, length) != 0)
        return NULL;
    const char *rest = tensor + length;
    if (n->kind == ISO_TORCH_VIT_TENSOR)
        return *rest == '\0' ? "weight" : NULL;
    const char *weight = *rest == (n->kind == ISO_TORCH_VIT_PART ? '_' : '.') ? rest + 1 : "";
    return strcmp(weight, "weight") == 0 || strcmp(weight, "bias") == 0 ? weight : NULL;
}

static int64_t count_of(const struct iso_torch_tensor *t)
{
    int64_t n = 1;
    for (int i = 0; i < t->ndim; i++)
        n *= t->dim[i];
    return n;
}

/* Makes the tensor of a layer of one that has it, or of a third of it. */
static iso_rc take_tensor(const struct iso_torch_tensor *t, const struct iso_torch_vit_name *n,
                          const char *layer, const char *weight, struct iso_torch_tensor *to)
{
    *to = *t;
    snprintf(to->name, sizeof to->name, "%s.%s", layer, weight);
    if (n->kind != ISO_TORCH_VIT_PART)
        return ISO_OK;
    if (t->ndim < 1 || t->ndim > 2 || t->dim[0] % 3 != 0)
        return iso_fail(ISO_EDATA,
                        "tensor '%.100s' has no thirds, one for each of query, key and value",
                        t->name);
    to->dim[0] = t->dim[0] / 3;
    to->values = t->values + n->part * (count_of(t) / 3);
    return ISO_OK;
}

static iso_rc take_all(const struct iso_graph *g, const struct iso_torch_vit_name *names,
                       const struct iso_torch_tensor *t, struct iso_torch_file *out)
{
    char name[160];
    const int before = out->n;
    newer_name(t->name, name);
    for (int node = 0; node < g->nlayer_nodes; node++) {
        const char *weight = weight_of(&names[node], name);
        if (weight != NULL)
            ISO_TRY(take_tensor(t, &names[node], g->model->layers[g->nodes[node].layer].name,
                                weight, &out->tensors[out->n++]));
    }
    if (out->n == before)
        out->tensors[out->n++] = *t;
    return ISO_OK;
}

iso_rc iso_torch_vit_take(const struct iso_graph *g, const struct iso_torch_vit_name *names,
                          const struct iso_torch_file *f, struct iso_torch_file *out)
{
    iso_rc rc = ISO_OK;
    *out =
        (struct iso_torch_file){ .tensors = iso_alloc((size_t)f->n * 3 + 1, sizeof *out->tensors) };
    if (out->tensors == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < f->n && rc == ISO_OK; i++)
        rc = take_all(g, names, &f->tensors[i], out);
    if (rc != ISO_OK) {
        free(out->tensors);
        out->tensors = NULL;
    }
    return rc;
}
