#include "csv_labels.h"
#include "class_map.h"
#include "csv_number.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 1 << 16 };

/* ---- Classes that the request lists -------------------------------------------------------- */

/* Those, and one more for all others. */
static iso_rc name_classes(const struct iso_class_map *map, struct iso_dataset *set)
{
    set->classes = map->n + 1;
    set->class_names = iso_alloc((size_t)set->classes, sizeof *set->class_names);
    if (set->class_names == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < map->n; i++)
        strcpy(set->class_names[i], map->member[i].name);
    return ISO_OK;
}

static int32_t find_given(const struct iso_dataset *set, const char *text)
{
    int32_t label = 0;
    while (label < set->classes - 1 && strcmp(set->class_names[label], text) != 0)
        label++;
    return label;
}

/* ---- Classes that the file has ------------------------------------------------------------- */

static iso_rc make_room(struct iso_csv_labels *l)
{
    if (l->sorted.n < l->room)
        return ISO_OK;
    const int32_t room = l->room ? 2 * l->room : 64;
    int32_t *seen = iso_alloc((size_t)room, sizeof *seen);
    if (seen == NULL)
        return ISO_ENOMEM;
    if (l->room > 0)
        memcpy(seen, l->seen, (size_t)l->room * sizeof *seen);
    free(l->seen);
    l->seen = seen;
    l->room = room;
    return ISO_OK;
}

/* Finds where a name belongs among those so far; true if it is there. */
static bool find_place(const struct iso_names *names, const char *text, int64_t *at)
{
    int64_t low = 0, high = names->n;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (strcmp(names->name[middle], text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return low < names->n && strcmp(names->name[low], text) == 0;
}

iso_rc iso_csv_labels_name(struct iso_csv_labels *l, const struct iso_csv_reader *reader,
                           const char *name, int32_t *number)
{
    int64_t at;
    struct iso_names *names = &l->sorted;
    if (*name == '\0' || strlen(name) >= ISO_CLASS_NAME || l->sorted.n >= MOST_CLASSES)
        return iso_csv_reader_fail(reader,
                                   "should be the name of a class, of 1 to 63 bytes, and of "
                                   "at most 65536 classes");
    if (!find_place(names, name, &at)) {
        ISO_TRY(make_room(l));
        ISO_TRY(iso_names_add(names, name));
        char *own = names->name[names->n - 1];
        const size_t behind = (size_t)(names->n - 1 - at);
        memmove(names->name + at + 1, names->name + at, behind * sizeof *names->name);
        memmove(l->seen + at + 1, l->seen + at, behind * sizeof *l->seen);
        names->name[at] = own;
        l->seen[at] = (int32_t)names->n - 1;
    }
    *number = l->seen[at];
    return ISO_OK;
}

/* ---- Use ----------------------------------------------------------------------------------- */

static iso_rc begin(struct iso_csv_labels *l, const struct iso_dataset_request *r,
                    struct iso_dataset *set, const char *text)
{
    int64_t number;
    double real;
    const bool fraction = iso_number_real(text, &real) == ISO_NUMBER_OK &&
                          strchr(text, '/') == NULL;
    l->names = !iso_csv_number(text, &number) && (r->classes != NULL || !fraction);
    l->given = l->names && r->classes != NULL;
    return l->given ? name_classes(r->classes, set) : ISO_OK;
}

iso_rc iso_csv_labels_take(struct iso_csv_labels *l, const struct iso_dataset_request *r,
                           struct iso_dataset *set, int64_t row,
                           const struct iso_csv_reader *reader)
{
    const char *text = reader->field;
    int64_t number;
    if (row == 0)
        ISO_TRY(begin(l, r, set, text));
    if (l->given) {
        set->labels[row] = find_given(set, text);
        return ISO_OK;
    }
    if (l->names)
        return iso_csv_labels_name(l, reader, text, &set->labels[row]);
    if (!iso_csv_number(text, &number) || number < 0 || number >= MOST_CLASSES)
        return iso_csv_reader_fail(reader, "should be the number of a class, from 0 to 65535");
    set->labels[row] = (int32_t)number;
    if (number >= set->classes)
        set->classes = (int)number + 1;
    return ISO_OK;
}

iso_rc iso_csv_labels_names(const struct iso_csv_labels *l, struct iso_dataset *set,
                            int32_t **number)
{
    const int32_t n = (int32_t)l->sorted.n;
    int32_t *of = iso_alloc((size_t)n + 1, sizeof *of);
    set->class_names = iso_alloc((size_t)n, sizeof *set->class_names);
    if (of == NULL || set->class_names == NULL) {
        free(of);
        return ISO_ENOMEM;
    }
    for (int32_t i = 0; i < n; i++) {
        of[l->seen[i]] = i;
        strcpy(set->class_names[i], l->sorted.name[i]);
    }
    set->classes = n;
    *number = of;
    return ISO_OK;
}

iso_rc iso_csv_labels_end(struct iso_csv_labels *l, struct iso_dataset *set)
{
    int32_t *number = NULL;
    if (!l->names || l->given)
        return ISO_OK;
    ISO_TRY(iso_csv_labels_names(l, set, &number));
    for (int64_t row = 0; row < set->rows; row++)
        set->labels[row] = number[set->labels[row]];
    free(number);
    return ISO_OK;
}

void iso_csv_labels_free(struct iso_csv_labels *l)
{
    iso_names_free(&l->sorted);
    free(l->seen);
}
