/* dataset_rows.c: the rows that a data set has, in memory or on disk. */
#include "dataset.h"
#include "disk.h"
#include "left_out.h"

#include <stdlib.h>
#include <string.h>

size_t iso_dataset_image_bytes(const struct iso_dataset *set)
{
    return (size_t)set->height * (size_t)set->width * (size_t)set->channels;
}

iso_rc iso_dataset_image(const struct iso_dataset *set, int64_t row, uint8_t *image)
{
    const size_t size = iso_dataset_image_bytes(set);
    if (set->disk != NULL)
        return iso_disk_row(set->disk, row, image);
    memcpy(image, set->images + (size_t)row * size, size);
    return ISO_OK;
}

void iso_dataset_free(struct iso_dataset *set)
{
    if (set == NULL)
        return;
    iso_disk_free(set->disk);
    free(set->images);
    free(set->labels);
    free(set->class_names);
    iso_left_out_free(set->left);
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
    copy->images = copy_bytes(set->images, rows * image);
    copy->labels = set->labels != NULL ? copy_bytes(set->labels, rows * sizeof *set->labels) : NULL;
    copy->class_names =
        set->class_names != NULL
            ? copy_bytes(set->class_names, (size_t)set->classes * sizeof *set->class_names)
            : NULL;
    if (copy->images == NULL || (copy->labels == NULL) != (set->labels == NULL) ||
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

/* Moves the images and labels to the front. */
iso_rc iso_dataset_keep_rows(struct iso_dataset *set, const int32_t *rows, int64_t count)
{
    if (set->disk != NULL)
        ISO_TRY(iso_disk_keep(set->disk, rows, count));
    else
        keep_images(set, rows, count);
    for (int64_t i = 0; i < count; i++)
        set->labels[i] = set->labels[rows[i]];
    set->rows = count;
    return ISO_OK;
}
