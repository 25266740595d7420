/* thresholds.h: the 200 thresholds of Keras's AUC, valid C11 and OpenCL C 1.2: 0 and 1, moved out
 * by 1e-7 so that they include every probability, and k / 199 between them. */
#ifndef ISO_THRESHOLDS_H
#define ISO_THRESHOLDS_H

#ifndef __OPENCL_C_VERSION__
#include "arith.h"
#endif

enum { ISO_THRESHOLDS = 200 };

ISO_FN iso_real iso_threshold(iso_i32 k)
{
    iso_real inner = iso_div((iso_real)k, ISO_R(199.0));
    return k <= 0 ? ISO_R(-1e-7) : k >= ISO_THRESHOLDS - 1 ? ISO_R(1.0) + ISO_R(1e-7) : inner;
}

/* Returns the number of thresholds below p, from 0 to 200; 0 for NaN. The first guess is off by one
 * at most, whatever its rounding. */
ISO_FN iso_i32 iso_thresholds_below(iso_real p)
{
    iso_real guess = p * ISO_R(199.0);
    iso_i32 k = guess > ISO_R(0.0) ? (guess < ISO_R(198.0) ? (iso_i32)guess : 198) : 0;
    return k + (p > iso_threshold(k)) + (p > iso_threshold(k + 1));
}

#endif
