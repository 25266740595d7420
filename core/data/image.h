/* image.h: image files of any size, decoded to bytes. */
#ifndef ISO_IMAGE_H
#define ISO_IMAGE_H
#include "core/iso.h"

enum { ISO_IMAGE_SIDE = 16384 }; /* larger images are refused */
struct iso_image {
    int height, width, channels; /* 1: grey, 3: red, green, blue */
    uint8_t *pixels;             /* [height, width, channels]; the caller frees it; NULL: only
                                    the rest was asked for */
};
/* True if the program can read files whose name ends like this one's, and they are images: .png,
 * .jpg, .jpeg in any case. */
bool iso_image_named(const char *name);
/* ".png, .jpg or .jpeg": what those names end in. */
const char *iso_image_suffixes(void);
/* Reads a file; what it is, its first bytes say. Colours become red, green and blue, grey stays
 * grey; palettes are looked up, 16 bits are cut to their upper 8, transparency is left out. header:
 * only its size and channels. The memory it takes is in proportion to the file. */
iso_rc iso_image_read(const char *path, bool header, struct iso_image *out);
/* Bilinear, with the centres of pixels at 1/2 as TensorFlow and PyTorch have them, without
 * smoothing; what lies outside is the nearest pixel. In whole numbers, rounded to the nearest,
 * halves up: the same on every machine. to: its geometry is given, channels as from's; pixels are
 * written. */
void iso_image_resize(const struct iso_image *from, const struct iso_image *to);
/* Makes of an image, whose pixels change, one of to's size and channels (1 or 3): colours become
 * grey as ITU-R 601 weighs them, grey three equal channels, other sizes are resized. */
void iso_image_fit(struct iso_image *from, const struct iso_image *to);
/* "PNG, JPEG", or which of them is not built in. */
const char *iso_image_support(void);

/* image_png.c and image_jpeg.c. ISO_EUNSUP where the library is not built in. */
iso_rc iso_png_decode(const char *path, const uint8_t *bytes, size_t n, bool header,
                      struct iso_image *);
iso_rc iso_jpeg_decode(const char *path, const uint8_t *bytes, size_t n, bool header,
                       struct iso_image *);
/* What both ask before they allocate: sizes in range, and no more pixels than n bytes can hold. */
iso_rc iso_image_check(const char *path, int64_t height, int64_t width, size_t n);
#endif
