/* csv.c: reads a text file twice: first its columns and rows, then the numbers. */
#include "csv_columns.h"
#include "csv_targets.h"
#include "csv_number.h"
#include "disk.h"
#include "core/image/image_kinds.h"
#include "named_sets.h"
#include "core/system/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct iso_source_options, member)
#define SIZE(member) sizeof((struct iso_source_options *)0)->member
static const struct iso_field fields[] = {
    { "label_column", ISO_FIELD_TEXT, AT(label_column), "", 0, SIZE(label_column), NULL,
      "of csv:PATH: the name of the labels' column, or its number from 0; left out, it is called "
      "label, labels, class or target, or is the first one of a file that does not name them" },
    { "id_column", ISO_FIELD_TEXT, AT(id_column), "", 0, SIZE(id_column), NULL,
      "of csv:PATH: the column of what rows are called, which is no pixel; left out, one that is "
      "called id, image_id, row_id or nothing at all" },
    { "drop_columns", ISO_FIELD_LIST, AT(drop_columns), "", 0, SIZE(drop_columns), NULL,
      "of csv:PATH: columns that are no pixels, by name or by number from 0" },
    ISO_TARGET_COLUMNS_FIELD("of csv:PATH"),
    { 0 }
};
#undef SIZE
#undef AT
static const struct iso_source_fields options = { "text files (csv:PATH)", fields };

struct csv {
    const struct iso_dataset_request *request;
    struct iso_dataset *set;
    struct iso_csv_reader reader;
    struct iso_csv_columns columns;
    struct iso_csv_labels labels;
};

static iso_rc no_pixel(const struct csv *c)
{
    if (iso_image_named(c->reader.field))
        return iso_csv_reader_fail(&c->reader,
                                   "is the name of a picture, and should be a pixel; pictures are "
                                   "read from their folder, `dataset: folder:PATH`, and this file "
                                   "says what they are, `table: FILE`");
    return iso_csv_reader_fail(&c->reader,
                               "should be a pixel, a whole number from 0 to 255 (save pixels "
                               "before they are scaled; `drop_columns:` leaves a column out)");
}

static iso_rc take_pixel(const struct csv *c, int64_t row, int64_t pixel)
{
    int64_t value;
    if (!iso_csv_number(c->reader.field, &value) || value < 0 || value > 255)
        return no_pixel(c);
    c->set->images[row * c->columns.pixels + pixel] = (uint8_t)value;
    return ISO_OK;
}

static iso_rc take_field(struct csv *c, int64_t row)
{
    const int32_t of = c->columns.of[c->reader.column];
    if (of == ISO_CSV_LABEL)
        return iso_csv_labels_take(&c->labels, c->request, c->set, row, &c->reader);
    if (of == ISO_CSV_ID)
        return iso_names_add(&c->set->row_names, c->reader.field);
    if (of <= ISO_CSV_TARGET)
        return c->columns.targets
                   ? iso_csv_targets_take(c->set, row, ISO_CSV_TARGET - of, &c->reader)
                   : ISO_OK;
    return of == ISO_CSV_DROPPED ? ISO_OK : take_pixel(c, row, of);
}

static iso_rc read_rows(struct csv *c)
{
    iso_rc rc;
    const int64_t rows = c->set->rows;
    int64_t row = -(int64_t)c->columns.header;
    iso_csv_reader_rewind(&c->reader);
    for (; iso_csv_reader_next(&c->reader, &rc); row += c->reader.last) {
        ISO_TRY(iso_csv_reader_check(&c->reader, c->columns.n));
        if (row >= rows)
            return iso_csv_reader_fail(
                &c->reader, "is one row more than the file had; it changed while it was read");
        if (row >= 0)
            ISO_TRY(take_field(c, row));
    }
    if (rc == ISO_OK && row != rows)
        rc = iso_fail(ISO_EDATA,
                      "%s: has %lld rows of %lld that it seems to have; a line is "
                      "damaged",
                      c->reader.path, (long long)row, (long long)rows);
    return rc == ISO_OK ? iso_csv_labels_end(&c->labels, c->set) : rc;
}

/* ---- Columns by name ----------------------------------------------------------------------- */

/* Notes the names of the columns that have pixels. */
static iso_rc name_columns(struct csv *c)
{
    iso_rc rc;
    iso_csv_reader_rewind(&c->reader);
    while (c->columns.header && iso_csv_reader_next(&c->reader, &rc)) {
        if (c->columns.of[c->reader.column] >= 0)
            ISO_TRY(iso_names_add(&c->set->columns, c->reader.field));
        if (c->reader.last)
            return ISO_OK;
    }
    return ISO_OK;
}

static int64_t position(const struct iso_names *names, const char *name)
{
    for (int64_t i = 0; i < names->n; i++)
        if (strcmp(names->name[i], name) == 0)
            return i;
    return -1;
}

static iso_rc other_columns(const struct csv *c, const char *name)
{
    return iso_fail(ISO_EDATA,
                    "%s: its columns are not those of the training data: '%s' is there once and "
                    "not here, or the other way round; name them alike, or leave it out with "
                    "`drop_columns:`",
                    c->reader.path, name);
}

/* Gives the columns the places that those of the training data have, if they have the same names in
 * another order. Tables of other widths are refused elsewhere. */
static iso_rc match_columns(struct csv *c)
{
    const struct iso_trained_classes *trained = c->request->trained;
    const struct iso_names *own = &c->set->columns;
    int64_t same = 0;
    if (trained == NULL || trained->columns.n != own->n)
        return ISO_OK;
    while (same < own->n && strcmp(own->name[same], trained->columns.name[same]) == 0)
        same++;
    for (int64_t i = 0; same < own->n && i < own->n; i++)
        if (position(own, trained->columns.name[i]) < 0)
            return other_columns(c, trained->columns.name[i]);
    for (int64_t i = 0; same < own->n && i < c->columns.n; i++)
        if (c->columns.of[i] >= 0) {
            const char *name = own->name[c->columns.of[i]];
            const int64_t place = position(&trained->columns, name);
            if (place < 0 || position(own, name) != c->columns.of[i])
                return other_columns(c, name);
            c->columns.of[i] = (int32_t)place;
        }
    return ISO_OK;
}

/* ---- The file ------------------------------------------------------------------------------ */

/* A column that is no pixel, though nobody said so, is told. */
static void tell_source(const struct csv *c)
{
    struct iso_dataset *set = c->set;
    if (c->columns.id >= 0 && !*c->request->options.id_column)
        snprintf(set->source, sizeof set->source, "%.380s; rows are called by %s%.64s%s",
                 c->reader.path, *c->columns.id_name ? "'" : "the column without a name",
                 c->columns.id_name, *c->columns.id_name ? "'" : "");
}

static iso_rc load(struct csv *c, size_t n)
{
    struct iso_dataset *set = c->set;
    if (n >= 2 &&
        (memcmp(c->reader.text, "\xff\xfe", 2) == 0 || memcmp(c->reader.text, "\xfe\xff", 2) == 0))
        return iso_fail(ISO_EDATA, "%s: is UTF-16, as Excel may write it; save it as CSV UTF-8",
                        c->reader.path);
    ISO_TRY(iso_csv_columns_read(&c->reader, c->request, &c->columns));
    ISO_TRY(name_columns(c));
    ISO_TRY(match_columns(c));
    const int64_t columns = c->columns.n;
    set->rows = iso_csv_reader_lines(&c->reader) - c->columns.header;
    /* Every field takes a byte at least: its separator, or the end of the line. */
    if (set->rows < 1 || set->rows > INT32_MAX || set->rows > ((int64_t)n + 1) / columns)
        return iso_fail(ISO_EDATA,
                        "%s: has %lld rows of %lld fields in %zu bytes; it is damaged "
                        "or no table",
                        c->reader.path, (long long)set->rows, (long long)columns, n);
    set->height = set->channels = 1;
    set->width = (int)c->columns.pixels;
    set->flat = true;
    tell_source(c);
    set->images = iso_alloc((size_t)set->rows, (size_t)set->width);
    if (c->columns.label >= 0)
        set->labels = iso_alloc((size_t)set->rows, sizeof *set->labels);
    if (set->images == NULL || (c->columns.label >= 0 && set->labels == NULL))
        return ISO_ENOMEM;
    if (c->columns.targets)
        ISO_TRY(iso_csv_targets_begin(&c->request->options, set));
    return read_rows(c);
}

/* Fields are separated by commas, semicolons or tabs, whichever the first line has first, or else
 * by blanks; they may stand in quotes, with blanks around them. The first line may name the
 * columns. The label's column is the label_column of the options, by name or by number from 0; "":
 * the one called label, labels, class or target, and without names the first. The id's column is
 * found in the same way, those in drop_columns are left out, and those in target_columns have the
 * targets, in place of a label. All others are pixels, whole
 * numbers from 0 to 255; where the training data name them, too, they are found by these names.
 * Labels are class numbers from 0, or names of classes: those that the
 * request lists, or else those of the file, in the order of their bytes. */
static iso_rc load_file(const struct iso_dataset_request *r, const char *path,
                        struct iso_dataset *set)
{
    char *text = NULL;
    size_t n = 0;
    struct csv c = { .request = r, .set = set };
    ISO_TRY(iso_file_read(path, &text, &n));
    iso_csv_reader_open(&c.reader, path, text, n);
    const iso_rc rc = load(&c, n);
    iso_csv_labels_free(&c.labels);
    free(c.columns.of);
    free(text);
    return rc;
}
/* ---- A folder of them ---------------------------------------------------------------------- */

static const char csv_end[] = ".csv";

static iso_rc find_splits(const struct iso_dataset_request *r, const char *path,
                          struct iso_splits *out)
{
    struct iso_names names = { .name = NULL };
    (void)r;
    out->one = !iso_folder_exists(path);
    if (out->one)
        return ISO_OK;
    iso_rc rc = iso_names_list(path, NULL, &names);
    if (rc == ISO_OK)
        iso_splits_take(&names, "", csv_end, out);
    iso_names_free(&names);
    return rc;
}

/* Reads the file of a folder that is called like the split. */
static iso_rc load_of(const struct iso_dataset_request *r, const char *folder,
                      struct iso_dataset *set)
{
    char path[ISO_PATH];
    struct iso_names names = { .name = NULL };
    iso_rc rc = iso_names_list(folder, NULL, &names);
    const char *file = rc == ISO_OK ? iso_splits_member(&names, "", r->split, csv_end) : NULL;
    if (rc == ISO_OK)
        rc = iso_path(path, folder, file != NULL ? file : "train.csv");
    iso_names_free(&names);
    return rc == ISO_OK ? load_file(r, path, set) : rc;
}

static iso_rc load_files(const struct iso_dataset_request *r, const char *path,
                         struct iso_dataset *set)
{
    ISO_TRY(iso_disk_impossible(r, path, "being a text"));
    return *r->split ? load_of(r, path, set) : load_file(r, path, set);
}

const struct iso_file_reader iso_csv_files = { find_splits, load_files, &options };
