/* class_list.c: reads a list of classes. Each entry is a class of the data set, or a list of
 * classes to merge into one. */
#include "class_list.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 20000 }; /* entries; keeps a hostile file cheap */

struct reader {
    const char *what, *key;
    struct iso_faults *faults;
    struct iso_class_map *map;
};

static void expected(const struct reader *r, const struct iso_yaml *node, const char *type)
{
    char found[64];
    iso_faults_add(r->faults, node->location, "%s: %s: expected %s, found %s", r->what, r->key,
                   type, iso_yaml_describe(node, found, sizeof found));
}

static void read_member(const struct reader *r, const struct iso_yaml *node, int class)
{
    struct iso_class_map *map = r->map;
    if (node->kind != ISO_YAML_SCALAR || iso_yaml_is_null(node)) {
        expected(r, node, "the number or the name of a class");
        return;
    }
    if (strlen(node->text) >= ISO_CLASS_NAME) {
        iso_faults_add(r->faults, node->location, "%s: %s: longer than %d bytes", r->what, r->key,
                       ISO_CLASS_NAME - 1);
        return;
    }
    for (int i = 0; i < map->n; i++)
        if (strcmp(map->member[i].name, node->text) == 0) {
            iso_faults_add(r->faults, node->location, "%s: %s: '%s' is in the list twice", r->what,
                           r->key, node->text);
            return;
        }
    strcpy(map->member[map->n].name, node->text);
    map->member[map->n++].class = class;
}

static void read_entries(const struct reader *r, const struct iso_yaml *node)
{
    for (int i = 0; i < node->count; i++) {
        const struct iso_yaml *entry = node->items[i];
        const bool many = entry->kind == ISO_YAML_SEQUENCE && entry->count > 0;
        for (int k = 0; many && k < entry->count; k++)
            read_member(r, entry->items[k], i);
        if (!many)
            read_member(r, entry, i);
    }
}

iso_rc iso_class_list_read(const struct iso_yaml *node, const char *what, const char *key,
                           struct iso_faults *faults, struct iso_class_map **out)
{
    struct reader r = { what, key, faults, NULL };
    const int before = faults->count;
    if (node->kind != ISO_YAML_SEQUENCE || node->count == 0) {
        expected(&r, node, "a list of classes, such as [3, 5] or [[0, 1], [2, 3]]");
        return ISO_OK;
    }
    if (node->size > MOST) {
        iso_faults_add(faults, node->location, "%s: %s: more than %d classes", what, key, MOST);
        return ISO_OK;
    }
    /* As many names at the most as there are nodes. */
    r.map = iso_alloc(1, sizeof *r.map + (size_t)node->size * sizeof r.map->member[0]);
    if (r.map == NULL)
        return ISO_ENOMEM;
    r.map->classes = node->count;
    read_entries(&r, node);
    if (faults->count == before) {
        free(*out);
        *out = r.map;
    } else {
        free(r.map);
    }
    return ISO_OK;
}
