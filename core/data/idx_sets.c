/* idx_sets.c: finds and reads the data sets whose authors publish IDX files. */
#include "arrays.h"
#include "disk.h"
#include "folders.h"
#include "idx.h"
#include "idx_sets.h"
#include "named_sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const file_prefixes[] = { "train",
                                             "t10k" }; /* prefixes of IDX files, per split */

enum { MOST_SIDE = 4096, PATH_SIZE = ISO_DATA_PATH };

/* Either two IDX files, or one archive for both splits. */
struct idx_paths {
    char images[PATH_SIZE], labels[PATH_SIZE], archive[PATH_SIZE];
};

/* ---- Where files are looked for -------------------------------------------------------------- */

/* Finds folder/subfolder/PREFIX-HOLDS-KIND-ubyte, or the same with a dot before the kind, or .gz,
 * and writes its path. holds: "images" or "labels". */
static bool find_file(const char *folder, const char *subfolder, const char *prefix,
                      const char *holds, const char *kind, char path[PATH_SIZE])
{
    static const char *const endings[] = { "", ".gz" };
    bool direct = strcmp(subfolder, ".") == 0;
    for (int i = 0; i < 4; i++) {
        struct stat info;
        int n = snprintf(path, PATH_SIZE, "%s/%s%s%s-%s%s%s-ubyte%s", folder,
                         direct ? "" : subfolder, direct ? "" : "/", prefix, holds,
                         i < 2 ? "-" : ".", kind, endings[i % 2]);
        if (n > 0 && n < PATH_SIZE && stat(path, &info) == 0 && S_ISREG(info.st_mode))
            return true;
    }
    return false;
}

static iso_rc not_found(const struct iso_named_set *set, int split,
                        const struct iso_data_folders *folders)
{
    char list[1024];
    const char *prefix = file_prefixes[split];
    return iso_fail(
        ISO_EIO,
        "data set '%s' not found: looked for %s/%s-images-idx3-ubyte[.gz] and %s.npz "
        "in %s; `isocl get %s` fetches it; or name the folder with --data or ISOCL_DATA "
        "(`isocl help paths`), or use 'builtin:digits', which needs no download",
        set->name, set->folders[0], prefix, set->name,
        iso_data_folders_text(folders, list, sizeof list), set->name);
}

/* Finds folder/NAME.npz, or folder/subfolder/NAME.npz. */
static bool find_archive(const struct iso_named_set *set, const char *folder, char path[PATH_SIZE])
{
    struct stat info;
    for (int i = 0; i < 2; i++) {
        int n = snprintf(path, PATH_SIZE, "%s/%s%s%s.npz", folder, i ? set->folders[0] : "",
                         i ? "/" : "", set->name);
        if (n > 0 && n < PATH_SIZE && stat(path, &info) == 0 && S_ISREG(info.st_mode))
            return true;
    }
    *path = 0;
    return false;
}

/* Finds both files of a split, which lie in one folder, or the archive. */
static iso_rc find_files(const struct iso_named_set *set, int split,
                         const struct iso_data_folders *folders, struct idx_paths *out)
{
    const char *prefix = file_prefixes[split];
    for (int i = 0; i < folders->n; i++) {
        for (int k = 0; k < ISO_SET_FOLDERS && set->folders[k] != NULL; k++) {
            const char *parent = folders->path[i], *sub = set->folders[k];
            if (!find_file(parent, sub, prefix, "images", "idx3", out->images))
                continue;
            if (find_file(parent, sub, prefix, "labels", "idx1", out->labels))
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

static iso_rc take_geometry(const char *path, const struct iso_idx *idx, struct iso_dataset *set)
{
    if (idx->dim[0] > INT32_MAX || idx->dim[1] > MOST_SIDE || idx->dim[2] > MOST_SIDE)
        return iso_fail(ISO_EDATA, "%s: %lld images of %lldx%lld; at most %ld of %dx%d can be used",
                        path, (long long)idx->dim[0], (long long)idx->dim[1],
                        (long long)idx->dim[2], (long)INT32_MAX, MOST_SIDE, MOST_SIDE);
    set->rows = idx->dim[0];
    set->height = (int)idx->dim[1];
    set->width = (int)idx->dim[2];
    set->channels = 1;
    return ISO_OK;
}

/* Images can stay in their file only if it is not compressed. */
static iso_rc take_images(const struct iso_dataset_request *r, const char *path,
                          struct iso_dataset *set)
{
    struct iso_idx idx;
    struct stat info;
    int64_t begin = 0;
    if (stat(path, &info) == 0 && iso_disk_wanted(r, (double)info.st_size)) {
        ISO_TRY(iso_idx_look(path, 3, &idx, &begin));
        if (begin > 0) {
            ISO_TRY(take_geometry(path, &idx, set));
            return iso_disk_attach_file(set, path, begin);
        }
        ISO_TRY(iso_disk_impossible(r, path, "being compressed (gunzip it)"));
    }
    ISO_TRY(iso_idx_read(path, 3, &idx));
    set->images = idx.data;
    return take_geometry(path, &idx, set);
}

/* Turns the label bytes into int32 and checks that each is a class. */
static iso_rc convert_labels(const char *path, const uint8_t *bytes, struct iso_dataset *set)
{
    set->labels = iso_alloc((size_t)set->rows, sizeof *set->labels);
    if (set->labels == NULL)
        return ISO_ENOMEM;
    const int known = set->classes;
    for (int64_t i = 0; i < set->rows; i++) {
        if (!known && bytes[i] >= set->classes)
            set->classes = bytes[i] + 1;
        if (bytes[i] >= set->classes)
            return iso_fail(ISO_EDATA,
                            "%s: label %lld (counted from 0) is %d, should be 0 to %d; the "
                            "file is damaged or of another data set",
                            path, (long long)i, bytes[i], set->classes - 1);
        set->labels[i] = bytes[i];
    }
    return ISO_OK;
}

static iso_rc take_labels(const char *images, const char *labels, struct iso_dataset *set)
{
    struct iso_idx idx;
    ISO_TRY(iso_idx_read(labels, 1, &idx));
    iso_rc rc;
    if (idx.dim[0] != set->rows)
        rc = iso_fail(ISO_EDATA,
                      "%s: has %lld labels, but %s has %lld images; these are not the two "
                      "files of one data set",
                      labels, (long long)idx.dim[0], images, (long long)set->rows);
    else
        rc = convert_labels(labels, idx.data, set);
    free(idx.data);
    return rc;
}

iso_rc iso_idx_pair_load(const struct iso_dataset_request *r, const char *images,
                         const char *labels, struct iso_dataset *set)
{
    ISO_TRY(take_images(r, images, set));
    return labels != NULL ? take_labels(images, labels, set) : ISO_OK;
}

iso_rc iso_idx_set_load(const struct iso_named_set *named, const struct iso_dataset_request *r,
                        int split, struct iso_dataset *set)
{
    struct idx_paths paths = { .archive = "" };
    struct iso_data_folders folders;
    iso_data_folders(r, &folders);
    ISO_TRY(find_files(named, split, &folders, &paths));
    snprintf(set->source, sizeof set->source, "%.*s", (int)sizeof set->source - 1,
             *paths.archive ? paths.archive : paths.images);
    set->classes = named->classes;
    struct iso_dataset_request called = *r;
    called.split = split ? "test" : "train";
    if (*paths.archive)
        return iso_arrays_load(&called, paths.archive, set);
    return iso_idx_pair_load(r, paths.images, paths.labels, set);
}
