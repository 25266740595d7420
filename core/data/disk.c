#include "disk.h"
#include "core/system/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SHARE = 4 }; /* images take at most 1 / SHARE of memory */

struct iso_disk {
    void *source;
    iso_disk_read *read;
    iso_disk_name *name; /* NULL: by its number */
    void (*free_source)(void *);
    int32_t *taken;     /* [rows]: rows of the source that the set has; NULL: the
                           first ones */
    size_t size, whole; /* bytes of an image as read, and with its frame */
    int owners;
    bool framed;
    struct iso_image_frame frame;
    struct iso_row_sums *sums; /* sums of the set's rows; NULL: not kept */
};

/* ---- Sources ------------------------------------------------------------------------------- */

iso_rc iso_disk_attach(struct iso_dataset *set, void *source, iso_disk_read *read,
                       iso_disk_name *name, void (*free_source)(void *))
{
    struct iso_disk *disk = iso_alloc(1, sizeof *disk);
    if (disk == NULL)
        return ISO_ENOMEM;
    *disk = (struct iso_disk){ .source = source,
                               .read = read,
                               .name = name,
                               .free_source = free_source,
                               .owners = 1,
                               .size = iso_dataset_image_bytes(set) };
    disk->whole = disk->size;
    set->disk = disk;
    return ISO_OK;
}

struct iso_disk *iso_disk_share(struct iso_disk *disk)
{
    disk->owners++;
    return disk;
}

void iso_disk_free(struct iso_disk *disk)
{
    if (disk == NULL || --disk->owners > 0)
        return;
    if (disk->free_source != NULL)
        disk->free_source(disk->source);
    iso_row_sums_free(disk->sums);
    free(disk->taken);
    free(disk);
}

static iso_rc read_from_file(const void *source, int64_t row, uint8_t *image)
{
    const struct iso_row_file *file = source;
    return iso_row_file_read(file, row, 0, image, file->row);
}

static void name_in_file(const void *source, int64_t row, char *buf, size_t n)
{
    const struct iso_row_file *file = source;
    snprintf(buf, n, "%s: image %lld", file->path, (long long)row);
}

static void close_file(void *source)
{
    iso_row_file_close(source);
    free(source);
}

static iso_rc open_file(const struct iso_dataset *set, const char *path, int64_t begin,
                        struct iso_row_file *file)
{
    struct stat info;
    ISO_TRY(iso_row_file_open(path, file));
    file->begin = begin;
    file->row = iso_dataset_image_bytes(set);
    if (fstat(file->fd, &info) != 0)
        return iso_file_fail("read", path);
    const int64_t wanted = begin + set->rows * (int64_t)file->row;
    if ((int64_t)info.st_size != wanted)
        return iso_fail(ISO_EDATA,
                        "%s: has %lld bytes, and its header announces %lld; the file is "
                        "cut short or damaged, get it again",
                        path, (long long)info.st_size, (long long)wanted);
    return ISO_OK;
}

iso_rc iso_disk_attach_file(struct iso_dataset *set, const char *path, int64_t begin)
{
    struct iso_row_file *file = iso_alloc(1, sizeof *file);
    if (file == NULL)
        return ISO_ENOMEM;
    iso_rc rc = open_file(set, path, begin, file);
    if (rc == ISO_OK)
        rc = iso_disk_attach(set, file, read_from_file, name_in_file, close_file);
    if (rc != ISO_OK)
        close_file(file);
    return rc;
}

/* ---- Rows ---------------------------------------------------------------------------------- */

iso_rc iso_disk_keep(struct iso_disk *disk, const int32_t *rows, int64_t count)
{
    int32_t *taken = iso_alloc((size_t)count + 1, sizeof *taken);
    if (taken == NULL)
        return ISO_ENOMEM;
    for (int64_t i = 0; i < count; i++)
        taken[i] = disk->taken != NULL ? disk->taken[rows[i]] : rows[i];
    free(disk->taken);
    disk->taken = taken;
    return ISO_OK;
}

void iso_disk_frame(struct iso_disk *disk, const struct iso_image_frame *frame)
{
    disk->framed = true;
    disk->frame = *frame;
    disk->whole = (size_t)iso_image_frame_bytes(frame);
}

iso_rc iso_disk_remember(struct iso_disk *disk, int64_t rows, struct iso_row_sums **out)
{
    ISO_TRY(iso_row_sums_new(rows, &disk->sums));
    *out = disk->sums;
    return ISO_OK;
}

static int64_t row_of_source(const struct iso_disk *disk, int64_t row)
{
    return disk->taken != NULL ? disk->taken[row] : row;
}

const char *iso_disk_row_name(const struct iso_disk *disk, int64_t row, char *buf, size_t n)
{
    if (disk->name == NULL || disk->name == name_in_file)
        return NULL;
    disk->name(disk->source, row_of_source(disk, row), buf, n);
    return buf;
}

static iso_rc has_changed(const struct iso_disk *disk, int64_t row)
{
    char name[ISO_PATH];
    snprintf(name, sizeof name, "image %lld", (long long)row);
    if (disk->name != NULL)
        disk->name(disk->source, row, name, sizeof name);
    return iso_fail(ISO_EDATA,
                    "%s: is not what it was when this run first read it; put back what "
                    "was there, or train anew",
                    name);
}

iso_rc iso_disk_row(const struct iso_disk *disk, int64_t row, uint8_t *image)
{
    const int64_t from = row_of_source(disk, row);
    ISO_TRY(disk->read(disk->source, from, image + disk->whole - disk->size));
    if (disk->framed)
        iso_image_frame_put(&disk->frame, image);
    if (disk->sums != NULL && !iso_row_sums_same(disk->sums, row, image, disk->whole))
        return has_changed(disk, from);
    return ISO_OK;
}

/* ---- What stays on disk -------------------------------------------------------------------- */

bool iso_disk_wanted(const struct iso_dataset_request *r, double bytes)
{
    const uint64_t memory = r->memory > 0 ? r->memory : iso_machine_memory() / SHARE;
    return r->stream || (memory > 0 && bytes > (double)memory);
}

iso_rc iso_disk_impossible(const struct iso_dataset_request *r, const char *path, const char *why)
{
    if (!r->stream)
        return ISO_OK;
    return iso_fail(ISO_EDATA,
                    "data set '%s': stream: %s cannot be read row by row, %s; leave "
                    "`stream` out, or use files that can, which `isocl help data` names",
                    r->name, path, why);
}
