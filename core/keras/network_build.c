/* network_build.c: the layers of the model file, and what is said of Keras's. */
#include "network_build.h"
#include "core/model/section.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int iso_keras_refuse(const struct iso_keras_config *c, const char *fmt, ...)
{
    char text[320];
    va_list arguments;
    va_start(arguments, fmt);
    vsnprintf(text, sizeof text, fmt, arguments);
    va_end(arguments);
    iso_faults_add(c->r->faults, (struct iso_location){ .file = c->r->path },
                   "layer '%.60s' (%.40s): %.200s", c->name, c->class_name, text);
    return ISO_KERAS_FAULT;
}

void iso_keras_leave_out(const struct iso_keras_config *c, const char *part)
{
    char *list = c->r->out->left_out;
    const size_t used = strlen(list), n = sizeof c->r->out->left_out;
    if (used + strlen(c->name) + strlen(part) + 3 < n)
        snprintf(list + used, n - used, "%s%s%s", used ? ", " : "", c->name, part);
}

const struct iso_keras_layer *iso_keras_weights_of(const struct iso_keras_config *c)
{
    for (int i = 0; i < c->r->file->nlayers; i++) {
        const struct iso_keras_layer *l = &c->r->file->layers[i];
        if (strcmp(*l->class ? l->class : l->place, *l->class ? c->class_path : c->path) == 0)
            return l;
    }
    return NULL;
}

/* ---- Ranks --------------------------------------------------------------------------------- */

int iso_keras_rank(const struct iso_keras_config *c)
{
    return c->x[0] >= 0 ? c->r->layers[c->x[0]].rank : c->r->input.ndim;
}

int iso_keras_result_rank(const struct iso_keras_config *c, enum iso_op op)
{
    const json_t *target = json_object_get(c->config, "target_shape");
    switch ((int)op) {
    case ISO_OP_flatten: return 2;
    case ISO_OP_reshape: return (int)json_array_size(target) + 1;
    case ISO_OP_global_average_pooling2d:
    case ISO_OP_global_max_pooling2d:
        return json_is_true(json_object_get(c->config, "keepdims")) ? iso_keras_rank(c) : 2;
    default: return iso_keras_rank(c);
    }
}

/* ---- Layers of the model file -------------------------------------------------------------- */

static bool taken(const struct iso_keras_reader *r, const char *name)
{
    static const char *const others[] = { "input", "target", "sample_weight", "loss", "d",
                                          "null",  "Null",   "NULL",          NULL };
    for (int i = 0; others[i] != NULL; i++)
        if (strcmp(others[i], name) == 0)
            return true;
    for (int i = 0; i < r->nlayers; i++)
        if (strcmp(r->layers[i].name, name) == 0)
            return true;
    return false;
}

static void name_layer(struct iso_keras_reader *r, struct iso_keras_flat *l, const char *name)
{
    if (strlen(name) < ISO_LAYER_NAME && iso_name_valid(name) && !taken(r, name)) {
        snprintf(l->name, sizeof l->name, "%s", name);
        return;
    }
    do
        snprintf(l->name, sizeof l->name, "%s_%d", iso_ops[l->op].name, ++r->unnamed[l->op]);
    while (taken(r, l->name));
}

void *iso_keras_one_more(struct iso_keras_reader *r, void *list, int n, int *room, size_t size)
{
    if (n < *room)
        return list;
    void *more = realloc(list, (size_t)(2 * *room + 32) * size);
    if (more == NULL) {
        r->rc = iso_fail(ISO_ENOMEM, "out of memory");
        return NULL;
    }
    *room = 2 * *room + 32;
    return more;
}

static bool add_place(const struct iso_keras_config *c, const char *name)
{
    struct iso_keras_network *n = c->r->out;
    void *more = realloc(n->places, (size_t)(n->nplaces + 1) * sizeof *n->places);
    if (more == NULL) {
        c->r->rc = iso_fail(ISO_ENOMEM, "out of memory");
        return false;
    }
    n->places = more;
    struct iso_keras_place *p = &n->places[n->nplaces++];
    p->inside = 0;
    snprintf(p->name, sizeof p->name, "%s", name);
    snprintf(p->class, sizeof p->class, "%s", c->class_path);
    snprintf(p->path, sizeof p->path, "%s", c->path);
    return true;
}

int iso_keras_add(const struct iso_keras_config *c, enum iso_op op, bool weights,
                  const char *params)
{
    struct iso_keras_reader *r = c->r;
    for (int i = 0; i < c->nx; i++)
        if (c->x[i] <= ISO_KERAS_PART)
            return iso_keras_refuse(c,
                                    "reads a layer's result with a number added, for which "
                                    "isocl has no layer");
    void *more = iso_keras_one_more(r, r->layers, r->nlayers, &r->room, sizeof *r->layers);
    if (more == NULL)
        return ISO_KERAS_FAULT;
    r->layers = more;
    struct iso_keras_flat *l = &r->layers[r->nlayers];
    memset(l, 0, sizeof *l);
    l->op = op;
    l->nx = c->nx;
    memcpy(l->x, c->x, sizeof l->x);
    l->rank = iso_keras_result_rank(c, op);
    snprintf(l->params, sizeof l->params, "%s", params);
    name_layer(r, l, c->name);
    if (weights && !add_place(c, l->name))
        return ISO_KERAS_FAULT;
    return r->nlayers++;
}
