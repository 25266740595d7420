#include "table.h"

#include "core/system/file.h"
#include "core/train/history_csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More than any training writes; keeps a hostile file cheap. */
enum { MOST_COLUMNS = 4096, MOST_NUMBERS = 1 << 27 };

static void read_names(struct iso_table *t)
{
    const char *at = t->text;
    for (int c = 0; c < t->columns; c++) {
        const size_t n = strcspn(at, ",\n");
        snprintf(t->name[c], sizeof t->name[c], "%.*s", (int)(n < ISO_NAME ? n : ISO_NAME - 1), at);
        at += n + (at[n] == ',');
    }
}

static void read_row(struct iso_table *t, int64_t r, const char *at)
{
    for (int c = 0; c < t->columns; c++) {
        t->values[c * t->rows + r] = iso_csv_number(at, 0);
        at += strcspn(at, ",\n");
        at += *at == ',';
    }
}

/* A line that does not end yet, as of a file that is being written, is left out. */
static void cut_unfinished(char *text)
{
    char *end = strrchr(text, '\n');
    if (end != NULL)
        end[1] = '\0';
}

static iso_rc parse(struct iso_table *t, const char *path)
{
    cut_unfinished(t->text);
    t->columns = 1;
    for (const char *at = t->text; *at && *at != '\n'; at++)
        t->columns += *at == ',';
    for (const char *row = iso_csv_next(t->text); row != NULL; row = iso_csv_next(row))
        t->rows++;
    if (t->columns > MOST_COLUMNS || t->rows > MOST_NUMBERS / t->columns)
        return iso_fail(ISO_EDATA, "%s is too large to be shown: %lld rows of %d columns", path,
                        (long long)t->rows, t->columns);
    t->name = iso_alloc((size_t)t->columns, sizeof *t->name);
    t->values = iso_alloc((size_t)(t->columns * t->rows) + 1, sizeof *t->values);
    if (t->name == NULL || t->values == NULL)
        return ISO_ENOMEM;
    read_names(t);
    int64_t r = 0;
    for (const char *row = iso_csv_next(t->text); row != NULL; row = iso_csv_next(row))
        read_row(t, r++, row);
    return ISO_OK;
}

iso_rc iso_table_read(const char *folder, const char *name, struct iso_table *t)
{
    char path[ISO_PATH];
    size_t n = 0;
    *t = (struct iso_table){ .text = NULL };
    ISO_TRY(iso_path(path, folder, name));
    if (access(path, F_OK) != 0)
        return ISO_OK;
    ISO_TRY(iso_file_read(path, &t->text, &n));
    const iso_rc rc = parse(t, path);
    if (rc != ISO_OK)
        t->rows = t->columns = 0;
    return rc;
}

void iso_table_free(struct iso_table *t)
{
    free(t->text);
    free(t->name);
    free(t->values);
    *t = (struct iso_table){ .text = NULL };
}

int iso_table_find(const struct iso_table *t, const char *name)
{
    for (int c = 0; c < t->columns; c++)
        if (strcmp(t->name[c], name) == 0)
            return c;
    return -1;
}

const double *iso_table_column(const struct iso_table *t, int column)
{
    return column < 0 ? NULL : t->values + column * t->rows;
}

double iso_table_last(const struct iso_table *t, int column, int64_t *row)
{
    const double *v = iso_table_column(t, column);
    *row = -1;
    for (int64_t i = t->rows - 1; v != NULL && i >= 0; i--)
        if (isfinite(v[i])) {
            *row = i;
            return v[i];
        }
    return NAN;
}

double iso_table_best(const struct iso_table *t, int column, bool smaller, int64_t *row)
{
    const double *v = iso_table_column(t, column);
    *row = -1;
    for (int64_t i = 0; v != NULL && i < t->rows; i++)
        if (isfinite(v[i]) && (*row < 0 || (smaller ? v[i] < v[*row] : v[i] > v[*row])))
            *row = i;
    return *row < 0 ? NAN : v[*row];
}
