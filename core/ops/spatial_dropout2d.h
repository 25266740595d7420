/* spatial_dropout2d.h: dropout of whole channels: channel c of image n, with all its pixels, is
 * kept or dropped as dropout.h does with element c of row n, which has `channels` elements. Its
 * params and scalars are those of dropout; saved[0]: U8 mask [n, 1, 1, c], 1 = kept. */
#ifndef ISO_OP_SPATIAL_DROPOUT2D_H
#define ISO_OP_SPATIAL_DROPOUT2D_H
#include "dropout.h"
#endif
