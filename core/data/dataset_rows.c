/* dataset_rows.c: the rows that a data set has, in memory or on disk. */
#include "dataset.h"
#include "disk.h"
#include "left_out.h"

#include <stdlib.h>
#include <string.h>

iso_rc iso_dataset_image(const struct iso_dataset *set, int64_t row, uint8_t *image)
{
    const size_t size = iso_dataset_image_bytes(set);
    if (set->disk != NULL)
        return iso_disk_row(set->disk, row, image);
    memcpy(image, set->images + (size_t)row * size, size);
    return ISO_OK;
}

bool iso_dataset_row_shape(const struct iso_dataset_request *r, int64_t shape[3])
{
    const struct iso_shape *in = r->input;
    if (in == NULL)
        return false;
    shape[0] = in->ndim == 4 ? in->dim[1] - r->pad[0] - r->pad[1] : 1;
    shape[1] = in->ndim == 4 ? in->dim[2] - r->pad[2] - r->pad[3] : 1;
    shape[2] = in->ndim == 4 ? (r->repeat_channels > 1 ? 1 : in->dim[3]) : in->dim[1];
    return shape[0] > 0 && shape[1] > 0;
}

const char *iso_dataset_row_name(const struct iso_dataset *set, int64_t row, char *buf, size_t n)
{
    if (row < set->row_names.n)
        return set->row_names.name[row];
    return set->disk != NULL ? iso_disk_row_name(set->disk, row, buf, n) : NULL;
}

void iso_dataset_free(struct iso_dataset *set)
{
    if (set == NULL)
        return;
    iso_disk_free(set->disk);
    free(set->images);
    free(set->labels);
    free(set->targets);
    free(set->class_names);
    iso_left_out_free(set->left);
    iso_names_free(&set->row_names);
    iso_names_free(&set->columns);
    free(set);
}

/* Returns a copy of n bytes, or NULL with the message set. */
static void *copy_bytes(const void *bytes, size_t n)
{
    void *copy = iso_alloc(n, 1);
    return copy != NULL ? memcpy(copy, bytes, n) : NULL;
}

iso_rc iso_dataset_copy(const struct iso_dataset *set, struct iso_dataset **out)
{
    const size_t rows = (size_t)set->rows, image = iso_dataset_image_bytes(set);
    struct iso_dataset *copy = copy_bytes(set, sizeof *set);
    if (copy == NULL)
        return ISO_ENOMEM;
    copy->row_names = copy->columns = (struct iso_names){ .name = NULL };
    copy->images = copy_bytes(set->images, rows * image);
    copy->labels = set->labels != NULL ? copy_bytes(set->labels, rows * sizeof *set->labels) : NULL;
    copy->targets =
        set->targets != NULL
            ? copy_bytes(set->targets, rows * (size_t)set->classes * sizeof *set->targets)
            : NULL;
    copy->class_names =
        set->class_names != NULL
            ? copy_bytes(set->class_names, (size_t)set->classes * sizeof *set->class_names)
            : NULL;
    if (copy->images == NULL || (copy->labels == NULL) != (set->labels == NULL) ||
        (copy->targets == NULL) != (set->targets == NULL) ||
        (copy->class_names == NULL) != (set->class_names == NULL)) {
        iso_dataset_free(copy);
        return ISO_ENOMEM;
    }
    *out = copy;
    return ISO_OK;
}

static void keep_images(struct iso_dataset *set, const int32_t *rows, int64_t count)
{
    const size_t image = iso_dataset_image_bytes(set);
    for (int64_t i = 0; i < count; i++)
        memmove(set->images + (size_t)i * image, set->images + (size_t)rows[i] * image, image);
    uint8_t *less = realloc(set->images, (size_t)count * image);
    set->images = less != NULL ? less : set->images;
}

/* Moves the images, labels and targets to the front. */
iso_rc iso_dataset_keep_rows(struct iso_dataset *set, const int32_t *rows, int64_t count)
{
    if (set->disk != NULL)
        ISO_TRY(iso_disk_keep(set->disk, rows, count));
    else
        keep_images(set, rows, count);
    for (int64_t i = 0; i < count && set->labels != NULL; i++)
        set->labels[i] = set->labels[rows[i]];
    const size_t targets = (size_t)set->classes;
    for (int64_t i = 0; i < count && set->targets != NULL; i++)
        memmove(set->targets + (size_t)i * targets, set->targets + (size_t)rows[i] * targets,
                targets * sizeof *set->targets);
    if (set->row_names.n > 0)
        iso_names_keep(&set->row_names, rows, count);
    set->rows = count;
    return ISO_OK;
}
