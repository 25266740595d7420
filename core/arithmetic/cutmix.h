/* cutmix.h: the rectangle of CutMix, valid C11 and OpenCL C 1.2 (core/ops/cutmix.h). */
#ifndef ISO_CUTMIX_H
#define ISO_CUTMIX_H

#ifndef __OPENCL_C_VERSION__
#include "random.h"
#include "sampling.h"
#endif

/* The share that a row keeps of itself, and a rectangle, in shares of the image's sides. */
typedef struct {
    iso_real share, side, row, column;
} iso_cut;

ISO_FN iso_cut iso_cut_draw(iso_real inverse, iso_u32 row, iso_u32 step, iso_u32 layer,
                            iso_u32 key0, iso_u32 key1)
{
    iso_u32x4 r = iso_philox(2u * row, step, layer, ISO_RANDOM_AUGMENTATION, key0, key1);
    iso_cut cut;
    iso_real rest;
    cut.share = iso_symmetric_beta(r.v[0], r.v[1], inverse);
    cut.side = iso_sqrt(ISO_R(1.0) - cut.share);
    rest = ISO_R(1.0) - cut.side;
    cut.row = iso_flush(iso_unit(r.v[2]) * rest);
    cut.column = iso_flush(iso_unit(r.v[3]) * rest);
    return cut;
}

/* Returns true if pixel i of an axis of `size` pixels is within the rectangle, which begins at this
 * share of the axis. */
ISO_FN int iso_cut_holds(iso_i32 i, iso_i32 size, iso_real from, iso_real side)
{
    iso_real first = from * (iso_real)size, at = (iso_real)i;
    return (at >= first) & (at < iso_fma(side, (iso_real)size, first));
}

#endif
