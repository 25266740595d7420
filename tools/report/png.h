/* png.h: small images as PNG, written with zlib alone, so that every build can. */
#ifndef ISO_REPORT_PNG_H
#define ISO_REPORT_PNG_H
#include "core/iso.h"

/* Encodes pixels [height, width, channels], 8 bits each: grey if there are fewer than 3 channels,
 * otherwise the first three as red, green and blue. The caller frees *out. */
iso_rc iso_png_encode(const uint8_t *pixels, const int size[3], uint8_t **out, size_t *n);
/* Returns the same as text for a data: URI. */
iso_rc iso_png_base64(const uint8_t *pixels, const int size[3], char **out);
#endif
