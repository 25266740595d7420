/* import.c: from ONNX's graph to a model: what goes in, node by node, what comes out. */
#include "import_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What goes in -------------------------------------------------------------------------- */

static bool reads(const struct iso_onnx_node *n, const char *x)
{
    return n->nx == 1 && strcmp(n->x[0], x) == 0;
}

static bool is_perm(const struct iso_onnx_node *n, const char *x)
{
    const struct iso_onnx_attribute *perm = iso_onnx_attribute(n, "perm");
    return strcmp(n->op, "Transpose") == 0 && reads(n, x) && perm != NULL &&
           perm->kind == ISO_ONNX_INTS && perm->n == 4 && perm->ints[1] == 3;
}

/* Returns true if the node leaves the axes of a value as they are. */
static bool passes(const struct iso_onnx_node *n, const char *x)
{
    static const char *const one = " Cast Identity ", *const two = " Add Sub Mul Div ";
    char word[80];
    snprintf(word, sizeof word, " %.70s ", n->op);
    if (strcmp(n->op, "Pad") == 0)
        return n->nx > 0 && strcmp(n->x[0], x) == 0;
    return (strstr(one, word) != NULL && reads(n, x)) ||
           (strstr(two, word) != NULL && n->nx == 2 &&
            (strcmp(n->x[0], x) == 0 || strcmp(n->x[1], x) == 0));
}

/* (Nodes are in order: each after those it reads.) */
bool iso_onnx_brought_forward(const struct iso_onnx *m, const char *value)
{
    for (int i = 0; i < m->nnodes; i++) {
        const struct iso_onnx_node *n = &m->nodes[i];
        if (is_perm(n, value))
            return true;
        if (passes(n, value) && n->ny > 0)
            value = n->y[0];
    }
    return false;
}

/* Returns true if an image has its channels last: the file says so, or a Transpose brings them
 * forward. */
static bool channels_last(const struct iso_onnx *m, const struct iso_onnx_value *v)
{
    if (v->meaning[1] != NULL || v->meaning[3] != NULL)
        return v->meaning[3] != NULL && strcmp(v->meaning[3], "DATA_CHANNEL") == 0;
    return iso_onnx_brought_forward(m, v->name);
}

static iso_rc take_input(struct iso_onnx_importer *im)
{
    const struct iso_onnx *m = im->m;
    const struct iso_onnx_value *v = m->x;
    if (m->nx != 1 || m->ny != 1)
        return iso_onnx_refuse(im,
                               "the network has %d inputs and %d outputs; isocl's have one of "
                               "each",
                               m->nx, m->ny);
    if (v->type != ISO_ONNX_FLOAT || (v->ndim != 2 && v->ndim != 4))
        return iso_onnx_refuse(im,
                               "the input '%.60s' is not float32 with 2 or 4 dimensions, the "
                               "batch among them",
                               v->name);
    for (int i = 1; i < v->ndim; i++)
        if (v->dim[i] < 1 || v->dim[i] > 65536)
            return iso_onnx_refuse(im,
                                   "the input '%.60s' has no fixed dimension %d; isocl needs "
                                   "all but the first",
                                   v->name, i);
    const bool first = v->ndim == 4 && !channels_last(m, v);
    im->rows = v->dim[0];
    im->input = (struct iso_shape){ v->ndim, { 1, v->dim[1], v->dim[2], v->dim[3] } };
    if (first)
        im->input = (struct iso_shape){ 4, { 1, v->dim[2], v->dim[3], v->dim[1] } };
    const struct iso_onnx_known x = { .name = v->name,
                                      .layer = -1,
                                      .shape = im->input,
                                      .order = first ? ISO_ONNX_FIRST : ISO_ONNX_LAST };
    return iso_onnx_know(im, &x);
}

static iso_rc begin(struct iso_onnx_importer *im)
{
    const struct iso_onnx *m = im->m;
    size_t most = (size_t)m->ntensors + 1;
    for (int i = 0; i < m->nnodes; i++)
        most += (size_t)m->nodes[i].ny;
    im->values = iso_onnx_alloc(im->m, most, sizeof *im->values);
    if (im->values == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < ISO_REALS; i++)
        im->factor[i] = 1;
    for (int i = 0; i < m->ntensors; i++) {
        const struct iso_onnx_known c = { .name = m->tensors[i].name,
                                          .layer = -1,
                                          .constant = &m->tensors[i] };
        ISO_TRY(iso_onnx_know(im, &c));
    }
    return take_input(im);
}

/* ---- Nodes --------------------------------------------------------------------------------- */

static iso_rc check_attributes(const struct iso_onnx_importer *im, const char *understood)
{
    char word[80];
    for (int i = 0; i < im->node->nattributes; i++) {
        const char *name = im->node->attributes[i].name;
        snprintf(word, sizeof word, " %.70s ", name);
        if (strstr(understood, word) == NULL || im->node->attributes[i].kind == ISO_ONNX_OTHER)
            return iso_onnx_refuse(im, "attribute %.40s is not understood", name);
    }
    return ISO_OK;
}

static const struct iso_onnx_operator *find_operator(const struct iso_onnx_node *node)
{
    const struct iso_onnx_operator *o = iso_onnx_operators;
    while (o->name != NULL && strcmp(o->name, node->op) != 0)
        o++;
    return !*node->domain && o->name != NULL ? o : NULL;
}

iso_rc iso_onnx_check_operator(struct iso_onnx_importer *im, const struct iso_onnx_node *node)
{
    im->node = node;
    if (find_operator(node) == NULL && !iso_onnx_may_fold(node))
        return iso_onnx_refuse(im,
                               "isocl has no layer for this operator%s%.60s; replace it in the "
                               "network before exporting",
                               *node->domain ? " of " : "", node->domain);
    return ISO_OK;
}

iso_rc iso_onnx_handle(struct iso_onnx_importer *im) { return find_operator(im->node)->handle(im); }

/* Takes the node with its handler. If that fails, the attempt is undone, and the node may begin a
 * view. */
static iso_rc take_or_view(struct iso_onnx_importer *im)
{
    const struct iso_onnx_importer before = *im;
    char why[400];
    iso_rc seen;
    const iso_rc rc = iso_onnx_handle(im);
    if (rc != ISO_EDATA && rc != ISO_ESHAPE)
        return rc;
    iso_error_take(why, sizeof why);
    *im = before;
    return iso_onnx_takes_view(im, true, &seen) ? seen : iso_error_put(rc, why);
}

iso_rc iso_onnx_take_node(struct iso_onnx_importer *im, const struct iso_onnx_node *node)
{
    iso_rc rc;
    im->node = node;
    if (iso_onnx_folds(im, &rc))
        return rc;
    const struct iso_onnx_operator *o = find_operator(node);
    if (o == NULL && iso_onnx_may_fold(node))
        return iso_onnx_refuse(im, "is understood of constants only");
    ISO_TRY(iso_onnx_check_operator(im, node));
    if (node->ny < 1)
        return iso_onnx_refuse(im, "has no result");
    ISO_TRY(check_attributes(im, o->attributes));
    if (iso_onnx_takes_view(im, false, &rc))
        return rc;
    return take_or_view(im);
}

/* ---- What comes out ------------------------------------------------------------------------ */

/* A layer is read by another on the way to the output, or left out: a model file has no others. */
static void find_live(struct iso_onnx_importer *im, int output)
{
    im->layers[output].live = true;
    for (int i = output; i >= 0; i--)
        for (int k = 0; k < im->layers[i].nx && im->layers[i].live; k++)
            if (im->layers[i].x[k] >= 0)
                im->layers[im->layers[i].x[k]].live = true;
}

static iso_rc take_output(struct iso_onnx_importer *im)
{
    im->node = NULL;
    const struct iso_onnx_known *y = iso_onnx_value(im, im->m->y[0].name);
    if (y == NULL)
        return ISO_EDATA;
    if (y->constant != NULL || y->layer < 0)
        return iso_onnx_refuse(im, "the output '%.60s' is given by no layer", y->name);
    if (y->order == ISO_ONNX_ROW_FIRST)
        return iso_onnx_refuse(im,
                               "the output '%.60s' is an image's row with the channels first, "
                               "which isocl has last",
                               y->name);
    int output = y->layer;
    if (y->shape.ndim != 2) { /* a loss wants rows */
        struct iso_onnx_layer *l = iso_onnx_layer(im, ISO_OP_flatten, "", 1, &y);
        if (l == NULL)
            return ISO_ENOMEM;
        output = (int)(l - im->layers);
    }
    find_live(im, output);
    return ISO_OK;
}

/* ---- Weights by layer ---------------------------------------------------------------------- */

static iso_rc list_weights(const struct iso_onnx_importer *im, struct iso_onnx_network *out)
{
    out->weights.layers = iso_alloc((size_t)im->nlayers + 1, sizeof *out->weights.layers);
    if (out->weights.layers == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < im->nlayers; i++) {
        const struct iso_onnx_layer *l = &im->layers[i];
        struct iso_keras_layer *to = &out->weights.layers[out->weights.nlayers];
        for (int k = 0; k < ISO_OPERANDS && l->live; k++)
            if (l->w[k].values != NULL)
                to->weights[to->nweights++] =
                    (struct iso_keras_weight){ .shape = l->w[k].shape, .values = l->w[k].values };
        snprintf(to->name, sizeof to->name, "%s", l->name);
        out->weights.nlayers += to->nweights > 0;
        out->nlayers += l->live;
    }
    return ISO_OK;
}

static iso_rc import(struct iso_onnx_importer *im, struct iso_onnx_network *out)
{
    ISO_TRY(begin(im));
    ISO_TRY(iso_onnx_take_nodes(im));
    ISO_TRY(take_output(im));
    out->nnodes = im->m->nnodes;
    ISO_TRY(list_weights(im, out));
    return iso_onnx_model_text(im, &out->yaml);
}

iso_rc iso_onnx_import(struct iso_onnx *m, const char *path, struct iso_onnx_network **out)
{
    struct iso_onnx_importer im = { .m = m, .path = path };
    struct iso_onnx_network *made = iso_alloc(1, sizeof *made);
    if (made == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = import(&im, made);
    if (rc == ISO_OK)
        *out = made;
    else
        iso_onnx_network_free(made);
    return rc;
}

void iso_onnx_network_free(struct iso_onnx_network *n)
{
    if (n == NULL)
        return;
    free(n->yaml);
    free(n->weights.layers);
    free(n);
}
