/* pad.h: the images of a data set get a frame, and grey ones several channels. */
#ifndef ISO_PAD_H
#define ISO_PAD_H
#include "dataset.h"

/* Gives each image rows above and below and columns left and right (pad, in this order) of bytes of
 * 0, and its channel `repeat` times, which is from 1; more than 1 is for grey images only. */
iso_rc iso_dataset_pad(struct iso_dataset *, const int64_t pad[4], int64_t repeat);
#endif
