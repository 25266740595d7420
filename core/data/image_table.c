#include "image_table.h"
#include "csv_columns.h"
#include "csv_targets.h"
#include "folders.h"
#include "core/image/image_kinds.h"
#include "left_out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_COLUMNS = 4096 };

struct table {
    const struct iso_dataset_request *request; /* these: while it is read only */
    struct iso_dataset *set;
    struct iso_csv_reader reader;
    struct iso_csv_labels labels;
    struct iso_csv_lists lists;
    char folder[ISO_PATH], suffix[32];
    struct iso_names first, second; /* fields of the first two lines */
    int64_t columns, file, label;   /* label -1: there is none */
    int64_t *target;        /* [columns]: number of the target, -1: none; NULL: no targets */
    bool header;            /* the first line names the columns */
    struct iso_names files; /* [rows] as the table has them */
};

static void free_table(void *table)
{
    struct table *t = table;
    iso_csv_labels_free(&t->labels);
    iso_csv_lists_free(&t->lists);
    free(t->target);
    iso_names_free(&t->first);
    iso_names_free(&t->second);
    iso_names_free(&t->files);
    free(t);
}

static iso_rc join(const struct table *t, const char *name, char path[ISO_PATH])
{
    const bool ends = iso_ends_in(name, t->suffix);
    const int length = snprintf(path, ISO_PATH, "%s%s%s%s", *name == '/' ? "" : t->folder,
                                *name == '/' ? "" : "/", name, ends ? "" : t->suffix);
    return length >= 0 && length < ISO_PATH ? ISO_OK : iso_path_too_long(path);
}

static iso_rc file_path(const void *table, int64_t row, char path[ISO_PATH])
{
    const struct table *t = table;
    return join(t, t->files.name[row], path);
}

/* ---- Columns ------------------------------------------------------------------------------- */

/* Reads the next line; none is left at the end of the file. */
static iso_rc read_line(struct iso_csv_reader *r, struct iso_names *fields)
{
    iso_rc rc;
    while (iso_csv_reader_next(r, &rc)) {
        if (r->column >= MOST_COLUMNS)
            return iso_csv_reader_fail(r, "is one more than a list of images may have on a line");
        ISO_TRY(iso_names_add(fields, r->field));
        if (r->last)
            break;
    }
    return rc;
}

/* Returns the column of this name or number; -1: there is none. */
static int64_t find_column(struct table *t, const char *text)
{
    const int64_t number = iso_csv_column_number(text);
    for (int64_t i = 0; number < 0 && i < t->columns; i++)
        if (strcmp(t->first.name[i], text) == 0) {
            t->header = true;
            return i;
        }
    return number < t->columns ? number : -1;
}

/* Returns the first column whose entry is called as an image is; -1: there is none. */
static int64_t find_images(const struct iso_names *line)
{
    for (int64_t i = 0; i < line->n; i++)
        if (iso_image_named(line->name[i]))
            return i;
    return -1;
}

static iso_rc no_column(const struct table *t, const char *name, const char *key)
{
    return iso_fail(ISO_EDATA,
                    "%s: has no column '%s'; say which it is with `%s:`, by its name or its number "
                    "from 0",
                    t->reader.path, name, key);
}

/* Finds the columns of targets; none of them need be there where the request can do without. */
static iso_rc choose_targets(struct table *t)
{
    const struct iso_dataset_request *r = t->request;
    const char *list = r->options.target_columns;
    char name[ISO_CSV_FIELD];
    int64_t found = 0;
    if (*r->options.label_column || *r->options.label_separator)
        return iso_fail(ISO_EDATA,
                        "%s: `target_columns:` names the columns of the targets, and "
                        "`%s:` is for labels in one column: leave one of them out",
                        t->reader.path,
                        *r->options.label_column ? "label_column" : "label_separator");
    t->target = iso_alloc((size_t)t->columns, sizeof *t->target);
    if (t->target == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < t->columns; i++)
        t->target[i] = -1;
    for (int64_t i = 0; *list; i++) {
        list = iso_csv_list_next(list, name);
        const int64_t column = find_column(t, name);
        if (column < 0 && (i > 0 || !r->labels_optional))
            return no_column(t, name, "target_columns");
        if (column >= 0 && t->target[column] >= 0)
            return iso_fail(ISO_EDATA, "%s: target_columns: '%s' is there twice", t->reader.path,
                            name);
        if (column >= 0)
            t->target[column] = i;
        found += column >= 0;
    }
    if (found == 0) {
        free(t->target);
        t->target = NULL;
    } else if (found < iso_csv_list_count(r->options.target_columns))
        return iso_fail(ISO_EDATA, "%s: has %lld of the %lld columns that `target_columns:` names",
                        t->reader.path, (long long)found,
                        (long long)iso_csv_list_count(r->options.target_columns));
    return ISO_OK;
}

/* Leaves the label of two columns without such a name to choose_columns: it is not the file. */
static iso_rc choose_label(struct table *t)
{
    const struct iso_dataset_request *r = t->request;
    const char *wanted = r->options.label_column;
    t->label = *wanted ? find_column(t, wanted) : -1;
    for (int64_t i = 0; !*wanted && t->label < 0 && i < t->columns; i++)
        if (iso_csv_names_label(t->first.name[i])) {
            t->label = i;
            t->header = true;
        }
    if (t->label >= 0 || r->labels_optional || (!*wanted && t->columns == 2))
        return ISO_OK;
    return no_column(t, *wanted ? wanted : "label", "label_column");
}

static iso_rc choose_file(struct table *t)
{
    const char *wanted = t->request->options.file_column;
    t->file = *wanted ? find_column(t, wanted) : find_images(&t->second);
    if (*wanted)
        return t->file >= 0 ? ISO_OK : no_column(t, wanted, "file_column");
    if (t->file < 0)
        t->file = find_images(&t->first);
    if (t->file < 0 && *t->suffix)
        t->file = t->label == 0 && t->columns > 1;
    if (t->file >= 0)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s: no column has the names of images (files called %s); say which it is with "
                    "`file_column:`, and what follows its entries with `file_suffix: .jpg`",
                    t->reader.path, iso_image_suffixes());
}

/* Returns true if the entry of a line is a file that is there. */
static bool is_there(const struct table *t, const struct iso_names *line)
{
    char path[ISO_PATH];
    const bool there = t->file < line->n && join(t, line->name[t->file], path) == ISO_OK &&
                       access(path, F_OK) == 0;
    iso_error_clear();
    return there;
}

static iso_rc choose_columns(struct table *t)
{
    iso_csv_reader_rewind(&t->reader);
    ISO_TRY(read_line(&t->reader, &t->first));
    ISO_TRY(read_line(&t->reader, &t->second));
    t->columns = t->first.n;
    if (t->columns < 1)
        return iso_fail(ISO_EDATA, "%s: is empty; it needs a line for each image", t->reader.path);
    t->label = -1;
    const bool targets = *t->request->options.target_columns != '\0';
    ISO_TRY(targets ? choose_targets(t) : choose_label(t));
    ISO_TRY(choose_file(t));
    if (t->target != NULL && t->target[t->file] >= 0)
        return iso_fail(ISO_EDATA, "%s: column %lld cannot hold both the files and a target",
                        t->reader.path, (long long)t->file);
    if (!targets && t->label < 0 && t->columns == 2 && !*t->request->options.label_column)
        t->label = 1 - t->file;
    if (t->label == t->file)
        return iso_fail(ISO_EDATA, "%s: column %lld cannot hold both the files and their labels",
                        t->reader.path, (long long)t->file);
    t->header = t->header || (!is_there(t, &t->first) && is_there(t, &t->second));
    return ISO_OK;
}

/* ---- Rows ---------------------------------------------------------------------------------- */

static iso_rc take_field(struct table *t, int64_t row)
{
    const struct iso_csv_reader *r = &t->reader;
    const char *separator = t->request->options.label_separator;
    if (t->target != NULL && t->target[r->column] >= 0)
        return iso_csv_targets_take(t->set, row, t->target[r->column], r);
    if (r->column == t->label && *separator)
        return iso_csv_lists_take(&t->lists, separator, row, r);
    if (r->column == t->label)
        return iso_csv_labels_take(&t->labels, t->request, t->set, row, r);
    if (r->column != t->file)
        return ISO_OK;
    if (*r->field == '\0')
        return iso_csv_reader_fail(r, "should be the name of an image in the folder");
    return iso_names_add(&t->files, r->field);
}

static iso_rc read_rows(struct table *t)
{
    iso_rc rc;
    int64_t row = -(int64_t)t->header;
    iso_csv_reader_rewind(&t->reader);
    for (; iso_csv_reader_next(&t->reader, &rc); row += t->reader.last) {
        ISO_TRY(iso_csv_reader_check(&t->reader, t->columns));
        if (row >= 0)
            ISO_TRY(take_field(t, row));
    }
    if (rc == ISO_OK && t->files.n != t->set->rows)
        rc = iso_fail(ISO_EDATA,
                      "%s: has %lld rows of %lld that it seems to have; a line is damaged",
                      t->reader.path, (long long)t->files.n, (long long)t->set->rows);
    if (rc != ISO_OK || t->label < 0)
        return rc;
    return *t->request->options.label_separator ? iso_csv_lists_end(&t->lists, &t->reader, t->set)
                                                : iso_csv_labels_end(&t->labels, t->set);
}

static iso_rc read_table(struct table *t)
{
    struct iso_dataset *set = t->set;
    ISO_TRY(choose_columns(t));
    set->rows = iso_csv_reader_lines(&t->reader) - t->header;
    if (set->rows < 1 || set->rows > INT32_MAX)
        return iso_fail(ISO_EDATA, "%s: names %lld images", t->reader.path, (long long)set->rows);
    set->left = iso_alloc(1, sizeof *set->left);
    const bool classes = t->label >= 0 && !*t->request->options.label_separator;
    if (classes)
        set->labels = iso_alloc((size_t)set->rows, sizeof *set->labels);
    if (set->left == NULL || (classes && set->labels == NULL))
        return ISO_ENOMEM;
    if (t->target != NULL)
        ISO_TRY(iso_csv_targets_begin(&t->request->options, set));
    return read_rows(t);
}

/* ---- The file ------------------------------------------------------------------------------ */

static iso_rc find_table(const struct iso_dataset_request *r, const char *folder,
                         char path[ISO_PATH])
{
    struct iso_data_folders folders;
    char where[512];
    iso_data_file_folders(r, &folders);
    if (iso_data_find(&folders, r->options.table, path))
        return ISO_OK;
    ISO_TRY(iso_path(path, folder, r->options.table));
    if (access(path, F_OK) == 0)
        return ISO_OK;
    return iso_fail(ISO_EIO, "the table %s is neither in %s nor in %s", r->options.table,
                    iso_data_folders_text(&folders, where, sizeof where), folder);
}

static iso_rc load(struct table *t)
{
    char path[ISO_PATH], *text = NULL;
    size_t n = 0;
    ISO_TRY(find_table(t->request, t->folder, path));
    ISO_TRY(iso_file_read(path, &text, &n));
    iso_csv_reader_open(&t->reader, path, text, n);
    const iso_rc rc = read_table(t);
    free(text);
    return rc;
}

iso_rc iso_image_table_list(const struct iso_dataset_request *r, const char *folder,
                            struct iso_dataset *set, struct iso_image_files *out)
{
    struct table *t = iso_alloc(1, sizeof *t);
    if (t == NULL)
        return ISO_ENOMEM;
    *t = (struct table){ .request = r, .set = set };
    snprintf(t->folder, sizeof t->folder, "%s", folder);
    snprintf(t->suffix, sizeof t->suffix, "%s", r->options.file_suffix);
    const iso_rc rc =
        iso_folder_exists(folder)
            ? load(t)
            : iso_fail(ISO_EDATA, "%s is not a folder; `table:` lists images of one", folder);
    t->request = NULL;
    t->set = NULL;
    t->reader = (struct iso_csv_reader){ .path = NULL };
    if (rc == ISO_OK)
        *out = (struct iso_image_files){ .self = t, .path = file_path, .free = free_table };
    else
        free_table(t);
    return rc;
}
