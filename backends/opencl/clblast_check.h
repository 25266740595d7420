/* clblast_check.h: is CLBlast right here, and how fast? */
#ifndef ISO_OPENCL_CLBLAST_CHECK_H
#define ISO_OPENCL_CLBLAST_CHECK_H
#include "clblast.h"

/* Runs a product of this class (smaller, where it is very large) with CLBlast and with isocl's
 * kernels on pseudo-random data, compares and times both (GFLOP/s). Waits for the device. */
iso_rc opencl_clblast_measure(struct opencl *, const struct opencl_product *, bool *right,
                              double *clblast, double *own);
#endif
