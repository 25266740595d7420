/* new_table.c: a table that names pictures, and the classes or the targets of each. */
#include "new_model.h"

#include "core/data/csv_columns.h"
#include "core/image/image_kinds.h"
#include "core/text/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 512 };

struct table {
    struct iso_csv_reader reader;
    struct iso_names names;       /* names of the columns */
    bool number[MOST_COLUMNS];    /* the column has numbers only, */
    bool yes_or_no[MOST_COLUMNS]; /* 0 and 1 */
    bool picture[MOST_COLUMNS];   /* names of pictures */
};

static iso_rc read_names(struct table *t)
{
    iso_rc rc;
    iso_csv_reader_rewind(&t->reader);
    while (iso_csv_reader_next(&t->reader, &rc) && t->names.n < MOST_COLUMNS) {
        ISO_TRY(iso_names_add(&t->names, t->reader.field));
        if (t->reader.last)
            break;
    }
    return rc;
}

/* Looks at all entries below the names. */
static iso_rc read_entries(struct table *t)
{
    iso_rc rc;
    double value;
    for (int64_t i = 0; i < t->names.n; i++)
        t->number[i] = t->yes_or_no[i] = t->picture[i] = true;
    while (iso_csv_reader_next(&t->reader, &rc)) {
        const int64_t i = t->reader.column;
        if (i >= t->names.n)
            continue;
        const bool number = iso_number_real(t->reader.field, &value) == ISO_NUMBER_OK;
        t->number[i] = t->number[i] && number;
        t->yes_or_no[i] = t->yes_or_no[i] && number && (value == 0 || value == 1);
        t->picture[i] = t->picture[i] && iso_image_named(t->reader.field);
    }
    return rc;
}

/* Writes the columns that are targets: all numbers, unless there is a column for classes; those of
 * 0 and 1 alone, where there are several. */
static void choose_targets(const struct table *t, struct iso_new_data *d)
{
    int numbers = 0, labels = 0;
    size_t used = 0;
    for (int64_t i = 0; i < t->names.n; i++) {
        if (iso_csv_names_label(t->names.name[i]))
            return;
        numbers += t->number[i];
        labels += t->yes_or_no[i];
    }
    if (numbers == 0)
        return;
    d->labels = labels > 1 || labels == numbers;
    for (int64_t i = 0; i < t->names.n && used < sizeof d->targets; i++)
        if (d->labels ? t->yes_or_no[i] : t->number[i])
            used += (size_t)snprintf(d->targets + used, sizeof d->targets - used, "%s%s",
                                     used ? "," : "", t->names.name[i]);
    if (used >= sizeof d->targets)
        *d->targets = '\0';
}

/* The data set is the folder of the table. */
static iso_rc name_folder(const char *path, struct iso_new_data *d)
{
    const char *base = iso_path_base(path);
    const int n = snprintf(d->dataset, sizeof d->dataset, "folder:%.*s",
                           base > path + 1 ? (int)(base - path - 1) : 1, base > path ? path : ".");
    const int m = snprintf(d->table, sizeof d->table, "%s", base);
    return n < (int)sizeof d->dataset && m < (int)sizeof d->table ? ISO_OK
                                                                  : iso_path_too_long(path);
}

static iso_rc look(struct table *t, const char *path, struct iso_new_data *d)
{
    ISO_TRY(read_names(t));
    ISO_TRY(read_entries(t));
    bool pictures = false;
    for (int64_t i = 0; i < t->names.n; i++)
        pictures = pictures || t->picture[i];
    if (!pictures)
        return ISO_OK;
    choose_targets(t, d);
    return name_folder(path, d);
}

iso_rc iso_new_look_at_table(struct iso_new_data *d)
{
    char path[ISO_DATASET_NAME], *text = NULL;
    size_t n = 0;
    if (strncmp(d->dataset, "csv:", 4) != 0)
        return ISO_OK;
    strcpy(path, d->dataset + 4);
    if (iso_folder_exists(path))
        return ISO_OK;
    ISO_TRY(iso_file_read(path, &text, &n));
    struct table *t = iso_alloc(1, sizeof *t);
    iso_rc rc = t != NULL ? ISO_OK : ISO_ENOMEM;
    if (rc == ISO_OK) {
        iso_csv_reader_open(&t->reader, path, text, n);
        rc = look(t, path, d);
        iso_names_free(&t->names);
    }
    free(t);
    free(text);
    return rc;
}
