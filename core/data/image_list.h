/* image_list.h: image files without labels, for prediction. */
#ifndef ISO_IMAGE_LIST_H
#define ISO_IMAGE_LIST_H
#include "dataset.h"
#include "core/text/names.h"

/* Adds the paths that an argument names: an image file of any name, or the images in a folder
 * (.png, .jpg, .jpeg), at least one, in the order of their names' bytes. The caller frees *paths,
 * also on failure. */
iso_rc iso_image_list_add(const char *argument, struct iso_names *paths);

struct iso_image_list_request {
    int height, width, channels; /* size of all images; channels 1 or 3 */
    bool resize;                 /* resize images of other sizes; false: refuse them */
    struct iso_image_options options;
    int threads;            /* threads for decoding; 0: one per processor */
    iso_progress *progress; /* called while decoding; may be NULL */
};
/* Reads the images, one row each, in their order, without labels, and applies iso_image_fit. */
iso_rc iso_image_list_load(const struct iso_names *paths, const struct iso_image_list_request *,
                           struct iso_dataset **out);
#endif
