/* elements.h: the elements that a work-item takes: one, or a run of them with RUNS. PoCL's compiler
 * makes vector code of a loop more readily than of work-items; Intel's, for CPUs, the other way
 * round, and only of indices that cannot wrap. The host queues such kernels with opencl_runs. */
#ifndef ISO_CLKERNELS_ELEMENTS_H
#define ISO_CLKERNELS_ELEMENTS_H
#include "arguments.h"

/* The pragma says that no element needs another's result. Of operands in the same memory, such as
 * an activation in place, the compiler cannot know that, and would choose its slow loop. */
#if RUNS
#pragma clang diagnostic ignored "-Wpass-failed"
#define EACH_ELEMENT(i, n)                                                                        \
    _Pragma("clang loop vectorize(assume_safety)") for (ulong i =                                 \
                                                            get_global_id(0) * (ulong)OPENCL_RUN, \
                                                        end_ = i + OPENCL_RUN < (n)               \
                                                                   ? i + OPENCL_RUN               \
                                                                   : (n);                         \
                                                        i < end_; i++)
#elif SHAPE_CPU
#define EACH_ELEMENT(i, n)      \
    ulong i = get_global_id(0); \
    if (i < (n))
#else
#define EACH_ELEMENT(i, n)     \
    uint i = get_global_id(0); \
    if (i < (n))
#endif

#endif
