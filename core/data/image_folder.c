/* image_folder.c: lists the files of a split, looks at the size of each, and decodes them all, or
 * leaves them to be decoded one by one. */
#include "class_map.h"
#include "disk.h"
#include "image.h"
#include "image_damage.h"
#include "image_walk.h"
#include "named_sets.h"
#include "workers.h"
#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGE(member) offsetof(struct iso_source_options, image.member)
static const char *const aspect_ratios[] = { "crop", "pad", "squash", NULL };
static const char *const interpolations[] = { "bilinear", "area", "box", "nearest", NULL };
static const char *const truths[] = { "true", "false", NULL };
static const char *const orientations[] = { "apply", "ignore", NULL };
static const char *const damages[] = { "refuse", "skip", NULL };
static const struct iso_field fields[] = {
    { "resize", ISO_FIELD_INT2, offsetof(struct iso_source_options, resize), "", 1, 4096, NULL,
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
    { 0 }
};
#undef IMAGE
static const struct iso_source_fields options = { "image files (folder:PATH)", fields };

enum { MOST_SIDE = 4096, PATH = ISO_PATH };

struct file {
    const char *name;
    int32_t class;
};
struct geometry {
    int height, width, channels, orientation;
};
struct folder {
    const struct iso_dataset_request *request; /* this and the set: while it is loaded only */
    struct iso_dataset *set;
    char train[PATH], split[PATH]; /* folders that name the classes, and that hold the files; equal
                                      for the split train */
    struct iso_names classes;      /* in train */
    struct iso_names *names;       /* [classes]: the files of each */
    struct file *files;            /* [rows], in the order of the rows */
    struct geometry *sizes;        /* [rows], of the files */
    struct geometry size;          /* size of all images */
    struct iso_image_options options;
    struct iso_image_damage damage; /* [rows], as long as it is loaded */
};

static void free_folder(void *folder)
{
    struct folder *f = folder;
    for (int64_t c = 0; f->names != NULL && c < f->classes.n; c++)
        iso_names_free(&f->names[c]);
    free(f->names);
    iso_names_free(&f->classes);
    free(f->files);
    free(f->sizes);
    iso_image_damage_free(&f->damage);
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
    (void)r;
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
    f->sizes = iso_alloc((size_t)rows, sizeof *f->sizes);
    if (f->files == NULL || f->sizes == NULL)
        return ISO_ENOMEM;
    for (int64_t k = 0; n < rows; k++)
        for (int32_t c = 0; c < f->set->classes; c++)
            if (k < f->names[c].n)
                f->files[n++] = (struct file){ f->names[c].name[k], c };
    return ISO_OK;
}

static iso_rc file_path(const struct folder *f, int64_t i, char path[PATH])
{
    const struct file *file = &f->files[i];
    const int n =
        snprintf(path, PATH, "%s/%s/%s", f->split, f->classes.name[file->class], file->name);
    if (n < 0 || n >= PATH)
        return iso_path_too_long(path);
    return ISO_OK;
}

/* ---- Sizes --------------------------------------------------------------------------------- */

static iso_rc look_at(void *data, int64_t i)
{
    struct folder *f = data;
    struct iso_image image;
    char path[PATH];
    ISO_TRY(file_path(f, i, path));
    const iso_rc rc = iso_image_read(path, &f->options, true, &image);
    if (rc != ISO_OK)
        return iso_image_damage_note(&f->damage, i, rc);
    f->sizes[i] = (struct geometry){ image.height, image.width, image.channels, image.orientation };
    return ISO_OK;
}

static iso_rc sizes_differ(const struct folder *f, int64_t one, int64_t i)
{
    const struct geometry *a = &f->sizes[one], *b = &f->sizes[i];
    char first[PATH], other[PATH];
    ISO_TRY(file_path(f, one, first));
    ISO_TRY(file_path(f, i, other));
    return iso_fail(ISO_EDATA,
                    "images have different sizes: %s %dx%d, %s %dx%d (height x width); "
                    "say which one all should get, such as `resize: [%d, %d]`",
                    first, a->height, a->width, other, b->height, b->width, a->height, a->width);
}

/* Finds the size of all images: that of the files, or the one to resize to. They are in colour if
 * any file is. */
static iso_rc settle_geometry(struct folder *f)
{
    struct iso_dataset *set = f->set;
    const int64_t *resize = f->request->options.resize;
    int64_t one = 0; /* the first file that can be read */
    while (one < set->rows && f->damage.why[one] != NULL)
        one++;
    if (one == set->rows)
        return iso_image_damage_fail(&f->damage);
    const struct geometry first = f->sizes[one];
    set->channels = 1;
    for (int64_t i = one; i < set->rows; i++) {
        const struct geometry *g = &f->sizes[i];
        if (f->damage.why[i] != NULL)
            continue;
        if (resize[0] == 0 && (g->height != first.height || g->width != first.width))
            return sizes_differ(f, one, i);
        set->channels = g->channels > set->channels ? g->channels : set->channels;
        set->turned += g->orientation != 1;
    }
    set->upright = f->options.orientation == ISO_ORIENTATION_APPLY;
    set->height = resize[0] ? (int)resize[0] : first.height;
    set->width = resize[0] ? (int)resize[1] : first.width;
    if (set->height > MOST_SIDE || set->width > MOST_SIDE)
        return iso_fail(ISO_EDATA,
                        "%s: images of %dx%d; sides of at most %d can be used: say "
                        "`resize:`",
                        f->split, set->height, set->width, MOST_SIDE);
    f->size = (struct geometry){ set->height, set->width, set->channels, 1 };
    return ISO_OK;
}

/* ---- Images -------------------------------------------------------------------------------- */

/* folder: the source of a set that is read image by image. */
static iso_rc decode(const void *folder, int64_t i, uint8_t *out)
{
    const struct folder *f = folder;
    struct iso_image image;
    const struct iso_image row = { f->size.height, f->size.width, f->size.channels, out, 1 };
    char path[PATH];
    ISO_TRY(file_path(f, i, path));
    ISO_TRY(iso_image_read(path, &f->options, false, &image));
    const bool same = image.height == f->sizes[i].height && image.width == f->sizes[i].width &&
                      image.channels == f->sizes[i].channels;
    const iso_rc rc = same ? iso_image_fit(&image, &row, &f->options)
                           : iso_fail(ISO_EDATA, "%s: changed while it was read", path);
    free(image.pixels);
    return rc;
}

/* Writes the path of a file, which has been used before and so fits. */
static void name_file(const void *folder, int64_t i, char *buf, size_t n)
{
    char path[PATH];
    if (file_path(folder, i, path) == ISO_OK)
        snprintf(buf, n, "%s", path);
}

static iso_rc decode_into_set(void *folder, int64_t i)
{
    struct folder *f = folder;
    if (f->damage.why[i] != NULL)
        return ISO_OK;
    uint8_t *to = f->set->images + (size_t)i * iso_dataset_image_bytes(f->set);
    return iso_image_damage_note(&f->damage, i, decode(f, i, to));
}

/* Decodes an image only to see if that is possible. */
static iso_rc try_to_decode(void *folder, int64_t i)
{
    struct folder *f = folder;
    if (f->damage.why[i] != NULL)
        return ISO_OK;
    uint8_t *to = iso_alloc(iso_dataset_image_bytes(f->set), 1);
    const iso_rc rc = to != NULL ? decode(f, i, to) : ISO_ENOMEM;
    free(to);
    return iso_image_damage_note(&f->damage, i, rc);
}

/* Keeps the rows that can be decoded, or fails and names the others. */
static iso_rc leave_damaged_out(struct folder *f)
{
    struct iso_dataset *set = f->set;
    int64_t count = 0;
    if (f->options.damaged == ISO_DAMAGED_REFUSE)
        ISO_TRY(iso_image_damage_fail(&f->damage));
    if (iso_image_damage_count(&f->damage) == set->rows)
        return iso_image_damage_fail(&f->damage);
    ISO_TRY(iso_image_damage_leave_out(&f->damage, set->left));
    int32_t *rows = iso_alloc((size_t)set->rows, sizeof *rows);
    if (rows == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < set->rows; i++)
        if (f->damage.why[i] == NULL)
            rows[count++] = (int32_t)i;
    const iso_rc rc = count < set->rows ? iso_dataset_keep_rows(set, rows, count) : ISO_OK;
    free(rows);
    return rc;
}

/* Images that stay on disk are decoded once in advance if damaged ones are to be left out: the
 * number of rows must be known. */
static iso_rc attach(struct folder *f)
{
    const struct iso_dataset_request *r = f->request;
    if (f->options.damaged == ISO_DAMAGED_SKIP)
        ISO_TRY(iso_workers_run(f->set->rows, r->threads, try_to_decode, f, r->progress));
    else
        ISO_TRY(iso_image_damage_fail(&f->damage));
    ISO_TRY(iso_disk_attach(f->set, f, decode, name_file, free_folder));
    return leave_damaged_out(f);
}

/* Keeps the paths of the files, which are not asked for again. */
static iso_rc name_rows(struct folder *f)
{
    for (int64_t i = 0; i < f->set->rows; i++) {
        char path[PATH];
        ISO_TRY(file_path(f, i, path));
        ISO_TRY(iso_names_add(&f->set->row_names, path));
    }
    f->set->row_files = true;
    return ISO_OK;
}

static iso_rc load_images(struct folder *f)
{
    const struct iso_dataset_request *r = f->request;
    struct iso_dataset *set = f->set;
    if (iso_disk_wanted(r, (double)set->rows * (double)iso_dataset_image_bytes(set)))
        return attach(f);
    set->images = iso_alloc((size_t)set->rows, iso_dataset_image_bytes(set));
    if (set->images == NULL)
        return ISO_ENOMEM;
    ISO_TRY(iso_workers_run(set->rows, r->threads, decode_into_set, f, r->progress));
    ISO_TRY(name_rows(f));
    return leave_damaged_out(f);
}

static iso_rc load(struct folder *f, const char *path)
{
    const struct iso_dataset_request *r = f->request;
    struct iso_dataset *set = f->set;
    int64_t rows = 0;
    ISO_TRY(find_split(f, path));
    ISO_TRY(name_classes(f));
    ISO_TRY(check_classes(f));
    ISO_TRY(list_files(f, &rows));
    ISO_TRY(order_files(f, rows));
    set->rows = rows;
    ISO_TRY(iso_image_damage_new(rows, &f->damage));
    ISO_TRY(iso_workers_run(rows, r->threads, look_at, f, NULL));
    ISO_TRY(settle_geometry(f));
    set->labels = iso_alloc((size_t)rows, sizeof *set->labels);
    if (set->labels == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < rows; i++)
        set->labels[i] = f->files[i].class;
    snprintf(set->source, sizeof set->source, "%.400s", path);
    return load_images(f);
}

/* Reads path/SPLIT/CLASS/FILE, or without folders of splits path/CLASS/FILE. Classes are numbered
 * in the order of their names' bytes in train, and named after their folders. Rows: the first file
 * of each class, then the second, and so on, so that a limit takes some of each; files in the order
 * of their names' bytes. A class has the images in its folder and in those below it; what else is
 * there is in set->left. Fails where a class of train has none. Images of one size, or all resized
 * as the request says; grey ones among coloured ones become coloured. */
static iso_rc load_files(const struct iso_dataset_request *r, const char *path,
                         struct iso_dataset *set)
{
    struct folder *f = iso_alloc(1, sizeof *f);
    if (f == NULL)
        return ISO_ENOMEM;
    *f = (struct folder){ .request = r, .set = set, .options = r->options.image };
    const iso_rc rc = load(f, path);
    f->request = NULL;
    f->set = NULL;
    if (set->disk == NULL)
        free_folder(f);
    return rc;
}

const struct iso_file_reader iso_folder_files = { find_splits, load_files, &options };
