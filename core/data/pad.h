/* pad.h: a frame around the images of a data set, and grey images with several channels. */
#ifndef ISO_PAD_H
#define ISO_PAD_H
#include "dataset.h"

struct iso_frame {
    int64_t height, width, channels; /* of an image before */
    int64_t pad[4];                  /* rows above and below, columns left and right, of 0 */
    int64_t repeat;                  /* how often each byte is there; from 1 */
};
/* Bytes of an image with its frame. */
int64_t iso_frame_bytes(const struct iso_frame *);
/* Puts the frame around an image in place: the image lies at the end of the iso_frame_bytes. */
void iso_frame_put(const struct iso_frame *, uint8_t *image);

/* Gives each image rows above and below and columns left and right (pad, in this order) of bytes of
 * 0, and its channel `repeat` times, which is from 1; more than 1 is for grey images only. */
iso_rc iso_dataset_pad(struct iso_dataset *, const int64_t pad[4], int64_t repeat);
#endif
