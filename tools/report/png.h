/* png.h: small images as PNG, written with zlib alone: every isocl can. */
#ifndef ISO_REPORT_PNG_H
#define ISO_REPORT_PNG_H
#include "core/iso.h"

/* Encodes pixels [height, width, channels], 8 bits each: grey where there are fewer than 3
 * channels, else the first three as red, green and blue. *out is the caller's to free. */
iso_rc iso_png_encode(const uint8_t *pixels, const int size[3], uint8_t **out, size_t *n);
/* The same as text, as data: URIs have it. */
iso_rc iso_png_base64(const uint8_t *pixels, const int size[3], char **out);
#endif
