/* class_map.c: renames, merges and drops the classes of a data set. */
#include "class_map.h"
#include "core/text/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes the classes of a set for a message: "0 to 9", or names, truncated if there are many. */
static const char *classes_text(const struct iso_dataset *set, char *buf, size_t n)
{
    size_t used = 0;
    snprintf(buf, n, "0 to %d", set->classes - 1);
    for (int i = 0; set->class_names != NULL && i < set->classes && used < n; i++)
        used += (size_t)snprintf(buf + used, n - used, "%s%s", i ? ", " : "", set->class_names[i]);
    return buf;
}

/* The number in the data set of the class of this name, or -1. Classes are called by their numbers
 * too, unless there is a name that looks like one. */
static int find_class(const struct iso_dataset *set, const char *name)
{
    int64_t number;
    bool numbers = true;
    for (int i = 0; set->class_names != NULL && i < set->classes; i++) {
        if (strcmp(set->class_names[i], name) == 0)
            return i;
        if (iso_number_int(set->class_names[i], &number) == ISO_NUMBER_OK)
            numbers = false;
    }
    if (!numbers || iso_number_int(name, &number) != ISO_NUMBER_OK)
        return -1;
    return number >= 0 && number < set->classes ? (int)number : -1;
}

/* class_of [set->classes]: the new class of each old one, -1 for none. */
static iso_rc find_members(const struct iso_class_map *map, bool some_may_lack,
                           const struct iso_dataset *set, int32_t *class_of)
{
    char text[160];
    some_may_lack = some_may_lack && set->class_names != NULL;
    for (int i = 0; i < set->classes; i++)
        class_of[i] = -1;
    for (int i = 0; i < map->n; i++) {
        const int old = find_class(set, map->member[i].name);
        if (old < 0 && some_may_lack)
            continue;
        if (old < 0)
            return iso_fail(ISO_EDATA, "data set '%s': classes: there is no class '%s'; it has %s",
                            set->name, map->member[i].name, classes_text(set, text, sizeof text));
        if (class_of[old] >= 0)
            return iso_fail(ISO_EDATA,
                            "data set '%s': classes: '%s' is listed twice, by name "
                            "and by number",
                            set->name, map->member[i].name);
        class_of[old] = map->member[i].class;
    }
    return ISO_OK;
}

static void add_member(char name[ISO_CLASS_NAME], const char *member)
{
    const size_t used = strlen(name);
    snprintf(name + used, ISO_CLASS_NAME - used, "%s%s", used ? "+" : "", member);
}

void iso_class_map_names(const struct iso_class_map *map, char (*names)[ISO_CLASS_NAME])
{
    memset(names, 0, (size_t)map->classes * sizeof *names);
    for (int i = 0; i < map->n; i++)
        add_member(names[map->member[i].class], map->member[i].name);
}

/* Replaces the names of the old classes by those of the new ones; the map may have numbers for old
 * classes. */
static iso_rc rename_classes(const struct iso_class_map *map, struct iso_dataset *set)
{
    char(*names)[ISO_CLASS_NAME] = iso_alloc((size_t)map->classes, sizeof *names);
    if (names == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < map->n; i++) {
        const struct iso_class_member *m = &map->member[i];
        const int old = set->class_names != NULL ? find_class(set, m->name) : -1;
        add_member(names[m->class], old >= 0 ? set->class_names[old] : m->name);
    }
    free(set->class_names);
    set->class_names = names;
    return ISO_OK;
}

/* Changes labels, names and rows of the set; class_of: as find_members has filled it. */
static iso_rc apply(const struct iso_class_map *map, struct iso_dataset *set,
                    const int32_t *class_of, int32_t *rows)
{
    int64_t count = 0;
    for (int64_t i = 0; i < set->rows; i++)
        if (class_of[set->labels[i]] >= 0)
            rows[count++] = (int32_t)i;
    if (count == 0)
        return iso_fail(ISO_EDATA, "data set '%s': classes: no image is of any of these classes",
                        set->name);
    ISO_TRY(iso_dataset_keep_rows(set, rows, count));
    for (int64_t i = 0; i < count; i++)
        set->labels[i] = class_of[set->labels[i]];
    ISO_TRY(rename_classes(map, set));
    set->classes = map->classes;
    return ISO_OK;
}

iso_rc iso_class_map_apply(const struct iso_class_map *map, bool some_may_lack,
                           struct iso_dataset *set)
{
    int32_t *class_of = iso_alloc((size_t)set->classes + 1, sizeof *class_of);
    int32_t *rows = iso_alloc((size_t)set->rows + 1, sizeof *rows);
    iso_rc rc = class_of != NULL && rows != NULL ? find_members(map, some_may_lack, set, class_of)
                                                 : ISO_ENOMEM;
    if (rc == ISO_OK)
        rc = apply(map, set, class_of, rows);
    free(class_of);
    free(rows);
    return rc;
}

bool iso_class_map_equal(const struct iso_class_map *a, const struct iso_class_map *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->classes != b->classes || a->n != b->n)
        return false;
    for (int i = 0; i < a->n; i++)
        if (a->member[i].class != b->member[i].class ||
            strcmp(a->member[i].name, b->member[i].name) != 0)
            return false;
    return true;
}

const char *iso_class_map_text(const struct iso_class_map *map, char *buf, size_t n)
{
    size_t used = (size_t)snprintf(buf, n, "[");
    for (int i = 0; map != NULL && i < map->n && used < n; i++) {
        const struct iso_class_member *m = &map->member[i];
        const bool first = i == 0 || m[-1].class != m->class;
        const bool last = i + 1 == map->n || m[1].class != m->class;
        used += (size_t)snprintf(buf + used, n - used, "%s%s%s%s", i ? ", " : "",
                                 first && !last ? "[" : "", m->name, last && !first ? "]" : "");
    }
    if (used < n)
        snprintf(buf + used, n - used, "]");
    return buf;
}
