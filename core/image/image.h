/* image.h: image files of any size, decoded to bytes. */
#ifndef ISO_IMAGE_H
#define ISO_IMAGE_H
#include "image_kinds.h"

/* Reads a file; what it is, its first bytes say. Colours become red, green and blue, as Pillow's
 * convert("RGB") makes them, grey stays grey; palettes are looked up, 16 bits are cut to their
 * upper 8, transparency is left out; of several frames or pages the first is taken. Turned and
 * mirrored as the file's orientation says, unless the options ignore it. header: only its size and
 * channels. */
iso_rc iso_image_read(const char *path, const struct iso_image_options *, bool header,
                      struct iso_image *out);
/* Makes of an image, whose pixels change, one of to's size and channels (1 or 3): colours become
 * grey as ITU-R 601 weighs them, grey three equal channels, other sizes are resized
 * (image_resize.h). */
iso_rc iso_image_fit(struct iso_image *from, const struct iso_image *to,
                     const struct iso_image_options *);
#endif
