#include "fold.h"

#include "core/model/field.h"
#include "core/model/layer_about.h"
#include "core/model/model.h"

#include <stdio.h>
#include <string.h>

enum { LARGEST = 20 }; /* a block of more layers is shown as the blocks inside it */

/* The use of a layer block that is `out` uses around the layer, from the innermost, 0; NULL: none.
 */
static const struct iso_location *use_of(const struct iso_layer *l, int out)
{
    const struct iso_location *use = l->location.used_at;
    for (; use != NULL && out > 0; out--)
        use = use->used_at;
    return use;
}

static int depth_of(const struct iso_layer *l)
{
    int depth = 0;
    for (const struct iso_location *use = l->location.used_at; use != NULL; use = use->used_at)
        depth++;
    return depth;
}

/* True if two uses stand at one location, and all around them. The copies that `repeat` makes do.
 */
static bool same_use(const struct iso_location *a, const struct iso_location *b)
{
    for (; a != NULL && b != NULL; a = a->used_at, b = b->used_at)
        if (a->line != b->line || a->column != b->column)
            return false;
    return a == NULL && b == NULL;
}

/* Counts the layers from this one on that uses at one location made. level: of uses, 0 is the
 * outermost. */
static int count_of_use(const struct iso_model *m, int first, int level)
{
    const struct iso_location *use =
        use_of(&m->layers[first], depth_of(&m->layers[first]) - 1 - level);
    int n = 0;
    for (int i = first; i < m->nlayers; i++, n++) {
        const int depth = depth_of(&m->layers[i]);
        if (depth <= level || !same_use(use_of(&m->layers[i], depth - 1 - level), use))
            break;
    }
    return n;
}

/* Finds the copies that `repeat` has made: returns the length of the shortest piece of more than
 * one layer whose ops the others have, too. */
static int piece_of(const struct iso_model *m, int first, int n)
{
    for (int piece = 2; piece <= n / 2; piece++) {
        bool repeats = n % piece == 0;
        for (int i = piece; repeats && i < n; i++)
            repeats = m->layers[first + i].op == m->layers[first + i - piece].op;
        if (repeats)
            return piece;
    }
    return n;
}

/* Returns how many layers the outermost block that is small enough has; 1: it is none. */
static int block_at(const struct iso_model *m, int first)
{
    for (int level = 0; level < depth_of(&m->layers[first]); level++) {
        const int n = piece_of(m, first, count_of_use(m, first, level));
        if (n <= LARGEST)
            return n;
    }
    return 1;
}

/* ---- Alike --------------------------------------------------------------------------------- */

static bool same_shape(const struct iso_graph *g, int a, int b)
{
    char text_a[64], text_b[64];
    return strcmp(iso_layer_shape(g, a, text_a, sizeof text_a),
                  iso_layer_shape(g, b, text_b, sizeof text_b)) == 0;
}

static bool same_params(const struct iso_layer *a, const struct iso_layer *b)
{
    char text_a[512], text_b[512];
    const struct iso_field *f = iso_ops[a->op].def->fields;
    for (; f != NULL && f->key != NULL; f++)
        if (strcmp(iso_field_text(f, a->params, text_a, sizeof text_a),
                   iso_field_text(f, b->params, text_b, sizeof text_b)) != 0)
            return false;
    return true;
}

static bool same_layer(const struct iso_graph *g, int a, int b)
{
    const struct iso_layer *la = &g->model->layers[a], *lb = &g->model->layers[b];
    if (la->op != lb->op || la->frozen != lb->frozen || la->ninputs != lb->ninputs)
        return false;
    for (int i = 0; i < la->ninputs; i++)
        if (la->input[i] - a != lb->input[i] - b || !same_shape(g, la->input[i], lb->input[i]))
            return false;
    return same_shape(g, a, b) && same_params(la, lb);
}

static bool alike(const struct iso_graph *g, int a, int b, int n)
{
    for (int i = 0; i < n; i++)
        if (!same_layer(g, a + i, b + i))
            return false;
    return true;
}

int iso_fold_layers(const struct iso_graph *g, struct iso_fold *folds)
{
    const struct iso_model *m = g->model;
    int n = 0;
    for (int i = 0; i < m->nlayers;) {
        const int layers = block_at(m, i);
        struct iso_fold *last = n > 0 ? &folds[n - 1] : NULL;
        if (layers > 1 && last != NULL && last->layers == layers &&
            alike(g, last->first, i, layers))
            last->times++;
        else
            folds[n++] = (struct iso_fold){ .first = i, .layers = layers, .times = 1 };
        i += layers;
    }
    return n;
}

const char *iso_fold_name(const struct iso_graph *g, const struct iso_fold *f, int i,
                          char buf[ISO_NAME])
{
    const struct iso_layer *first = &g->model->layers[f->first + i * f->layers];
    size_t n = strlen(first->name);
    for (int k = 1; k < f->layers; k++) {
        size_t same = 0;
        while (same < n && first[k].name[same] == first->name[same])
            same++;
        n = same;
    }
    while (f->layers > 1 && n > 0 && first->name[n - 1] != '_')
        n--;
    if (f->layers > 1 && n > 1)
        n--;
    snprintf(buf, ISO_NAME, "%.*s", n > 0 ? (int)n : (int)strlen(first->name), first->name);
    return buf;
}
