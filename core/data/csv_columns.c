#include "csv_columns.h"
#include "csv_list.h"
#include "core/text/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_COLUMNS = 1 << 24, SEQUENCE = 10 }; /* so many numbers in turn are names */
/* Names that columns have by themselves, in any case. "" and "Unnamed: 0" are what pandas calls the
 * column of its row numbers. */
static const char *const label_names[] = { "label", "labels", "class", "target", NULL };
static const char *const id_names[] = { "id",    "image_id", "imageid",    "row_id",
                                        "rowid", "",         "unnamed: 0", NULL };

/* The first line, while its columns are told apart. */
struct line {
    const struct iso_source_options *options;
    struct iso_csv_columns *columns;
    int64_t label_number, id_number; /* columns that are given by number; -1: they are not */
    int64_t words; /* fields that are no numbers, but for columns given by number */
    int64_t dropped_found, targets_found;
    bool targets_by_number;
    bool sequence; /* the fields are 0, 1, 2, ..., as pandas names columns without names */
    int64_t next;  /* number of the sequence */
};

static bool is_number(const char *text)
{
    double number;
    return iso_number_real(text, &number) == ISO_NUMBER_OK;
}

static bool is_one_of(const char *const *names, const char *name)
{
    while (*names != NULL && strcasecmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

bool iso_csv_names_label(const char *name) { return is_one_of(label_names, name); }

/* ---- One field ----------------------------------------------------------------------------- */

/* A name that is given is exact; a usual one is taken where no earlier column has it. */
static bool is_label(const struct line *l, const char *name, int64_t column)
{
    const char *wanted = l->options->label_column;
    if (*l->options->target_columns)
        return false;
    if (*wanted)
        return column == l->label_number || (strcmp(name, wanted) == 0 && !is_number(name));
    return l->columns->label < 0 && iso_csv_names_label(name);
}

static bool is_id(const struct line *l, const char *name, int64_t column)
{
    const char *wanted = l->options->id_column;
    if (*wanted)
        return column == l->id_number || (strcmp(name, wanted) == 0 && !is_number(name));
    return l->columns->id < 0 && is_one_of(id_names, name);
}

static void look_at(struct line *l, const char *name, int64_t column)
{
    struct iso_csv_columns *c = l->columns;
    bool drop_number = false, target_number = false;
    const bool dropped =
        iso_csv_list_find(l->options->drop_columns, name, column, &drop_number) >= 0;
    const int64_t target =
        iso_csv_list_find(l->options->target_columns, name, column, &target_number);
    const bool by_number = column == l->label_number || column == l->id_number || drop_number ||
                           target_number;
    l->words += !is_number(name) && !by_number;
    l->sequence = l->sequence && (*name == '\0' || iso_csv_column_number(name) == l->next);
    l->next += *name != '\0';
    l->dropped_found += dropped;
    l->targets_found += target >= 0;
    l->targets_by_number = l->targets_by_number || target_number;
    if (dropped)
        c->of[column] = ISO_CSV_DROPPED;
    else if (target >= 0)
        c->of[column] = ISO_CSV_TARGET - (int32_t)target;
    else if (is_label(l, name, column))
        c->of[c->label = column] = ISO_CSV_LABEL;
    else if (is_id(l, name, column)) {
        c->of[c->id = column] = ISO_CSV_ID;
        snprintf(c->id_name, sizeof c->id_name, "%s", name);
    }
}

static iso_rc grow(struct iso_csv_columns *c, int64_t *room)
{
    const int64_t larger = *room ? 2 * *room : 1024;
    int32_t *of = iso_alloc((size_t)larger, sizeof *of);
    if (of == NULL)
        return ISO_ENOMEM;
    if (c->n > 0)
        memcpy(of, c->of, (size_t)c->n * sizeof *of);
    free(c->of);
    c->of = of;
    *room = larger;
    return ISO_OK;
}

static iso_rc read_line(struct iso_csv_reader *r, struct line *l)
{
    struct iso_csv_columns *c = l->columns;
    int64_t room = 0;
    iso_rc rc;
    iso_csv_reader_rewind(r);
    while (iso_csv_reader_next(r, &rc)) {
        if (r->column >= MOST_COLUMNS)
            return iso_csv_reader_fail(r, "is one more than a table may have on a line");
        if (r->column == room)
            ISO_TRY(grow(c, &room));
        c->n = r->column + 1;
        look_at(l, r->field, r->column);
        if (r->last)
            break;
    }
    return rc;
}

/* ---- All of them --------------------------------------------------------------------------- */

/* Numbers that a row of pixels has, -1 where the model does not say. */
static int64_t wanted_pixels(const struct iso_dataset_request *request)
{
    int64_t shape[3];
    return iso_dataset_row_shape(request, shape) ? shape[0] * shape[1] * shape[2] : -1;
}

/* A line without names: usual names in it are no names, and the first column has the labels, unless
 * all columns are wanted for pixels. */
static void without_names(struct line *l, const struct iso_dataset_request *request)
{
    struct iso_csv_columns *c = l->columns;
    const int64_t others = c->dropped + (l->id_number >= 0);
    int64_t first = 0;
    for (int64_t i = 0; i < c->n; i++)
        if ((c->of[i] == ISO_CSV_LABEL && i != l->label_number) ||
            (c->of[i] == ISO_CSV_ID && i != l->id_number))
            c->of[i] = 0;
    c->id = l->id_number < c->n ? l->id_number : -1;
    c->label = l->label_number < c->n ? l->label_number : -1;
    if (request->labels_optional && c->n - others == wanted_pixels(request)) {
        if (c->label >= 0)
            c->of[c->label] = 0;
        c->label = -1;
        return;
    }
    while (first < c->n && c->of[first] != 0)
        first++;
    if (!*l->options->label_column && !*l->options->target_columns && first < c->n)
        c->of[c->label = first] = ISO_CSV_LABEL;
}

static iso_rc missing(const char *path, const char *name, const char *what, const char *key)
{
    return iso_fail(ISO_EDATA,
                    "%s: has no column '%s' %s; say which it is with `%s:`, by its name or its "
                    "number from 0",
                    path, name, what, key);
}

static iso_rc targets_missing(const struct line *l, const char *path)
{
    const char *list = l->options->target_columns;
    return iso_fail(ISO_EDATA,
                    "%s: has %lld of the %lld columns that `target_columns:` names: %.200s", path,
                    (long long)l->targets_found, (long long)iso_csv_list_count(list), list);
}

static iso_rc check(const struct line *l, const char *path,
                    const struct iso_dataset_request *request)
{
    const struct iso_csv_columns *c = l->columns;
    const struct iso_source_options *o = l->options;
    if (c->n < 1 + !request->labels_optional)
        return iso_fail(ISO_EDATA,
                        "%s: its first line has %lld fields; it needs a label and "
                        "pixels",
                        path, (long long)c->n);
    if (*o->target_columns && (l->targets_found > 0 || !request->labels_optional) && !c->targets)
        return targets_missing(l, path);
    if (c->label < 0 && !request->labels_optional && !*o->target_columns)
        return missing(path, *o->label_column ? o->label_column : label_names[0], "for the labels",
                       "label_column");
    if (c->id < 0 && *o->id_column && !request->labels_optional)
        return missing(path, o->id_column, "for the ids", "id_column");
    if (l->dropped_found < iso_csv_list_count(o->drop_columns) && !request->labels_optional)
        return iso_fail(ISO_EDATA, "%s: has %lld of the %lld columns that `drop_columns:` names",
                        path, (long long)l->dropped_found,
                        (long long)iso_csv_list_count(o->drop_columns));
    if (c->pixels < 1)
        return iso_fail(ISO_EDATA, "%s: no column is left for pixels", path);
    return ISO_OK;
}

iso_rc iso_csv_columns_read(struct iso_csv_reader *r, const struct iso_dataset_request *request,
                            struct iso_csv_columns *out)
{
    const struct iso_source_options *o = &request->options;
    struct line l = { .options = o,
                      .columns = out,
                      .label_number = iso_csv_column_number(o->label_column),
                      .id_number = iso_csv_column_number(o->id_column),
                      .sequence = true };
    *out = (struct iso_csv_columns){ .label = -1, .id = -1 };
    ISO_TRY(read_line(r, &l));
    for (int64_t i = 0; i < out->n; i++)
        out->dropped += out->of[i] == ISO_CSV_DROPPED;
    /* One word may be the label of a line without names. */
    const bool given = l.label_number >= 0;
    out->header = (out->label >= 0 && out->label != l.label_number) ||
                  (l.targets_found > 0 && !l.targets_by_number);
    out->header = out->header || l.words >= 2 || (l.words == 1 && given) ||
                  (l.sequence && l.next >= SEQUENCE);
    if (!out->header)
        without_names(&l, request);
    out->targets = *o->target_columns && l.targets_found == iso_csv_list_count(o->target_columns);
    for (int64_t i = 0; i < out->n; i++)
        if (out->of[i] == 0)
            out->of[i] = (int32_t)out->pixels++;
    return check(&l, r->path, request);
}
