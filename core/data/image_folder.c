/* image_folder.c: lists the files of a split, by the folders of their classes, or as a table says.
 */
#include "class_map.h"
#include "image_files.h"
#include "core/image/image_kinds.h"
#include "csv_list.h"
#include "image_table.h"
#include "image_walk.h"
#include "named_sets.h"
#include "core/system/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(struct iso_source_options, member)
#define SIZE(member) sizeof((struct iso_source_options *)0)->member
#define IMAGE(member) AT(image.member)
static const char *const aspect_ratios[] = { "crop", "pad", "squash", NULL };
static const char *const interpolations[] = { "bilinear", "area", "box", "nearest", NULL };
static const char *const truths[] = { "true", "false", NULL };
static const char *const orientations[] = { "apply", "ignore", NULL };
static const char *const damages[] = { "refuse", "skip", NULL };
static const struct iso_field fields[] = {
    { "resize", ISO_FIELD_INT2, AT(resize), "", 1, 4096, NULL,
      "folder:PATH only: size to which all images are resized; without it, all must have the same "
      "size" },
    { "aspect_ratio", ISO_FIELD_ENUM, IMAGE(aspect_ratio), "crop", 0, 0, aspect_ratios,
      "of resize, where the sides of an image have another ratio: crop takes as much of its middle "
      "as has the ratio (Keras's crop_to_aspect_ratio), pad adds black on both sides "
      "(pad_to_aspect_ratio), squash distorts it" },
    { "interpolation", ISO_FIELD_ENUM, IMAGE(interpolation), "bilinear", 0, 0, interpolations,
      "of resize: bilinear and box as Pillow has them, area as TensorFlow, or nearest" },
    { "antialias", ISO_FIELD_ENUM, IMAGE(antialias), "true", 0, 0, truths,
      "of bilinear: whether a smaller image is made of all pixels; false, as Keras's "
      "image_dataset_from_directory has it, of four at most for each of its own" },
    { "orientation", ISO_FIELD_ENUM, IMAGE(orientation), "apply", 0, 0, orientations,
      "whether photos are turned as their EXIF data say; Keras and torchvision ignore that" },
    { "damaged", ISO_FIELD_ENUM, IMAGE(damaged), "refuse", 0, 0, damages,
      "of files that cannot be read or decoded: refuse names them all and ends, skip leaves them "
      "out and says so" },
    { "max_pixels", ISO_FIELD_INT, IMAGE(max_pixels), "0", 0, 1 << 29, NULL,
      "the most pixels that an image file may have before it is made smaller; 0: 178956970, what "
      "Pillow refuses as a decompression bomb" },
    { "table", ISO_FIELD_TEXT, AT(table), "", 0, SIZE(table), NULL,
      "of folder:PATH: a text file that names the images, which lie in the folder, and the class "
      "of "
      "each, a line for each image (Keras's flow_from_dataframe); searched like PATH, and in it" },
    { "file_column", ISO_FIELD_TEXT, AT(file_column), "", 0, SIZE(file_column), NULL,
      "of the table: the column of the files' names, by its name or its number from 0; left out, "
      "the first one whose entries end as images are called, or else the first that has no "
      "labels" },
    { "file_suffix", ISO_FIELD_TEXT, AT(file_suffix), "", 0, SIZE(file_suffix), NULL,
      "of the table: what follows an entry in the file's name, such as .jpg" },
    { "label_column", ISO_FIELD_TEXT, AT(label_column), "", 0, SIZE(label_column), NULL,
      "of the table: the column of the classes, by its name or its number from 0; left out, it is "
      "called label, labels, class or target, or is the other one of two" },
    { "label_separator", ISO_FIELD_TEXT, AT(label_separator), "", 0, SIZE(label_separator), NULL,
      "of the table: what stands between the labels of a row that may have several of them, in its "
      "label_column, such as ' ' or ';'. Each label is a target of 0 or 1, in the order of their "
      "bytes" },
    ISO_TARGET_COLUMNS_FIELD("of the table"),
    { 0 }
};
#undef IMAGE
#undef SIZE
#undef AT
static const struct iso_source_fields options = { "image files (folder:PATH)", fields };

enum { PATH = ISO_PATH };

struct file {
    const char *name;
    int32_t class;
};
struct folder {
    const struct iso_dataset_request *request; /* this and the set: while it is listed only */
    struct iso_dataset *set;
    char train[PATH], split[PATH]; /* folders that name the classes, and that hold the files; equal
                                      for the split train */
    struct iso_names classes;      /* in train */
    struct iso_names *names;       /* [classes]: the files of each */
    struct file *files;            /* [rows], in the order of the rows */
};

static void free_folder(void *folder)
{
    struct folder *f = folder;
    for (int64_t c = 0; f->names != NULL && c < f->classes.n; c++)
        iso_names_free(&f->names[c]);
    free(f->names);
    iso_names_free(&f->classes);
    free(f->files);
    free(f);
}

/* ---- Classes and files --------------------------------------------------------------------- */

static bool is_folder(const char *folder, const char *name)
{
    char path[PATH];
    const int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    return n > 0 && n < PATH && iso_folder_exists(path);
}

static bool is_class(const char *folder, const char *name)
{
    return !iso_image_walk_hidden(name) && is_folder(folder, name);
}

static iso_rc find_splits(const struct iso_dataset_request *r, const char *path,
                          struct iso_splits *out)
{
    struct iso_names names = { .name = NULL };
    out->one = *r->options.table != '\0';
    if (out->one)
        return ISO_OK;
    if (!iso_folder_exists(path))
        return iso_fail(ISO_EDATA, "%s is not a folder; name one that has a folder for each class",
                        path);
    const iso_rc rc = iso_names_list(path, is_folder, &names);
    if (rc == ISO_OK)
        iso_splits_take(&names, "", "", out);
    iso_names_free(&names);
    out->one = !*out->name[0] && !*out->name[1] && !*out->name[2];
    return rc;
}

static iso_rc find_split(struct folder *f, const char *path)
{
    struct iso_splits splits = { .one = false };
    const char *split = f->request->split, *train = splits.name[ISO_SPLIT_TRAIN];
    ISO_TRY(find_splits(f->request, path, &splits));
    ISO_TRY(iso_path(f->split, path, split));
    return iso_path(f->train, path, !*split ? "" : *train ? train : split);
}

static iso_rc name_classes(struct folder *f)
{
    struct iso_dataset *set = f->set;
    ISO_TRY(iso_names_list(f->train, is_class, &f->classes));
    if (f->classes.n < 1 || f->classes.n > 1 << 16)
        return iso_fail(ISO_EDATA, "%s has %lld folders; it needs one for each class, at most %d",
                        f->train, (long long)f->classes.n, 1 << 16);
    set->classes = (int)f->classes.n;
    set->class_names = iso_alloc((size_t)set->classes, sizeof *set->class_names);
    if (set->class_names == NULL)
        return ISO_ENOMEM;
    for (int c = 0; c < set->classes; c++) {
        if (strlen(f->classes.name[c]) >= ISO_CLASS_NAME)
            return iso_fail(ISO_EDATA, "%s/%s: the name of a class has at most %d bytes", f->train,
                            f->classes.name[c], ISO_CLASS_NAME - 1);
        strcpy(set->class_names[c], f->classes.name[c]);
    }
    return ISO_OK;
}

/* A class that is in a split but not in train would have no number. */
static iso_rc check_classes(const struct folder *f)
{
    struct iso_names names = { .name = NULL };
    iso_rc rc = iso_names_list(f->split, is_class, &names);
    for (int64_t i = 0; rc == ISO_OK && i < names.n; i++)
        if (iso_names_find(&f->classes, names.name[i]) < 0)
            rc = iso_fail(ISO_EDATA, "%s has a class '%s' that %s does not have", f->split,
                          names.name[i], f->train);
    iso_names_free(&names);
    return rc;
}

/* Notes what lies beside the folders of the classes. */
static iso_rc list_loose(struct folder *f)
{
    struct iso_names names = { .name = NULL };
    iso_rc rc = iso_names_all(f->split, &names);
    for (int64_t i = 0; rc == ISO_OK && i < names.n; i++) {
        const char *name = names.name[i];
        if (iso_image_walk_hidden(name))
            rc = iso_left_out_add(f->set->left, ISO_LEFT_HIDDEN, name);
        else if (iso_names_find(&f->classes, name) < 0)
            rc = iso_left_out_add(f->set->left, ISO_LEFT_LOOSE, name);
    }
    iso_names_free(&names);
    return rc;
}

/* Returns true if the request has no list of classes, or the list has class c, by name or by
 * number. */
static bool is_wanted(const struct folder *f, int64_t c)
{
    const struct iso_class_map *map = f->request->classes;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)c);
    for (int i = 0; map != NULL && i < map->n; i++)
        if (strcmp(map->member[i].name, f->classes.name[c]) == 0 ||
            strcmp(map->member[i].name, number) == 0)
            return true;
    return map == NULL;
}

/* A class without an image is allowed in a second data set. In training it is an error: a folder
 * made by mistake would add a meaningless output to the network, and one that is not filled yet
 * would go unnoticed. */
static iso_rc take_empty_class(struct folder *f, int64_t c)
{
    const char *name = f->classes.name[c];
    const bool first = f->request->trained == NULL && strcmp(f->train, f->split) == 0;
    if (!first || !is_wanted(f, c))
        return iso_left_out_add(f->set->left, ISO_LEFT_EMPTY, name);
    return iso_fail(ISO_EDATA,
                    "%s/%s: there is no image of this class (files called %s): put some there, "
                    "remove the folder, or name the classes that count, `classes: [...]`",
                    f->split, name, iso_image_suffixes());
}

static iso_rc list_class(struct folder *f, int64_t c)
{
    char path[PATH];
    ISO_TRY(iso_path(path, f->split, f->classes.name[c]));
    if (iso_folder_exists(path))
        ISO_TRY(iso_image_walk(f->split, f->classes.name[c], &f->names[c], f->set->left));
    return f->names[c].n > 0 ? ISO_OK : take_empty_class(f, c);
}

static iso_rc list_files(struct folder *f, int64_t *rows)
{
    f->names = iso_alloc((size_t)f->classes.n, sizeof *f->names);
    f->set->left = iso_alloc(1, sizeof *f->set->left);
    if (f->names == NULL || f->set->left == NULL)
        return ISO_ENOMEM;
    ISO_TRY(list_loose(f));
    for (int64_t c = 0; c < f->classes.n; c++) {
        ISO_TRY(list_class(f, c));
        *rows += f->names[c].n;
    }
    if (*rows < 1 || *rows > INT32_MAX)
        return iso_fail(ISO_EDATA,
                        "%s has %lld images in the folders of its classes (files called %s)",
                        f->split, (long long)*rows, iso_image_suffixes());
    return ISO_OK;
}

/* Orders the rows: the first image of each class, class by class, then the second of each, ... */
static iso_rc order_files(struct folder *f, int64_t rows)
{
    int64_t n = 0;
    f->files = iso_alloc((size_t)rows, sizeof *f->files);
    if (f->files == NULL)
        return ISO_ENOMEM;
    for (int64_t k = 0; n < rows; k++)
        for (int32_t c = 0; c < f->set->classes; c++)
            if (k < f->names[c].n)
                f->files[n++] = (struct file){ f->names[c].name[k], c };
    return ISO_OK;
}

static iso_rc file_path(const void *folder, int64_t i, char path[PATH])
{
    const struct folder *f = folder;
    const struct file *file = &f->files[i];
    const int n =
        snprintf(path, PATH, "%s/%s/%s", f->split, f->classes.name[file->class], file->name);
    if (n < 0 || n >= PATH)
        return iso_path_too_long(path);
    return ISO_OK;
}

static iso_rc list(struct folder *f, const char *path)
{
    struct iso_dataset *set = f->set;
    int64_t rows = 0;
    ISO_TRY(find_split(f, path));
    ISO_TRY(name_classes(f));
    ISO_TRY(check_classes(f));
    ISO_TRY(list_files(f, &rows));
    ISO_TRY(order_files(f, rows));
    set->rows = rows;
    set->labels = iso_alloc((size_t)rows, sizeof *set->labels);
    if (set->labels == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < rows; i++)
        set->labels[i] = f->files[i].class;
    return ISO_OK;
}

/* Lists path/SPLIT/CLASS/FILE, or without folders of splits path/CLASS/FILE. Classes are numbered
 * in the order of their names' bytes in train, and named after their folders. Rows: the first file
 * of each class, then the second, and so on, so that a limit takes some of each; files in the order
 * of their names' bytes. A class has the images in its folder and in those below it; what else is
 * there is in set->left. Fails where a class of train has none. */
static iso_rc list_folder(const struct iso_dataset_request *r, const char *path,
                          struct iso_dataset *set, struct iso_image_files *out)
{
    struct folder *f = iso_alloc(1, sizeof *f);
    if (f == NULL)
        return ISO_ENOMEM;
    *f = (struct folder){ .request = r, .set = set };
    const iso_rc rc = list(f, path);
    f->request = NULL;
    f->set = NULL;
    if (rc != ISO_OK)
        free_folder(f);
    *out = (struct iso_image_files){ .self = f, .path = file_path, .free = free_folder };
    return rc;
}

/* Keys that say how a table is read say nothing without one. */
static iso_rc check_table_keys(const struct iso_dataset_request *r)
{
    const struct iso_source_options *o = &r->options;
    const char *key = *o->file_column       ? "file_column"
                      : *o->file_suffix     ? "file_suffix"
                      : *o->label_column    ? "label_column"
                      : *o->label_separator ? "label_separator"
                      : *o->target_columns  ? "target_columns"
                                            : NULL;
    if (key == NULL || *o->table)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s: '%s' says how a table of images is read, and there is no "
                    "`table: FILE`",
                    r->name, key);
}

static iso_rc load_files(const struct iso_dataset_request *r, const char *path,
                         struct iso_dataset *set)
{
    struct iso_image_files files;
    ISO_TRY(check_table_keys(r));
    ISO_TRY(*r->options.table ? iso_image_table_list(r, path, set, &files)
                              : list_folder(r, path, set, &files));
    return iso_image_files_load(&files, r, path, set);
}

const struct iso_file_reader iso_folder_files = { find_splits, load_files, &options };
