/* moments.h: mean and standard deviation of the bytes of a data set's images. */
#ifndef ISO_MOMENTS_H
#define ISO_MOMENTS_H
#include "dataset.h"

/* Computes both over all pixels of all rows, for each channel; there are at most ISO_REALS
 * channels, and they alternate in the bytes of an image. With the sums S1 of n bytes and S2 of
 * their squares, k = floor(S1 / n) and f = (S1 - k n) / n:  mean = k + f,  std = sqrt((S2 - 2 k S1
 * + k k n) / n - f f). The sums are exact integers, and the rest is rounded operation by operation,
 * so that every machine and number of threads gives the same numbers. Reads images on disk once
 * more. progress may be NULL. */
iso_rc iso_dataset_moments(const struct iso_dataset *, int channels, iso_progress *progress,
                           double mean[ISO_REALS], double std[ISO_REALS]);
#endif
