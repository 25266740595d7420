/* winograd_fused_16.cl: Winograd's convolution in one kernel, 16 filters and 144 work-items a
 * work-group. */
#define FILTERS 16
#include "winograd_fused.h"
