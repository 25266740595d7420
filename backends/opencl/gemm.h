/* gemm.h: CLBlast, checked before it is trusted (fast mode only). */
#ifndef ISO_OPENCL_GEMM_H
#define ISO_OPENCL_GEMM_H
#include "opencl.h"

/* Whether this program was built with CLBlast. */
bool iso_opencl_has_clblast(void);
iso_rc opencl_gemm_open(struct opencl *);
void opencl_gemm_close(struct opencl *);           /* before the context goes */
#endif
