/* elements.h: the elements that a work-item takes: one, or on CPU-shaped devices, whose compilers
 * make vector code of a loop more readily than of work-items, a run of them. The host queues such
 * kernels with opencl_runs. */
#ifndef ISO_CLKERNELS_ELEMENTS_H
#define ISO_CLKERNELS_ELEMENTS_H
#include "arguments.h"

#if SHAPE_CPU
#define EACH_ELEMENT(i, n)                                                                 \
    for (ulong i = get_global_id(0) * (ulong)OPENCL_RUN,                                   \
               end_ = i + OPENCL_RUN < (n) ? i + OPENCL_RUN : (n);                         \
         i < end_; i++)
#else
#define EACH_ELEMENT(i, n)     \
    uint i = get_global_id(0); \
    if (i < (n))
#endif

#endif
