/* pad.h: adds a frame to the images of a data set, and repeats the channel of grey ones. */
#ifndef ISO_PAD_H
#define ISO_PAD_H
#include "dataset.h"

/* Adds rows above and below and columns left and right (pad, in this order) of bytes 0 to each
 * image, and repeats its channel `repeat` times, at least 1; more than 1 for grey images only. */
iso_rc iso_dataset_pad(struct iso_dataset *, const int64_t pad[4], int64_t repeat);
#endif
