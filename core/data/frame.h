/* frame.h: adds a frame around an image, and repeats the channel of a grey image. */
#ifndef ISO_FRAME_H
#define ISO_FRAME_H
#include "core/iso.h"

struct iso_image_frame {
    int64_t height, width, channels; /* size of an image before */
    int64_t pad[4];                  /* rows above and below, columns left and right, of 0 */
    int64_t repeat;                  /* number of times that each byte is repeated; from 1 */
};
/* Returns the bytes of an image with its frame. */
int64_t iso_image_frame_bytes(const struct iso_image_frame *);
/* Adds the frame in place; before, the image is at the end of the iso_image_frame_bytes. */
void iso_image_frame_put(const struct iso_image_frame *, uint8_t *image);
#endif
