/* image_files.h (private): a set whose rows are image files. */
#ifndef ISO_IMAGE_FILES_H
#define ISO_IMAGE_FILES_H
#include "dataset.h"
#include "core/system/file.h"

/* The files, which a reader has listed. path writes that of a row, and may be called from several
 * threads at once. */
struct iso_image_files {
    void *self;
    iso_rc (*path)(const void *self, int64_t row, char out[ISO_PATH]);
    void (*free)(void *self);
};
/* Gives the set the size of the images and the images themselves, or a source that decodes one when
 * it is wanted. The set has its rows, labels and left. Images of one size, or all resized as the
 * request says; grey ones among coloured ones become coloured. where: the folder or file that the
 * user named. Takes over the list, also on failure. */
iso_rc iso_image_files_load(const struct iso_image_files *, const struct iso_dataset_request *,
                            const char *where, struct iso_dataset *);
#endif
