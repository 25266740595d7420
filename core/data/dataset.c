/* dataset.c: the names of data sets, where their files are looked for, and what is checked. */
#include "arrays.h"
#include "cifar.h"
#include "dataset.h"
#include "digits.h"
#include "folders.h"
#include "idx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct iso_dataset_doc iso_dataset_docs[] = {
    {"mnist",
     "handwritten digits, 60,000 and 10,000 grey images of 28x28, 10 classes (IDX files, or "
     "mnist.npz as Keras has it)"},
    {"fashion-mnist", "clothing in the format and the numbers of MNIST (the same files)"},
    {"cifar10", "60,000 colour photographs of 32x32, 10 classes (the binary version)"},
    {"cifar100",
     "60,000 colour photographs of 32x32, 100 classes, or 20 with labels: coarse (the binary "
     "version)"},
    {"builtin:digits", "handwriting-like digits drawn by the program; nothing to download"},
    {NULL, NULL}};

static const char *const split_names[] = {"train", "test"};
static const char *const file_prefixes[] = {"train", "t10k"};        /* of IDX files, per split */

/* A data set of IDX files, and the folders below a data folder that may hold them. */
struct idx_set {
    const char *name;
    const char *subfolders[3];
    int classes;
};
static const struct idx_set idx_sets[] = {
    {"mnist", {"mnist", "MNIST/raw", "."}, 10},                       /* MNIST/raw: torchvision */
    {"fashion-mnist", {"fashion-mnist", "FashionMNIST/raw", "."}, 10},
};

enum { MOST_SIDE = 4096, PATH_SIZE = ISO_DATA_PATH };
enum { DEFAULT_TRAIN = 10000, DEFAULT_TEST = 2000 };     /* rows of drawn digits */

/* Either two IDX files, or one archive for both splits. */
struct idx_paths {
    char images[PATH_SIZE], labels[PATH_SIZE], archive[PATH_SIZE];
};

/* ---- Where files are looked for -------------------------------------------------------------- */

/* Finds folder/subfolder/PREFIX-KIND-ubyte, or the same with .gz, and writes its path. */
static bool find_file(const char *folder, const char *subfolder, const char *prefix,
                      const char *kind, char path[PATH_SIZE])
{
    static const char *const endings[] = {"", ".gz"};
    bool direct = strcmp(subfolder, ".") == 0;
    for (int i = 0; i < 2; i++) {
        struct stat info;
        int n = snprintf(path, PATH_SIZE, "%s/%s%s%s-%s-ubyte%s", folder, direct ? "" : subfolder,
                         direct ? "" : "/", prefix, kind, endings[i]);
        if (n > 0 && n < PATH_SIZE && stat(path, &info) == 0 && S_ISREG(info.st_mode))
            return true;
    }
    return false;
}

static iso_rc not_found(const struct idx_set *set, int split,
                        const struct iso_data_folders *folders)
{
    char list[1024];
    const char *prefix = file_prefixes[split];
    return iso_fail(ISO_EIO,
                    "data set '%s' not found: looked for %s/%s-images-idx3-ubyte[.gz] and %s.npz "
                    "in %s; name the folder with --data or ISOCL_DATA, or use 'builtin:digits', "
                    "which needs no download",
                    set->name, set->subfolders[0], prefix, set->name,
                    iso_data_folders_text(folders, list, sizeof list));
}

/* Finds folder/NAME.npz, or folder/subfolder/NAME.npz. */
static bool find_archive(const struct idx_set *set, const char *folder, char path[PATH_SIZE])
{
    struct stat info;
    for (int i = 0; i < 2; i++) {
        int n = snprintf(path, PATH_SIZE, "%s/%s%s%s.npz", folder, i ? set->subfolders[0] : "",
                         i ? "/" : "", set->name);
        if (n > 0 && n < PATH_SIZE && stat(path, &info) == 0 && S_ISREG(info.st_mode))
            return true;
    }
    *path = 0;
    return false;
}

/* Finds both files of a split, which lie in one folder, or the archive. */
static iso_rc find_files(const struct idx_set *set, int split,
                         const struct iso_data_folders *folders, struct idx_paths *out)
{
    const char *prefix = file_prefixes[split];
    for (int i = 0; i < folders->n; i++) {
        for (int k = 0; k < 3; k++) {
            const char *parent = folders->path[i], *sub = set->subfolders[k];
            if (!find_file(parent, sub, prefix, "images-idx3", out->images))
                continue;
            if (find_file(parent, sub, prefix, "labels-idx1", out->labels))
                return ISO_OK;
            return iso_fail(ISO_EIO,
                            "%s: has no %s-labels-idx1-ubyte[.gz] beside it; get the labels "
                            "of data set '%s' too",
                            out->images, prefix, set->name);
        }
        if (find_archive(set, folders->path[i], out->archive))
            return ISO_OK;
    }
    return not_found(set, split, folders);
}

/* ---- Data sets of IDX files ------------------------------------------------------------------ */

static iso_rc take_images(const char *path, struct iso_dataset *set)
{
    struct iso_idx idx;
    ISO_TRY(iso_idx_read(path, 3, &idx));
    set->images = idx.data;
    set->rows = idx.dim[0];
    if (idx.dim[0] > INT32_MAX || idx.dim[1] > MOST_SIDE || idx.dim[2] > MOST_SIDE)
        return iso_fail(ISO_EDATA, "%s: %lld images of %lldx%lld; at most %ld of %dx%d can be used",
                        path, (long long)idx.dim[0], (long long)idx.dim[1], (long long)idx.dim[2],
                        (long)INT32_MAX, MOST_SIDE, MOST_SIDE);
    set->height = (int)idx.dim[1];
    set->width = (int)idx.dim[2];
    set->channels = 1;
    return ISO_OK;
}

/* Turns the label bytes into int32 and checks that each is a class. */
static iso_rc convert_labels(const char *path, const uint8_t *bytes, struct iso_dataset *set)
{
    set->labels = iso_alloc((size_t)set->rows, sizeof *set->labels);
    if (set->labels == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < set->rows; i++) {
        if (bytes[i] >= set->classes)
            return iso_fail(ISO_EDATA,
                            "%s: label %lld (counted from 0) is %d, should be 0 to %d; the "
                            "file is damaged or of another data set",
                            path, (long long)i, bytes[i], set->classes - 1);
        set->labels[i] = bytes[i];
    }
    return ISO_OK;
}

static iso_rc take_labels(const struct idx_paths *paths, struct iso_dataset *set)
{
    struct iso_idx idx;
    ISO_TRY(iso_idx_read(paths->labels, 1, &idx));
    iso_rc rc;
    if (idx.dim[0] != set->rows)
        rc = iso_fail(ISO_EDATA,
                      "%s: has %lld labels, but %s has %lld images; these are not the two "
                      "files of one data set",
                      paths->labels, (long long)idx.dim[0], paths->images, (long long)set->rows);
    else
        rc = convert_labels(paths->labels, idx.data, set);
    free(idx.data);
    return rc;
}

static iso_rc load_idx(const struct idx_set *idx, int split,
                       const struct iso_data_folders *folders, struct iso_dataset *set)
{
    struct idx_paths paths = {.archive = ""};
    ISO_TRY(find_files(idx, split, folders, &paths));
    snprintf(set->source, sizeof set->source, "%.*s", (int)sizeof set->source - 1,
             *paths.archive ? paths.archive : paths.images);
    set->classes = idx->classes;
    if (*paths.archive)
        return iso_arrays_load(paths.archive, split_names[split], set);
    ISO_TRY(take_images(paths.images, set));
    return take_labels(&paths, set);
}

/* ---- Drawn digits ---------------------------------------------------------------------------- */

static iso_rc draw_digits(int split, int64_t count, struct iso_dataset *set)
{
    const int64_t pixels = (int64_t)ISO_DIGITS_SIDE * ISO_DIGITS_SIDE;
    snprintf(set->source, sizeof set->source, "drawn by isocl");
    set->rows = count;
    set->height = set->width = ISO_DIGITS_SIDE;
    set->channels = 1;
    set->classes = ISO_DIGITS_CLASSES;
    set->images = iso_alloc((size_t)count, (size_t)pixels);
    if (set->images == NULL)
        return ISO_ENOMEM;
    set->labels = iso_alloc((size_t)count, sizeof *set->labels);
    if (set->labels == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < count; i++)
        set->labels[i] = iso_digits_draw((enum iso_digits_split)split, (uint32_t)i,
                                         set->images + i * pixels);
    return ISO_OK;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static iso_rc find_split(const char *name, const char *split, int *out)
{
    for (int i = 0; i < 2; i++) {
        if (strcmp(split, split_names[i]) == 0) {
            *out = i;
            return ISO_OK;
        }
    }
    return iso_fail(ISO_EUSAGE, "data set '%s' has no split '%s'; its splits are train and test",
                    name, split);
}

static iso_rc unknown_name(const char *name)
{
    char list[256] = "";
    size_t used = 0;
    for (int i = 0; iso_dataset_docs[i].name != NULL && used < sizeof list - 1; i++) {
        int n = snprintf(list + used, sizeof list - used, "%s%s", i == 0 ? "" : ", ",
                         iso_dataset_docs[i].name);
        used += n > 0 ? (size_t)n : 0;
    }
    return iso_fail(ISO_EUSAGE, "unknown data set '%s'; there are %s", name, list);
}

/* Rows of a generated set. A limit below the count saves drawing what is not kept. */
static int64_t rows_to_draw(int split, int64_t count, int64_t limit)
{
    static const int64_t defaults[] = {DEFAULT_TRAIN, DEFAULT_TEST};
    int64_t rows = count > 0 ? count : defaults[split];
    return limit > 0 && limit < rows ? limit : rows;
}

static const struct idx_set *find_idx(const char *name)
{
    for (size_t i = 0; i < sizeof idx_sets / sizeof idx_sets[0]; i++)
        if (strcmp(idx_sets[i].name, name) == 0)
            return &idx_sets[i];
    return NULL;
}

static iso_rc load_files(const struct iso_dataset_request *r, int split, struct iso_dataset *set)
{
    const struct idx_set *idx = find_idx(r->name);
    const struct iso_cifar_set *cifar = iso_cifar_find(r->name);
    struct iso_data_folders folders;
    if (idx == NULL && cifar == NULL)
        return unknown_name(r->name);
    if (r->count != 0)
        return iso_fail(ISO_EUSAGE,
                        "data set '%s': 'count' is for generated data sets; use 'limit' "
                        "to take the first images only",
                        r->name);
    iso_data_folders(r->folder, &folders);
    return idx != NULL ? load_idx(idx, split, &folders, set)
                       : iso_cifar_load(cifar, split, r->coarse, &folders, set);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

/* Moves the images and labels of these rows, which ascend, to the front. */
static void keep_rows(struct iso_dataset *set, const int32_t *rows, int64_t count)
{
    const size_t image = (size_t)set->height * (size_t)set->width * (size_t)set->channels;
    for (int64_t i = 0; i < count; i++) {
        memmove(set->images + (size_t)i * image, set->images + (size_t)rows[i] * image, image);
        set->labels[i] = set->labels[rows[i]];
    }
    set->rows = count;
    uint8_t *less = count > 0 ? realloc(set->images, (size_t)count * image) : NULL;
    set->images = less != NULL ? less : set->images;
}

static iso_rc take_part(const struct iso_part *part, struct iso_dataset *set)
{
    int64_t count = 0;
    const long long all = (long long)set->rows;
    int32_t *rows = iso_alloc((size_t)set->rows + 1, sizeof *rows);
    iso_rc rc = rows != NULL
                    ? iso_part_rows(part, set->labels, set->rows, set->classes, rows, &count)
                    : ISO_ENOMEM;
    if (rc == ISO_OK && count == 0)
        rc = iso_fail(ISO_EDATA,
                      "data set '%s': the part from %g to %g of %lld rows holds none; make it "
                      "larger",
                      set->name, part->from, part->to, all);
    if (rc == ISO_OK) {
        keep_rows(set, rows, count);
        snprintf(set->part, sizeof set->part, "part %.9g to %.9g of %lld%s, part_seed %llu",
                 part->from, part->to, all, part->stratified ? ", stratified" : "",
                 (unsigned long long)part->seed);
    }
    free(rows);
    return rc;
}

static iso_rc fill(const struct iso_dataset_request *r, int split, struct iso_dataset *set)
{
    const bool whole = r->part.to == 0;
    if (strcmp(r->name, "builtin:digits") == 0)
        ISO_TRY(draw_digits(split, rows_to_draw(split, r->count, whole ? r->limit : 0), set));
    else
        ISO_TRY(load_files(r, split, set));
    if (!whole)
        ISO_TRY(take_part(&r->part, set));
    if (r->limit > 0 && r->limit < set->rows)
        set->rows = r->limit;
    return ISO_OK;
}

static iso_rc check_request(const struct iso_dataset_request *r)
{
    const struct iso_part *p = &r->part;
    if (r->count < 0 || r->count > INT32_MAX || r->limit < 0)
        return iso_fail(ISO_EUSAGE,
                        "data set '%s': 'count' must be 0 to %ld and 'limit' not negative", r->name,
                        (long)INT32_MAX);
    if (r->coarse && strcmp(r->name, "cifar100") != 0)
        return iso_fail(ISO_EUSAGE, "data set '%s' has no coarse labels; cifar100 has", r->name);
    if (!(p->from == 0 && p->to == 0) && !(p->from >= 0 && p->from < p->to && p->to <= 1))
        return iso_fail(ISO_EUSAGE,
                        "data set '%s': 'part' goes from one fraction of the rows up to a larger "
                        "one, both from 0 to 1", r->name);
    return ISO_OK;
}

iso_rc iso_dataset_load(const struct iso_dataset_request *r, struct iso_dataset **out)
{
    int which = 0;
    ISO_TRY(check_request(r));
    if (strlen(r->name) >= sizeof (*out)->name)
        return unknown_name(r->name);
    ISO_TRY(find_split(r->name, r->split, &which));
    struct iso_dataset *set = iso_alloc(1, sizeof *set);
    if (set == NULL)
        return ISO_ENOMEM;
    snprintf(set->name, sizeof set->name, "%s", r->name);
    snprintf(set->split, sizeof set->split, "%s", r->split);
    iso_rc rc = fill(r, which, set);
    if (rc != ISO_OK) {
        iso_dataset_free(set);
        return rc;
    }
    *out = set;
    return ISO_OK;
}

void iso_dataset_free(struct iso_dataset *set)
{
    if (set == NULL)
        return;
    free(set->images);
    free(set->labels);
    free(set);
}
