#include "data_name.h"
#include "core/system/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

const char *iso_table_kind(const char *path)
{
    static const char *const kinds[][2] = { { ".csv", "csv" },   { ".tsv", "csv" },
                                            { ".npy", "npy" },   { ".npz", "npy" },
                                            { "-ubyte", "idx" }, { "-ubyte.gz", "idx" } };
    const size_t n = strlen(path);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const size_t end = strlen(kinds[i][0]);
        if (n > end && strcasecmp(path + n - end, kinds[i][0]) == 0)
            return kinds[i][1];
    }
    return NULL;
}

static bool holds(const char *folder, const char *name)
{
    char path[ISO_PATH];
    const bool there = iso_path(path, folder, name) == ISO_OK && access(path, F_OK) == 0;
    iso_error_clear();
    return there;
}

/* Returns "folder", "csv", "npy" or "idx"; NULL where it is none of them. */
static const char *kind_of(const char *path)
{
    static const char *const kinds[][2] = {
        { "train.csv", "csv" },
        { "x_train.npy", "npy" },
        { "train-images-idx3-ubyte", "idx" },
        { "train-images-idx3-ubyte.gz", "idx" },
        { "train-images.idx3-ubyte", "idx" },
        { "train-images.idx3-ubyte.gz", "idx" },
    };
    if (!iso_folder_exists(path))
        return iso_table_kind(path);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (holds(path, kinds[i][0]))
            return kinds[i][1];
    return "folder";
}

static bool is_name(const char *data)
{
    for (const struct iso_dataset_doc *d = iso_dataset_docs; d->name != NULL; d++)
        if (strcmp(d->name, data) == 0)
            return true;
    return iso_dataset_is_file(data);
}

static iso_rc take_name(const char *data, char name[ISO_DATASET_NAME])
{
    const int n = snprintf(name, ISO_DATASET_NAME, "%s", data);
    return n < ISO_DATASET_NAME ? ISO_OK : iso_path_too_long(data);
}

iso_rc iso_data_name(const char *data, char name[ISO_DATASET_NAME])
{
    if (is_name(data))
        return take_name(data, name);
    if (access(data, F_OK) != 0)
        return iso_fail(ISO_EIO,
                        "there is no %s: name a folder of pictures, a .csv, .npy or .npz file, or "
                        "one of the data sets that `isocl help datasets` lists",
                        data);
    const char *kind = kind_of(data);
    if (kind == NULL)
        return iso_fail(
            ISO_EDATA,
            "%s is neither a folder nor a .csv, .tsv, .npy, .npz or IDX file; pictures lie "
            "in a folder for each class",
            data);
    char *whole = realpath(data, NULL);
    if (whole == NULL)
        return iso_file_fail("find", data);
    const int n = snprintf(name, ISO_DATASET_NAME, "%s:%s", kind, whole);
    free(whole);
    return n < ISO_DATASET_NAME ? ISO_OK : iso_path_too_long(data);
}
