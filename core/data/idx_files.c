/* idx_files.c: data sets in IDX files other than those with names: EMNIST, KMNIST, one's own. */
#include "idx_sets.h"
#include "named_sets.h"
#include "core/system/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char images_word[] = "images", labels_word[] = "labels";
static const char images_kind[] = "idx3", labels_kind[] = "idx1";
static const char packed[] = ".gz";

/* Returns the last place of a word in a name, in any case, or NULL. */
static const char *find_word(const char *name, const char *word)
{
    const char *found = NULL;
    for (const char *at = name; *at; at++)
        if (strncasecmp(at, word, strlen(word)) == 0)
            found = at;
    return found;
}

static bool is_packed(const char *name)
{
    const size_t n = strlen(name), end = sizeof packed - 1;
    return n > end && strcmp(name + n - end, packed) == 0;
}

/* The split of a file of images, -1 for any other: what stands before "-images", up to a hyphen, a
 * dot or a low line before that. */
static int split_of(const char *name)
{
    const char *images = find_word(name, images_word);
    char split[ISO_SPLIT_NAME];
    if (images == NULL || images == name || find_word(images, images_kind) == NULL)
        return -1;
    const char *end = images - 1, *begin = end;
    while (begin > name && strchr("-._", begin[-1]) == NULL)
        begin--;
    if (strchr("-._", *end) == NULL || end - begin >= ISO_SPLIT_NAME)
        return -1;
    snprintf(split, sizeof split, "%.*s", (int)(end - begin), begin);
    return iso_split_find(split);
}

/* Finds the file of each split; NULL: there is none. A plain file comes before its .gz. */
static iso_rc find_files(const struct iso_names *names, const char *folder,
                         const char *file[ISO_SPLITS])
{
    for (int64_t i = 0; i < names->n; i++) {
        const char *name = names->name[i];
        const int split = split_of(name);
        if (split < 0)
            continue;
        const char *first = file[split];
        if (first != NULL && !(is_packed(name) && strncmp(name, first, strlen(first)) == 0))
            return iso_fail(ISO_EDATA,
                            "%s has two files of images for the split '%s', %s and %s; name one of "
                            "them instead of the folder",
                            folder, iso_split_names[split], first, name);
        if (first == NULL)
            file[split] = name;
    }
    return ISO_OK;
}

/* Finds the splits of a folder: the files called SPLIT-images-idx3-ubyte, with anything before it,
 * with a dot for the last hyphen, and plain or .gz. A file is one split. */
static iso_rc find_splits(const struct iso_dataset_request *r, const char *path,
                          struct iso_splits *out)
{
    struct iso_names names = { .name = NULL };
    const char *file[ISO_SPLITS] = { NULL };
    (void)r;
    out->one = !iso_folder_exists(path);
    if (out->one)
        return ISO_OK;
    iso_rc rc = iso_names_list(path, NULL, &names);
    if (rc == ISO_OK)
        rc = find_files(&names, path, file);
    bool any = false;
    for (int i = 0; i < ISO_SPLITS && rc == ISO_OK; i++) {
        any = any || file[i] != NULL;
        snprintf(out->name[i], sizeof out->name[i], "%s", file[i] ? iso_split_names[i] : "");
    }
    if (rc == ISO_OK && !any)
        rc = iso_fail(ISO_EDATA,
                      "%s has no file such as train-images-idx3-ubyte or train-images.idx3-ubyte",
                      path);
    iso_names_free(&names);
    return rc;
}

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* Writes the path of the labels, and looks whether they are there, plain or .gz. */
static iso_rc find_labels(const char *images, char labels[ISO_PATH])
{
    char *word, *kind;
    const size_t n = strlen(images);
    if (n + sizeof packed > ISO_PATH)
        return iso_path_too_long(images);
    strcpy(labels, images);
    const size_t base = (size_t)(iso_path_base(labels) - labels);
    const char *found = find_word(labels + base, images_word);
    const char *of_kind = find_word(labels + base, images_kind);
    if (found == NULL || of_kind == NULL)
        return iso_fail(ISO_EDATA,
                        "%s: its name says nothing of where the labels are; a file of images is "
                        "called as train-images-idx3-ubyte is",
                        images);
    word = labels + (found - labels);
    kind = labels + (of_kind - labels);
    memcpy(word, labels_word, sizeof labels_word - 1);
    memcpy(kind, labels_kind, sizeof labels_kind - 1);
    if (is_packed(labels))
        labels[n - (sizeof packed - 1)] = '\0';
    if (is_file(labels) || is_file(strcat(labels, packed)))
        return ISO_OK;
    return iso_fail(ISO_EIO, "%s: has no %s beside it, plain or .gz; get the labels, too", images,
                    iso_path_base(labels));
}

/* Writes the path of a split's images. */
static iso_rc find_images(const struct iso_dataset_request *r, const char *folder,
                          char images[ISO_PATH])
{
    struct iso_names names = { .name = NULL };
    const char *file[ISO_SPLITS] = { NULL };
    iso_rc rc = iso_names_list(folder, NULL, &names);
    if (rc == ISO_OK)
        rc = find_files(&names, folder, file);
    const int split = iso_split_find(r->split);
    if (rc == ISO_OK)
        rc = split >= 0 && file[split] != NULL ? iso_path(images, folder, file[split])
                                               : iso_fail(ISO_EDATA, "%s has changed", folder);
    iso_names_free(&names);
    return rc;
}

/* Reads the images, and the labels in the file of the same name with labels and idx1 in it. The set
 * has one class more than the largest label. */
static iso_rc load_files(const struct iso_dataset_request *r, const char *path,
                         struct iso_dataset *set)
{
    char images[ISO_PATH], labels[ISO_PATH];
    if (*r->split)
        ISO_TRY(find_images(r, path, images));
    else
        snprintf(images, sizeof images, "%s", path);
    const iso_rc rc = find_labels(images, labels);
    if (rc != ISO_OK && !(rc == ISO_EIO && r->labels_optional))
        return rc;
    snprintf(set->source, sizeof set->source, "%.*s", (int)sizeof set->source - 1, images);
    iso_error_clear();
    return iso_idx_pair_load(r, images, rc == ISO_OK ? labels : NULL, set);
}

const struct iso_file_reader iso_idx_files = { find_splits, load_files, NULL };
