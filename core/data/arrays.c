#include "arrays.h"
#include "npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 4096, MOST_CHANNELS = 64 };

/* The images keep the array's memory: its elements move to the front. */
static iso_rc take_images(const char *path, const char *name, struct iso_npy *a,
                          struct iso_dataset *set)
{
    const bool flat = a->ndim == 3;
    if (a->size != 1 || a->is_signed || (a->ndim != 3 && a->ndim != 4) || a->dim[0] > INT32_MAX ||
        a->dim[1] > MOST_SIDE || a->dim[2] > MOST_SIDE || (!flat && a->dim[3] > MOST_CHANNELS))
        return iso_fail(ISO_EDATA, "%s: %s is not uint8 images [rows, height, width] or [rows, "
                        "height, width, channels]", path, name);
    set->rows = a->dim[0];
    set->height = (int)a->dim[1];
    set->width = (int)a->dim[2];
    set->channels = flat ? 1 : (int)a->dim[3];
    set->images = a->memory;
    memmove(a->memory, a->data, (size_t)set->rows * (size_t)set->height * (size_t)set->width *
            (size_t)set->channels);
    a->memory = a->data = NULL;
    return ISO_OK;
}

static iso_rc take_labels(const char *path, const char *name, struct iso_npy *a,
                          struct iso_dataset *set)
{
    if (a->dim[0] != set->rows || !(a->ndim == 1 || (a->ndim == 2 && a->dim[1] == 1)))
        return iso_fail(ISO_EDATA, "%s: %s does not have one label for each of the %lld images",
                        path, name, (long long)set->rows);
    set->labels = iso_alloc((size_t)set->rows, sizeof *set->labels);
    if (!set->labels)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < set->rows; i++) {
        const int64_t label = iso_npy_at(a, i);
        if (label < 0 || label >= set->classes)
            return iso_fail(ISO_EDATA,
                            "%s: %s: label %lld (counted from 0) is %lld, should be 0 to %d; the "
                            "file is damaged or of another data set",
                            path, name, (long long)i, (long long)label, set->classes - 1);
        set->labels[i] = (int32_t)label;
    }
    return ISO_OK;
}

static iso_rc load(const char *path, const char *kind, const char *split,
                   iso_rc (*take)(const char *, const char *, struct iso_npy *,
                                  struct iso_dataset *), struct iso_dataset *set)
{
    char name[32];
    struct iso_npy array;
    snprintf(name, sizeof name, "%s_%s", kind, split);
    ISO_TRY(iso_npz_read(path, name, &array));
    const iso_rc rc = take(path, name, &array, set);
    free(array.memory);
    return rc;
}

iso_rc iso_arrays_load(const char *path, const char *split, struct iso_dataset *set)
{
    ISO_TRY(load(path, "x", split, take_images, set));
    return load(path, "y", split, take_labels, set);
}
