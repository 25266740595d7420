#include "arrays.h"
#include "array_store.h"
#include "disk.h"
#include "named_sets.h"
#include "core/text/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HEAD = 1 << 16 }; /* bytes of a .npy file that have its header */
enum { MOST_SIDE = 4096, MOST_CHANNELS = 64, MOST_PIXELS = 1 << 26, MOST_CLASSES = 1 << 16 };

#define AT(member) offsetof(struct iso_source_options, member)
#define SIZE(member) sizeof((struct iso_source_options *)0)->member
static const struct iso_field fields[] = {
    { "image_array", ISO_FIELD_TEXT, AT(image_array), "", 0, SIZE(image_array), NULL,
      "of npy:PATH: the name of the array of images; left out, a usual one, such as x_train or "
      "train_images" },
    { "label_array", ISO_FIELD_TEXT, AT(label_array), "", 0, SIZE(label_array), NULL,
      "of npy:PATH: the name of the array of labels; left out, a usual one, such as y_train or "
      "train_labels" },
    { "target_array", ISO_FIELD_TEXT, AT(target_array), "", 0, SIZE(target_array), NULL,
      "of npy:PATH: rows have targets in place of a class: the name of their array [rows, targets] "
      "or [rows], alone or with that of the split, y for y_train; a target is any number, or 0 and "
      "1 for a label" },
    { 0 }
};
#undef SIZE
#undef AT
static const struct iso_source_fields options = { "NumPy files (npy:PATH)", fields };

/* ---- Images -------------------------------------------------------------------------------- */

/* True where the dimensions of an image fit the model's input with channels first, as PyTorch keeps
 * them, and not as they stand. */
static bool has_channels_first(const struct iso_dataset_request *r, const struct iso_npy *a)
{
    int64_t s[3];
    const int64_t *d = a->dim + 1;
    if (r == NULL || a->ndim != 4 || r->input == NULL || r->input->ndim != 4 ||
        !iso_dataset_row_shape(r, s))
        return false;
    return d[0] == s[2] && d[1] == s[0] && d[2] == s[1] && !(d[0] == s[0] && d[2] == s[2]);
}

/* Moves the channels of each image behind its rows and columns. */
static iso_rc put_channels_last(struct iso_dataset *set)
{
    const int64_t channels = set->channels, pixels = (int64_t)set->height * set->width;
    uint8_t *image = iso_alloc((size_t)pixels, (size_t)channels);
    if (image == NULL)
        return ISO_ENOMEM;
    for (int64_t row = 0; row < set->rows; row++) {
        uint8_t *at = set->images + row * pixels * channels;
        for (int64_t c = 0; c < channels; c++)
            for (int64_t p = 0; p < pixels; p++)
                image[p * channels + c] = at[c * pixels + p];
        memcpy(at, image, (size_t)(pixels * channels));
    }
    free(image);
    return ISO_OK;
}

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

iso_rc iso_arrays_images(const struct iso_dataset_request *r, const char *what, struct iso_npy *a,
                         struct iso_dataset *set)
{
    const bool turned = has_channels_first(r, a);
    if (turned) {
        const int64_t channels = a->dim[1];
        a->dim[1] = a->dim[2];
        a->dim[2] = a->dim[3];
        a->dim[3] = channels;
    }
    ISO_TRY(take_geometry(what, a, set));
    ISO_TRY(convert(what, a, a->bytes / a->size, set));
    return turned ? put_channels_last(set) : ISO_OK;
}

/* ---- Labels -------------------------------------------------------------------------------- */

/* The classes that labels may have: those of the set, or any number of them. */
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

/* Returns the place of the single 1 of a row, -1 where it is not that. */
static int64_t one_hot(const struct iso_npy *a, int64_t row, int64_t classes)
{
    int64_t found = -1;
    for (int64_t c = 0; c < classes; c++) {
        const double value = iso_npy_at(a, row * classes + c);
        if (value == 0)
            continue;
        if (value != 1 || found >= 0)
            return -1;
        found = c;
    }
    return found;
}

static iso_rc take_one_hot(const char *what, const struct iso_npy *a, struct iso_dataset *set)
{
    const int64_t classes = a->dim[1];
    if (classes > MOST_CLASSES || (set->classes && classes != set->classes))
        return iso_fail(ISO_EDATA, "%s: has %lld numbers a row, which are not one for each class",
                        what, (long long)classes);
    set->classes = (int)classes;
    for (int64_t row = 0; row < set->rows; row++) {
        const int64_t label = one_hot(a, row, classes);
        if (label < 0)
            return iso_fail(ISO_EDATA,
                            "%s: row %lld (counted from 0) is not one-hot: one 1 among %lld "
                            "numbers, the others 0; labels are that, or one class number a row",
                            what, (long long)row, (long long)classes);
        set->labels[row] = (int32_t)label;
    }
    return ISO_OK;
}

static iso_rc take_numbers(const char *what, const struct iso_npy *a, struct iso_dataset *set)
{
    const int known = set->classes;
    for (int64_t i = 0; i < set->rows; i++) {
        const double label = iso_npy_at(a, i);
        ISO_TRY(check_label(what, i, label, known));
        set->labels[i] = (int32_t)label;
        if (!known && set->labels[i] >= set->classes)
            set->classes = set->labels[i] + 1;
    }
    return ISO_OK;
}

iso_rc iso_arrays_labels(const char *what, struct iso_npy *a, struct iso_dataset *set)
{
    if (a->ndim < 1 || a->dim[0] != set->rows || a->ndim > 2)
        return iso_fail(ISO_EDATA, "%s does not have one label for each of the %lld images", what,
                        (long long)set->rows);
    set->labels = iso_alloc((size_t)set->rows, sizeof *set->labels);
    if (set->labels == NULL)
        return ISO_ENOMEM;
    return a->ndim == 2 && a->dim[1] > 1 ? take_one_hot(what, a, set) : take_numbers(what, a, set);
}

/* ---- Ids ----------------------------------------------------------------------------------- */

static iso_rc take_ids(const char *what, struct iso_npy *a, struct iso_dataset *set)
{
    char text[40];
    if (a->dim[0] != set->rows || a->bytes / a->size != set->rows)
        return iso_fail(ISO_EDATA, "%s does not have one id for each of the %lld images", what,
                        (long long)set->rows);
    for (int64_t i = 0; i < set->rows; i++) {
        const double id = iso_npy_at(a, i);
        if (id == floor(id) && fabs(id) < 1e15)
            snprintf(text, sizeof text, "%.0f", id);
        else
            iso_number_text(id, text, sizeof text);
        ISO_TRY(iso_names_add(&set->row_names, text));
    }
    return ISO_OK;
}

/* ---- Where images stay --------------------------------------------------------------------- */

/* Looks at what a .npy file holds, and where it begins. */
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

/* Leaves images where they are, if that is wanted and can be; otherwise the set gets none. */
static iso_rc leave_images(const struct iso_dataset_request *r, const struct iso_array_store *s,
                           const char *name, struct iso_dataset *set)
{
    char file[ISO_PATH], base[128];
    struct stat info;
    struct iso_npy array = { .data = NULL };
    int64_t begin = 0;
    if (!s->folder)
        return iso_disk_impossible(r, s->path,
                                   s->archive ? "being an archive (unpack it)" : "being a pickle");
    snprintf(base, sizeof base, "%.100s.npy", name);
    ISO_TRY(iso_path(file, s->path, base));
    if (stat(file, &info) != 0 || !iso_disk_wanted(r, (double)info.st_size))
        return ISO_OK; /* whoever loads it says what is wrong */
    ISO_TRY(look_at_file(file, info.st_size, &array, &begin));
    if (array.size != 1 || array.kind == 'i')
        return iso_disk_impossible(r, file, "not being of bytes (uint8)");
    if (array.column_major || has_channels_first(r, &array))
        return iso_disk_impossible(r, file, "the bytes of an image not being in order");
    ISO_TRY(take_geometry(file, &array, set));
    return iso_disk_attach_file(set, file, begin);
}

/* ---- All of them --------------------------------------------------------------------------- */

static iso_rc find_splits(const struct iso_dataset_request *r, const char *path,
                          struct iso_splits *out)
{
    out->one = *r->options.image_array != '\0';
    return out->one ? ISO_OK : iso_array_store_splits(path, out);
}

static iso_rc take(const struct iso_dataset_request *r, struct iso_array_store *s,
                   enum iso_array_kind kind, const char *name, struct iso_dataset *set)
{
    char what[ISO_PATH + 128];
    struct iso_npy array;
    iso_array_store_what(s, name, what, sizeof what);
    ISO_TRY(iso_array_store_read(s, name, &array));
    const iso_rc rc = kind == ISO_ARRAY_IMAGES    ? iso_arrays_images(r, what, &array, set)
                      : kind == ISO_ARRAY_LABELS  ? iso_arrays_labels(what, &array, set)
                      : kind == ISO_ARRAY_TARGETS ? iso_arrays_targets(what, &array, NULL, set)
                                                  : take_ids(what, &array, set);
    free(array.memory);
    return rc;
}

/* Labels, or targets, that are wanted must be there; ids may be. */
static iso_rc take_others(const struct iso_dataset_request *r, struct iso_array_store *s,
                          struct iso_dataset *set)
{
    const bool targets = *r->options.target_array != '\0';
    const enum iso_array_kind kind = targets ? ISO_ARRAY_TARGETS : ISO_ARRAY_LABELS;
    const char *given = targets ? r->options.target_array : r->options.label_array;
    const char *labels = iso_array_store_find(s, kind, given, r->split);
    const char *ids = iso_array_store_find(s, ISO_ARRAY_IDS, "", r->split);
    if (targets && *r->options.label_array)
        return iso_fail(ISO_EDATA,
                        "%s: a row has a class, of `label_array:`, or the targets of "
                        "`target_array:`: leave one of them out",
                        s->path);
    if (labels == NULL && !r->labels_optional)
        return iso_array_store_lacks(s, kind, given, r->split,
                                     targets ? "target_array" : "label_array");
    if (labels != NULL)
        ISO_TRY(take(r, s, kind, labels, set));
    return ids != NULL && r->labels_optional ? take(r, s, ISO_ARRAY_IDS, ids, set) : ISO_OK;
}

static iso_rc load(const struct iso_dataset_request *r, struct iso_array_store *s,
                   struct iso_dataset *set)
{
    const char *given = r->options.image_array;
    const char *images = iso_array_store_find(s, ISO_ARRAY_IMAGES, given, r->split);
    if (images == NULL)
        return iso_array_store_lacks(s, ISO_ARRAY_IMAGES, given, r->split, "image_array");
    ISO_TRY(leave_images(r, s, images, set));
    if (s->single && !r->labels_optional)
        return iso_array_store_lacks(s, ISO_ARRAY_LABELS, "", "", "label_array");
    if (set->disk == NULL)
        ISO_TRY(take(r, s, ISO_ARRAY_IMAGES, images, set));
    return take_others(r, s, set);
}

iso_rc iso_arrays_load(const struct iso_dataset_request *r, const char *path,
                       struct iso_dataset *set)
{
    struct iso_array_store store;
    iso_rc rc = iso_array_store_open(path, &store);
    if (rc == ISO_OK)
        rc = load(r, &store, set);
    iso_array_store_close(&store);
    return rc;
}

const struct iso_file_reader iso_npy_files = { find_splits, iso_arrays_load, &options };
