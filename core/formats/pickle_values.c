/* pickle_values.c: the values of a pickle, their memory, and queries on the result. */
#include "pickle_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

iso_rc iso_pickle_damaged(const struct iso_pickle *p, const char *what)
{
    return iso_fail(ISO_EDATA, "%s: its pickle %s (at byte %zu)", p->path, what, p->at);
}

/* ---- Memory -------------------------------------------------------------------------------- */

iso_rc iso_pickle_room(const struct iso_pickle *p, void *at, int32_t *room, int32_t n, size_t size)
{
    void **array = at;
    if (n < *room)
        return ISO_OK;
    if (n >= ISO_PICKLE_MOST)
        return iso_fail(ISO_EDATA,
                        "%s: its pickle has more than %d values; save the labels as an "
                        "array, not as a list",
                        p->path, ISO_PICKLE_MOST - 1);
    int32_t larger = *room ? 2 * *room : 64;
    while (larger <= n)
        larger *= 2;
    void *grown = iso_alloc((size_t)larger, size);
    if (grown == NULL)
        return ISO_ENOMEM;
    if (*array != NULL)
        memcpy(grown, *array, (size_t)*room * size);
    free(*array);
    *array = grown;
    *room = larger;
    return ISO_OK;
}

iso_rc iso_pickle_new(struct iso_pickle *p, enum iso_pickle_kind kind, int32_t *out)
{
    const int32_t n = p->nvalues + 1;
    ISO_TRY(iso_pickle_room(p, &p->value, &p->value_room, n, sizeof *p->value));
    p->value[n] = (struct iso_pickle_value){ .kind = kind };
    if (kind == ISO_PICKLE_TYPE || kind == ISO_PICKLE_ARRAY) {
        ISO_TRY(iso_pickle_room(p, &p->array, &p->array_room, p->narrays + 1, sizeof *p->array));
        p->value[n].is.array = ++p->narrays;
        p->array[p->narrays] = (struct iso_pickle_array){ .objects = 0 };
    }
    *out = p->nvalues = n;
    return ISO_OK;
}

/* ---- Values -------------------------------------------------------------------------------- */

bool iso_pickle_is(const struct iso_pickle *p, int32_t value, enum iso_pickle_kind kind)
{
    return value > 0 && p->value[value].kind == kind;
}

int32_t iso_pickle_item(const struct iso_pickle *p, int32_t list, int i)
{
    if (!iso_pickle_is(p, list, ISO_PICKLE_TUPLE) && !iso_pickle_is(p, list, ISO_PICKLE_LIST))
        return 0;
    int32_t cell = p->value[list].is.items.first;
    while (cell && i-- > 0)
        cell = p->cell[cell].next;
    return cell ? p->cell[cell].value : 0;
}

bool iso_pickle_equals(const struct iso_pickle *p, int32_t value, const char *text)
{
    const size_t n = strlen(text);
    return iso_pickle_is(p, value, ISO_PICKLE_TEXT) && p->value[value].is.text.size == n &&
           memcmp(p->bytes + p->value[value].is.text.at, text, n) == 0;
}

iso_rc iso_pickle_append(struct iso_pickle *p, int32_t list, int32_t value)
{
    const int32_t n = p->ncells + 1;
    ISO_TRY(iso_pickle_room(p, &p->cell, &p->cell_room, n, sizeof *p->cell));
    p->cell[n] = (struct iso_pickle_cell){ value, 0 };
    p->ncells = n;
    struct iso_pickle_value *v = &p->value[list];
    if (v->is.items.last)
        p->cell[v->is.items.last].next = n;
    else
        v->is.items.first = n;
    v->is.items.last = n;
    return ISO_OK;
}

void iso_pickle_free(struct iso_pickle *p)
{
    if (p == NULL)
        return;
    free(p->value);
    free(p->cell);
    free(p->array);
    free(p->stack);
    free(p->memo);
    free(p);
}

/* ---- What was read ------------------------------------------------------------------------- */

/* The first cell of the dictionary, that of a key; 0 for none. */
static int32_t first_key(const struct iso_pickle *p)
{
    return iso_pickle_is(p, p->root, ISO_PICKLE_DICT) ? p->value[p->root].is.items.first : 0;
}

static int32_t value_cell(const struct iso_pickle *p, int32_t key)
{
    return p->cell[key].next; /* entries are added in pairs */
}

bool iso_pickle_array(const struct iso_pickle *p, const char *key, struct iso_npy *out)
{
    int32_t found = 0;
    for (int32_t c = first_key(p); c; c = p->cell[value_cell(p, c)].next)
        if (iso_pickle_equals(p, p->cell[c].value, key))
            found = p->cell[value_cell(p, c)].value; /* the last one, as in Python */
    if (!iso_pickle_is(p, found, ISO_PICKLE_ARRAY))
        return false;
    *out = p->array[p->value[found].is.array].npy;
    return out->data != NULL; /* not an array of objects */
}

iso_rc iso_pickle_names(const struct iso_pickle *p, struct iso_names *names)
{
    char name[64];
    for (int32_t c = first_key(p); c; c = p->cell[value_cell(p, c)].next) {
        const struct iso_pickle_value *key = &p->value[p->cell[c].value];
        if (key->kind != ISO_PICKLE_TEXT || key->is.text.size >= sizeof name)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)key->is.text.size,
                 (const char *)p->bytes + key->is.text.at);
        ISO_TRY(iso_names_add(names, name));
    }
    return ISO_OK;
}

bool iso_pickle_look_up(const struct iso_pickle_known *known, const char *module, const char *name,
                        enum iso_pickle_function *out)
{
    for (; known->module != NULL; known++)
        if (strcmp(known->module, module) == 0 && strcmp(known->name, name) == 0) {
            *out = known->is;
            return true;
        }
    return false;
}
