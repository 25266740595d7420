#include "csv_columns.h"
#include "core/number.h"

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
    int64_t dropped_found;
    bool sequence; /* the fields are 0, 1, 2, ..., as pandas names columns without names */
    int64_t next;  /* number of the sequence */
};

static bool is_number(const char *text)
{
    double number;
    return iso_number_real(text, &number) == ISO_NUMBER_OK;
}

int64_t iso_csv_column_number(const char *text)
{
    int64_t number;
    return iso_number_int(text, &number) == ISO_NUMBER_OK && number >= 0 ? number : -1;
}

static bool is_one_of(const char *const *names, const char *name)
{
    while (*names != NULL && strcasecmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

bool iso_csv_names_label(const char *name) { return is_one_of(label_names, name); }

enum dropped { KEPT, BY_NAME, BY_NUMBER };

/* Copies the first entry of a list with commas, without blanks around it; returns the rest. */
static const char *next_entry(const char *list, char entry[ISO_CSV_FIELD])
{
    list += strspn(list, " ");
    const size_t n = strcspn(list, ",");
    size_t used = n < ISO_CSV_FIELD ? n : ISO_CSV_FIELD - 1;
    while (used > 0 && list[used - 1] == ' ')
        used--;
    memcpy(entry, list, used);
    entry[used] = '\0';
    return list + n + (list[n] == ',');
}

/* Looks for a column in the list of those to leave out. */
static enum dropped find_dropped(const char *list, const char *name, int64_t column)
{
    char entry[ISO_CSV_FIELD];
    while (*list) {
        list = next_entry(list, entry);
        if (iso_csv_column_number(entry) == column)
            return BY_NUMBER;
        if (iso_csv_column_number(entry) < 0 && strcmp(entry, name) == 0)
            return BY_NAME;
    }
    return KEPT;
}

static int64_t count_entries(const char *list)
{
    char entry[ISO_CSV_FIELD];
    int64_t n = 0;
    for (; *list; n++)
        list = next_entry(list, entry);
    return n;
}

/* ---- One field ----------------------------------------------------------------------------- */

/* A name that is given is exact; a usual one is taken where no earlier column has it. */
static bool is_label(const struct line *l, const char *name, int64_t column)
{
    const char *wanted = l->options->label_column;
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
    const enum dropped dropped = find_dropped(l->options->drop_columns, name, column);
    const bool by_number = column == l->label_number || column == l->id_number ||
                           dropped == BY_NUMBER;
    l->words += !is_number(name) && !by_number;
    l->sequence = l->sequence && (*name == '\0' || iso_csv_column_number(name) == l->next);
    l->next += *name != '\0';
    l->dropped_found += dropped != KEPT;
    if (dropped != KEPT)
        c->of[column] = ISO_CSV_DROPPED;
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
    if (!*l->options->label_column && first < c->n)
        c->of[c->label = first] = ISO_CSV_LABEL;
}

static iso_rc missing(const char *path, const char *name, const char *what, const char *key)
{
    return iso_fail(ISO_EDATA,
                    "%s: has no column '%s' %s; say which it is with `%s:`, by its name or its "
                    "number from 0",
                    path, name, what, key);
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
    if (c->label < 0 && !request->labels_optional)
        return missing(path, *o->label_column ? o->label_column : label_names[0], "for the labels",
                       "label_column");
    if (c->id < 0 && *o->id_column && !request->labels_optional)
        return missing(path, o->id_column, "for the ids", "id_column");
    if (l->dropped_found < count_entries(o->drop_columns) && !request->labels_optional)
        return iso_fail(ISO_EDATA, "%s: has %lld of the %lld columns that `drop_columns:` names",
                        path, (long long)l->dropped_found,
                        (long long)count_entries(o->drop_columns));
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
    out->header = out->label >= 0 && out->label != l.label_number;
    out->header = out->header || l.words >= 2 || (l.words == 1 && given) ||
                  (l.sequence && l.next >= SEQUENCE);
    if (!out->header)
        without_names(&l, request);
    for (int64_t i = 0; i < out->n; i++)
        if (out->of[i] == 0)
            out->of[i] = (int32_t)out->pixels++;
    return check(&l, r->path, request);
}
