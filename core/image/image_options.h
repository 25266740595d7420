/* image_options.h: a decoded image, and how image files become the images of a model, as a model
 * file says it; zeroed: as usual. */
#ifndef ISO_IMAGE_OPTIONS_H
#define ISO_IMAGE_OPTIONS_H
#include <stdint.h>

struct iso_image {
    int height, width, channels; /* 1: grey, 3: red, green, blue */
    uint8_t *pixels; /* [height, width, channels]; the caller frees it; NULL: header only */
    int orientation; /* stored in the file, as EXIF counts: 1 is upright */
};

enum iso_aspect_ratio { ISO_ASPECT_CROP, ISO_ASPECT_PAD, ISO_ASPECT_SQUASH };
enum iso_interpolation {
    ISO_INTERPOLATE_BILINEAR,
    ISO_INTERPOLATE_AREA,
    ISO_INTERPOLATE_BOX,
    ISO_INTERPOLATE_NEAREST
};
enum iso_antialias { ISO_ANTIALIAS, ISO_ALIAS };
enum iso_orientation { ISO_ORIENTATION_APPLY, ISO_ORIENTATION_IGNORE };
enum iso_damaged { ISO_DAMAGED_REFUSE, ISO_DAMAGED_SKIP };

/* Files with more pixels are taken for decompression bombs: what Pillow refuses by default. */
#define ISO_IMAGE_PIXELS INT64_C(178956970)

struct iso_image_options {
    int aspect_ratio, interpolation, antialias, orientation,
        damaged;        /* values of the enums above */
    int64_t max_pixels; /* 0: ISO_IMAGE_PIXELS */
};
#endif
