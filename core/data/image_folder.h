/* image_folder.h: data sets that are folders of image files, a folder for each class. */
#ifndef ISO_IMAGE_FOLDER_H
#define ISO_IMAGE_FOLDER_H
#include "dataset.h"

/* Reads path/SPLIT/CLASS/FILE; where path has neither a folder train nor a folder test,
 * path/CLASS/FILE, which is the split train. Classes are numbered in the order of their names'
 * bytes in train, and named after their folders. Rows: the first file of each class, then the
 * second, and so on, so that a limit takes some of each; files in the order of their names' bytes.
 * A class has the images in its folder and in those below it; what else is there is in set->left.
 * Fails where a class of train has none.
 * Images of one size, or all resized as the request says; grey ones among coloured ones become
 * coloured. */
extern const struct iso_source_fields iso_image_folder_fields;
iso_rc iso_image_folder_load(const struct iso_dataset_request *, const char *path,
                             struct iso_dataset *);
#endif
