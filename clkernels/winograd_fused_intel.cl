/* winograd_fused_intel.cl: Winograd's convolution in one kernel for Intel's GPUs: 32 filters and a
 * sub-group for each of the 36 points a work-group. */
#ifdef cl_intel_subgroups /* elsewhere the program has no kernels */
#define FILTERS 32
#define SUB_GROUPS 1
#include "winograd_fused.h"
#endif
