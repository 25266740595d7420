#include "csv_targets.h"
#include "core/text/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Numbers in columns of their own --------------------------------------------------------- */

iso_rc iso_csv_targets_begin(const struct iso_source_options *o, struct iso_dataset *set)
{
    const char *list = o->target_columns;
    char entry[ISO_CSV_FIELD];
    set->classes = (int)iso_csv_list_count(list);
    set->targets = iso_alloc((size_t)set->rows, (size_t)set->classes * sizeof *set->targets);
    set->class_names = iso_alloc((size_t)set->classes, sizeof *set->class_names);
    if (set->targets == NULL || set->class_names == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < set->classes; i++) {
        list = iso_csv_list_next(list, entry);
        snprintf(set->class_names[i], ISO_CLASS_NAME, "%.*s", ISO_CLASS_NAME - 1, entry);
    }
    return ISO_OK;
}

/* Reads 0.25, or True and False as pandas writes them. */
static bool read_number(const char *text, double *number)
{
    const bool yes = strcasecmp(text, "true") == 0, no = strcasecmp(text, "false") == 0;
    *number = yes;
    if (yes || no)
        return true;
    return strchr(text, '/') == NULL && iso_number_real(text, number) == ISO_NUMBER_OK &&
           isfinite((float)*number);
}

iso_rc iso_csv_targets_take(struct iso_dataset *set, int64_t row, int64_t target,
                            const struct iso_csv_reader *reader)
{
    char what[ISO_CLASS_NAME + 96];
    double number;
    if (read_number(reader->field, &number)) {
        set->targets[row * set->classes + target] = (float)number;
        return ISO_OK;
    }
    snprintf(what, sizeof what,
             "should be a number, the target '%s' of the row (leave out rows that have none)",
             set->class_names[target]);
    return iso_csv_reader_fail(reader, what);
}

/* ---- Several labels in one column ------------------------------------------------------------ */

static iso_rc add_pair(struct iso_csv_lists *l, int64_t row, int32_t label)
{
    if (l->n == l->room) {
        const int64_t room = l->room ? 2 * l->room : 1024;
        struct iso_csv_listed *more = realloc(l->pair, (size_t)room * sizeof *more);
        if (more == NULL)
            return iso_fail(ISO_ENOMEM, "out of memory");
        l->pair = more;
        l->room = room;
    }
    l->pair[l->n++] = (struct iso_csv_listed){ (int32_t)row, label };
    return ISO_OK;
}

iso_rc iso_csv_lists_take(struct iso_csv_lists *l, const char *separator, int64_t row,
                          const struct iso_csv_reader *reader)
{
    const size_t step = strlen(separator);
    char name[ISO_CLASS_NAME];
    for (const char *at = reader->field, *end; *at != '\0'; at = end + (*end ? step : 0)) {
        int32_t label;
        end = strstr(at, separator);
        end = end != NULL ? end : at + strlen(at);
        const char *from = at + strspn(at, " ");
        size_t n = from < end ? (size_t)(end - from) : 0;
        while (n > 0 && from[n - 1] == ' ')
            n--;
        if (n >= sizeof name)
            return iso_csv_reader_fail(reader,
                                       "should be labels of at most 63 bytes, with the "
                                       "`label_separator:` between");
        if (n == 0)
            continue;
        memcpy(name, from, n);
        name[n] = '\0';
        ISO_TRY(iso_csv_labels_name(&l->labels, reader, name, &label));
        ISO_TRY(add_pair(l, row, label));
    }
    return ISO_OK;
}

iso_rc iso_csv_lists_end(struct iso_csv_lists *l, const struct iso_csv_reader *reader,
                         struct iso_dataset *set)
{
    int32_t *number = NULL; /* [labels]: by the order in which they came */
    if (l->labels.sorted.n == 0)
        return iso_fail(ISO_EDATA, "%s: no row has a label", reader->path);
    ISO_TRY(iso_csv_labels_names(&l->labels, set, &number));
    set->listed = true;
    set->targets = iso_alloc((size_t)set->rows, (size_t)set->classes * sizeof *set->targets);
    for (int64_t i = 0; set->targets != NULL && i < l->n; i++)
        set->targets[l->pair[i].row * (int64_t)set->classes + number[l->pair[i].label]] = 1;
    free(number);
    return set->targets != NULL ? ISO_OK : ISO_ENOMEM;
}

void iso_csv_lists_free(struct iso_csv_lists *l)
{
    iso_csv_labels_free(&l->labels);
    free(l->pair);
}
