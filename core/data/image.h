/* image.h: image files of any size, decoded to bytes. */
#ifndef ISO_IMAGE_H
#define ISO_IMAGE_H
#include "core/iso.h"

enum { ISO_IMAGE_SIDE = 16384 }; /* larger images are refused */
struct iso_image {
    int height, width, channels; /* 1: grey, 3: red, green, blue */
    uint8_t *pixels; /* [height, width, channels]; the caller frees it; NULL: header only */
};
/* Returns true if the name ends like that of an image which the program can read: .png, .jpg,
 * .jpeg, in upper or lower case. */
bool iso_image_named(const char *name);
/* Returns ".png, .jpg or .jpeg", the endings of those names. */
const char *iso_image_suffixes(void);
/* Reads a file, whose first bytes tell its format. Colours are converted to red, green and blue,
 * grey stays grey; palettes are expanded, 16 bits are reduced to the upper 8, transparency is
 * ignored. header: reads size and channels only. Its memory is proportional to the file. */
iso_rc iso_image_read(const char *path, bool header, struct iso_image *out);
/* Resizes by bilinear interpolation, with the centres of pixels at 1/2 like TensorFlow and PyTorch,
 * without antialiasing; outside the image the nearest pixel counts. Uses integers, rounded to
 * nearest with halves up, so that every machine has the same result. The caller sets the geometry
 * of `to`, with the channels of `from`; its pixels are written. */
void iso_image_resize(const struct iso_image *from, const struct iso_image *to);
/* Converts an image to the size and channels (1 or 3) of `to`: colours to grey with the weights of
 * ITU-R 601, grey to three equal channels; resizes other sizes. Changes the pixels of `from`. */
void iso_image_fit(struct iso_image *from, const struct iso_image *to);
/* Returns "PNG, JPEG", or a text that says which is not built in. */
const char *iso_image_support(void);

/* image_png.c and image_jpeg.c: decode a file. Fail with ISO_EUNSUP if the library is not built in.
 */
iso_rc iso_png_decode(const char *path, const uint8_t *bytes, size_t n, bool header,
                      struct iso_image *);
iso_rc iso_jpeg_decode(const char *path, const uint8_t *bytes, size_t n, bool header,
                       struct iso_image *);
/* Checks, before both allocate, that sizes are in range and that n bytes can hold the pixels. */
iso_rc iso_image_check(const char *path, int64_t height, int64_t width, size_t n);
#endif
