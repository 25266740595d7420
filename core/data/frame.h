/* frame.h: a frame around an image, and a grey image with several channels. */
#ifndef ISO_FRAME_H
#define ISO_FRAME_H
#include "core/iso.h"

struct iso_image_frame {
    int64_t height, width, channels; /* of an image before */
    int64_t pad[4];                  /* rows above and below, columns left and right, of 0 */
    int64_t repeat;                  /* how often each byte is there; from 1 */
};
/* Bytes of an image with its frame. */
int64_t iso_image_frame_bytes(const struct iso_image_frame *);
/* Puts the frame around an image in place: the image lies at the end of the iso_image_frame_bytes.
 */
void iso_image_frame_put(const struct iso_image_frame *, uint8_t *image);
#endif
