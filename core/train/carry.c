#include "carry.h"

#include "core/data/shuffle.h"
#include "exec_private.h"

#include <stdio.h>
#include <stdlib.h>

struct item {
    char name[2 * ISO_NAME];
    int slot;
    int64_t n;
    double *values;
};
struct iso_carried {
    struct item *items;
    int n;
};

void iso_carry_free(struct iso_carried *c)
{
    if (c == NULL)
        return;
    for (int i = 0; i < c->n; i++)
        free(c->items[i].values);
    free(c->items);
    free(c);
}

/* A double holds every float, and is the double reference's own. */
static iso_rc take(struct iso_exec *e, struct iso_carried *c)
{
    struct item *item = &c->items[c->n];
    struct iso_tensor t;
    int weight, slot;
    if (!iso_exec_tensor(e, item->name, &t))
        return ISO_OK; /* a weight that is not trained has no slots */
    item->n = iso_shape_count(&t.shape);
    item->values = iso_alloc((size_t)item->n + 1, sizeof *item->values);
    if (item->values == NULL)
        return ISO_ENOMEM;
    c->n++;
    return iso_exec_divided_slot(e, item->name, &weight, &slot)
               ? iso_exec_slot_read(e, weight, slot, item->values)
               : iso_tensor_read(iso_exec_backend(e), &t, item->values);
}

static iso_rc take_all(struct iso_exec *e, int nslots, struct iso_carried *c)
{
    const int nweights = iso_exec_nweights(e);
    c->items = iso_alloc((size_t)(nweights * (1 + nslots)) + 1, sizeof *c->items);
    if (c->items == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < nweights; i++)
        for (int s = -1; s < nslots; s++) {
            snprintf(c->items[c->n].name, sizeof c->items->name, "%s%s%s", iso_exec_weight(e, i),
                     s < 0 ? "" : "/", s < 0 ? "" : iso_exec_slot(e, s));
            c->items[c->n].slot = s;
            ISO_TRY(take(e, c));
        }
    return ISO_OK;
}

iso_rc iso_carry_take(struct iso_exec *e, bool slots, struct iso_carried **out)
{
    struct iso_carried *c = iso_alloc(1, sizeof *c);
    if (c == NULL)
        return ISO_ENOMEM;
    const iso_rc rc = take_all(e, slots ? iso_exec_nslots(e) : 0, c);
    if (rc != ISO_OK) {
        iso_carry_free(c);
        return rc;
    }
    *out = c;
    return ISO_OK;
}

iso_rc iso_carry_give(const struct iso_carried *c, struct iso_exec *e)
{
    for (int i = 0; i < c->n; i++) {
        struct iso_tensor t;
        int weight, slot;
        if (!iso_exec_tensor(e, c->items[i].name, &t) || iso_shape_count(&t.shape) != c->items[i].n)
            return iso_fail(ISO_ESHAPE, "%s is of another shape in this phase", c->items[i].name);
        ISO_TRY(iso_exec_divided_slot(e, c->items[i].name, &weight, &slot)
                    ? iso_exec_slot_write(e, weight, slot, c->items[i].values)
                    : iso_tensor_write(iso_exec_backend(e), &t, c->items[i].values));
        if (c->items[i].slot < 0) /* its average may follow */
            ISO_TRY(iso_exec_begin_average(e, c->items[i].name, c->items[i].values));
    }
    return ISO_OK;
}

int iso_carried_count(const struct iso_carried *c) { return c->n; }

struct iso_carried_tensor iso_carried_tensor(const struct iso_carried *c, int i)
{
    const struct item *item = &c->items[i];
    return (struct iso_carried_tensor){ item->name, item->slot, item->n, item->values };
}

/* ---- Shuffling ----------------------------------------------------------------------------- */

/* order [n] and values [2 n] are room to work in. */
static iso_rc shuffle(struct iso_exec *e, const struct iso_tensor *t, uint32_t which,
                      int32_t *order, double *values)
{
    const int64_t n = iso_shape_count(&t->shape);
    double *from = values + n;
    ISO_TRY(iso_tensor_read(e->backend, t, from));
    iso_shuffle_for(ISO_RANDOM_PERMUTE, e->options.seed, which, order, n);
    for (int64_t i = 0; i < n; i++)
        values[i] = from[order[i]];
    return iso_tensor_write(e->backend, t, values);
}

iso_rc iso_shuffle_weights(struct iso_exec *e, int phase)
{
    for (int i = 0; i < e->nsorted; i++) {
        const struct iso_value *v = &e->graph->values[e->sorted[i]];
        const struct iso_tensor t = iso_exec_value(e, e->sorted[i]);
        const size_t n = (size_t)iso_shape_count(&t.shape);
        /* Phases, layers and weights of a layer are few enough for these bits. */
        const uint32_t which = (uint32_t)phase << 24 | (uint32_t)v->layer << 4 |
                               (uint32_t)v->weight;
        int32_t *order = iso_alloc(n, sizeof *order);
        double *values = iso_alloc(2 * n, sizeof *values);
        const iso_rc rc = order != NULL && values != NULL ? shuffle(e, &t, which, order, values)
                                                          : ISO_ENOMEM;
        free(order);
        free(values);
        ISO_TRY(rc);
    }
    return ISO_OK;
}
