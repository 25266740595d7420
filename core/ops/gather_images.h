/* gather_images.h: y[r] = (x0[order[first + r]] * scale - mean) / std, channel by channel, from a
 * uint8 data set in device memory. */
#ifndef ISO_OP_GATHER_IMAGES_H
#define ISO_OP_GATHER_IMAGES_H
#include "core/iso.h"
struct iso_gather_images { /* x: U8 [N, ...], I32 order [N]; y: REAL [rows, ...];
                              call.first */
    double scale;
    struct iso_reals mean, std; /* one for each channel, or one for all */
    bool reverse; /* reverses the channels to blue, green, red; mean and std are in the new order */
};
/* Returns true if images of this shape have as many channels as the params have numbers; otherwise
 * false, with the reason in why. */
bool iso_gather_images_fit(const struct iso_gather_images *, const struct iso_shape *, char *why,
                           size_t n);
#endif
