#include "list_names.h"
#include "initializer.h"
#include "regularizer.h"
#include "schedule.h"
#include "core/text/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 80 };
static const struct {
    const struct iso_named_doc *docs;
    int n;
} tables[] = { { iso_initializer_docs, ISO_INITIALIZERS },
               { iso_regularizer_docs, ISO_REGULARIZERS },
               { iso_schedule_docs, ISO_SCHEDULES } };

/* *fields: what the name has; may be an empty table. */
static bool find(const char *name, const struct iso_field **fields)
{
    for (int op = 0; op < ISO_OP_COUNT; op++)
        if (iso_ops[op].def->topic != NULL && strcmp(iso_ops[op].name, name) == 0) {
            *fields = iso_ops[op].def->fields;
            return true;
        }
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (int i = 0; i < tables[t].n; i++)
            if (strcmp(tables[t].docs[i].name, name) == 0) {
                *fields = tables[t].docs[i].fields;
                return true;
            }
    return false;
}

bool iso_is_named(const struct iso_yaml *root, const char *name)
{
    const struct iso_field *fields;
    const struct iso_yaml *blocks = iso_yaml_get(root, "blocks");
    return find(name, &fields) || (blocks != NULL && iso_yaml_get(blocks, name) != NULL);
}

const char *iso_first_parameter(const char *name)
{
    const struct iso_field *fields = NULL;
    return find(name, &fields) && fields != NULL ? fields->key : NULL;
}

/* ---- Lists --------------------------------------------------------------------------------- */

/* Returns the op or layer block that the item is; "" for a phase, or what is none of these. */
static const char *op_of(const struct iso_yaml *item)
{
    if (item->kind == ISO_YAML_SCALAR)
        return item->text;
    return item->kind == ISO_YAML_MAPPING && item->count == 1 ? item->keys[0]->text : "";
}

static const struct iso_yaml *given_name(const struct iso_yaml *item)
{
    const struct iso_yaml *args = *op_of(item) && item->kind == ISO_YAML_MAPPING ? item->items[0]
                                                                                 : item;
    const struct iso_yaml *name = iso_yaml_get(args, "name");
    return name != NULL && name->kind == ISO_YAML_SCALAR ? name : NULL;
}

/* The name of item i: the given one, or the usual one. */
static const char *name_of(const struct iso_yaml *list, int i, char buf[NAME])
{
    const struct iso_yaml *item = list->items[i], *name = given_name(item);
    const char *op = op_of(item);
    int number = 1;
    for (int k = 0; k < i && *op; k++)
        number += strcmp(op_of(list->items[k]), op) == 0 && given_name(list->items[k]) == NULL;
    if (name != NULL)
        snprintf(buf, NAME, "%.60s", name->text);
    else if (*op)
        snprintf(buf, NAME, "%.60s_%d", op, number);
    else
        snprintf(buf, NAME, "phase_%d", i + 1);
    return buf;
}

static int find_number(const struct iso_yaml *list, const char *step, char *why, size_t n)
{
    const long number = strtol(step, NULL, 10);
    if (number < list->count)
        return (int)number;
    snprintf(why, n, "there is no item %.20s: the list has %d, from 0 to %d", step, list->count,
             list->count - 1);
    return -1;
}

/* The op where it is there once. */
static int find_op(const struct iso_yaml *list, const char *step)
{
    int found = -1, times = 0;
    for (int i = 0; i < list->count; i++)
        if (strcmp(op_of(list->items[i]), step) == 0) {
            found = i;
            times++;
        }
    return times == 1 ? found : -1;
}

int iso_list_find(const struct iso_yaml *list, const char *step, char *why, size_t n)
{
    char names[64][NAME], hint[120];
    struct iso_suggest near;
    if (step[strspn(step, "0123456789")] == '\0')
        return find_number(list, step, why, n);
    iso_suggest_begin(&near, step);
    for (int i = 0; i < list->count; i++) {
        char *name = names[i < 63 ? i : 63];
        if (strcmp(name_of(list, i, name), step) == 0)
            return i;
        if (i < 63)
            iso_suggest_try(&near, name);
    }
    const int found = find_op(list, step);
    if (found < 0)
        snprintf(why, n, "there is no '%.40s' in this list%s; items have names, or numbers from 0",
                 step, iso_suggest_text(&near, hint, sizeof hint));
    return found;
}
