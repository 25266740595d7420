/* stochastic_depth.h: dropout of whole images, or rows: row n is kept or dropped as dropout.h does
 * with the one element of row n. Its params and scalars are those of dropout; saved[0]: U8 mask
 * [n], 1 = kept. */
#ifndef ISO_OP_STOCHASTIC_DEPTH_H
#define ISO_OP_STOCHASTIC_DEPTH_H
#include "dropout.h"
#endif
