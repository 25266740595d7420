/* winograd_fused_32.cl: Winograd's convolution in one kernel, 32 filters and 288 work-items a
 * work-group. */
#define FILTERS 32
#include "winograd_fused.h"
