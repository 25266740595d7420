/* cifar.c: finds and reads CIFAR's binary files. They have no header: a file is whole when its
 * length is a multiple of a row's, and when the files of a split are equally long. */
#include "cifar.h"
#include "disk.h"
#include "folders.h"
#include "named_sets.h"
#include "core/system/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const label_names[] = { "fine", "coarse", NULL };
static const struct iso_field fields[] = {
    { "labels", ISO_FIELD_ENUM, offsetof(struct iso_source_options, labels), "fine", 0, 0,
      label_names, "cifar100 only: its 100 classes, or its 20 superclasses" },
    { 0 }
};
const struct iso_source_fields iso_cifar_fields = { "cifar100, which has coarse ones", fields };

enum { PIXELS = ISO_CIFAR_SIDE * ISO_CIFAR_SIDE, IMAGE = PIXELS * ISO_CIFAR_CHANNELS };
enum { LABELS = 2, PATH = ISO_DATA_PATH };

/* The last label byte is the fine class. */
static int label_bytes(const struct iso_named_set *set) { return set->coarse_classes > 0 ? 2 : 1; }

/* ---- Where the files are --------------------------------------------------------------------- */

static bool file_there(char path[PATH], const char *folder, const char *subfolder, const char *file)
{
    struct stat info;
    bool direct = strcmp(subfolder, ".") == 0;
    int n =
        snprintf(path, PATH, "%s/%s%s%s", folder, direct ? "" : subfolder, direct ? "" : "/", file);
    return n > 0 && n < PATH && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* The folder and subfolder that have the split's first file. */
static iso_rc find_folder(const struct iso_named_set *set, int split,
                          const struct iso_data_folders *folders, const char **folder,
                          const char **subfolder)
{
    char path[PATH], list[1024];
    const char *first = set->files[split][0];
    for (int i = 0; i < folders->n; i++)
        for (int k = 0; k < ISO_SET_FOLDERS && set->folders[k] != NULL; k++)
            if (file_there(path, folders->path[i], set->folders[k], first)) {
                *folder = folders->path[i];
                *subfolder = set->folders[k];
                return ISO_OK;
            }
    return iso_fail(ISO_EIO,
                    "data set '%s' not found: looked for %s/%s in %s; `isocl get %s` fetches its "
                    "binary version; or name the folder with --data or ISOCL_DATA (`isocl help "
                    "paths`)",
                    set->name, set->folders[0], first,
                    iso_data_folders_text(folders, list, sizeof list), set->name);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

/* One open file of a split. */
struct reader {
    const struct iso_named_set *set;
    const struct iso_dataset_request *request;
    const char *path;
    FILE *file;
    int64_t rows;
};

static iso_rc count_rows(struct reader *r)
{
    struct stat info;
    const int64_t bytes = label_bytes(r->set) + IMAGE;
    if (fstat(fileno(r->file), &info) != 0)
        return iso_file_fail("read", r->path);
    r->rows = info.st_size / bytes;
    if (info.st_size == 0 || info.st_size % bytes != 0)
        return iso_fail(ISO_EDATA,
                        "%s: has %lld bytes, which is not a whole number of rows of %lld; the "
                        "file is cut short or of another data set, get it again",
                        r->path, (long long)info.st_size, (long long)bytes);
    return ISO_OK;
}

static iso_rc check_label(const struct reader *r, int64_t row, int label, int classes)
{
    if (label < classes)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "%s: label %lld (counted from 0) is %d, should be 0 to %d; the file is damaged "
                    "or of another data set",
                    r->path, (long long)row, label, classes - 1);
}

/* Planes of red, green and blue to pixels of three bytes. */
static void interleave(const uint8_t *planes, uint8_t *image)
{
    for (int channel = 0; channel < ISO_CIFAR_CHANNELS; channel++)
        for (int pixel = 0; pixel < PIXELS; pixel++)
            image[pixel * ISO_CIFAR_CHANNELS + channel] = planes[channel * PIXELS + pixel];
}

/* images NULL: labels only. */
static iso_rc read_rows(const struct reader *r, uint8_t *images, int32_t *labels)
{
    uint8_t row[LABELS + IMAGE];
    const int n = label_bytes(r->set);
    for (int64_t i = 0; i < r->rows; i++) {
        errno = 0;
        if (fread(row, 1, (size_t)(n + IMAGE), r->file) != (size_t)(n + IMAGE))
            return ferror(r->file)
                       ? iso_file_fail("read", r->path)
                       : iso_fail(ISO_EDATA, "%s: became shorter while it was read", r->path);
        if (n == LABELS)
            ISO_TRY(check_label(r, i, row[0], r->set->coarse_classes));
        ISO_TRY(check_label(r, i, row[n - 1], r->set->classes));
        labels[i] = row[r->request->options.labels ? 0 : n - 1];
        if (images != NULL)
            interleave(row + n, images + i * IMAGE);
    }
    return ISO_OK;
}

/* ---- A split --------------------------------------------------------------------------------- */

/* The first file gives the number of rows of each. */
static iso_rc make_room(const struct reader *r, int files, struct iso_dataset *out)
{
    if (r->rows > INT32_MAX / files)
        return iso_fail(ISO_EDATA, "%s: has %lld images, more than can be used", r->path,
                        (long long)r->rows);
    out->rows = r->rows * files;
    out->labels = iso_alloc((size_t)out->rows, sizeof *out->labels);
    if (out->labels == NULL)
        return ISO_ENOMEM;
    if (iso_disk_wanted(r->request, (double)out->rows * IMAGE))
        return ISO_OK;
    out->images = iso_alloc((size_t)out->rows, IMAGE);
    return out->images != NULL ? ISO_OK : ISO_ENOMEM;
}

static iso_rc take_open_file(struct reader *r, int index, int files, struct iso_dataset *out)
{
    ISO_TRY(count_rows(r));
    if (index == 0)
        ISO_TRY(make_room(r, files, out));
    const int64_t each = out->rows / files;
    if (r->rows != each)
        return iso_fail(ISO_EDATA,
                        "%s: has %lld images, but the file before it has %lld; one of them is cut "
                        "short, get them again",
                        r->path, (long long)r->rows, (long long)each);
    uint8_t *images = out->images != NULL ? out->images + index * each * IMAGE : NULL;
    return read_rows(r, images, out->labels + index * each);
}

static iso_rc take_file(const struct iso_named_set *set, const struct iso_dataset_request *request,
                        const char *path, int index, int files, struct iso_dataset *out)
{
    struct reader r = { .set = set, .request = request, .path = path };
    ISO_TRY(iso_file_open(path, &r.file));
    iso_rc rc = take_open_file(&r, index, files, out);
    fclose(r.file);
    return rc;
}

/* ---- Images that stay in their files --------------------------------------------------------- */

struct images {
    int64_t each; /* rows of a file */
    int label_bytes, files;
    struct iso_row_file file[ISO_SET_FILES];
};

static iso_rc read_image(const void *source, int64_t row, uint8_t *image)
{
    const struct images *m = source;
    uint8_t planes[IMAGE];
    ISO_TRY(iso_row_file_read(&m->file[row / m->each], row % m->each, (size_t)m->label_bytes,
                              planes, IMAGE));
    interleave(planes, image);
    return ISO_OK;
}

static void name_image(const void *source, int64_t row, char *buf, size_t n)
{
    const struct images *m = source;
    snprintf(buf, n, "%s: image %lld", m->file[row / m->each].path, (long long)(row % m->each));
}

static void close_images(void *source)
{
    struct images *m = source;
    for (int i = 0; i < m->files; i++)
        iso_row_file_close(&m->file[i]);
    free(m);
}

/* paths: of all files of the split. */
static iso_rc leave_images(const struct iso_named_set *set, int files, char (*paths)[PATH],
                           struct iso_dataset *out)
{
    iso_rc rc = ISO_OK;
    struct images *m = iso_alloc(1, sizeof *m);
    if (m == NULL)
        return ISO_ENOMEM;
    m->each = out->rows / files;
    m->label_bytes = label_bytes(set);
    for (; m->files < files && rc == ISO_OK; m->files++) {
        rc = iso_row_file_open(paths[m->files], &m->file[m->files]);
        m->file[m->files].row = (size_t)label_bytes(set) + IMAGE;
    }
    if (rc == ISO_OK)
        rc = iso_disk_attach(out, m, read_image, name_image, close_images);
    if (rc != ISO_OK)
        close_images(m);
    return rc;
}

/* ---- A data set ------------------------------------------------------------------------------ */

iso_rc iso_cifar_load(const struct iso_named_set *set, const struct iso_dataset_request *request,
                      int split, struct iso_dataset *out)
{
    const char *folder = NULL, *subfolder = NULL;
    char paths[ISO_SET_FILES][PATH];
    int files = 0;
    struct iso_data_folders folders;
    iso_data_folders(request, &folders);
    ISO_TRY(find_folder(set, split, &folders, &folder, &subfolder));
    while (set->files[split][files] != NULL)
        files++;
    out->height = out->width = ISO_CIFAR_SIDE;
    out->channels = ISO_CIFAR_CHANNELS;
    out->classes = request->options.labels ? set->coarse_classes : set->classes;
    for (int i = 0; i < files; i++) {
        char *path = paths[i];
        if (!file_there(path, folder, subfolder, set->files[split][i]))
            return iso_fail(ISO_EIO, "%s is missing; the other files of data set '%s' lie there",
                            path, set->name);
        if (i == 0)
            snprintf(out->source, sizeof out->source, "%.*s", (int)sizeof out->source - 1, path);
        ISO_TRY(take_file(set, request, path, i, files, out));
    }
    return out->images != NULL ? ISO_OK : leave_images(set, files, paths, out);
}
