/* image_list.h: image files without classes, of which a network is to predict them. */
#ifndef ISO_IMAGE_LIST_H
#define ISO_IMAGE_LIST_H
#include "dataset.h"
#include "names.h"

/* Adds what an argument stands for to the paths: an image file of any name, or the images in a
 * folder (.png, .jpg, .jpeg) in the order of their names' bytes, of which there must be one. *paths
 * is the caller's to free, also on failure. */
iso_rc iso_image_list_add(const char *argument, struct iso_names *paths);

struct iso_image_list_request {
    int height, width, channels; /* that all images get; channels 1 or 3 */
    bool resize;                 /* images of other sizes; false: they are refused */
    int threads;                 /* that may decode them; 0: as many as the machine has */
    iso_progress *progress;      /* of that; NULL: nobody is told */
};
/* Reads them, a row each in their order, without labels: iso_image_fit. */
iso_rc iso_image_list_load(const struct iso_names *paths, const struct iso_image_list_request *,
                           struct iso_dataset **out);
#endif
