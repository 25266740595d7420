/* csv.c: reads a text file twice: first its columns and rows, then the numbers. */
#include "class_map.h"
#include "disk.h"
#include "named_sets.h"
#include "core/file.h"
#include "core/number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct iso_field fields[] = {
    { "label_column", ISO_FIELD_TEXT, offsetof(struct iso_source_options, label_column), "", 0,
      sizeof((struct iso_source_options *)0)->label_column, NULL,
      "of csv:PATH: the name of the labels' column, or its number from 0; left out, it is called "
      "label, or the first one of a file that does not name them" },
    { 0 }
};
static const struct iso_source_fields options = { "text files (csv:PATH)", fields };

enum { FIELD = 256, MOST_CLASSES = 1 << 16, MOST_COLUMNS = 1 << 24 };
static const char first_label[] = "label"; /* default name of the label's column */

struct csv {
    const struct iso_dataset_request *request;
    struct iso_dataset *set;
    const char *path, *text, *end;
    const char *at;
    int64_t line, column; /* current position; line from 1, column from 0 */
    char separator;
    int64_t rows, columns, label;
    bool header, names; /* the first line names columns; labels are names */
    bool last;          /* the field ends its line */
    char field[FIELD];
};

static iso_rc bad(const struct csv *c, const char *what)
{
    return iso_fail(ISO_EDATA, "%s:%lld: field %lld (counted from 0): %s", c->path,
                    (long long)c->line, (long long)c->column, what);
}

/* ---- Fields -------------------------------------------------------------------------------- */

static void begin(struct csv *c)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte-order mark that some editors write */
    c->at = c->text;
    if (c->end - c->at >= 3 && memcmp(c->at, mark, 3) == 0)
        c->at += 3;
    c->line = 0;
    c->last = true;
}

/* The bytes of a field until its separator or the end of its line, without quotes around it. */
static iso_rc copy_field(struct csv *c)
{
    const bool quoted = c->at < c->end && *c->at == '"';
    size_t n = 0;
    c->at += quoted;
    for (;; c->at++) {
        const char byte = c->at < c->end ? *c->at : '\n';
        if (quoted && byte == '"' && (c->at + 1 >= c->end || c->at[1] != '"'))
            break;
        if (quoted && byte == '\n')
            return bad(c, "has a quote that does not end on its line");
        if (!quoted && (byte == c->separator || byte == '\n'))
            break;
        if (byte == '\0' || n == FIELD - 1)
            return bad(c, "is no text of at most 255 bytes");
        c->at += quoted && byte == '"'; /* two quotes mean one */
        c->field[n++] = byte;
    }
    c->at += quoted;
    if (!quoted && n > 0 && c->field[n - 1] == '\r')
        n--;
    c->field[n] = '\0';
    return ISO_OK;
}

/* Goes past what ends a field. */
static iso_rc end_field(struct csv *c)
{
    if (c->at < c->end && *c->at == '\r')
        c->at++;
    c->last = c->at >= c->end || *c->at == '\n';
    if (!c->last && *c->at != c->separator)
        return bad(c, "has something behind its closing quote");
    c->at += c->at < c->end;
    return ISO_OK;
}

/* The next field, of the same line or the next one that is not empty. False at the end. */
static bool next_field(struct csv *c, iso_rc *rc)
{
    c->column++;
    if (c->last) {
        for (c->line++; c->at < c->end && (*c->at == '\n' || *c->at == '\r'); c->at++)
            c->line += *c->at == '\n';
        c->column = 0;
    }
    *rc = ISO_OK;
    if (c->last && c->at >= c->end)
        return false;
    *rc = copy_field(c);
    if (*rc == ISO_OK)
        *rc = end_field(c);
    return *rc == ISO_OK;
}

/* ---- Columns ------------------------------------------------------------------------------- */

static char find_separator(const struct csv *c)
{
    for (const char *p = c->text; p < c->end && *p != '\n'; p++)
        if (*p == ',' || *p == ';' || *p == '\t')
            return *p;
    return ',';
}

static bool is_number(const char *text)
{
    int64_t number;
    return iso_number_int(text, &number) == ISO_NUMBER_OK;
}

/* Reads the first line: counts the columns, checks for names, and finds the label's column. */
static iso_rc read_first_line(struct csv *c)
{
    const char *given = c->request->options.label_column, *wanted = *given ? given : NULL;
    int64_t number = -1, words = 0, named = -1;
    iso_rc rc;
    if (wanted != NULL)
        iso_number_int(wanted, &number);
    begin(c);
    while (next_field(c, &rc)) {
        if (!is_number(c->field) && c->column != number)
            words++;
        if (strcmp(c->field, wanted != NULL ? wanted : first_label) == 0 && !is_number(c->field))
            named = c->column;
        c->columns = c->column + 1;
        if (c->last)
            break;
    }
    ISO_TRY(rc);
    /* One word may be the label of a line without names. */
    c->header = named >= 0 || words >= 2 || (words == 1 && number >= 0);
    c->label = named >= 0 ? named : number >= 0 ? number : wanted == NULL && !c->header ? 0 : -1;
    if (c->columns < 2 || c->columns > MOST_COLUMNS)
        return iso_fail(ISO_EDATA,
                        "%s: its first line has %lld fields; it needs a label and "
                        "pixels",
                        c->path, (long long)c->columns);
    if (c->label < 0 || c->label >= c->columns)
        return iso_fail(ISO_EDATA,
                        "%s: has no column '%s' for the labels; say which it is with "
                        "`label_column:`, by its name or its number from 0",
                        c->path, wanted != NULL ? wanted : first_label);
    return ISO_OK;
}

/* Lines that hold something, without the one that names columns. */
static void count_rows(struct csv *c)
{
    bool empty = true;
    c->rows = -(int64_t)c->header;
    for (const char *p = c->text; p < c->end; p++) {
        if (*p == '\n')
            empty = true;
        else if (*p != '\r' && empty) {
            empty = false;
            c->rows++;
        }
    }
}

/* ---- Labels -------------------------------------------------------------------------------- */

/* The classes of the request, and one more for all others. */
static iso_rc name_classes(struct csv *c)
{
    const struct iso_class_map *map = c->request->classes;
    struct iso_dataset *set = c->set;
    set->classes = map->n + 1;
    set->class_names = iso_alloc((size_t)set->classes, sizeof *set->class_names);
    if (set->class_names == NULL)
        return ISO_ENOMEM;
    for (int i = 0; i < map->n; i++)
        strcpy(set->class_names[i], map->member[i].name);
    return ISO_OK;
}

/* The first label decides whether all are numbers or names. */
static iso_rc choose_labels(struct csv *c)
{
    if (is_number(c->field))
        return ISO_OK;
    c->names = true;
    if (c->request->classes != NULL)
        return name_classes(c);
    return iso_fail(ISO_EDATA,
                    "%s: labels are names, such as '%.40s'; say which are the classes, "
                    "and in which order: `classes: [%.40s, ...]`",
                    c->path, c->field, c->field);
}

static iso_rc take_label(struct csv *c, int64_t row)
{
    struct iso_dataset *set = c->set;
    int64_t label = 0;
    if (row == 0)
        ISO_TRY(choose_labels(c));
    while (c->names && label < set->classes - 1 && strcmp(set->class_names[label], c->field) != 0)
        label++;
    if (!c->names &&
        (iso_number_int(c->field, &label) != ISO_NUMBER_OK || label < 0 || label >= MOST_CLASSES))
        return bad(c, "should be the number of a class, from 0 to 65535");
    set->labels[row] = (int32_t)label;
    if (label >= set->classes)
        set->classes = (int)label + 1;
    return ISO_OK;
}

/* ---- The file ------------------------------------------------------------------------------ */

static iso_rc take_pixel(const struct csv *c, int64_t row)
{
    int64_t value;
    if (iso_number_int(c->field, &value) != ISO_NUMBER_OK || value < 0 || value > 255)
        return bad(c, "should be a pixel, a whole number from 0 to 255");
    c->set->images[row * (c->columns - 1) + c->column - (c->column > c->label)] = (uint8_t)value;
    return ISO_OK;
}

static iso_rc check_line(const struct csv *c)
{
    if (c->column < c->columns && (!c->last || c->column + 1 == c->columns))
        return ISO_OK;
    return iso_fail(ISO_EDATA, "%s:%lld: has %s fields than the first line, which has %lld",
                    c->path, (long long)c->line, c->column < c->columns ? "fewer" : "more",
                    (long long)c->columns);
}

static iso_rc read_rows(struct csv *c)
{
    iso_rc rc;
    int64_t row = -(int64_t)c->header;
    begin(c);
    for (; next_field(c, &rc); row += c->last) {
        ISO_TRY(check_line(c));
        if (row < 0)
            continue;
        if (row >= c->rows)
            return bad(c, "is one row more than the file had; it changed while it was read");
        ISO_TRY(c->column == c->label ? take_label(c, row) : take_pixel(c, row));
    }
    if (rc == ISO_OK && row != c->rows)
        rc = iso_fail(ISO_EDATA,
                      "%s: has %lld rows of %lld that it seems to have; a line is "
                      "damaged",
                      c->path, (long long)row, (long long)c->rows);
    return rc;
}

static iso_rc load(struct csv *c, size_t n)
{
    struct iso_dataset *set = c->set;
    c->separator = find_separator(c);
    ISO_TRY(read_first_line(c));
    count_rows(c);
    /* Every field takes a byte at least: its separator, or the end of the line. */
    if (c->rows < 1 || c->rows > INT32_MAX || c->rows > ((int64_t)n + 1) / c->columns)
        return iso_fail(ISO_EDATA,
                        "%s: has %lld rows of %lld fields in %zu bytes; it is damaged "
                        "or no table",
                        c->path, (long long)c->rows, (long long)c->columns, n);
    set->rows = c->rows;
    set->height = set->channels = 1;
    set->width = (int)(c->columns - 1);
    set->flat = true;
    set->images = iso_alloc((size_t)c->rows, (size_t)set->width);
    set->labels = iso_alloc((size_t)c->rows, sizeof *set->labels);
    return set->images != NULL && set->labels != NULL ? read_rows(c) : ISO_ENOMEM;
}

/* Reads a file. Fields are separated by commas, semicolons or tabs, whichever the first line has
 * first; they may stand in quotes. The first line may name the columns. The label's column is the
 * label_column of the options, by name or by number from 0; "": the one called label, and without
 * names the first. All others are pixels, whole numbers from 0 to 255. Labels are class numbers
 * from 0, or names of classes where the request lists the classes. */
static iso_rc load_file(const struct iso_dataset_request *r, const char *path,
                        struct iso_dataset *set)
{
    char *text = NULL;
    size_t n = 0;
    ISO_TRY(iso_file_read(path, &text, &n));
    struct csv c = { .request = r, .set = set, .path = path, .text = text, .end = text + n };
    const iso_rc rc = load(&c, n);
    free(text);
    return rc;
}

static iso_rc load_files(const struct iso_dataset_request *r, const char *path,
                         struct iso_dataset *set)
{
    char file[ISO_PATH], base[40];
    ISO_TRY(iso_disk_impossible(r, path, "being a text"));
    snprintf(base, sizeof base, "%.32s.csv", r->split);
    if (iso_folder_exists(path)) {
        ISO_TRY(iso_path(file, path, base));
        return load_file(r, file, set);
    }
    ISO_TRY(iso_file_one_split(r, path));
    return load_file(r, path, set);
}

const struct iso_file_reader iso_csv_files = { load_files, &options };
