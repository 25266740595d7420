/* moments.h: mean and standard deviation of the bytes of a data set's images. */
#ifndef ISO_MOMENTS_H
#define ISO_MOMENTS_H
#include "dataset.h"

/* Over all pixels of all rows: of each of so many channels, at most ISO_REALS, which the bytes of
 * an image take in turns. With the sums S1 of n bytes and S2 of their squares, k = floor(S1 / n)
 * and f = (S1 - k n) / n:  mean = k + f,  std = sqrt((S2 - 2 k S1 + k k n) / n - f f). The sums are
 * of integers, the rest is rounded as it stands, so that every machine and number of threads gives
 * the same numbers. Reads images that are on disk once more. progress may be NULL. */
iso_rc iso_dataset_moments(const struct iso_dataset *, int channels, iso_progress *progress,
                           double mean[ISO_REALS], double std[ISO_REALS]);
#endif
