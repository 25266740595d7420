/* gather_images.h: y[r] = (x0[order[first + r]] * scale - mean) / std, channel by channel, from a
 * resident uint8 data set. */
#ifndef ISO_OP_GATHER_IMAGES_H
#define ISO_OP_GATHER_IMAGES_H
#include "core/iso.h"
struct iso_gather_images { /* x: U8 [N, ...], I32 order [N]; y: REAL [rows, ...];
                              call.first */
    double scale;
    struct iso_reals mean, std; /* of each channel, or one of all */
    bool reverse;               /* channels in the opposite order: blue, green, red; mean and
                                   std are of the new one */
};
/* True if images of this shape have as many channels as the params have numbers; else false, with
 * the reason. */
bool iso_gather_images_fit(const struct iso_gather_images *, const struct iso_shape *, char *why,
                           size_t n);
#endif
