/* gather_images.h: y[r] = (float)x0[order[first + r]] * scale, from a resident uint8 data set. */
#ifndef ISO_OP_GATHER_IMAGES_H
#define ISO_OP_GATHER_IMAGES_H
#include "../iso.h"
struct iso_gather_images { double scale; };  /* x: U8 [N, ...], I32 order [N]; y: REAL [rows, ...];
                                                call.first */
#endif
