#include "arrays.h"
#include "disk.h"
#include "named_sets.h"
#include "npz.h"
#include "pickle.h"
#include "core/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HEAD = 1 << 16 }; /* bytes of a .npy file that have its header */
enum { MOST_SIDE = 4096, MOST_CHANNELS = 64, MOST_PIXELS = 1 << 26, MOST_CLASSES = 1 << 16 };

static bool geometry(const struct iso_npy *a, struct iso_dataset *set)
{
    if (a->ndim < 2 || a->dim[0] > INT32_MAX)
        return false;
    set->rows = a->dim[0];
    set->flat = a->ndim == 2;
    if (set->flat && a->dim[1] > MOST_PIXELS)
        return false;
    if (!set->flat && (a->dim[1] > MOST_SIDE || a->dim[2] > MOST_SIDE))
        return false;
    if (a->ndim == 4 && a->dim[3] > MOST_CHANNELS)
        return false;
    set->height = set->flat ? 1 : (int)a->dim[1];
    set->width = (int)a->dim[set->flat ? 1 : 2];
    set->channels = a->ndim == 4 ? (int)a->dim[3] : 1;
    return true;
}

static iso_rc take_geometry(const char *what, const struct iso_npy *a, struct iso_dataset *set)
{
    if (geometry(a, set))
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s is not images [rows, height, width], [rows, height, width, "
                    "channels] or [rows, pixels]",
                    what);
}

/* Elements that are bytes move to the front of the array's memory, others get their own. */
static iso_rc convert(const char *what, struct iso_npy *a, int64_t n, struct iso_dataset *set)
{
    if (a->size == 1 && a->kind != 'i' && a->memory != NULL) {
        memmove(a->memory, a->data, (size_t)n);
        set->images = a->memory;
        a->memory = a->data = NULL;
        return ISO_OK;
    }
    set->images = iso_alloc((size_t)n, 1);
    if (set->images == NULL)
        return ISO_ENOMEM;
    if (a->size == 1 && a->kind != 'i') {
        memcpy(set->images, a->data, (size_t)n);
        return ISO_OK;
    }
    for (int64_t i = 0; i < n; i++) {
        const double value = iso_npy_at(a, i);
        if (!(value >= 0 && value <= 255) || value != floor(value))
            return iso_fail(ISO_EDATA,
                            "%s: element %lld (counted from 0) is %.9g; images are whole numbers "
                            "from 0 to 255 (save them before they are scaled; `input: {scale:}` "
                            "does that)",
                            what, (long long)i, value);
        set->images[i] = (uint8_t)value;
    }
    return ISO_OK;
}

iso_rc iso_arrays_images(const char *what, struct iso_npy *a, struct iso_dataset *set)
{
    ISO_TRY(take_geometry(what, a, set));
    return convert(what, a, a->bytes / a->size, set);
}

/* Returns the number of classes that labels may have: that of the set, or any. */
static iso_rc check_label(const char *what, int64_t row, double label, int classes)
{
    if (label >= 0 && label < (classes ? classes : MOST_CLASSES) && label == floor(label))
        return ISO_OK;
    if (classes)
        return iso_fail(ISO_EDATA,
                        "%s: label %lld (counted from 0) is %.9g, should be 0 to %d; the file is "
                        "damaged or of another data set",
                        what, (long long)row, label, classes - 1);
    return iso_fail(ISO_EDATA,
                    "%s: label %lld (counted from 0) is %.9g; a label is the number of "
                    "a class, from 0 to %d",
                    what, (long long)row, label, MOST_CLASSES - 1);
}

iso_rc iso_arrays_labels(const char *what, struct iso_npy *a, struct iso_dataset *set)
{
    const int known = set->classes;
    if (a->ndim < 1 || a->dim[0] != set->rows || a->ndim > 2 || (a->ndim == 2 && a->dim[1] != 1))
        return iso_fail(ISO_EDATA, "%s does not have one label for each of the %lld images", what,
                        (long long)set->rows);
    set->labels = iso_alloc((size_t)set->rows, sizeof *set->labels);
    if (set->labels == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < set->rows; i++) {
        const double label = iso_npy_at(a, i);
        ISO_TRY(check_label(what, i, label, known));
        set->labels[i] = (int32_t)label;
        if (!known && set->labels[i] >= set->classes)
            set->classes = set->labels[i] + 1;
    }
    return ISO_OK;
}

/* ---- Where arrays are ---------------------------------------------------------------------- */

static iso_rc read_file(const char *path, struct iso_npy *out)
{
    char *bytes = NULL;
    size_t n = 0;
    memset(out, 0, sizeof *out);
    ISO_TRY(iso_file_read(path, &bytes, &n));
    out->memory = (uint8_t *)bytes;
    return iso_npy_parse(path, out->memory, n, out);
}

/* The array `name` of a .npz archive, or of a folder of .npy files. */
static iso_rc read_array(const char *path, const char *name, struct iso_npy *out)
{
    char file[ISO_PATH], base[64];
    if (!iso_folder_exists(path))
        return iso_npz_read(path, name, out);
    snprintf(base, sizeof base, "%s.npy", name);
    ISO_TRY(iso_path(file, path, base));
    const iso_rc rc = read_file(file, out);
    if (rc == ISO_OK && out->kind != 'O')
        return ISO_OK;
    free(out->memory);
    out->memory = NULL;
    return rc == ISO_OK ? iso_fail(ISO_EDATA, "%s does not hold numbers but Python objects", file)
                        : rc;
}

/* Reads the header of a .npy file, and the offset of its elements. */
static iso_rc look_at_file(const char *path, int64_t size, struct iso_npy *out, int64_t *begin)
{
    static const size_t most = HEAD;
    struct iso_row_file file;
    const size_t held = (uint64_t)size < most ? (size_t)size : most;
    uint8_t *bytes = iso_alloc(held + 1, 1);
    iso_rc rc = bytes != NULL ? iso_row_file_open(path, &file) : ISO_ENOMEM;
    if (rc == ISO_OK) {
        rc = iso_row_file_read(&file, 0, 0, bytes, held);
        iso_row_file_close(&file);
    }
    if (rc == ISO_OK)
        rc = iso_npy_parse_head(path, bytes, held, (size_t)size, out);
    *begin = size - out->bytes;
    out->data = NULL;
    free(bytes);
    return rc;
}

/* Leaves images in their file, if that is wanted and possible; otherwise adds no source. */
static iso_rc leave_images(const struct iso_dataset_request *r, const char *path,
                           struct iso_dataset *set)
{
    char file[ISO_PATH], base[64];
    struct stat info;
    struct iso_npy array = { .data = NULL };
    int64_t begin = 0;
    if (!iso_folder_exists(path))
        return iso_disk_impossible(r, path, "being an archive (unpack it)");
    snprintf(base, sizeof base, "x_%s.npy", r->split);
    ISO_TRY(iso_path(file, path, base));
    if (stat(file, &info) != 0 || !iso_disk_wanted(r, (double)info.st_size))
        return ISO_OK; /* loading it reports the error */
    ISO_TRY(look_at_file(file, info.st_size, &array, &begin));
    if (array.size != 1 || array.kind == 'i')
        return iso_disk_impossible(r, file, "not being of bytes (uint8)");
    ISO_TRY(take_geometry(file, &array, set));
    return iso_disk_attach_file(set, file, begin);
}

static iso_rc load(const char *path, const char *kind, const char *split,
                   iso_rc (*take)(const char *, struct iso_npy *, struct iso_dataset *),
                   struct iso_dataset *set)
{
    char name[48], what[ISO_PATH + 64];
    struct iso_npy array = { .memory = NULL };
    snprintf(name, sizeof name, "%s_%s", kind, split);
    snprintf(what, sizeof what, "%s: %s", path, name);
    ISO_TRY(read_array(path, name, &array));
    const iso_rc rc = take(what, &array, set);
    free(array.memory);
    return rc;
}

iso_rc iso_arrays_load(const struct iso_dataset_request *r, const char *path,
                       struct iso_dataset *set)
{
    ISO_TRY(leave_images(r, path, set));
    if (set->disk == NULL)
        ISO_TRY(load(path, "x", r->split, iso_arrays_images, set));
    return load(path, "y", r->split, iso_arrays_labels, set);
}

/* ---- A pickled dictionary ------------------------------------------------------------------ */

/* Finds the array under the first of these keys that exists. */
static iso_rc find_array(const char *path, const struct iso_pickle *pickle, const char *const *keys,
                         struct iso_npy *out)
{
    char list[160];
    for (const char *const *key = keys; *key != NULL; key++)
        if (iso_pickle_array(pickle, *key, out))
            return ISO_OK;
    return iso_fail(ISO_EDATA, "%s: its dictionary has no array '%s'; it has %s", path, keys[0],
                    iso_pickle_keys(pickle, list, sizeof list));
}

static iso_rc take_pickle(const char *path, const struct iso_pickle *pickle,
                          struct iso_dataset *set)
{
    static const char *const images[] = { "features", "images", "data", "x", "X", NULL };
    static const char *const labels[] = { "target", "targets", "labels", "y", NULL };
    struct iso_npy array;
    ISO_TRY(find_array(path, pickle, images, &array));
    ISO_TRY(iso_arrays_images(path, &array, set));
    ISO_TRY(find_array(path, pickle, labels, &array));
    return iso_arrays_labels(path, &array, set);
}

static iso_rc load_pickle(const char *path, const struct iso_npy *file, struct iso_dataset *set)
{
    struct iso_pickle *pickle = NULL;
    if (file->kind != 'O')
        return iso_fail(ISO_EDATA,
                        "%s holds one array; images and labels are read from a "
                        "dictionary, or from x_train.npy and y_train.npy in a folder that is named "
                        "instead",
                        path);
    ISO_TRY(iso_pickle_read(path, file->data, (size_t)file->bytes, &pickle));
    const iso_rc rc = take_pickle(path, pickle, set);
    iso_pickle_free(pickle);
    return rc;
}

/* Fills both from a .npy file that holds a pickled dictionary, {'features': ..., 'target': ...}. */
static iso_rc load_pickle_file(const char *path, struct iso_dataset *set)
{
    struct iso_npy file;
    iso_rc rc = read_file(path, &file);
    if (rc == ISO_OK)
        rc = load_pickle(path, &file, set);
    free(file.memory);
    return rc;
}

static iso_rc load_files(const struct iso_dataset_request *r, const char *path,
                         struct iso_dataset *set)
{
    const size_t n = strlen(path);
    if (iso_folder_exists(path) || (n > 4 && strcmp(path + n - 4, ".npz") == 0))
        return iso_arrays_load(r, path, set);
    ISO_TRY(iso_file_one_split(r, path));
    ISO_TRY(iso_disk_impossible(r, path, "being a pickle"));
    return load_pickle_file(path, set);
}

const struct iso_file_reader iso_npy_files = { .load = load_files };
