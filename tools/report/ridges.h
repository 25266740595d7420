/* ridges.h: histograms of weights and gradients, an epoch a line, one behind the other. */
#ifndef ISO_REPORT_RIDGES_H
#define ISO_REPORT_RIDGES_H
#include "core/train/histograms.h"
#include "svg.h"

struct iso_ridge { /* a tensor after an epoch: a line of histograms.csv */
    char tensor[ISO_NAME + 2];
    int64_t epoch, count;
    double least, largest;
    int64_t bins[ISO_HISTOGRAM_BINS];
};
struct iso_ridges {
    struct iso_ridge *list; /* owned */
    int64_t n;
};
/* Reads histograms.csv of a run. A file that is not there gives none; lines that are damaged are
 * left out. Free with iso_ridges_free, also after a failure. */
iso_rc iso_ridges_read(const char *folder, struct iso_ridges *);
void iso_ridges_free(struct iso_ridges *);
/* The i-th weight, from 0, in the order of the file; NULL: there is none. */
const char *iso_ridges_weight(const struct iso_ridges *, int i);
/* Draws a weight at the left and its gradient at the right, of some epochs from first to last. The
 * caller frees the picture, also after a failure. */
iso_rc iso_draw_ridges(const struct iso_ridges *, const char *weight, struct iso_svg *);
#endif
