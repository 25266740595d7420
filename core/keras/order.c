#include "order.h"
#include "classes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    const struct iso_model *m;
    int *met, nmet; /* when each layer was met first; -1: not yet */
    int *depth;     /* layers between it and the output, on the longest way */
};

/* Walks from a layer to the input. A layer's inputs stand before it, so the stack holds no more
 * than all inputs. */
static void meet(struct walk *w, int *stack)
{
    int n = 0;
    stack[n++] = w->m->nlayers - 1;
    while (n > 0) {
        const int at = stack[--n];
        if (at < 0 || w->met[at] >= 0)
            continue;
        w->met[at] = w->nmet++;
        for (int i = w->m->layers[at].ninputs - 1; i >= 0; i--)
            stack[n++] = w->m->layers[at].input[i];
    }
}

static void measure(struct walk *w)
{
    for (int i = w->m->nlayers - 1; i >= 0; i--)
        for (int k = 0; w->met[i] >= 0 && k < w->m->layers[i].ninputs; k++) {
            const int x = w->m->layers[i].input[k];
            if (x >= 0 && w->depth[x] < w->depth[i] + 1)
                w->depth[x] = w->depth[i] + 1;
        }
}

static bool before(const struct walk *w, int a, int b)
{
    return w->depth[a] != w->depth[b] ? w->depth[a] > w->depth[b] : w->met[a] < w->met[b];
}

static int put_in_order(const struct walk *w, int *order)
{
    int n = 0;
    for (int i = 0; i < w->m->nlayers; i++) {
        int at = n;
        if (w->met[i] < 0)
            continue;
        for (; at > 0 && before(w, i, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = i;
        n++;
    }
    return n;
}

int iso_keras_order(const struct iso_model *m, int *order)
{
    const size_t n = (size_t)m->nlayers;
    struct walk w = { .m = m,
                      .met = iso_alloc(n, sizeof(int)),
                      .depth = iso_alloc(n, sizeof(int)) };
    int *stack = iso_alloc(n * ISO_OPERANDS + 1, sizeof *stack), count = -1;
    if (w.met != NULL && w.depth != NULL && stack != NULL) {
        for (size_t i = 0; i < n; i++)
            w.met[i] = -1;
        meet(&w, stack);
        measure(&w);
        count = put_in_order(&w, order);
    }
    free(w.met);
    free(w.depth);
    free(stack);
    return count;
}

/* ---- Names --------------------------------------------------------------------------------- */

/* Returns the class that stands in the names of .weights.h5 for an op. */
static const char *class_of(const struct iso_layer *l, char *buf, size_t n)
{
    const char *class_name = iso_keras_class(l->op);
    return iso_keras_snake(class_name != NULL ? class_name : iso_ops[l->op].name, buf, n);
}

static void name_layers(const struct iso_model *m, const int *order, int n, char (*names)[ISO_NAME])
{
    char class_name[ISO_NAME], other[ISO_NAME];
    for (int i = 0; i < n; i++) {
        int same = 0;
        class_of(&m->layers[order[i]], class_name, sizeof class_name);
        for (int k = 0; k < i; k++)
            same += strcmp(class_of(&m->layers[order[k]], other, sizeof other), class_name) == 0;
        snprintf(names[order[i]], ISO_NAME, same ? "%.80s_%d" : "%.80s", class_name, same);
    }
}

iso_rc iso_keras_class_names(const struct iso_model *m, char (**out)[ISO_NAME])
{
    char(*names)[ISO_NAME] = iso_alloc((size_t)m->nlayers, sizeof *names);
    int *order = iso_alloc((size_t)m->nlayers, sizeof *order);
    const int n = names != NULL && order != NULL ? iso_keras_order(m, order) : -1;
    if (n >= 0)
        name_layers(m, order, n, names);
    free(order);
    if (n < 0) {
        free(names);
        return ISO_ENOMEM;
    }
    *out = names;
    return ISO_OK;
}
