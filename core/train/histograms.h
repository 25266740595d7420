/* histograms.h: histograms.csv in a run's folder: after each epoch, how the elements of each
 * weight, and of its gradient in the epoch's last step, are spread. A line is
 * epoch,tensor,count,least,largest,bin_0,... : count elements are finite, and so many of them are
 * in each of ISO_HISTOGRAM_BINS bins of equal width from the least to the largest. The tensor of a
 * gradient is d/LAYER/WEIGHT. */
#ifndef ISO_HISTOGRAMS_H
#define ISO_HISTOGRAMS_H
#include "core/system/file.h"
#include "exec.h"

enum { ISO_HISTOGRAM_BINS = 30 };
/* Adds the lines of an epoch, from 1. Waits for the device. */
iso_rc iso_histograms_add(const char *folder, struct iso_exec *, int64_t epoch);
/* Takes away what stands behind epoch `keep` in a run that goes on from there. */
iso_rc iso_histograms_keep(const char *folder, int64_t keep);

/* Spreads the numbers: fills in least, largest and the bins, and returns how many are finite. */
int64_t iso_histogram(const float *numbers, int64_t n, double *least, double *largest,
                      int64_t bins[ISO_HISTOGRAM_BINS]);
#endif
