/* gemm_check.h: is CLBlast right here, and how fast? */
#ifndef ISO_OPENCL_GEMM_CHECK_H
#define ISO_OPENCL_GEMM_CHECK_H
#include "gemm.h"

/* Runs a product of this class (smaller, where it is very large) with CLBlast and with isocl's
 * kernels on pseudo-random data, compares and times both (GFLOP/s). Waits for the device. */
iso_rc opencl_gemm_measure(struct opencl *, const struct opencl_product *, bool *right,
                           double *clblast, double *own);
#endif
